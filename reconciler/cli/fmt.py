"""`reconciler fmt`: one form for all files."""

from __future__ import annotations

import difflib
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import screen
from reconciler.cli.workspace import DEFAULT_CONFIG
from reconciler.cli.writing import write_whole
from reconciler.config.canonical import canonical
from reconciler.config.files import read
from reconciler.errors import InvalidConfigError, ReconcilerError
from reconciler.report.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.diagnostics import Diagnostic

_STDIN = Path("-")


class NotUtf8Error(ReconcilerError):
    """What comes in on stdin is no text."""


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
        click.echo("".join(_unified(each) for each in changed), nl=False)
    elif _STDIN in paths and not check:
        click.echo(formatted[0].after, nl=False)
        return 0
    for each in changed:
        if not (check or diff):
            write_whole(each.path, each.after, what="its canonical form", option="PATH")
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
        problems += unreadable
        for each in texts:
            if each.path in formatted:
                continue
            try:
                after = canonical(each.shown, each.text)
            except InvalidConfigError as invalid:
                problems += invalid.diagnostics
                continue
            before = each.path.read_bytes()
            formatted[each.path] = Formatted(each.shown, each.path, before, after.encode())
    if problems:
        raise InvalidConfigError(list(dict.fromkeys(problems)))
    return list(formatted.values())


def _stdin() -> Formatted:
    before = sys.stdin.buffer.read() if hasattr(sys.stdin, "buffer") else sys.stdin.read().encode()
    try:
        text = before.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise NotUtf8Error("stdin is not UTF-8", hint="Save the file as UTF-8 in your editor.") from problem
    return Formatted("<stdin>", _STDIN, before, canonical("<stdin>", text).encode())


def _unified(formatted: Formatted) -> str:
    before, after = (list(io.StringIO(each.decode(), newline="\n")) for each in (formatted.before, formatted.after))
    lines = difflib.unified_diff(before, after, f"a/{formatted.shown}", f"b/{formatted.shown}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
