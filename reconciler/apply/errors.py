"""Why an apply refuses, or stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from reconciler.plan.model import Block, Plan


class StalePlanError(ReconcilerError):
    """The state has moved on since the plan was made."""

    def __init__(self, plan: Plan, lineage: str, serial: int) -> None:
        if plan.lineage != lineage:
            why = "it was made for another state (its lineage differs)"
        else:
            why = f"it was made at serial {plan.serial}, and the state is at serial {serial}"
        super().__init__(f"the plan is stale: {why}", hint="Plan again, review, and apply the new plan.")


class BlockedPlanError(ReconcilerError):
    """Guards stand against actions of the plan, so nothing of it is done."""

    def __init__(self, plan: Plan) -> None:
        addresses = ", ".join(action.address for action in plan.blocked)
        super().__init__(
            f"nothing was applied: the plan has blocked actions ({addresses})",
            hint="Resolve what blocks them, or apply the rest with --skip-blocked.",
        )


class FaultyPlanError(ReconcilerError):
    """The plan holds errors, so nothing of it is done."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(
            "nothing was applied: the plan holds errors: " + "; ".join(each.summary for each in plan.errors),
            hint="Mend them and plan again.",
        )


class RefusedError(ReconcilerError):
    """A guard found at the last moment stands against one action; the others go on."""

    def __init__(self, block: Block) -> None:
        super().__init__(block.message, hint=block.way_out or None)
        self.block = block


class UnsettledError(ReconcilerError):
    """It is not known what became of a write, and looking did not tell."""
