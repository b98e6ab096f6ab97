"""Delivers a set as customer files, and waits while TikTok is busy with the ones before.

TikTok edits no audience while it is processing its last change, which may take hours (Marketing API v1.3, customer
file audiences). Appending, removing and replacing are idempotent, but nothing tells which of several calls have
happened, so a delivery that was cut off is not gone on with: the next one replaces everybody.

Nobody is ever replaced in an audience that was imported: it may hold people who were never sent from here, and they
stay. What is not certain to be there is appended to it, and what may be there of ours and is not wanted is removed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from reconciler.apply.uploads import Uploads
from reconciler.errors import ReconcilerError
from reconciler.identity.model import Delivered, Leg
from reconciler.identity.sets.setfile import id_types
from reconciler.refresh.members import delivered
from reconciler.state import change
from reconciler.state.model import Members, PendingDelivery
from reconciler.tiktok import audiences, files
from reconciler.tiktok.errors import NotEditableError, NotReadyError
from reconciler.tiktok.file_text import layout_for, layout_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence
    from pathlib import Path

    from reconciler.apply.workbench import Workbench
    from reconciler.identity.sets.route import Route
    from reconciler.plan.model import Action, MemberChange
    from reconciler.tiktok.file_text import Layout
    from reconciler.tiktok.model import Audience

FIRST_PAUSE_SECONDS: Final = 5.0
LONGEST_PAUSE_SECONDS: Final = 600.0
"""Between two attempts to edit an audience that is being processed: twice as long each time, up to this."""

LONGEST_WAIT_SECONDS: Final = 24 * 3600.0
"""For an audience to become editable. Matching takes 1 to 48 hours, by source (Marketing API v1.3)."""

FEWEST_MATCHES: Final = 1000
"""An audience created with fewer never becomes editable (Marketing API v1.3, customer file audiences)."""


class NobodyError(ReconcilerError):
    """There is nobody to make a file of."""

    def __init__(self, action: Action, why: str, way_out: str) -> None:
        super().__init__(f"{action.address}: an audience of files is made of its people, and {why}", hint=way_out)


@dataclass(frozen=True, slots=True)
class FileDelivery:
    """A set on its way into an audience.

    Attributes:
        bench: What to work with.
        action: Whose audience.
        members: What happens to its people.
        plan_id: The plan it belongs to.
    """

    bench: Workbench
    action: Action
    members: MemberChange
    plan_id: str

    def pending(self, audience_id: str) -> PendingDelivery:
        """Return what is noted before the first file goes in; until it is cleared, who is in it is not known."""
        target, since = self.members.set_digest, self.bench.now()
        return PendingDelivery(self.action.address, audience_id, target, None, self.plan_id, since)


async def deliver_files(bench: Workbench, action: Action, members: MemberChange, plan_id: str) -> None:
    """Make TikTok hold exactly the wanted set of `action`'s audience, which exists and is made of files.

    What is there for certain is changed by what differs, unless that is most of it; else everybody is replaced. One
    that was imported is only ever changed by what differs, and holds whom it held before besides.
    People are added before others are removed, since TikTok refuses an update that leaves fewer than 1,000.

    Args:
        bench: What to work with.
        action: Whose audience.
        members: What happens to its people.
        plan_id: The plan it belongs to.

    Raises:
        NobodyError: Nobody is wanted.
        CalculateTypeError: The audience was made of other identifiers.
        NotEditableError: It was created with fewer than 1,000 matches, or is processing for longer than was waited.
        TikTokError: TikTok refused for another reason, such as fewer than 1,000 people left, or could not be reached.
    """
    state = bench.state.state
    resource = change.resource_at(state, action.address)
    is_certain = resource.members is not None and not change.deliveries_to(state, resource.audience_id)
    if is_certain and resource.members and resource.members.snapshot == members.set_digest:
        return
    delivery = FileDelivery(bench, action, members, plan_id)
    _require_somebody(delivery)
    there, target = delivered(resource, state, bench.locate), bench.locate(members.set_digest)
    layout = await _layout(bench, action, resource.audience_id, (target, *there.files))
    differs_little = is_certain and 2 * (members.add + members.remove) <= members.identifiers
    if resource.imported or differs_little:
        bench.progress.delivering(action, members.add + members.remove)
        route = await _route(bench, Leg(there, target))
        await _send(delivery, Uploads(bench, action, route, "add", layout), "APPEND")
        await _send(delivery, Uploads(bench, action, route, "remove", layout), "REMOVE")
    else:
        bench.progress.delivering(action, members.identifiers)
        route = await _route(bench, Leg(Delivered(), target))
        await _send(delivery, Uploads(bench, action, route, "add", layout), "REPLACE")
    _record(delivery)


def planned(bench: Workbench, action: Action, plan_id: str) -> FileDelivery:
    """Return the delivery that a new audience is to be made with.

    Raises:
        NobodyError: The plan looked at nobody.
    """
    if action.members is None:
        way_out = "Give it a source in the files, and plan without --skip-members."
        raise NobodyError(action, "the plan looked at nobody", way_out)
    return FileDelivery(bench, action, action.members, plan_id)


async def first_files(delivery: FileDelivery) -> Uploads:
    """Upload what a new audience is to be made of: everybody, or as many as one call takes.

    Raises:
        NobodyError: Nobody is wanted.
        TikTokError: TikTok refused a file, or could not be reached.
    """
    bench, action, members = delivery.bench, delivery.action, delivery.members
    _require_somebody(delivery)
    target = bench.locate(members.set_digest)
    layout = layout_for(id_types(target), several=_is_of_several(action))
    bench.progress.delivering(action, members.identifiers)
    uploads = Uploads(bench, action, await _route(bench, Leg(Delivered(), target)), "add", layout)
    await uploads.advance()
    return uploads


async def complete(delivery: FileDelivery, uploads: Uploads) -> None:
    """Append whom the create of an audience could not take, and record who is in it.

    Args:
        delivery: Its audience is in the state, and its pending note too.
        uploads: From `first_files`; the create has used their first load.

    Raises:
        NotEditableError: It was created with fewer than 1,000 matches, or is processing for longer than was waited.
        TikTokError: TikTok refused for another reason, or could not be reached.
    """
    delivery.bench.tally.count(added=uploads.load.identifiers, removed=0, rows=uploads.load.rows)
    await _send(delivery, uploads, "APPEND")
    _record(delivery)


async def change_sub_type(bench: Workbench, action: Action) -> None:
    """Make an audience what `action` wants it to be for, and record it; TikTok knows no way back to ``NORMAL``.

    Raises:
        NotEditableError: It was created with fewer than 1,000 matches, or is processing for longer than was waited.
        TikTokError: TikTok refused for another reason, or could not be reached.
    """
    resource = change.resource_at(bench.state.state, action.address)
    if action.after is None or action.after.audience_sub_type == resource.audience_sub_type:
        return
    wanted = action.after.audience_sub_type
    if action.before is None or action.before.audience_sub_type != wanted:
        session = bench.sessions.acting_for(resource.advertiser_id)
        setting = partial(files.set_sub_type, session, resource.advertiser_id, resource.audience_id, wanted)
        await once_editable(bench, action, resource.audience_id, setting)
    bench.state.save(change.with_resource(bench.state.state, replace(resource, audience_sub_type=wanted)))


async def _send(delivery: FileDelivery, uploads: Uploads, call: files.Action) -> None:
    """Upload what is left, and use it load by load; what follows a load that replaced everybody is added to it."""
    bench, action, members = delivery.bench, delivery.action, delivery.members
    resource = change.resource_at(bench.state.state, action.address)
    session = bench.sessions.acting_for(resource.advertiser_id)
    new = members.add  # of those who travel because everybody does, only so many were not there before

    async def update(paths: Sequence[str]) -> None:
        updating = partial(files.update, session, resource.advertiser_id, resource.audience_id, paths, call)
        await once_editable(bench, action, resource.audience_id, updating)

    while await uploads.advance():
        bench.state.save(change.with_pending(bench.state.state, delivery.pending(resource.audience_id)))
        await uploads.offer(update)
        travelled = uploads.load.identifiers
        added = 0 if call == "REMOVE" else min(new, travelled)
        removed = {"APPEND": 0, "REMOVE": travelled, "REPLACE": members.remove}[call]
        bench.tally.count(added=added, removed=removed, rows=uploads.load.rows)
        new -= added
        call = "APPEND" if call == "REPLACE" else call


async def once_editable(
    bench: Workbench, action: Action, audience_id: str, call: Callable[[], Awaitable[None]]
) -> None:
    """Make a call as soon as TikTok edits the audience; there is no other way to ask than to try.

    Raises:
        NotEditableError: It was created with fewer than 1,000 matches, or is processing for longer than was waited.
        NotReadyError: It is processing for longer than was waited.
        TikTokError: TikTok refused for another reason, or could not be reached.
    """
    waited, pause = 0.0, FIRST_PAUSE_SECONDS
    while True:
        try:
            return await call()
        except (NotEditableError, NotReadyError):
            if waited >= LONGEST_WAIT_SECONDS or await _is_too_small(bench, action, audience_id):
                raise
        if pause < LONGEST_PAUSE_SECONDS:
            bench.progress.said(action, f"TikTok is still processing the audience; trying again in {pause:.0f} seconds")
        await bench.pause(pause)
        waited += pause
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


async def _is_too_small(bench: Workbench, action: Action, audience_id: str) -> bool:
    """Whether an audience has been processed, and is too small ever to be edited: then waiting is in vain."""
    described = await _described(bench, action, audience_id)
    return described is not None and not described.is_valid and 0 < described.cover_num < FEWEST_MATCHES


async def _layout(bench: Workbench, action: Action, audience_id: str, sets: Iterable[Path]) -> Layout:
    """Return how the files of an audience that exists are written: as those that it was made of."""
    types = {id_type for each in sets for id_type in id_types(each)}
    described = await _described(bench, action, audience_id)
    if described is not None and described.calculate_type:
        return layout_of(described.calculate_type, types)
    return layout_for(types, several=_is_of_several(action))


async def _described(bench: Workbench, action: Action, audience_id: str) -> Audience | None:
    session = bench.sessions.acting_for(action.advertiser_id)
    return (await audiences.details(session, action.advertiser_id, [audience_id])).get(audience_id)


async def _route(bench: Workbench, leg: Leg) -> Route:
    return await asyncio.to_thread(bench.engine.route, [leg])


def _is_of_several(action: Action) -> bool:
    """Whether an audience may come to hold identifiers of several types, whichever it holds now."""
    return action.after is not None and len(action.after.identities) > 1


def _require_somebody(delivery: FileDelivery) -> None:
    if delivery.members.identifiers == 0:
        way_out = "Look at its source and its `where`, or delete the audience."
        raise NobodyError(delivery.action, "nobody is wanted", way_out)


def _record(delivery: FileDelivery) -> None:
    bench, members = delivery.bench, delivery.members
    snapshot = Members(members.set_digest, members.users, members.identifiers, bench.now(), members.recipe)
    bench.state.save(change.with_members(bench.state.state, delivery.action.address, snapshot))
