"""Delivers the difference between two sets, goes on where it was stopped, and records what has arrived.

Adding and removing are idempotent per identifier and audience (Marketing API v1.3, streaming audiences), so rows
whose arrival is not certain are sent again. Until a delivery has ended, TikTok may hold anything between the set
before and the set wanted; the state says so, and a later plan reckons with it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Final, Literal

from reconciler.apply.window import Window
from reconciler.refresh.members import delivered
from reconciler.state import change
from reconciler.state.model import Members, PendingDelivery
from reconciler.tiktok import streaming

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

    from reconciler.apply.workbench import Workbench
    from reconciler.identity import Delivered, Engine
    from reconciler.plan.model import Action, MemberChange

IN_FLIGHT: Final = 8
"""Requests under way at once: enough to hide a round trip, few enough that little is sent again after a kill."""

CHECKPOINT_SECONDS: Final = 2.0
"""How often the place reached is written down while a delivery goes on."""

Direction = Literal["add", "remove"]


async def deliver(bench: Workbench, action: Action, members: MemberChange, plan_id: str) -> None:
    """Make TikTok hold exactly the wanted set of `action`'s audience; rows that have arrived before are not sent."""
    state = bench.state.state
    resource = change.resource_at(state, action.address)
    under_way = change.deliveries_to(state, resource.audience_id)
    if resource.members and resource.members.snapshot == members.set_digest and not under_way:
        return
    there, target = delivered(resource, state, bench.locate), bench.locate(members.set_digest)
    pending = PendingDelivery(
        action.address, resource.audience_id, members.set_digest, rows_done=0, plan_id=plan_id, since=bench.now()
    )
    if [each.target for each in under_way] == [members.set_digest]:
        pending = replace(under_way[0], plan_id=plan_id)  # the same way as before: go on where it was stopped
    if pending.rows_done:
        bench.progress.said(action, f"going on after {pending.rows_done:,} rows that have arrived")
    bench.progress.delivering(action, members.add + members.remove)
    await _send(bench, action, _Place(bench, pending), there, target)
    snapshot = Members(members.set_digest, members.users, members.identifiers, delivered_at=bench.now())
    bench.state.save(change.with_members(bench.state.state, action.address, snapshot))


async def _send(bench: Workbench, action: Action, place: _Place, there: Delivered, target: Path) -> None:
    resource = change.resource_at(bench.state.state, action.address)
    session = bench.sessions.acting_for(resource.advertiser_id)

    def arrived(item: tuple[Direction, int, int]) -> None:
        direction, rows, identifiers = item
        added = identifiers if direction == "add" else 0
        bench.tally.count(added=added, removed=identifiers - added, rows=rows)
        bench.progress.delivered(action, identifiers)
        place.advance(rows)

    place.save()
    rows = _rows(bench.engine, there, target, skip=place.reached)
    try:
        async with Window[tuple[Direction, int, int]](IN_FLIGHT, arrived) as window:
            while (following := await asyncio.to_thread(next, rows, None)) is not None:
                direction, batch = following
                call: Literal["add", "delete"] = "add" if direction == "add" else "delete"
                sending = streaming.send(session, resource.advertiser_id, resource.audience_id, call, batch)
                identifiers = sum(batch.num_rows - column.null_count for column in batch.columns)
                await window.add(sending, (direction, batch.num_rows, identifiers))
    finally:
        place.save()


def _rows(engine: Engine, there: Delivered, target: Path, *, skip: int) -> Iterator[tuple[Direction, pa.RecordBatch]]:
    """Yield the rows of a delivery in their fixed order, additions first, from row `skip` on."""
    additions = engine.row_count(there, target, "add") if skip else 0
    for batch in engine.rows(there, target, "add", size=streaming.MAX_ROWS, skip=min(skip, additions)):
        yield "add", batch
    for batch in engine.rows(there, target, "remove", size=streaming.MAX_ROWS, skip=max(0, skip - additions)):
        yield "remove", batch


class _Place:
    """How far a delivery has come, written down every now and then."""

    def __init__(self, bench: Workbench, pending: PendingDelivery) -> None:
        self._bench = bench
        self._pending = pending
        self._saved_at = monotonic()

    @property
    def reached(self) -> int:
        """Rows that have certainly arrived."""
        return self._pending.rows_done

    def advance(self, rows: int) -> None:
        """Count rows that have arrived, in their order."""
        self._pending = replace(self._pending, rows_done=self._pending.rows_done + rows)
        if monotonic() - self._saved_at >= CHECKPOINT_SECONDS:
            self.save()

    def save(self) -> None:
        """Write the place down."""
        self._bench.state.save(change.with_pending(self._bench.state.state, self._pending))
        self._saved_at = monotonic()
