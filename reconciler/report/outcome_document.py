"""What an apply did, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.apply.model import OutcomeStatus
from reconciler.plan.model import ActionKind

if TYPE_CHECKING:
    from reconciler.apply.model import Applied, Outcome

APPLIED_FORMAT_VERSION: Final = 1


def applied_document(applied: Applied) -> dict[str, object]:
    """Return `applied` as plain values, ready for JSON.

    ``summary`` counts the outcomes by status, ``done`` those carried out by kind; ``seconds`` is a float. ``saved`` is
    what it would have taken more, had each audience's people travelled alone; its requests are an estimate.
    """
    return {
        "format_version": APPLIED_FORMAT_VERSION,
        "plan_id": applied.plan_id,
        "succeeded": applied.succeeded,
        "interrupted": applied.interrupted,
        "summary": {str(status): applied.statuses.get(status, 0) for status in OutcomeStatus},
        "done": {str(kind): applied.done.get(kind, 0) for kind in ActionKind},
        "identifiers": {"added": applied.added, "removed": applied.removed},
        "rows": applied.rows,
        "requests": applied.requests,
        "saved": {"rows": applied.rows_saved, "requests": applied.requests_saved},
        "seconds": applied.seconds,
        "outcomes": [_outcome(outcome) for outcome in applied.outcomes],
    }


def _outcome(outcome: Outcome) -> dict[str, object]:
    return {
        "address": outcome.address,
        "action": str(outcome.kind),
        "status": str(outcome.status),
        "message": outcome.message,
        "details": list(outcome.details),
        "way_out": outcome.way_out,
        "audience_id": outcome.audience_id,
        "added": outcome.added,
        "removed": outcome.removed,
    }
