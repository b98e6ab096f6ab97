"""What an apply sets out to do: in which order actions happen, and in which accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.plan.model import ActionKind

if TYPE_CHECKING:
    from reconciler.plan.model import Action, Plan
    from reconciler.state.model import State

_ORDER: Final = (
    ActionKind.NOOP,
    ActionKind.FORGET,
    ActionKind.IMPORT,
    ActionKind.UPDATE,
    ActionKind.CREATE,
    ActionKind.REPLACE,
    ActionKind.DELETE,
)


def ordered(plan: Plan) -> list[Action]:
    """Return the actions that do something, in the order they happen.

    A kill at any moment then leaves more than was wanted, never less: nothing is deleted before everything
    that takes its place is filled. An audience that was deposed goes before the one that replaced it.
    """
    doing = [action for action in plan.actions if action.does_something]
    return sorted(doing, key=lambda a: (_ORDER.index(a.kind), not a.is_deposed, a.address))


def accounts(plan: Plan, owned: State) -> frozenset[str]:
    """Return the ids of the accounts that the actions are about."""
    ids = set()
    for action in ordered(plan):
        ids.add(action.advertiser_id)
        if action.before is not None:
            ids.add(action.before.advertiser_id)
        if action.resource_address in owned.resources:
            ids.add(owned.resources[action.resource_address].advertiser_id)
    return frozenset(ids)
