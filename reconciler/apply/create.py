"""Makes an audience exactly once, though TikTok offers no way to say "the same call again".

The intent is written before the call. Where the answer is lost, the account is listed to find what the call made.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from reconciler.apply import recheck
from reconciler.apply.begin import repeats
from reconciler.apply.errors import RefusedError, UnsettledError
from reconciler.apply.files import complete, first_files, planned
from reconciler.plan.recovery import adopt, made_by
from reconciler.state import change
from reconciler.state.model import PendingCreate
from reconciler.tiktok import audiences, files, streaming
from reconciler.tiktok.errors import PartialSuccessError, TikTokError, UncertainWriteError
from reconciler.tiktok.model import Remote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.apply.uploads import Uploads
    from reconciler.apply.workbench import Workbench
    from reconciler.plan.model import Action
    from reconciler.tiktok.model import Account, Audience

LOOKS: Final = (1.0, 3.0, 6.0)
"""Seconds to wait before each look for what a lost call made. TikTok publishes no figure; a list is read at once."""

ATTEMPTS: Final = 3
"""Calls at most, each after every look found nothing."""


@dataclass(frozen=True, slots=True)
class _Made:
    """An audience that a create made.

    Attributes:
        audience_id: TikTok's id of it.
        is_answered: Whether TikTok told so, and it was not found by looking: then its people are known too.
    """

    audience_id: str
    is_answered: bool


async def ensure_created(bench: Workbench, action: Action, remotes: Mapping[str, Remote], plan_id: str) -> None:
    """Make the audience of a create or replace, unless it has been made already, and record it as ours.

    A streaming one is empty. One of files is made with its people; where the answer was lost, they are delivered anew.

    Args:
        bench: What to work with.
        action: The create or replace.
        remotes: The accounts, as read when the apply began.
        plan_id: The plan it belongs to.

    Raises:
        RefusedError: Something has come between the plan and this call.
        UnsettledError: Several audiences may be the one, or none can be found after calls whose answers were lost.
        NobodyError: It is to be made of files, and there is nobody to make one of.
    """
    account = remotes[action.advertiser_id].account
    current = bench.state.state.resources.get(action.address)
    intent = change.pending_create(bench.state.state, action.address)
    if intent is not None and not repeats(action, intent):
        raise RefusedError(recheck.turned_up(intent))
    if intent is None and current is not None and current.audience_id != action.audience_id:
        return  # made by an earlier run of this plan
    made = await _find(bench, account, intent, just_now=False) if intent else None
    delivery = planned(bench, action, plan_id) if made is None and _is_of_files(action) else None
    uploads = await first_files(delivery) if delivery else None
    if intent is None or made is None:
        is_first = intent is None
        intent = await _announce(bench, action, remotes, plan_id, earlier=intent)
        made = await _call(bench, action, account, intent, uploads, first=is_first)
    exists = current is not None and current.audience_id in remotes[current.advertiser_id].audiences
    adopted = adopt(intent, made.audience_id, current, current_exists=exists)
    state = change.with_resource(change.without_pending(bench.state.state, intent), adopted)
    if delivery is None or uploads is None or not made.is_answered:
        bench.state.save(state)
    else:
        bench.state.save(change.with_pending(state, delivery.pending(made.audience_id)))
        await complete(delivery, uploads)


async def _announce(
    bench: Workbench, action: Action, remotes: Mapping[str, Remote], plan_id: str, *, earlier: PendingCreate | None
) -> PendingCreate:
    """Note that the create is about to be called; `earlier` is the note of a run that was interrupted."""
    if action.after is None:
        raise ValueError(f"{action.address}: nothing to create")
    account = remotes[action.advertiser_id].account
    listed = await audiences.list_all(bench.sessions.acting_for(account.advertiser_id), account.advertiser_id)
    now = Remote(account, listed)
    owned = change.without_pending(bench.state.state, earlier) if earlier else bench.state.state
    if block := recheck.recheck(action, owned, {**remotes, account.advertiser_id: now}):
        raise RefusedError(block)  # the account was read when the apply began, which may be hours ago
    intent = PendingCreate(
        address=action.address,
        advertiser_id=account.advertiser_id,
        name=action.after.name,
        delivery=action.after.delivery,
        identities=action.after.identities,
        known_ids=earlier.known_ids if earlier else _ids_of(now.named(action.after.name)),
        plan_id=plan_id,
        since=earlier.since if earlier else bench.now(),
        prevent_destroy=action.after.prevent_destroy,
        retention_in_days=action.after.retention_in_days,
        audience_sub_type=action.after.audience_sub_type,
        until=bench.now() + ATTEMPTS * (bench.longest_call + timedelta(seconds=sum(LOOKS))),
    )
    bench.state.save(change.with_pending(bench.state.state, intent))
    return intent


async def _call(
    bench: Workbench, action: Action, account: Account, intent: PendingCreate, uploads: Uploads | None, *, first: bool
) -> _Made:
    """Call TikTok, and look for what the call made where its answer is lost. `first`: no call was made before.

    Where it is certain that nothing was made, the intent goes: it would claim whatever is given that name next.
    """
    certain = first
    for _ in range(ATTEMPTS):
        try:
            made = await _make(bench, intent, uploads)
        except UncertainWriteError as lost:
            certain = False
            bench.progress.said(action, f"the answer to the create was lost ({lost.message}); looking for what it made")
            if found := await _find_repeatedly(bench, account, intent):
                return found
            continue
        except PartialSuccessError:
            raise
        except TikTokError:
            if certain:
                bench.state.save(change.without_pending(bench.state.state, intent))
            raise
        if not certain:
            await _find(bench, account, intent)  # an earlier call may have made one after all: that is not passed over
        return _Made(made, is_answered=True)
    raise UnsettledError(
        f'{action.address}: it is not known whether TikTok made "{intent.name}" in account {account.advertiser_id}',
        hint="Apply again in a few minutes: it first looks for what was made, and makes nothing twice.",
    )


async def _make(bench: Workbench, intent: PendingCreate, uploads: Uploads | None) -> str:
    session = bench.sessions.acting_for(intent.advertiser_id)
    if uploads is None:
        return await streaming.create(session, intent.advertiser_id, intent.name)

    async def create(paths: Sequence[str]) -> str:
        return await files.create(
            session,
            intent.advertiser_id,
            intent.name,
            paths,
            uploads.layout,
            audience_sub_type=intent.audience_sub_type,
            retention_in_days=intent.retention_in_days,
        )

    return await uploads.offer(create)


async def _find_repeatedly(bench: Workbench, account: Account, intent: PendingCreate) -> _Made | None:
    for seconds in LOOKS:
        await bench.pause(seconds)
        if found := await _find(bench, account, intent):
            return found
    return None


async def _find(bench: Workbench, account: Account, intent: PendingCreate, *, just_now: bool = True) -> _Made | None:
    session = bench.sessions.acting_for(account.advertiser_id)
    listed = await audiences.list_all(session, account.advertiser_id)
    candidates = made_by(intent, bench.state.state, Remote(account, listed), just_now=just_now)
    if len(candidates) > 1:
        raise _several(intent, candidates)
    return _Made(candidates[0].audience_id, is_answered=False) if candidates else None


def _ids_of(listed: Iterable[Audience]) -> tuple[str, ...]:
    return tuple(sorted(each.audience_id for each in listed))


def _is_of_files(action: Action) -> bool:
    return action.after is not None and action.after.delivery == "file"


def _several(intent: PendingCreate, candidates: tuple[Audience, ...]) -> UnsettledError:
    ids = ", ".join(each.audience_id for each in candidates)
    return UnsettledError(
        f'{intent.address}: several audiences named "{intent.name}" may be the one that was made: {ids}',
        hint=f"Run `reconciler import {intent.address} ID` with the one to keep, delete the others, and plan again. Or "
        f"run `reconciler state rm {intent.address}`, which leaves all of them on TikTok unmanaged.",
    )
