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
    if audience_id not in owned_ids(bench.state.state):
        if action.resource_address in bench.state.state.resources and not action.is_deposed:
            raise RefusedError(Block(Guard.NOT_OWNED, f"the state does not own {audience_id}"))
        return  # an earlier run of this plan has deleted it
    session = bench.sessions.acting_for(account.advertiser_id)
    remote = await read_account(session, account, with_usage=True)
    if audience_id in remote.audiences:
        block = recheck.recheck(action, bench.state.state, {account.advertiser_id: remote})
        if block := block or recheck.in_use(action, remote):
            raise RefusedError(block)
        await _call(bench, action, account)
    forget(bench, action)


def forget(bench: Workbench, action: Action) -> None:
    """Drop the audience of `action` from the state; what it deposed is kept in sight by its own actions."""
    state = bench.state.state
    address = action.resource_address
    if address not in state.resources:
        return
    if action.is_deposed:
        bench.state.save(change.without_deposed(state, address, action.audience_id or ""))
    elif state.resources[address].audience_id == action.audience_id:
        bench.state.save(change.without_resource(state, address))


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
