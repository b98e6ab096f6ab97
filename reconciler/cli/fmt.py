"""`reconciler fmt`: one form for all files."""

from __future__ import annotations

import difflib
import io
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import screen
from reconciler.cli.workspace import DEFAULT_CONFIG
from reconciler.cli.writing import write_whole
from reconciler.config.canonical import canonical
from reconciler.config.files import MAX_BYTES, read, text_of
from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidConfigError, ReconcilerError
from reconciler.report.visible import visible, visible_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

_STDIN = Path("-")


class ChangedMeanwhileError(ReconcilerError):
    """A file is not what it was when it was read."""


@dataclass(frozen=True, slots=True)
class Formatted:
    """A file, before and after."""

    shown: str
    path: Path
    before: bytes
    after: bytes

    @property
    def differs(self) -> bool:
        """Whether it was not in canonical form."""
        return self.before != self.after


@click.command("fmt")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 where a file is not in canonical form.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change as a unified diff.")
def command(paths: tuple[Path, ...], check: bool, diff: bool) -> int:
    """Put files into canonical form: order of keys, indentation, quotes, blank lines. Comments stay where they are.

    PATH is a file, or a directory whose *.yaml and *.yml files are meant; without one it is audiences.yaml, and -
    reads stdin and writes to stdout. What a file says never changes: one that would say something else afterwards
    is refused, and where one cannot be read none is written. Prints the names of the files that change.

    \b
    Examples:
      reconciler fmt
      reconciler fmt --check --diff audiences/
      reconciler fmt - < audiences.yaml
    """  # noqa: D301  # click reads the backspace: what follows keeps its lines
    if _STDIN in paths:
        if paths != (_STDIN,):
            raise click.UsageError("- stands alone.")
        formatted = [_stdin()]
    else:
        formatted = _files(paths or (DEFAULT_CONFIG,))
    changed = [each for each in formatted if each.differs]
    if diff:
        screen.put("".join(_seen(_unified(each)) for each in changed))
    elif _STDIN in paths and not check:
        click.echo(formatted[0].after, nl=False)
        return 0
    for each in changed:
        if not (check or diff):
            _write(each)
        if not diff:
            click.echo(visible(each.shown))
    if check and changed:
        files = "1 file is" if len(changed) == 1 else f"{len(changed):,} files are"
        screen.say(f"{files} not in canonical form. Run `reconciler fmt` to mend that.")
    return 1 if check and changed else 0


def _files(paths: Iterable[Path]) -> list[Formatted]:
    """Return every file that `paths` mean, each once; raises InvalidConfigError with all that keeps any from it."""
    formatted: dict[Path, Formatted] = {}
    problems: list[Diagnostic] = []
    for path in paths:
        _, texts, unreadable = read(path)
        problems += (replace(each, detail=each.detail.replace(" with -c.", ".")) for each in unreadable)
        for each in texts:
            if each.path in formatted:
                continue
            try:
                after = canonical(each.shown, each.text)
            except InvalidConfigError as invalid:
                problems += invalid.diagnostics
                continue
            formatted[each.path] = Formatted(each.shown, each.path, each.content, after.encode())
    if problems:
        raise InvalidConfigError(list(dict.fromkeys(problems)))
    return list(formatted.values())


def _stdin() -> Formatted:
    is_bytes = hasattr(sys.stdin, "buffer")
    before = sys.stdin.buffer.read(MAX_BYTES + 1) if is_bytes else sys.stdin.read(MAX_BYTES + 1).encode()
    text = text_of("<stdin>", before)
    if isinstance(text, Diagnostic):
        raise InvalidConfigError([text])
    return Formatted("<stdin>", _STDIN, before, canonical("<stdin>", text).encode())


def _write(formatted: Formatted) -> None:
    """Write a file, unless somebody saved it since it was read."""
    _, texts, _ = read(formatted.path)
    if [each.content for each in texts] != [formatted.before]:
        raise ChangedMeanwhileError(
            f"{formatted.shown} was changed while it was being put into canonical form",
            hint="It was left as it is now. Run the command again.",
        )
    write_whole(formatted.path, formatted.after, what="its canonical form", option="PATH")


def _seen(diff: str) -> str:
    """Return a diff for whoever reads it: on a terminal, marks that turn or hide what it says become escapes."""
    return visible_lines(diff) if sys.stdout.isatty() else diff


def _unified(formatted: Formatted) -> str:
    before, after = (list(io.StringIO(each.decode(), newline="\n")) for each in (formatted.before, formatted.after))
    name = visible(formatted.shown)
    lines = difflib.unified_diff(before, after, f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
