"""Makes an audience exactly once, though TikTok offers no way to say "the same call again".

The intent is written before the call. Where the answer is lost, the account is listed to find what the call made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.apply import recheck
from reconciler.apply.begin import repeats
from reconciler.apply.errors import RefusedError, UnsettledError
from reconciler.plan.recovery import adopt, made_by
from reconciler.state import change
from reconciler.state.model import PendingCreate
from reconciler.tiktok import audiences, streaming
from reconciler.tiktok.errors import UncertainWriteError
from reconciler.tiktok.model import Remote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.apply.workbench import Workbench
    from reconciler.plan.model import Action
    from reconciler.tiktok.model import Account, Audience

LOOKS: Final = (1.0, 3.0, 6.0)
"""Seconds to wait before each look for what a lost call made. TikTok publishes no figure; a list is read at once."""

ATTEMPTS: Final = 3
"""Calls at most, each after every look found nothing."""


async def ensure_created(bench: Workbench, action: Action, remotes: Mapping[str, Remote], plan_id: str) -> None:
    """Make the audience of a create or replace, unless it has been made already, and record it as ours.

    Args:
        bench: What to work with.
        action: The create or replace.
        remotes: The accounts, as read when the apply began.
        plan_id: The plan it belongs to.

    Raises:
        RefusedError: Something has come between the plan and this call.
        UnsettledError: Several audiences may be the one, or none can be found after calls whose answers were lost.
    """
    account = remotes[action.advertiser_id].account
    current = bench.state.state.resources.get(action.address)
    intent = change.pending_create(bench.state.state, action.address)
    if intent is not None and not repeats(action, intent):
        raise RefusedError(recheck.turned_up(intent))
    if intent is not None:
        made = await _look(bench, account, intent) or await _call(bench, action, account, intent, first=False)
    elif current is not None and current.audience_id != action.audience_id:
        return  # made by an earlier run of this plan
    else:
        intent = await _announce(bench, action, remotes, plan_id)
        made = await _call(bench, action, account, intent, first=True)
    exists = current is not None and current.audience_id in remotes[current.advertiser_id].audiences
    recorded = change.without_pending(bench.state.state, intent)
    bench.state.save(change.with_resource(recorded, adopt(intent, made, current, current_exists=exists)))


async def _announce(bench: Workbench, action: Action, remotes: Mapping[str, Remote], plan_id: str) -> PendingCreate:
    if action.after is None:
        raise ValueError(f"{action.address}: nothing to create")
    account = remotes[action.advertiser_id].account
    listed = await audiences.list_all(bench.sessions.acting_for(account.advertiser_id), account.advertiser_id)
    now = Remote(account, listed)
    if block := recheck.recheck(action, bench.state.state, {**remotes, account.advertiser_id: now}):
        raise RefusedError(block)  # the account was read when the apply began, which may be hours ago
    intent = PendingCreate(
        address=action.address,
        advertiser_id=account.advertiser_id,
        name=action.after.name,
        delivery=action.after.delivery,
        identities=action.after.identities,
        known_ids=tuple(sorted(each.audience_id for each in now.named(action.after.name))),
        plan_id=plan_id,
        since=bench.now(),
        prevent_destroy=action.after.prevent_destroy,
    )
    bench.state.save(change.with_pending(bench.state.state, intent))
    return intent


async def _call(bench: Workbench, action: Action, account: Account, intent: PendingCreate, *, first: bool) -> str:
    """Call TikTok, and look for what the call made where its answer is lost. `first`: no call was made before."""
    session = bench.sessions.acting_for(account.advertiser_id)
    certain = first
    for _ in range(ATTEMPTS):
        try:
            made = await streaming.create(session, account.advertiser_id, intent.name)
        except UncertainWriteError as lost:
            certain = False
            bench.progress.said(action, f"the answer to the create was lost ({lost.message}); looking for what it made")
            if found := await _look_repeatedly(bench, account, intent):
                return found
            continue
        if not certain:
            await _look(bench, account, intent)  # an earlier call may have made one after all: that is not passed over
        return made
    raise UnsettledError(
        f'{action.address}: it is not known whether TikTok made "{intent.name}" in account {account.advertiser_id}',
        hint="Apply again in a few minutes: it first looks for what was made, and makes nothing twice.",
    )


async def _look_repeatedly(bench: Workbench, account: Account, intent: PendingCreate) -> str | None:
    for seconds in LOOKS:
        await bench.pause(seconds)
        if found := await _look(bench, account, intent):
            return found
    return None


async def _look(bench: Workbench, account: Account, intent: PendingCreate) -> str | None:
    session = bench.sessions.acting_for(account.advertiser_id)
    listed = await audiences.list_all(session, account.advertiser_id)
    candidates = made_by(intent, bench.state.state, Remote(account, listed))
    if len(candidates) > 1:
        raise _several(intent, candidates)
    return candidates[0].audience_id if candidates else None


def _several(intent: PendingCreate, candidates: tuple[Audience, ...]) -> UnsettledError:
    ids = ", ".join(each.audience_id for each in candidates)
    return UnsettledError(
        f'{intent.address}: several audiences named "{intent.name}" may be the one that was made: {ids}',
        hint=f"Run `reconciler import {intent.address} ID` with the one to keep, delete the others, and plan again.",
    )
