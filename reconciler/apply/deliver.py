"""Delivers the people of streaming audiences, those of one account together; goes on where it was stopped.

Adding and removing are idempotent per identifier and audience (Marketing API v1.3, streaming audiences), so rows
whose arrival is not certain are sent again. Until a delivery has ended, TikTok may hold anything between the set
before and the set wanted; the state says so, and a later plan reckons with it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from reconciler.apply.course import Course
from reconciler.apply.parcels import parcels
from reconciler.apply.window import Window
from reconciler.apply.workbench import Tally
from reconciler.identity import Delivered, Leg
from reconciler.state import change
from reconciler.state.model import Members
from reconciler.tiktok import streaming

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.apply.parcels import Parcel
    from reconciler.apply.workbench import Workbench
    from reconciler.plan.model import Action, MemberChange
    from reconciler.state.model import PendingDelivery
    from reconciler.tiktok.client import Session

IN_FLIGHT: Final = 8
"""Requests under way at once: enough to hide a round trip, few enough that little is sent again after a kill."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one audience is to get.

    Attributes:
        action: Whose audience.
        members: What happens to its people.
        advertiser_id: The account it is in.
        audience_id: The audience.
        snapshot: Digest of the set last delivered whole, or None.
        in_flight: Digests of other sets whose delivery was begun and not seen to end, sorted.
        leg: The same, as files.
        latest: The delivery that has sent to the audience last, where it was of this very set.
        tally: Counts the identifiers that arrive.
    """

    action: Action
    members: MemberChange
    advertiser_id: str
    audience_id: str
    snapshot: str | None
    in_flight: tuple[str, ...]
    leg: Leg
    latest: PendingDelivery | None = None
    tally: Tally = field(default_factory=Tally)


def delivery_of(bench: Workbench, action: Action, members: MemberChange) -> Delivery | None:
    """Return what is to be delivered for `action`, or None where TikTok certainly holds it. `bench`'s tally counts it.

    Raises:
        MissingSetError: A set is no longer in the store.
    """
    state, target = bench.state.state, members.set_digest
    resource = change.resource_at(state, action.address)
    under_way = change.deliveries_to(state, resource.audience_id)
    snapshot = resource.members.snapshot if resource.members else None
    if snapshot == target and not under_way:
        return None
    # A delivery of the target itself that was cut off changes nothing: whatever it brought or took out, the same rows
    # lead to the target. Left out here, they are the rows it set out with, and its place among them still holds.
    in_flight = tuple(sorted({each.target for each in under_way} - {target}))
    there = Delivered(bench.locate(snapshot) if snapshot else None, tuple(bench.locate(each) for each in in_flight))
    return Delivery(
        action,
        members,
        resource.advertiser_id,
        resource.audience_id,
        snapshot,
        in_flight,
        Leg(there, bench.locate(target)),
        latest=under_way[-1] if under_way and under_way[-1].target == target else None,
        tally=bench.tally,
    )


async def deliver(bench: Workbench, deliveries: Sequence[Delivery], plan_id: str) -> None:
    """Make TikTok hold exactly the wanted sets; rows that have arrived before are not sent.

    An identifier that joins or leaves several of the audiences travels once.

    Args:
        bench: What to work with; its tally counts rows and requests.
        deliveries: At least one, at most 60, all in one account.
        plan_id: The plan they belong to.

    Raises:
        TikTokError: TikTok refused, or could not be reached.
        StateError: The lock was lost.
    """
    route = await asyncio.to_thread(bench.engine.route, [each.leg for each in deliveries])
    course = Course(bench, deliveries, route, plan_id)
    account, audiences = deliveries[0].advertiser_id, [each.audience_id for each in deliveries]
    following = parcels(route, course.place, account, audiences, size=bench.rows_per_request)
    course.begin()
    try:
        await _send(bench.sessions.acting_for(account), following, course)
    finally:
        course.stop()
    state = bench.state.state
    for each in deliveries:
        wanted = each.members
        snapshot = Members(wanted.set_digest, wanted.users, wanted.identifiers, bench.now(), wanted.recipe)
        state = change.with_members(state, each.action.address, snapshot)
    bench.state.save(state)


async def _send(session: Session, following: Iterator[Parcel], course: Course) -> None:
    """Send parcels, several at once, while the next one is being read and written out in a thread."""

    async def carry(parcel: Parcel) -> None:
        for request in parcel.requests:
            await streaming.post(session, request)

    def read_on() -> asyncio.Task[Parcel | None]:
        return asyncio.create_task(asyncio.to_thread(next, following, None))

    reading = read_on()
    try:
        async with Window(IN_FLIGHT, course.arrived) as window:
            while (parcel := await asyncio.shield(reading)) is not None:
                reading = read_on()
                await window.add(carry(parcel), parcel)
    finally:
        await asyncio.gather(reading, return_exceptions=True)  # leaves no thread behind that still reads files
