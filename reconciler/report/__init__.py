"""Plans, drift, status and outcomes for people and for programs. Pure: prints to the console it is handed.

Text from outside is shown harmlessly everywhere (`visible`); whoever prints such text elsewhere passes it
through there too.
"""

from __future__ import annotations

from reconciler.report.diagnostics import diagnostics_document, render_diagnostics
from reconciler.report.drift_text import render_drift
from reconciler.report.outcome_document import applied_document
from reconciler.report.outcome_text import render_applied
from reconciler.report.plan_text import render_plan
from reconciler.report.status_text import render_status
from reconciler.report.visible import quoted, visible

__all__ = [
    "applied_document",
    "diagnostics_document",
    "quoted",
    "render_applied",
    "render_diagnostics",
    "render_drift",
    "render_plan",
    "render_status",
    "visible",
]
