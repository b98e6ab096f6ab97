"""Applies a plan: checks that it still holds, then does its actions one by one and tells what came of each."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from reconciler.apply import recheck
from reconciler.apply.begin import begun, imported
from reconciler.apply.create import ensure_created
from reconciler.apply.deliver import deliver
from reconciler.apply.errors import BlockedPlanError, FaultyPlanError, RefusedError, StalePlanError
from reconciler.apply.model import Applied, Outcome, OutcomeStatus
from reconciler.apply.order import ordered
from reconciler.apply.remove import delete, forget
from reconciler.errors import ReconcilerError
from reconciler.plan.model import ActionKind
from reconciler.state import change
from reconciler.state.errors import StateError
from reconciler.state.model import Run
from reconciler.tiktok import audiences
from reconciler.tiktok.errors import CredentialError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.apply.workbench import Workbench
    from reconciler.plan.model import Action, Block, Plan
    from reconciler.state.model import State
    from reconciler.tiktok.model import Remote

FATAL = (CredentialError, UnreachableError, StateError)
"""After one of these the next action would only meet it again, or must not be tried: the apply stops."""


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

    One action's failure leaves the others alone; a guard met at the last moment does too. Cancelling (Ctrl-C)
    stops at once, with everything that has arrived written down.

    Args:
        plan: A plan that `check` let through.
        remotes: The accounts the plan is about, just read.
        bench: What to work with; its state is open under the lock.
    """
    began = monotonic()
    bench.state.save(begun(plan, bench.state.state, remotes))
    outcomes: list[Outcome] = []
    stopped_by: str | None = None
    for action in ordered(plan):
        if action.is_blocked:
            outcomes.append(_stopped(action, action.blocked_by))
        elif stopped_by is not None:
            outcomes.append(Outcome(action.address, action.kind, OutcomeStatus.SKIPPED, stopped_by))
        else:
            outcome, stopped_by = await _try(action, plan, remotes, bench)
            outcomes.append(outcome)
    applied = Applied(
        plan_id=plan.plan_id,
        outcomes=tuple(outcomes),
        rows=bench.tally.rows,
        requests=bench.tally.requests,
        seconds=monotonic() - began,
        interrupted=any(each.status is OutcomeStatus.INTERRUPTED for each in outcomes),
    )
    if applied.succeeded:
        bench.state.save(change.with_run(bench.state.state, None))
    return applied


async def _try(
    action: Action, plan: Plan, remotes: Mapping[str, Remote], bench: Workbench
) -> tuple[Outcome, str | None]:
    """Do one action; return what came of it, and why the apply must stop, if it must."""
    added, removed = bench.tally.added, bench.tally.removed
    stop: str | None = None
    bench.progress.began(action)
    try:
        remark = await _do(action, plan, remotes, bench)
        outcome = Outcome(action.address, action.kind, OutcomeStatus.DONE, remark)
    except asyncio.CancelledError:
        outcome = Outcome(action.address, action.kind, OutcomeStatus.INTERRUPTED)
        stop = "not begun: interrupted"
    except RefusedError as refusal:
        outcome = _stopped(action, (refusal.block,))
    except ReconcilerError as problem:
        outcome = Outcome(
            action.address, action.kind, OutcomeStatus.FAILED, problem.message, way_out=problem.hint or ""
        )
        stop = f"not begun: {problem.message}" if isinstance(problem, FATAL) else None
    finally:
        bench.progress.ended(action)
    resource = bench.state.state.resources.get(action.address)
    return replace(
        outcome,
        audience_id=resource.audience_id if resource else action.audience_id,
        added=bench.tally.added - added,
        removed=bench.tally.removed - removed,
    ), stop


async def _do(action: Action, plan: Plan, remotes: Mapping[str, Remote], bench: Workbench) -> str:
    """Do one action; return what a person should know about it though it is done, usually nothing."""
    if block := recheck.recheck(action, bench.state.state, remotes):
        raise RefusedError(block)
    match action.kind:
        case ActionKind.NOOP:
            pass  # a move: done before the first action
        case ActionKind.FORGET:
            forget(bench, action)
        case ActionKind.IMPORT:
            if action.address not in bench.state.state.resources:
                bench.state.save(change.with_resource(bench.state.state, imported(action)))
            await _change(bench, action, plan, remotes)
        case ActionKind.UPDATE:
            await _change(bench, action, plan, remotes)
        case ActionKind.CREATE:
            await ensure_created(bench, action, remotes, plan.plan_id)
            await _fill(bench, action, plan)
        case ActionKind.REPLACE:
            return await _replace(bench, action, plan, remotes)
        case ActionKind.DELETE:
            await delete(bench, action, remotes[action.advertiser_id].account)
    return ""


async def _change(bench: Workbench, action: Action, plan: Plan, remotes: Mapping[str, Remote]) -> None:
    after = action.after
    if after is None or action.audience_id is None:
        raise ValueError(f"{action.address}: nothing to change")
    if remotes[action.advertiser_id].audiences[action.audience_id].name != after.name:
        session = bench.sessions.acting_for(action.advertiser_id)
        await audiences.rename(session, action.advertiser_id, action.audience_id, after.name)
    await _fill(bench, action, plan)


async def _replace(bench: Workbench, action: Action, plan: Plan, remotes: Mapping[str, Remote]) -> str:
    """Make and fill the new audience; only then delete the old one, if nothing uses it. Return why it stays, if so."""
    await ensure_created(bench, action, remotes, plan.plan_id)
    await _fill(bench, action, plan)
    if action.kept_by:
        return f"the old audience {action.audience_id} stays, deposed: {'; '.join(action.kept_by)}"
    retiring = recheck.retiring(action)
    try:
        await delete(bench, retiring, remotes[retiring.advertiser_id].account)
    except RefusedError as refusal:
        why = "; ".join((refusal.message, *refusal.block.details))
        return f"the old audience {action.audience_id} stays, deposed: {why}"
    return ""


async def _fill(bench: Workbench, action: Action, plan: Plan) -> None:
    """Record the attributes that now hold, and deliver the people."""
    after = action.after
    if after is None:
        raise ValueError(f"{action.address}: nothing to fill")
    resource = change.resource_at(bench.state.state, action.address)
    current = replace(resource, name=after.name, identities=after.identities, prevent_destroy=after.prevent_destroy)
    if current != resource:
        bench.state.save(change.with_resource(bench.state.state, current))
    if action.members:
        await deliver(bench, action, action.members, plan.plan_id)


def _stopped(action: Action, blocks: tuple[Block, ...]) -> Outcome:
    return Outcome(
        action.address,
        action.kind,
        OutcomeStatus.BLOCKED,
        "; ".join(block.message for block in blocks),
        tuple(line for block in blocks for line in block.details),
        action.audience_id,
        way_out=" ".join(block.way_out for block in blocks if block.way_out),
    )
