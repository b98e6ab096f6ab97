"""Deletes an audience, after one more look at what uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.apply import recheck
from reconciler.apply.errors import RefusedError, UnsettledError
from reconciler.plan.model import Block, Guard
from reconciler.plan.recovery import owned_ids
from reconciler.refresh.accounts import read_account
from reconciler.state import change
from reconciler.tiktok import audiences
from reconciler.tiktok.errors import InUseError, UncertainWriteError

if TYPE_CHECKING:
    from reconciler.apply.workbench import Workbench
    from reconciler.plan.model import Action
    from reconciler.state.model import State
    from reconciler.tiktok.model import Account


async def delete(bench: Workbench, action: Action, account: Account) -> None:
    """Delete the audience of `action` and forget it.

    The account is read again right before the call: its list, and everything that may use an audience. TikTok's
    own refusal stays the last word.

    Raises:
        RefusedError: Something uses it, or it is not ours to delete.
        UnsettledError: The answer was lost, and the audience is still there.
    """
    audience_id = action.audience_id or ""
    if not _is_owned_here(action, bench.state.state):
        if audience_id in owned_ids(bench.state.state) or _is_current(action, bench.state.state):
            raise RefusedError(
                Block(
                    Guard.NOT_OWNED,
                    f"the state does not own {audience_id} as {action.resource_address}",
                    way_out="Plan again and review what has changed.",
                )
            )
        return  # an earlier run of this plan has deleted it
    _refuse_to_lose_sight(action, bench.state.state)
    bench.state.save(bench.state.state)  # fails where the lock was lost: no delete rests on a state that another has
    session = bench.sessions.acting_for(account.advertiser_id)
    remote = await read_account(session, account, with_usage=True)
    if audience_id in remote.audiences:
        block = recheck.recheck(action, bench.state.state, {account.advertiser_id: remote})
        if block := block or recheck.in_use(action, remote):
            raise RefusedError(block)
        await _call(bench, action, account)
    forget(bench, action)


def forget(bench: Workbench, action: Action) -> None:
    """Drop the audience of `action` from the state.

    Raises:
        RefusedError: It replaced audiences that are still there, and nothing else leads to them.
    """
    state = bench.state.state
    if not _is_owned_here(action, state):
        return
    if action.is_deposed:
        bench.state.save(change.without_deposed(state, action.resource_address, action.audience_id or ""))
    else:
        _refuse_to_lose_sight(action, state)
        bench.state.save(change.without_resource(state, action.resource_address))


def _is_owned_here(action: Action, owned: State) -> bool:
    """Whether the audience of `action` is in the state as the action says: at that address, deposed or current."""
    resource = owned.resources.get(action.resource_address)
    if resource is None:
        return False
    if action.is_deposed:
        return action.audience_id in {each.audience_id for each in resource.deposed}
    return action.audience_id == resource.audience_id


def _is_current(action: Action, owned: State) -> bool:
    """Whether the state holds another audience where that of `action` was."""
    return not action.is_deposed and action.resource_address in owned.resources


def _refuse_to_lose_sight(action: Action, owned: State) -> None:
    deposed = () if action.is_deposed else owned.resources[action.resource_address].deposed
    if deposed:
        raise RefusedError(
            Block(
                Guard.IN_USE,
                "audiences it replaced are still there, and only its record leads to them",
                tuple(f'"{each.name}" ({each.audience_id}) in account {each.advertiser_id}' for each in deposed),
                f"Take them out of use and plan again, or keep all of them on TikTok unmanaged: "
                f"removed: [{{from: {action.resource_address}, destroy: false}}].",
            )
        )


async def _call(bench: Workbench, action: Action, account: Account) -> None:
    session = bench.sessions.acting_for(account.advertiser_id)
    audience_id = action.audience_id or ""
    try:
        await audiences.delete(session, account.advertiser_id, audience_id)
    except InUseError as refusal:
        block = Block(Guard.IN_USE, refusal.message, way_out=refusal.hint or "")
        raise RefusedError(block) from refusal
    except UncertainWriteError as lost:
        bench.progress.said(action, f"the answer to the delete was lost ({lost.message}); looking")
        if audience_id in await audiences.list_all(session, account.advertiser_id):
            raise UnsettledError(
                f"{action.address}: the answer to the delete was lost, and {audience_id} is still there",
                hint="Plan and apply again: nothing is deleted before what uses it has been looked up anew.",
            ) from lost
