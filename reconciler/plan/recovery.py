"""What became of a create whose answer never came: found by listing, never by calling again.

TikTok has no idempotency key (Marketing API v1.3, transport), so each create is preceded by a written intent.
An audience of that name, created by this account while a call for it may have been under way, that was not there before
the intent, that nobody owns and that is not of a kind the create cannot make, is what it made. One that was created at
another time is somebody else's, whatever its name.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from reconciler.diagnostics import Diagnostic, error
from reconciler.plan.attributes import DELIVERED_KIND
from reconciler.state.model import Deposed, PendingCreate, Resource
from reconciler.tiktok.model import AudienceKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.state.model import State
    from reconciler.tiktok.model import Audience, Remote

CLOCKS_DIFFER: Final = timedelta(minutes=15)
"""By how much the clock of this machine and TikTok's may differ."""

_UNTOLD: Final = timedelta(days=1)
"""How long after its intent a create may have been under way, where the intent does not say."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The resources after looking for what interrupted creates made.

    Attributes:
        resources: The state's, with adopted audiences in them.
        adopted: Address → id of the audience an interrupted create turned out to have made.
        ambiguous: Address → why what its interrupted create made cannot be told apart from other audiences;
            nothing is decided about these.
    """

    resources: Mapping[str, Resource]
    adopted: Mapping[str, str] = field(default_factory=dict)
    ambiguous: Mapping[str, Diagnostic] = field(default_factory=dict)


def made_by(intent: PendingCreate, owned: State, remote: Remote, *, just_now: bool = False) -> tuple[Audience, ...]:
    """Return the audiences on TikTok that the create behind `intent` may have made; usually none or one.

    Args:
        intent: What was to be made.
        owned: The state.
        remote: The account it was to be made in.
        just_now: Whether the call was made this minute by who asks: then whatever has appeared since may be it, and
            a clock that is wrong does not hide it.
    """
    taken = owned_ids(owned) | frozenset(intent.known_ids)
    kinds = {DELIVERED_KIND[intent.delivery], AudienceKind.OTHER}  # a spelling not known here may be the right kind
    return tuple(
        each
        for each in remote.named(intent.name)
        if each.is_creator
        and each.kind in kinds
        and each.audience_id not in taken
        and (just_now or _is_of_its_time(each, intent))
    )


def _is_of_its_time(audience: Audience, intent: PendingCreate) -> bool:
    """Whether a call behind `intent` may have made this audience, going by when it was created."""
    if audience.created_at is None:
        return True
    until = intent.until or intent.since + _UNTOLD
    return intent.since - CLOCKS_DIFFER <= audience.created_at <= until + CLOCKS_DIFFER


def adopt(intent: PendingCreate, audience_id: str, current: Resource | None, *, current_exists: bool) -> Resource:
    """Return the resource that a create made.

    Args:
        intent: What was to be made.
        audience_id: What was made.
        current: The resource at that address until now, or None.
        current_exists: Whether its audience is still on TikTok; it is then deposed, not lost sight of.
    """
    deposed = current.deposed if current else ()
    if current is not None and current_exists:
        deposed = (*deposed, _replaced(current, intent))
    return Resource(
        address=intent.address,
        advertiser_id=intent.advertiser_id,
        audience_id=audience_id,
        name=intent.name,
        delivery=intent.delivery,
        identities=intent.identities,
        prevent_destroy=intent.prevent_destroy or (current is not None and current.prevent_destroy),
        retention_in_days=intent.retention_in_days,
        audience_sub_type=intent.audience_sub_type,
        deposed=deposed,
    )


def _replaced(current: Resource, intent: PendingCreate) -> Deposed:
    held = current.members
    return Deposed(
        current.advertiser_id,
        current.audience_id,
        current.name,
        since=intent.since,
        users=held.users if held else None,
        identifiers=held.identifiers if held else None,
    )


def settle(owned: State, actual: Mapping[str, Remote]) -> Settled:
    """Look for what each interrupted create made."""
    resources = dict(owned.resources)
    adopted: dict[str, str] = {}
    ambiguous: dict[str, Diagnostic] = {}
    for intent in owned.pending:
        if not isinstance(intent, PendingCreate) or intent.advertiser_id not in actual:
            continue
        remote = actual[intent.advertiser_id]
        candidates = made_by(intent, replace(owned, resources=resources), remote)
        if len(candidates) > 1:
            ambiguous[intent.address] = _ambiguous(intent, candidates)
        elif candidates:
            current = resources.get(intent.address)
            exists = current is not None and current.audience_id in _ids(actual, current.advertiser_id)
            found = candidates[0].audience_id
            resources[intent.address] = adopt(intent, found, current, current_exists=exists)
            adopted[intent.address] = found
    return Settled(resources, adopted, ambiguous)


def owned_ids(owned: State) -> frozenset[str]:
    """Return every audience id the state owns, deposed ones included."""
    ids = {resource.audience_id for resource in owned.resources.values()}
    return frozenset(ids | {each.audience_id for r in owned.resources.values() for each in r.deposed})


def _ids(actual: Mapping[str, Remote], advertiser_id: str) -> frozenset[str]:
    remote = actual.get(advertiser_id)
    return frozenset(remote.audiences) if remote else frozenset()


def _ambiguous(intent: PendingCreate, candidates: tuple[Audience, ...]) -> Diagnostic:
    ids = ", ".join(each.audience_id for each in candidates)
    return error(
        f"{intent.address}: an interrupted create may have made any of {len(candidates)} audiences",
        f'All are named "{intent.name}" in account {intent.advertiser_id}: {ids}. Keep one: run '
        f"`reconciler import {intent.address} ID` with the one to keep, and delete the others in Ads Manager. Or run "
        f"`reconciler state rm {intent.address}`, which leaves all of them on TikTok unmanaged.",
    )
