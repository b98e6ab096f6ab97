"""The second look: is the object of an action still what the plan saw? Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.apply.begin import repeats
from reconciler.plan import guards
from reconciler.plan.circumstances import Circumstances
from reconciler.plan.model import Action, ActionKind, Block, Guard
from reconciler.plan.recovery import owned_ids
from reconciler.state import change

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.state.model import PendingCreate, State
    from reconciler.tiktok.model import Remote

_AGAIN = "Plan again and review what has changed."


def recheck(action: Action, owned: State, remotes: Mapping[str, Remote]) -> Block | None:
    """Return what has come between the plan and its apply, or None where the action may still happen."""
    known = Circumstances(remotes)
    return guards.unreadable(action, known) or _changed(action, owned, remotes) or guards.permission(action, known)


def in_use(action: Action, remote: Remote) -> Block | None:
    """Return what uses the audience `action` deletes, as just looked up."""
    return guards.in_use(action, Circumstances({action.advertiser_id: remote}))


def retiring(action: Action) -> Action:
    """Return the delete of the old audience that ends a replace."""
    before = action.before
    return replace(
        action,
        kind=ActionKind.DELETE,
        address=f"{action.address} (deposed {action.audience_id})",
        advertiser_id=before.advertiser_id if before else action.advertiser_id,
    )


def turned_up(intent: PendingCreate) -> Block:
    """Return why an action must wait: an interrupted create for its address has left something the plan never saw."""
    return Block(
        Guard.STALE,
        f'an audience named "{intent.name}" that an interrupted create made in account {intent.advertiser_id} '
        "has turned up since the plan",
        way_out=_AGAIN,
    )


def _changed(action: Action, owned: State, remotes: Mapping[str, Remote]) -> Block | None:
    match action.kind:
        case ActionKind.FORGET | ActionKind.NOOP:
            return None
        case ActionKind.CREATE:
            return _not_missing(action, owned, remotes)
        case ActionKind.UPDATE | ActionKind.REPLACE if block := _not_managed(action, owned):
            return block
    advertiser_id = action.before.advertiser_id if action.before else action.advertiser_id
    audience = remotes[advertiser_id].audiences.get(action.audience_id or "")
    if audience is None:
        if action.kind in {ActionKind.DELETE, ActionKind.REPLACE}:
            return None  # what was to go has gone
        return Block(Guard.STALE, f"{action.audience_id} has disappeared from TikTok since the plan", way_out=_AGAIN)
    expected = {each.name for each in (action.before, action.after) if each is not None}
    if audience.name not in expected:
        return Block(
            Guard.STALE, f'{action.audience_id} was renamed to "{audience.name}" since the plan', way_out=_AGAIN
        )
    return guards.not_creator(action, Circumstances(remotes))


def _not_managed(action: Action, owned: State) -> Block | None:
    """Refuse what the state has given away, or given another audience, in the middle of an apply that goes on."""
    resource = owned.resources.get(action.address)
    if resource is None or (action.kind is ActionKind.UPDATE and resource.audience_id != action.audience_id):
        return Block(
            Guard.STALE, f"the state no longer manages {action.audience_id} as {action.address}", way_out=_AGAIN
        )
    return None


def _not_missing(action: Action, owned: State, remotes: Mapping[str, Remote]) -> Block | None:
    """Refuse a create of what is there: the audience the plan missed is back, or another has taken its name."""
    current = owned.resources.get(action.address)
    if current is not None and current.audience_id != action.audience_id:
        return None  # an earlier run of this plan has made it
    if current is not None and current.audience_id in remotes[current.advertiser_id].audiences:
        return Block(Guard.STALE, f"{current.audience_id} is on TikTok after all", way_out=_AGAIN)
    intent = change.pending_create(owned, action.address)
    if action.after is None or (intent is not None and repeats(action, intent)):
        return None  # an interrupted create of this very audience: settled when it is made
    ours = owned_ids(owned)
    twins = [
        a for a in remotes[action.advertiser_id].named(action.after.name) if a.is_creator and a.audience_id not in ours
    ]
    if not twins:
        return None
    return Block(
        Guard.STALE,
        f'an audience named "{action.after.name}" ({twins[0].audience_id}) has appeared since the plan',
        way_out=_AGAIN,
    )
