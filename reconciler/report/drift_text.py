"""Drift in the terminal: what happened behind the files, and what an apply would do about it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from rich.text import Text

from reconciler.plan.drift.model import DriftKind
from reconciler.report.lines import blank, write
from reconciler.report.symbols import QUIET
from reconciler.report.visible import visible
from reconciler.report.wording import account, count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from reconciler.plan.drift.model import Drift, Drifted

_INDENT: Final = " " * 4

_LOOKS: Final = {
    DriftKind.DELETED: ("-", "red", "was deleted from"),
    DriftKind.RENAMED: ("~", "yellow", "was renamed in"),
    DriftKind.MEMBERS: ("~", "yellow", "holds other people than its source, in"),
    DriftKind.UNMANAGED: ("?", "cyan", "in"),
}
"""Symbol, colour and phrase of each kind."""

_COUNTED: Final = {
    DriftKind.DELETED: "deleted",
    DriftKind.RENAMED: "renamed",
    DriftKind.MEMBERS: "with other people",
    DriftKind.UNMANAGED: "unmanaged",
}


def render_drift(drift: Drift, console: Console) -> None:
    """Print what drifted: managed audiences first, then those that no file declares, and last the counts."""
    unmanaged = tuple(each for each in drift.found if each.kind is DriftKind.UNMANAGED)
    _write_group("Managed audiences that changed:", drift.managed, console)
    _write_group("Audiences that no file declares; nothing here touches them:", unmanaged, console)
    write(console, _last_line(drift))


def _write_group(title: str, found: Sequence[Drifted], console: Console) -> None:
    if not found:
        return
    write(console, Text(title, "bold"))
    blank(console)
    for drifted in found:
        _write_drifted(drifted, console)
        blank(console)


def _write_drifted(drifted: Drifted, console: Console) -> None:
    mark, colour, phrase = _LOOKS[drifted.kind]
    line = Text(visible(drifted.address or drifted.audience_id), "bold")
    line.append(f" {phrase} ", f"not bold {colour}")
    line.append(account(drifted.advertiser, drifted.advertiser_id), "not bold")
    write(console, line, first=Text.assemble("  ", (mark, colour), " "))
    write(console, Text(visible(drifted.summary)), first=_INDENT)
    if drifted.before is not None and drifted.after is not None and not _says_both(drifted):
        change = Text.assemble(visible(drifted.before), (" → ", colour), visible(drifted.after))
        write(console, change, first=_INDENT)
    if drifted.address is not None:
        write(console, Text(f"audience_id {visible(drifted.audience_id)}", QUIET), first=_INDENT)
    if drifted.remedy:
        write(console, Text(visible(drifted.remedy), QUIET), first=Text.assemble(_INDENT, ("→ ", "bold")))


def _says_both(drifted: Drifted) -> bool:
    """Whether the sentence already names what was and what is."""
    return (drifted.before or "") in drifted.summary and (drifted.after or "") in drifted.summary


def _last_line(drift: Drift) -> Text:
    checked = f"{count(drift.checked, 'audience')} checked."
    if not drift.found:
        return Text.assemble(("No drift.", "bold green"), (f" {checked}", "bold"))
    kinds = Counter(each.kind for each in drift.found)
    counts = ", ".join(f"{kinds[kind]:,} {noun}" for kind, noun in _COUNTED.items() if kinds[kind])
    return Text(f"Drift: {counts}. {checked}", "bold")
