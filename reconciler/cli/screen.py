"""Where output goes: results to stdout, everything else to stderr."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO

from rich.console import Console
from rich.text import Text

from reconciler.cli import logs
from reconciler.cli.runner import guarded, harmless, harmless_json
from reconciler.plan.encode import encode
from reconciler.redaction import without_secrets
from reconciler.report.visible import visible, visible_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.diagnostics import Diagnostic

_NARROWEST = 20
"""Columns. No terminal that anybody reads is narrower."""


def prepare() -> None:
    """Make the streams usable, whatever this process was started with.

    One that was closed, as daemons and some schedulers do, becomes the null device; a character that stdout or
    stderr cannot show is written as an escape.
    """
    nothing = Path(os.devnull)
    sys.stdin = sys.stdin or nothing.open("r", encoding="utf-8")
    sys.stdout = sys.stdout or nothing.open("w", encoding="utf-8")
    sys.stderr = sys.stderr or nothing.open("w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def results() -> Console:
    """Return the console for results."""
    return _console(sys.stdout)


def notices() -> Console:
    """Return the console for everything that is no result: progress, questions, errors."""
    return _console(sys.stderr)


def _console(stream: TextIO) -> Console:
    # With NO_COLOR Rich leaves the colours out but keeps bold and dim; people who set it mean plain text.
    colours: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    console = Console(file=guarded(stream), color_system=colours, highlight=False, soft_wrap=not stream.isatty())
    console.width = max(console.width, _NARROWEST)  # COLUMNS=0 would leave room for nothing at all
    return console


def say(message: str) -> None:
    """Tell the person something that is no result."""
    if logs.is_json():
        logs.notices.info("%s", message.strip())
    else:
        notices().print(Text(visible_lines(message)))


def error(message: str, hint: str | None = None, about: Mapping[str, object] | None = None) -> None:
    """Tell what went wrong, and the way out.

    Args:
        message: What went wrong.
        hint: The way out.
        about: What is known beside that, as fields of a log record.
    """
    from reconciler.cli.actions import announce_error

    message, hint = without_secrets(message), hint and without_secrets(hint)
    if logs.is_json():
        logs.notices.error("%s", visible(message), extra={**(about or {}), "hint": hint and visible(hint)})
        return
    console = notices()
    console.print(Text.assemble(("Error: ", "bold red"), visible(message)))
    if hint:
        console.print(Text(f"  {visible(hint)}"))
    announce_error(message, hint)


def findings(diagnostics: Iterable[Diagnostic]) -> None:
    """Tell each finding with its place; nothing where there is none."""
    from reconciler.cli.actions import announce_findings
    from reconciler.report.diagnostics import render_diagnostics

    found = tuple(diagnostics)
    if logs.is_json():
        for each in found:
            logs.finding(each)
    elif found:
        render_diagnostics(found, notices())
        announce_findings(found)


def json(document: Mapping[str, object]) -> None:
    """Print a result as JSON."""
    _for_machines()
    sys.stdout.write(harmless_json(encode(document).decode()))


def put(text: str) -> None:
    """Print a result as it stands."""
    _for_machines()
    sys.stdout.write(harmless(text))


def _for_machines() -> None:
    """Have stdout speak UTF-8 whatever the locale: JSON is nothing else, and XML and HTML say that they are."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
