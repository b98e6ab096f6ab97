"""What an apply did, as JSON: what `apply --format json` prints and `show` reads back.

The shape is the one of ``schemas/outcome.schema.json``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.apply.model import OutcomeStatus
from reconciler.plan.model import ActionKind
from reconciler.report.outcome_reading import APPLIED_FORMAT_VERSION, OutcomeFileError, parse_applied
from reconciler.report.tallies import was_stopped

if TYPE_CHECKING:
    from reconciler.apply.model import Applied, Outcome

__all__ = ["APPLIED_FORMAT_VERSION", "OutcomeFileError", "applied_document", "parse_applied"]


def applied_document(applied: Applied) -> dict[str, object]:
    """Return `applied` as plain values, ready for JSON.

    ``status`` says how it ended, ``reason`` why nothing was tried where it was refused. ``summary`` counts the
    outcomes by status, ``done`` those carried out by kind; ``seconds`` is a float. ``saved`` is what it would have
    taken more, had each audience's people travelled alone; its requests are an estimate.
    """
    return {
        "format_version": APPLIED_FORMAT_VERSION,
        "plan_id": applied.plan_id,
        "status": _status(applied),
        "reason": applied.refusal,
        "way_out": applied.way_out,
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


def _status(applied: Applied) -> str:
    if applied.refusal:
        return "refused"
    if applied.succeeded:
        return "complete"
    return "stopped" if was_stopped(applied) else "incomplete"


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
