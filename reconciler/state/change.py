"""The verbs of the state: each takes a `State` and returns the next one. Pure; `serial` is the store's to count."""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from reconciler.state.errors import AddressTakenError, InvalidAddressError, UnknownAddressError
from reconciler.state.model import PendingCreate, PendingDelivery

if TYPE_CHECKING:
    from reconciler.state.model import Deposed, Members, Pending, Resource, Run, State

_PREFIX: Final = "audience."
_ADDRESS = re.compile(r"audience\.[a-z][a-z0-9_]*")


def resource_at(state: State, address: str) -> Resource:
    """Return the resource at `address`.

    Raises:
        UnknownAddressError: There is none; names the addresses closest to it.
    """
    found = state.resources.get(address)
    if found is None:
        raise UnknownAddressError(address, _closest(state, address))
    return found


def with_resource(state: State, resource: Resource) -> State:
    """Own `resource`, in place of what stood at its address."""
    return replace(state, resources={**state.resources, resource.address: resource})


def without_resource(state: State, address: str) -> State:
    """Own nothing at `address` any more, and forget a delivery to it that was under way.

    A create under way stays beside a resource: it may have made an audience that no other record leads to. Where it is
    all there is, it goes.

    Raises:
        UnknownAddressError: There is nothing there.
    """
    if address not in state.resources and (intent := pending_create(state, address)):
        return without_pending(state, intent)
    resource_at(state, address)
    resources = {each: resource for each, resource in state.resources.items() if each != address}
    return replace(state, resources=resources, pending=_without_deliveries(state, address))


def moved(state: State, from_address: str, to_address: str) -> State:
    """Give a resource, and what is pending for it, another address; nothing on TikTok changes.

    Raises:
        UnknownAddressError: There is nothing at `from_address`.
        InvalidAddressError: `to_address` is no address.
        AddressTakenError: Something is at `to_address`, or is about to be.
    """
    resource = resource_at(state, from_address)
    if _ADDRESS.fullmatch(to_address) is None:
        raise InvalidAddressError(to_address)
    if to_address in state.resources or any(each.address == to_address for each in state.pending):
        raise AddressTakenError(to_address)
    resources = {each: other for each, other in state.resources.items() if each != from_address}
    resources[to_address] = replace(resource, address=to_address)
    pending = tuple(
        replace(each, address=to_address) if each.address == from_address else each for each in state.pending
    )
    return replace(state, resources=resources, pending=pending)


def with_members(state: State, address: str, members: Members) -> State:
    """Record a delivery that ended: `members` is the snapshot now, and nothing of the delivery is pending.

    Raises:
        UnknownAddressError: There is nothing at `address`.
    """
    delivered = with_resource(state, replace(resource_at(state, address), members=members))
    return replace(delivered, pending=_without_deliveries(state, address))


def with_deposed(state: State, address: str, deposed: Deposed) -> State:
    """Remember a replaced audience that is still on TikTok; once, however often it is said.

    Raises:
        UnknownAddressError: There is nothing at `address`.
    """
    resource = resource_at(without_deposed(state, address, deposed.audience_id), address)
    return with_resource(state, replace(resource, deposed=(*resource.deposed, deposed)))


def without_deposed(state: State, address: str, audience_id: str) -> State:
    """Forget a replaced audience that is gone from TikTok.

    Raises:
        UnknownAddressError: There is nothing at `address`.
    """
    resource = resource_at(state, address)
    left = tuple(each for each in resource.deposed if each.audience_id != audience_id)
    return with_resource(state, replace(resource, deposed=left))


def with_pending(state: State, pending: Pending) -> State:
    """Note what is about to begin, or how far it is by now.

    One create an address at most. Deliveries of several sets may stand beside each other: while none has been seen
    to end, TikTok may hold anything between all of them. What is noted stands last, so that the last of the
    deliveries to an audience is the one that has sent to it last.
    """
    return replace(state, pending=(*without_pending(state, pending).pending, pending))


def without_pending(state: State, pending: Pending) -> State:
    """Clear what has been seen to end: the create, or the delivery of that set, however far it had been noted."""
    return replace(state, pending=tuple(each for each in state.pending if _subject(each) != _subject(pending)))


def pending_create(state: State, address: str) -> PendingCreate | None:
    """Return the create under way at `address`, if any."""
    return next((each for each in state.pending if isinstance(each, PendingCreate) and each.address == address), None)


def deliveries_to(state: State, audience_id: str) -> tuple[PendingDelivery, ...]:
    """Return the deliveries to an audience that were begun and not seen to end, the one noted last at the end."""
    return tuple(
        each for each in state.pending if isinstance(each, PendingDelivery) and each.audience_id == audience_id
    )


def with_run(state: State, run: Run | None) -> State:
    """Note the apply that is under way, or with None that it ended."""
    return replace(state, run=run)


def edited_by_hand(state: State) -> State:
    """Return a state that a person changed: an interrupted apply must not go on from a picture it no longer has.

    Nor does a delivery go on where it stopped: what was on its way is sent anew.
    """
    pending = tuple(replace(each, place=None) if isinstance(each, PendingDelivery) else each for each in state.pending)
    return with_run(replace(state, pending=pending), None)


def _subject(pending: Pending) -> tuple[str, str, str | None]:
    """Return what an entry is about: entries about the same thing replace each other."""
    if isinstance(pending, PendingCreate):
        return "create", pending.address, None
    return "delivery", pending.address, pending.target


def _without_deliveries(state: State, address: str) -> tuple[Pending, ...]:
    return tuple(each for each in state.pending if isinstance(each, PendingCreate) or each.address != address)


def _closest(state: State, address: str) -> list[str]:
    """Return up to three addresses someone who wrote `address` may have meant: the key alone, or a slip of the hand."""
    keys = [each.removeprefix(_PREFIX) for each in state.resources]  # the prefix alike would make strangers close
    return [_PREFIX + key for key in get_close_matches(address.removeprefix(_PREFIX), keys)]
