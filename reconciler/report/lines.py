"""Lines on a console: folded under themselves on a terminal, whole everywhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

_NARROWEST: Final = 24
"""Columns of text that are kept even where a deep indent leaves fewer."""


def write(console: Console, line: Text, *, first: Text | str = "", rest: Text | str | None = None) -> None:
    """Print one line.

    On a terminal a line that is too long is folded between words, and what follows stands under its beginning.
    In a pipe, a file or the log of a CI job it stays whole, so that it can be searched and copied.

    Args:
        console: Where to print.
        line: What to print; already harmless (`reconciler.report.visible`).
        first: What stands before it: indent, symbol, name.
        rest: What stands before the lines it is folded into; by default as much space as `first` takes.
    """
    start = first if isinstance(first, Text) else Text(first)
    follow = Text(" " * start.cell_len) if rest is None else Text.assemble(rest)
    folded = [line]
    if console.is_terminal:
        width = max(console.width - max(start.cell_len, follow.cell_len), _NARROWEST)
        folded = list(line.wrap(console, width)) or [line]
    for number, part in enumerate(folded):
        whole = Text.assemble(start if number == 0 else follow, part)
        whole.rstrip()
        console.print(whole, soft_wrap=True)


def blank(console: Console) -> None:
    """Print an empty line."""
    console.print()
