"""Reports in Markdown, for a pull request, a job's summary, or a terminal: plain text that forges show well.

Whatever names hold, they become no markup, no mention and no link; and a report is never longer than it may be.
"""

from reconciler.report.markdown.drift import render_drift
from reconciler.report.markdown.findings import render_findings
from reconciler.report.markdown.outcome import render_outcome
from reconciler.report.markdown.plan import render_plan

__all__ = ["render_drift", "render_findings", "render_outcome", "render_plan"]
