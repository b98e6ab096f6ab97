"""Counts and names as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.report.visible import quoted, visible

if TYPE_CHECKING:
    from reconciler.plan.model import MemberChange

MINUS: Final = "−"
"""The minus sign, as wide as the plus; a hyphen is lost beside digits."""

_PLURALS: Final = {"person": "people", "delivery": "deliveries"}


def count(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 person``, ``19,114 people``."""
    return f"{number:,} {noun if number == 1 else _PLURALS.get(noun, f'{noun}s')}"


def account(advertiser: str, advertiser_id: str) -> str:
    """Return an account by the key of the files and its id, or by its id alone where the files do not name it."""
    if advertiser == advertiser_id:
        return visible(advertiser_id)
    return f"{visible(advertiser)} ({visible(advertiser_id)})"


def value(attribute: object) -> str:
    """Return the value of an attribute, unambiguous: texts in quotes, lists in brackets."""
    match attribute:
        case None:
            return "null"
        case bool():
            return str(attribute).lower()
        case str():
            return quoted(attribute)
        case tuple() | list():
            return f"[{', '.join(value(each) for each in attribute)}]"
        case _:
            return visible(str(attribute))


def signed(added: int, removed: int) -> tuple[str, str]:
    """Return what comes and what goes, each empty for nothing."""
    return f"+{added:,}" if added else "", f"{MINUS}{removed:,}" if removed else ""


def identifiers(added: int, removed: int) -> str:
    """Return how many identifiers come and go: ``+1,204 / −310 identifiers``; empty where none does."""
    sent = " / ".join(each for each in signed(added, removed) if each)
    if not sent:
        return ""
    return f"{sent} {'identifier' if added + removed == 1 else 'identifiers'}"


def members(change: MemberChange) -> str:
    """Return what happens to people: ``+1,204 / −310 identifiers, 18,220 → 19,114 people``."""
    sent = identifiers(change.add, change.remove) or "nothing to add or remove"
    before = change.users_before
    grows = "" if before is None or before == change.users else f"{before:,} → "
    return f"{sent}, {grows}{count(change.users, 'person')}"
