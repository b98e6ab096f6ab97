"""What an apply does to the state before its first action, so that it sets out from the picture its plan had. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.plan.model import ActionKind
from reconciler.plan.recovery import adopt, made_by
from reconciler.state import change
from reconciler.state.model import PendingCreate, Resource, Run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.plan.model import Action, Plan
    from reconciler.state.model import State
    from reconciler.tiktok.model import Remote


def begun(plan: Plan, owned: State, remotes: Mapping[str, Remote]) -> State:
    """Return the state with this run noted, interrupted creates settled and every move done; safe to do again.

    Args:
        plan: What is about to be done.
        owned: The state.
        remotes: The accounts the plan is about, just read.
    """
    state = settled(plan, change.with_run(owned, Run(plan.plan_id, plan.serial)), remotes)
    for action in plan.actions:
        came_from = action.previous_address
        if came_from and came_from in state.resources and action.address not in state.resources:
            state = change.moved(state, came_from, action.address)
    return with_what_holds(plan, state)


def settled(plan: Plan, owned: State, remotes: Mapping[str, Remote]) -> State:
    """Return the state without the interrupted creates about which the plan leaves nothing to be done.

    Args:
        plan: What is about to be done, if anything.
        owned: The state.
        remotes: The accounts the plan is about, just read; what is not among them is left as it is.
    """
    state = owned
    for intent in owned.pending:
        if isinstance(intent, PendingCreate):
            state = _settled(intent, plan, state, remotes)
    return state


def with_what_holds(plan: Plan, owned: State) -> State:
    """Return the state with what is as declared already although the state says otherwise: nothing is done about that.

    A rename may have reached TikTok in a run that died before it wrote so down. A `where` that is written in another
    way may let the same people through.
    """
    state = owned
    for action in plan.actions:
        resource = state.resources.get(action.address)
        if resource is not None and action.audience_id == resource.audience_id:
            current = _with_recipe(_with_name(resource, action), action)
            state = state if current == resource else change.with_resource(state, current)
    return state


def _with_name(resource: Resource, action: Action) -> Resource:
    if action.kind is ActionKind.NOOP and action.before is not None:
        return replace(resource, name=action.before.name)
    return resource


def _with_recipe(resource: Resource, action: Action) -> Resource:
    wanted = action.members
    if resource.members is None or wanted is None or wanted.recipe is None:
        return resource
    if resource.members.snapshot != wanted.set_digest:
        return resource
    return replace(resource, members=replace(resource.members, recipe=wanted.recipe))


def imported(action: Action) -> Resource:
    """Return the resource that an import makes; its name is still TikTok's.

    Raises:
        ValueError: `action` is no import.
    """
    there = action.before
    if action.kind is not ActionKind.IMPORT or there is None or action.audience_id is None:
        raise ValueError(f"{action.address}: nothing to adopt")
    return Resource(
        action.address,
        there.advertiser_id,
        action.audience_id,
        there.name,
        there.delivery,
        there.identities,
        there.prevent_destroy,
        there.retention_in_days,
        there.audience_sub_type,
        imported=True,
    )


def repeats(action: Action, intent: PendingCreate) -> bool:
    """Whether `action` makes the very audience that the interrupted create behind `intent` was to make."""
    after = action.after
    return (
        action.kind in {ActionKind.CREATE, ActionKind.REPLACE}
        and action.address == intent.address
        and after is not None
        and (after.advertiser_id, after.name, after.delivery) == (intent.advertiser_id, intent.name, intent.delivery)
    )


def concerns(plan: Plan, intent: PendingCreate) -> bool:
    """Whether the plan says anything about the address of `intent`, if only that nothing is left of it."""
    return not plan.targets or any(intent.address in _addresses(action) for action in plan.actions)


def _settled(intent: PendingCreate, plan: Plan, state: State, remotes: Mapping[str, Remote]) -> State:
    """Adopt what `intent` made if the plan saw it; drop an intent that made nothing and that the plan does not repeat.

    What came to light only after the plan was made is left as it is, for the next plan to decide about.
    """
    current = state.resources.get(intent.address)
    involved = {intent.advertiser_id} | ({current.advertiser_id} if current else set())
    if not concerns(plan, intent) or not all(each in remotes and remotes[each].is_readable for each in involved):
        return state
    actions = [action for action in plan.actions if intent.address in _addresses(action)]
    found = made_by(intent, state, remotes[intent.advertiser_id])
    if not found:
        return state if any(repeats(each, intent) for each in actions) else change.without_pending(state, intent)
    if len(found) > 1 or found[0].audience_id not in {action.audience_id for action in actions}:
        return state
    exists = current is not None and current.audience_id in remotes[current.advertiser_id].audiences
    adopted = adopt(intent, found[0].audience_id, current, current_exists=exists)
    return change.with_resource(change.without_pending(state, intent), adopted)


def _addresses(action: Action) -> tuple[str, str | None]:
    return action.resource_address, action.previous_address
