"""What an apply sets out to do: in which order actions happen, and in which accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.apply.begin import concerns
from reconciler.plan.model import ActionKind
from reconciler.state.model import PendingCreate

if TYPE_CHECKING:
    from reconciler.plan.model import Action, Plan
    from reconciler.state.model import State

_PHASES: Final = {
    ActionKind.NOOP: 0,
    ActionKind.IMPORT: 1,
    ActionKind.UPDATE: 2,
    ActionKind.CREATE: 3,
    ActionKind.REPLACE: 4,
    ActionKind.DELETE: 5,
    ActionKind.FORGET: 5,
}


def ordered(plan: Plan) -> list[Action]:
    """Return the actions that do something, or would if no guard stood against them, in the order they are told.

    What deletes comes last: nothing goes before everything that takes its place is filled. An audience that was deposed
    goes before the one that replaced it, since only that one's record in the state leads to it.
    """
    doing = [action for action in plan.actions if action.does_something or action.is_blocked]
    return sorted(doing, key=lambda action: (_PHASES[action.kind], not action.is_deposed, action.address))


def accounts(plan: Plan, owned: State) -> frozenset[str]:
    """Return the ids of the accounts that the actions, and the interrupted creates before them, are about."""
    ids: set[str] = set()
    addresses: set[str | None] = set()
    for action in ordered(plan):
        ids |= {action.advertiser_id} | ({action.before.advertiser_id} if action.before else set())
        addresses |= {action.resource_address, action.previous_address}
    for intent in owned.pending:
        if isinstance(intent, PendingCreate) and concerns(plan, intent):
            ids.add(intent.advertiser_id)
            addresses.add(intent.address)
    return frozenset(ids | {each.advertiser_id for address, each in owned.resources.items() if address in addresses})
