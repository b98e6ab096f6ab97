"""What an apply would do about an address: asked of the plan itself, so that a report promises nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.plan.build import build
from reconciler.plan.guards import writes_to_tiktok
from reconciler.plan.model import Guard

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from reconciler.plan.inputs import Inputs
    from reconciler.plan.model import Action, ActionKind, Plan

_UNDECIDED: Final = "see `reconciler plan`"


@dataclass(frozen=True, slots=True)
class Outlook:
    """What an apply would do about one address.

    Attributes:
        action: The plan's action, or None where nothing can be decided.
        error: Why not, for the latter.
        against: What stands against the action, a sentence each.
    """

    action: Action | None = None
    error: str = _UNDECIDED
    against: tuple[str, ...] = ()

    @property
    def kind(self) -> ActionKind | None:
        """What kind of action it is."""
        return self.action.kind if self.action else None

    @property
    def delivers(self) -> bool:
        """Whether people are to be sent or taken out."""
        return self.action is not None and self.action.members is not None and self.action.members.differs

    @property
    def writes(self) -> bool:
        """Whether anything is to be changed on TikTok."""
        return self.action is not None and writes_to_tiktok(self.action)

    def told(self, does: str) -> str:
        """Return what apply does, with what stands against it."""
        return f"{does}, once nothing stands against it: {'; '.join(self.against)}" if self.against else does


def outlooks(inputs: Inputs, addresses: Iterable[str], now: datetime) -> Mapping[str, Outlook]:
    """Return what an apply would do about each of the addresses that the state holds, as the files call them.

    Where people were not looked at, what a plan would refuse for that reason alone is left out.
    """
    plan = build(inputs, plan_id="drift", now=now)
    ignored = {Guard.MINIMUM_USERS} if inputs.members is None else set()
    found = {
        action.address: Outlook(
            action, against=tuple(each.message for each in action.blocked_by if each.guard not in ignored)
        )
        for action in plan.actions
        if not action.is_deposed
    }
    return {address: found.get(address) or Outlook(error=_error(address, plan)) for address in addresses}


def _error(address: str, plan: Plan) -> str:
    named = (each.summary for each in plan.errors if f"{address}:" in each.summary)
    return next((summary.removeprefix(f"{address}: ") for summary in named), _UNDECIDED)
