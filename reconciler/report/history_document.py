"""The journal as JSON, for those who count and alert."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.state.journal_model import RunRecord

SILENT = "ended without a word"
"""How a run stands that was killed."""


def standing(run: RunRecord, holder: str | None) -> str:
    """Return how a run stands: ``done``, ``failed``, ``under way``, or that it ended without a word.

    Args:
        run: The run.
        holder: The id of the lock that stands; None where there is none.
    """
    return SILENT if run.is_silent(holder) else str(run.status)


def history_document(runs: Iterable[RunRecord], holder: str | None) -> dict[str, object]:
    """Return runs as plain values; `holder` as for `standing`."""
    return {"runs": [_run(each, holder) for each in runs]}


def _run(run: RunRecord, holder: str | None) -> dict[str, object]:
    return {
        "run": run.run,
        "command": run.command,
        "arguments": list(run.arguments),
        "who": run.who,
        "where": run.where,
        "tool_version": run.tool_version,
        "status": standing(run, holder),
        "started": run.started.isoformat(),
        "ended": None if run.ended is None else run.ended.isoformat(),
        "seconds": run.seconds,
        "exit_code": run.exit_code,
        "error": run.error,
        "plan_id": run.plan_id,
        "serial_before": run.serial_before,
        "serial_after": run.serial_after,
        "rows": run.rows,
        "requests": run.requests,
        "actions": [
            {
                "address": each.address,
                "kind": each.kind,
                "outcome": each.outcome,
                "message": each.message,
                "added": each.added,
                "removed": each.removed,
            }
            for each in run.steps
        ],
    }
