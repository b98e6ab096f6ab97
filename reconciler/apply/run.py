"""Applies a plan: checks that it still holds, then does its actions, step by step, and tells what came of each.

First every audience is made, adopted and renamed; then people are delivered, those of one account together; last goes
what is no longer wanted. So an identifier that joins several audiences travels once, new audiences included, and a
kill at any moment leaves more than was wanted, never less.
"""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import TYPE_CHECKING

from reconciler.apply.begin import begun
from reconciler.apply.deliver import deliver, delivery_of
from reconciler.apply.errors import BlockedPlanError, FaultyPlanError, RefusedError, StalePlanError
from reconciler.apply.files import deliver_files
from reconciler.apply.ledger import Ledger
from reconciler.apply.model import Applied, OutcomeStatus
from reconciler.apply.order import ordered
from reconciler.apply.steps import LEAVING, finish, prepare
from reconciler.identity import MOST_LEGS
from reconciler.plan.model import ActionKind
from reconciler.state import change
from reconciler.state.errors import StateError
from reconciler.state.model import Run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.apply.deliver import Delivery
    from reconciler.apply.ledger import Entry
    from reconciler.apply.workbench import Workbench
    from reconciler.plan.model import MemberChange, Plan
    from reconciler.state.model import State
    from reconciler.tiktok.model import Remote

log = logging.getLogger(__name__)


def check(plan: Plan, owned: State, *, skip_blocked: bool) -> None:
    """Refuse a plan that may not be applied to this state. Touches nothing.

    A plan whose own apply was interrupted may go on, though that apply moved the state's serial.

    Raises:
        StalePlanError: The state has moved on since.
        FaultyPlanError: The plan holds errors.
        BlockedPlanError: Guards stand against it, and the rest was not asked for.
    """
    going_on = owned.run == Run(plan.plan_id, plan.serial)
    if plan.lineage != owned.lineage or (plan.serial != owned.serial and not going_on):
        raise StalePlanError(plan, owned.lineage, owned.serial)
    if plan.errors:
        raise FaultyPlanError(plan)
    if plan.blocked and not skip_blocked:
        raise BlockedPlanError(plan)


async def apply(plan: Plan, remotes: Mapping[str, Remote], bench: Workbench) -> Applied:
    """Do what the plan says, and nothing else.

    One action's failure leaves the others alone, but for those whose people travelled in the same requests; a guard
    met at the last moment does too. Cancelling (Ctrl-C) stops at once, with everything that has arrived written down.

    Args:
        plan: A plan that `check` let through.
        remotes: The accounts the plan is about, just read.
        bench: What to work with; its state is open under the lock.
    """
    began = monotonic()
    bench.state.save(begun(plan, bench.state.state, remotes))
    ledger = Ledger(bench, ordered(plan))
    await _prepare(ledger, plan, remotes)
    await _fill(ledger, plan, bench)
    await _finish(ledger, remotes)
    outcomes, tallies = ledger.outcomes(), ledger.tallies()
    applied = Applied(
        plan_id=plan.plan_id,
        outcomes=outcomes,
        rows=sum(each.rows for each in tallies),
        requests=sum(each.requests for each in tallies),
        seconds=monotonic() - began,
        interrupted=any(each.status is OutcomeStatus.INTERRUPTED for each in outcomes),
        rows_alone=sum(each.rows_alone for each in tallies),
        requests_alone=sum(each.requests_alone for each in tallies),
    )
    if applied.succeeded:
        _end_run(bench)
    return applied


def _end_run(bench: Workbench) -> None:
    """Note that nothing is under way. Everything is done by now: that this cannot be written takes none of it back."""
    try:
        bench.state.save(change.with_run(bench.state.state, None))
    except StateError as why:
        log.warning("%s; the state still says that this apply is under way, until the next one", why.message)


async def _prepare(ledger: Ledger, plan: Plan, remotes: Mapping[str, Remote]) -> None:
    """Make every audience what it should be, but for its people."""
    for entry in ledger.open():
        if entry.action.kind in LEAVING:
            continue
        work = prepare(ledger.bench_for(entry), entry.action, plan.plan_id, remotes)
        if await ledger.attempt([entry], work):
            entry.lacks = "not filled"
            if entry.action.members is None:
                _is_filled(ledger, entry)


async def _fill(ledger: Ledger, plan: Plan, bench: Workbench) -> None:
    """Deliver the people: streamed, those of an account together; and then the files, which may have to wait."""
    files: list[tuple[Entry, MemberChange]] = []
    streamed: dict[str, list[tuple[Entry, Delivery]]] = {}

    async def sort(entry: Entry, members: MemberChange) -> None:
        if entry.action.after is not None and entry.action.after.delivery == "file":
            files.append((entry, members))
        elif delivery := await asyncio.to_thread(delivery_of, ledger.bench_for(entry), entry.action, members):
            streamed.setdefault(delivery.advertiser_id, []).append((entry, delivery))
        else:
            _is_filled(ledger, entry)

    for entry in ledger.open():
        if entry.action.members is not None:
            await ledger.attempt([entry], sort(entry, entry.action.members))
    for load in _loads(streamed):
        await _stream(ledger, load, plan, bench)
    for entry, members in files:
        if ledger.is_open(entry):
            work = deliver_files(ledger.bench_for(entry), entry.action, members, plan.plan_id)
            if await ledger.attempt([entry], work):
                _is_filled(ledger, entry)


async def _stream(ledger: Ledger, load: Sequence[tuple[Entry, Delivery]], plan: Plan, bench: Workbench) -> None:
    """Deliver what travels together; what TikTok refuses goes again in halves, so that one audience fails alone."""
    if not all(ledger.is_open(entry) for entry, _ in load):
        return
    entries, deliveries = [entry for entry, _ in load], [delivery for _, delivery in load]
    work = deliver(bench, deliveries, plan.plan_id)
    if await ledger.attempt(entries, work, is_only_way=len(load) == 1):
        for entry in entries:
            _is_filled(ledger, entry)
        return
    if entries[0].outcome is not None:
        return
    middle = len(load) // 2
    for half in (load[:middle], load[middle:]):
        # Looked at anew: the attempt has sent something to each of them.
        again = [(entry, delivery_of(ledger.bench_for(entry), each.action, each.members)) for entry, each in half]
        await _stream(ledger, [(entry, each) for entry, each in again if each is not None], plan, bench)


def _loads(streamed: Mapping[str, list[tuple[Entry, Delivery]]]) -> Iterator[list[tuple[Entry, Delivery]]]:
    """Yield what travels together: the deliveries of one account, as many as a route has legs."""
    for waiting in streamed.values():
        for start in range(0, len(waiting), MOST_LEGS):
            yield waiting[start : start + MOST_LEGS]


def _is_filled(ledger: Ledger, entry: Entry) -> None:
    """Note that an audience holds whom it should; but for what it replaces, its action is done."""
    entry.lacks = "not finished"
    if entry.action.kind is not ActionKind.REPLACE:
        ledger.done(entry)


async def _finish(ledger: Ledger, remotes: Mapping[str, Remote]) -> None:
    """Delete and forget what is to go."""

    async def work(entry: Entry) -> None:
        if block := ledger.held_back(entry):
            raise RefusedError(block)
        entry.remark = await finish(ledger.bench_for(entry), entry.action, remotes)

    for entry in ledger.open():
        if await ledger.attempt([entry], work(entry)):
            ledger.done(entry)
