"""Guards that stand against an action, shown so that nobody overlooks them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from reconciler.report.lines import write
from reconciler.report.symbols import ERROR
from reconciler.report.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from reconciler.plan.model import Block

_INDENT: Final = " " * 6
_BAR: Final = Text.assemble(_INDENT, ("│ ", "red"))


def write_blocks(blocks: Iterable[Block], console: Console) -> None:
    """Print each guard with its reason, what it rests on, and the way out, beside a bar."""
    for block in blocks:
        write_barred(block.message, block.details, block.way_out, console, label=f"blocked by {block.guard}: ")


def write_barred(reason: str, details: Iterable[str], way_out: str, console: Console, *, label: str = "") -> None:
    """Print a reason, a bullet for each detail, and the way out, beside a bar; what is empty is left out."""
    if reason:
        write(console, Text.assemble((label, ERROR), visible(reason)), first=_BAR, rest=_BAR)
    for detail in details:
        write(console, Text(visible(detail)), first=Text.assemble(_BAR, "  - "), rest=Text.assemble(_BAR, "    "))
    if way_out:
        write(
            console, Text(visible(way_out)), first=Text.assemble(_BAR, ("→ ", "bold")), rest=Text.assemble(_BAR, "  ")
        )
