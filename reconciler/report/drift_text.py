"""Drift in the terminal: what happened behind the files, and what an apply would do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from reconciler.plan.drift.model import DriftKind
from reconciler.report.lines import blank, write
from reconciler.report.symbols import QUIET
from reconciler.report.visible import visible
from reconciler.report.wording import account, count

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rich.console import Console

    from reconciler.plan.drift.model import Drift, Drifted

_INDENT: Final = " " * 4

_LOOKS: Final = {
    DriftKind.DELETED: ("-", "red", "was deleted from"),
    DriftKind.RETYPED: ("!", "red", "is of another kind in"),
    DriftKind.INVALID: ("!", "red", "is not valid in"),
    DriftKind.EXPIRED: ("!", "red", "has expired in"),
    DriftKind.EXPIRING: ("!", "yellow", "expires in"),
    DriftKind.EMPTIED: ("!", "red", "is empty in"),
    DriftKind.MATCH_RATE: ("!", "yellow", "is hardly matched in"),
    DriftKind.RENAMED: ("~", "yellow", "was renamed in"),
    DriftKind.SHARED: ("~", "yellow", "was shared from"),
    DriftKind.IN_USE: ("~", "cyan", "is newly used in"),
    DriftKind.EDITED: ("~", "yellow", "was edited in"),
    DriftKind.MEMBERS: ("~", "yellow", "holds other people than its source, in"),
    DriftKind.ACCOUNT_STATUS: ("!", "red", "has another status"),
    DriftKind.ACCESS: ("!", "red", "cannot be read"),
    DriftKind.ACCOUNT_ROLE: ("!", "red", "grants another role"),
    DriftKind.EXPECTATION: ("!", "yellow", "is not as expected"),
    DriftKind.UNMANAGED: ("?", "cyan", "in"),
}
"""Symbol, colour and phrase of each kind; an account or an audience stands before it, an audience's account after."""

_COUNTED: Final = {
    DriftKind.DELETED: "deleted",
    DriftKind.RETYPED: "of another kind",
    DriftKind.INVALID: "not valid",
    DriftKind.EXPIRED: "expired",
    DriftKind.EXPIRING: "expiring",
    DriftKind.EMPTIED: "emptied",
    DriftKind.MATCH_RATE: "hardly matched",
    DriftKind.RENAMED: "renamed",
    DriftKind.SHARED: "shared",
    DriftKind.IN_USE: "newly used",
    DriftKind.EDITED: "edited",
    DriftKind.MEMBERS: "with other people",
    DriftKind.ACCOUNT_STATUS: "with another status",
    DriftKind.ACCESS: "unreadable",
    DriftKind.ACCOUNT_ROLE: "with another role",
    DriftKind.EXPECTATION: "not as expected",
    DriftKind.UNMANAGED: "unmanaged",
}


def render_drift(drift: Drift, console: Console) -> None:
    """Print what drifted: accounts, then managed audiences, then those that no file declares, and last the counts."""
    _write_group("Accounts that changed:", drift.accounts, console)
    _write_group("Managed audiences that changed:", drift.managed, console)
    _write_group("Audiences that no file declares; nothing here touches them:", drift.unmanaged, console)
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
    mark, colour, _ = _LOOKS[drifted.kind]
    write(console, _headline(drifted), first=Text.assemble("  ", (mark, colour), " "))
    write(console, Text(visible(drifted.summary)), first=_INDENT)
    if drifted.before is not None and drifted.after is not None and not _says_both(drifted):
        change = Text.assemble(visible(drifted.before), (" → ", colour), visible(drifted.after))
        write(console, change, first=_INDENT)
    for detail in drifted.details:
        write(console, Text(visible(detail)), first=f"{_INDENT}- ")
    if told := _when_and_who(drifted):
        write(console, Text(told), first=_INDENT)
    if drifted.address is not None and drifted.audience_id is not None:
        write(console, Text(f"audience_id {visible(drifted.audience_id)}", QUIET), first=_INDENT)
    if drifted.location is not None:
        write(console, Text(f"at {visible(str(drifted.location))}", QUIET), first=_INDENT)
    if drifted.remedy:
        write(console, Text(visible(drifted.remedy), QUIET), first=Text.assemble(_INDENT, ("→ ", "bold")))


def _headline(drifted: Drifted) -> Text:
    _, colour, phrase = _LOOKS[drifted.kind]
    where = account(drifted.advertiser, drifted.advertiser_id)
    about = drifted.address or drifted.audience_id
    line = Text(where if about is None else visible(about), "bold")
    line.append(f" {phrase}", f"not bold {colour}")
    if about is not None:
        line.append(f" {where}", "not bold")
    return line


def _when_and_who(drifted: Drifted) -> str:
    """Return when it happened, or since when it may have, and who did it; empty where nobody knows."""
    when = ""
    if drifted.since is not None:
        when = f"since {_moment(drifted.since)}"
    elif drifted.last_seen is not None:
        when = f"after {_moment(drifted.last_seen)}, when an apply last saw it"
    by = f"by {visible(drifted.by)}" if drifted.by else ""
    return ", ".join(each for each in (when, by) if each)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _says_both(drifted: Drifted) -> bool:
    """Whether the sentence already names what was and what is."""
    return (drifted.before or "") in drifted.summary and (drifted.after or "") in drifted.summary


def _last_line(drift: Drift) -> Text:
    people = " People were not looked at." if drift.skipped_members else ""
    checked = f"{count(drift.checked, 'audience')} checked.{people}"
    if not drift.found:
        return Text.assemble(("No drift.", "bold green"), (f" {checked}", "bold"))
    counts = ", ".join(f"{drift.counts[kind]:,} {noun}" for kind, noun in _COUNTED.items() if kind in drift.counts)
    return Text(f"Drift: {counts}. {checked}", "bold")
