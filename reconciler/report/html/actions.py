"""One action of a plan as a row of its table, and what the row unfolds to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.plan.model import ActionKind
from reconciler.report.html.labels import Label, label_of
from reconciler.report.html.past import Past, past_of
from reconciler.report.html.pieces import Fact
from reconciler.report.wording import account, count, identifiers, value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.plan.model import Action, Attributes, Block, Change
    from reconciler.plan.timeline import Point
    from reconciler.report.html.people import People
    from reconciler.report.html.pieces import Accounts

_ATTRIBUTES: Final = {
    "name": "Name",
    "advertiser_id": "Account",
    "delivery": "Delivery",
    "identities": "Identities",
    "prevent_destroy": "Prevent destroy",
    "retention_in_days": "Retention in days",
    "audience_sub_type": "Sub-type",
}
"""What attributes are called; one that is not here is called as in the files."""


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One attribute that differs; texts are in quotes, as one that is empty or blank could not be seen otherwise."""

    attribute: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Row:
    """One action.

    Attributes:
        anchor: Its id on the page.
        address: Its address.
        name: The audience's name on TikTok, or "".
        label: What is done.
        keys: What the filter by action knows it by, parted by spaces.
        advertiser: The account, in short: its key, or its id where the files do not name it.
        account: The account, by both.
        account_number: What the filter by account knows it by.
        people: People before and after.
        difference: How many more or fewer.
        reason: Why, in a phrase.
        is_blocked: Whether a guard stands against it.
        rests: Whether nothing at all is to be done.
        facts: What else there is to say.
        changes: The attributes that differ.
        blocks: The guards.
        old: What becomes of the audience that is replaced, or "".
        kept_by: What keeps that audience.
        past: Its past, or None.
    """

    anchor: str
    address: str
    name: str
    label: Label
    keys: str
    advertiser: str
    account: str
    account_number: int
    people: str
    difference: str
    reason: str
    is_blocked: bool
    rests: bool
    facts: tuple[Fact, ...]
    changes: tuple[ChangeRow, ...]
    blocks: tuple[Block, ...]
    old: str
    kept_by: tuple[str, ...]
    past: Past | None


def key_of(action: Action) -> str:
    """Return the address an action's audience has in the past, which knows nothing of moves yet."""
    return action.previous_address or action.address


def row_of(action: Action, anchor: str, people: People, points: Sequence[Point], accounts: Accounts) -> Row:
    """Return the row of an action."""
    label = label_of(action)
    attributes = action.after or action.before
    return Row(
        anchor=anchor,
        address=action.address,
        name=attributes.name if attributes else "",
        label=label,
        keys=f"{label.key} blocked" if action.is_blocked else label.key,
        advertiser=action.advertiser,
        account=account(action.advertiser, action.advertiser_id),
        account_number=accounts.number(action.advertiser, action.advertiser_id),
        people=people.shown,
        difference=people.shown_difference,
        reason=action.reason or ("TikTok is as the files say" if not action.does_something else ""),
        is_blocked=action.is_blocked,
        rests=not action.does_something and not action.is_blocked,
        facts=tuple(_facts(action)),
        changes=tuple(map(_change, action.changes)),
        blocks=action.blocked_by,
        old=_old(action),
        kept_by=action.kept_by,
        past=past_of(points),
    )


def _facts(action: Action) -> Iterator[Fact]:
    if action.kind is ActionKind.CREATE and action.after is not None:
        yield from _wanted(action.after)
    if action.members is not None:
        sent = identifiers(action.members.add, action.members.remove) or "nothing to add or remove"
        yield Fact("To deliver", sent)
    if action.kind is ActionKind.FORGET:
        yield Fact("On TikTok", "stays untouched; only the state lets go of it")
    if action.audience_id is not None:
        yield Fact("TikTok id", action.audience_id, is_code=True)
    if action.previous_address is not None:
        yield Fact("Moved from", action.previous_address, is_code=True)
    if action.location is not None:
        yield Fact("Declared at", str(action.location), is_code=True)


def _wanted(attributes: Attributes) -> Iterator[Fact]:
    yield Fact("Delivery", attributes.delivery)
    yield Fact("Identities", ", ".join(attributes.identities))
    if attributes.retention_in_days is not None:
        yield Fact("Retention", count(attributes.retention_in_days, "day"))
    if attributes.audience_sub_type != "NORMAL":
        yield Fact("Sub-type", attributes.audience_sub_type)
    if attributes.prevent_destroy:
        yield Fact("Prevent destroy", "yes")


def _change(change: Change) -> ChangeRow:
    return ChangeRow(_ATTRIBUTES.get(change.path, change.path), value(change.before), value(change.after))


def _old(action: Action) -> str:
    if action.kind is not ActionKind.REPLACE:
        return ""
    if action.kept_by:
        return "The new audience is filled. The old one stays, deposed, until these have moved to the new one:"
    return "The new audience is filled first, then the old one is deleted."
