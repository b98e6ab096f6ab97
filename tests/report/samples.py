"""Plans, drift reports and outcomes to render, small and huge, friendly and hostile."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from reconciler.apply.model import Applied, Outcome, OutcomeStatus
from reconciler.diagnostics import Location, error, warning
from reconciler.plan.drift.model import ABOUT_ACCOUNTS, Drift, Drifted, DriftKind
from reconciler.plan.model import Action, ActionKind, Attributes, Block, Change, Guard, MemberChange, Plan

NOON: Final = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ACME: Final = ("acme", "7000000000000000001")

NASTY: Final = (
    '@team #1 | `x` ``` <img src=x onerror=alert(1)> </details> **b** [l](http://x.io) ::error ##[error] "q" '
    "\u202e\x00\x1b[31m\r\n" + "🎉" * 128
)
"""A name that tries everything."""


def attributes(name: str) -> Attributes:
    """Return what an audience of that name has."""
    return Attributes(name, ACME[1], "streaming", ("idfa", "gaid"))


def created(key: str, name: str = "Lapsed buyers") -> Action:
    """Return an action that makes an audience and fills it."""
    members = MemberChange("0" * 64, None, 19_114, 23_097, 23_097, 0)
    place = Location("audiences.yaml", 14, 3)
    return Action(
        f"audience.{key}", ActionKind.CREATE, *ACME, None, None, attributes(name), (), members, location=place
    )


def renamed(key: str, before: str = "Old", after: str = "New") -> Action:
    """Return an action that renames an audience and delivers a difference."""
    members = MemberChange("1" * 64, 18_220, 19_114, 23_097, 1_204, 310)
    return Action(
        f"audience.{key}",
        ActionKind.UPDATE,
        *ACME,
        "7301",
        attributes(before),
        attributes(after),
        (Change("name", before, after),),
        members,
        "its name differs",
    )


def kept(key: str) -> Action:
    """Return an action that leaves an audience as it is."""
    return Action(f"audience.{key}", ActionKind.NOOP, *ACME, "7302", attributes("Kept"), attributes("Kept"))


def guarded(key: str, name: str = "Used", uses: int = 1) -> Action:
    """Return a delete that a guard stands against."""
    details = tuple(f'ad group "Spring sale {number}" (18{number:03}) includes it' for number in range(uses))
    block = Block(Guard.IN_USE, f"{uses} of {name} in use on TikTok", details, "Take it out of them, and plan again.")
    return Action(
        f"audience.{key}",
        ActionKind.DELETE,
        *ACME,
        "7303",
        attributes(name),
        reason="no longer declared",
        blocked_by=(block,),
    )


def planned(*actions: Action, found: int = 0, **more: object) -> Plan:
    """Return a plan of these actions with `found` warnings and an error."""
    diagnostics = tuple(
        warning(
            f"audience.w{number}: 5 people, fewer than 1,000", "TikTok shows none.", Location("a.yaml", number + 1, 3)
        )
        for number in range(found)
    )
    if found:
        diagnostics += (error('unknown source "custmers"', 'Did you mean "customers"?', Location("a.yaml", 9, 3)),)
    return Plan("3f9d0c", "lineage", 4, NOON, actions, diagnostics, **more)  # type: ignore[arg-type]  # by name


def huge(blocked: int = 5) -> Plan:
    """Return a plan far beyond any comment, every name in it hostile."""
    everything = [guarded(f"blocked{each}", NASTY, uses=10) for each in range(blocked)]
    everything += [created(f"created{each}", NASTY) for each in range(100)]
    everything += [renamed(f"renamed{each}", NASTY, f"{NASTY}!") for each in range(295)]
    return planned(*everything, kept("kept"), found=200)


def drifted(kind: DriftKind, text: str = "Lapsed buyers", number: int = 0) -> Drifted:
    """Return a finding of a kind, with everything that can be said of it."""
    is_account, is_stranger = kind in ABOUT_ACCOUNTS, kind is DriftKind.UNMANAGED
    return Drifted(
        kind,
        None if is_account or is_stranger else f"audience.a{number}",
        *ACME,
        None if is_account else f"73{number:04}",
        f'"{text}" drifted ({kind})',
        text,
        f"{text}!",
        (f'ad group "{text}" (18)',),
        NOON,
        NOON,
        text,
        f'apply makes it "{text}" again',
        None if is_stranger else Location("audiences.yaml", 14, 3),
    )


def drift(*found: Drifted, checked: int = 12, skipped_members: bool = False) -> Drift:
    """Return a report of these findings."""
    return Drift(NOON, found, checked, skipped_members)


def ended(status: OutcomeStatus, text: str = "", number: int = 0) -> Outcome:
    """Return an action that ended in some way."""
    kind = ActionKind.CREATE if status is OutcomeStatus.DONE else ActionKind.DELETE
    details = (f'ad group "{text}" (18) includes it',) if text else ()
    return Outcome(f"audience.o{number}", kind, status, text, details, f"74{number:04}", 1_204, 310, text)


def applied(*outcomes: Outcome, **more: object) -> Applied:
    """Return an apply that ended in these ways."""
    return Applied("3f9d0c", outcomes, rows=12_150, requests=26, seconds=3.14, **more)  # type: ignore[arg-type]  # by name
