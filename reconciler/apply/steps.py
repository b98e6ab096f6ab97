"""The steps of one action: what comes before its people, and what comes after them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.apply import recheck
from reconciler.apply.begin import imported
from reconciler.apply.create import ensure_created
from reconciler.apply.errors import RefusedError
from reconciler.apply.files import change_sub_type
from reconciler.apply.remove import delete, forget
from reconciler.plan.model import ActionKind
from reconciler.state import change
from reconciler.tiktok import audiences

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.apply.workbench import Workbench
    from reconciler.plan.model import Action
    from reconciler.tiktok.model import Remote

LEAVING = (ActionKind.DELETE, ActionKind.FORGET)
"""What happens only when everything else has: nothing goes before what takes its place is filled."""


async def prepare(bench: Workbench, action: Action, plan_id: str, remotes: Mapping[str, Remote]) -> None:
    """Make, adopt or rename the audience of `action`, and record the attributes that it then has.

    Raises:
        RefusedError: Something has come between the plan and its apply.
        ReconcilerError: It could not be done.
    """
    _look_again(bench, action, remotes)
    match action.kind:
        case ActionKind.IMPORT:
            if action.address not in bench.state.state.resources:
                bench.state.save(change.with_resource(bench.state.state, imported(action)))
            await _change(bench, action, remotes)
        case ActionKind.UPDATE:
            await _change(bench, action, remotes)
        case ActionKind.CREATE | ActionKind.REPLACE:
            await ensure_created(bench, action, remotes, plan_id)
            _record(bench, action)
        case _:
            pass  # a move: done before the first action


async def finish(bench: Workbench, action: Action, remotes: Mapping[str, Remote]) -> str:
    """Delete or forget what `action` is to leave behind; return what a person should know though it is done.

    Raises:
        RefusedError: Something stands against it.
        ReconcilerError: It could not be done.
    """
    match action.kind:
        case ActionKind.REPLACE:
            return await _retire(bench, action, remotes)
        case ActionKind.DELETE:
            _look_again(bench, action, remotes)
            await delete(bench, action, remotes[action.advertiser_id].account)
        case ActionKind.FORGET:
            forget(bench, action)
        case _:
            pass
    return ""


def _look_again(bench: Workbench, action: Action, remotes: Mapping[str, Remote]) -> None:
    if block := recheck.recheck(action, bench.state.state, remotes):
        raise RefusedError(block)


async def _change(bench: Workbench, action: Action, remotes: Mapping[str, Remote]) -> None:
    after = action.after
    if after is None or action.audience_id is None:
        raise ValueError(f"{action.address}: nothing to change")
    if remotes[action.advertiser_id].audiences[action.audience_id].name != after.name:
        session = bench.sessions.acting_for(action.advertiser_id)
        await audiences.rename(session, action.advertiser_id, action.audience_id, after.name)
    _record(bench, action)
    await change_sub_type(bench, action)


def _record(bench: Workbench, action: Action) -> None:
    """Record the attributes that now hold."""
    after = action.after
    if after is None:
        raise ValueError(f"{action.address}: nothing to record")
    resource = change.resource_at(bench.state.state, action.address)
    current = replace(resource, name=after.name, identities=after.identities, prevent_destroy=after.prevent_destroy)
    if current != resource:
        bench.state.save(change.with_resource(bench.state.state, current))


async def _retire(bench: Workbench, action: Action, remotes: Mapping[str, Remote]) -> str:
    """Delete the audience that was replaced, if nothing uses it. Return why it stays, if so."""
    if action.kept_by:
        return f"the old audience {action.audience_id} stays, deposed: {'; '.join(action.kept_by)}"
    retiring = recheck.retiring(action)
    try:
        await delete(bench, retiring, remotes[retiring.advertiser_id].account)
    except RefusedError as refusal:
        why = "; ".join((refusal.message, *refusal.block.details))
        return f"the old audience {action.audience_id} stays, deposed: {why}"
    return ""
