"""An apply that did nothing at all, as data: whoever reads outcomes learns of it there, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.apply.errors import BlockedPlanError
from reconciler.apply.model import Applied, Outcome, OutcomeStatus

if TYPE_CHECKING:
    from reconciler.errors import ReconcilerError
    from reconciler.plan.model import Action, Plan


def refused(plan: Plan, problem: ReconcilerError) -> Applied:
    """Return the outcome of a plan that was not set to work on; where guards were the reason, with each of them."""
    guarded = plan.blocked if isinstance(problem, BlockedPlanError) else ()
    return Applied(
        plan.plan_id,
        tuple(map(_blocked, guarded)),
        rows=0,
        requests=0,
        seconds=0.0,
        refusal=problem.message,
        way_out=problem.hint or "",
    )


def nothing_done(plan: Plan) -> Applied:
    """Return the outcome of a plan that has nothing to do, but for what guards keep from being looked at."""
    return Applied(plan.plan_id, tuple(map(_blocked, plan.blocked)), rows=0, requests=0, seconds=0.0)


def _blocked(action: Action) -> Outcome:
    return Outcome(
        action.address,
        action.kind,
        OutcomeStatus.BLOCKED,
        "; ".join(each.message for each in action.blocked_by),
        tuple(detail for each in action.blocked_by for detail in each.details),
        action.audience_id,
        way_out=" ".join(each.way_out for each in action.blocked_by if each.way_out),
    )
