"""Inside GitHub Actions: notes at the lines of the pull request, and a report on the page of the job.

Both come beside what a command prints anyway, and neither may keep it from its work.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.cli import logs
from reconciler.cli.checkout import name_in_checkout
from reconciler.cli.runner import is_listening
from reconciler.report import annotations as notes
from reconciler.report import markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reconciler.apply.model import Applied
    from reconciler.diagnostics import Diagnostic
    from reconciler.plan.drift.model import Drift
    from reconciler.plan.model import Plan

_LARGEST_SUMMARY: Final = 1024 * 1024
"""Bytes of a step's summary that GitHub takes. Source: GitHub Docs, "Step isolation and limits"."""

_BYTES_A_CHARACTER: Final = 4
_SMALLEST_REPORT: Final = 4096
"""Characters below which a report is not worth cutting to."""


def announce_plan(plan: Plan) -> None:
    """Tell a pull request what a plan comes to, if this is Actions."""
    if is_listening():
        _annotate(notes.plan_annotations(plan, named=name_in_checkout))
        _summarise(lambda limit: markdown.render_plan(plan, limit=limit))


def announce_drift(drift: Drift) -> None:
    """Tell what drifted, if this is Actions."""
    if is_listening():
        _annotate(notes.drift_annotations(drift, named=name_in_checkout))
        _summarise(lambda limit: markdown.render_drift(drift, limit=limit))


def announce_outcome(applied: Applied) -> None:
    """Tell what an apply did, if this is Actions. A refusal is an error, which is annotated where it is told."""
    if is_listening():
        _annotate([] if applied.refusal else notes.outcome_annotations(applied))
        _summarise(lambda limit: markdown.render_outcome(applied, limit=limit))


def announce_findings(diagnostics: Sequence[Diagnostic]) -> None:
    """Tell what is wrong with the files, if this is Actions and anything is."""
    if is_listening() and diagnostics:
        _annotate(notes.findings_annotations(diagnostics, named=name_in_checkout))
        _summarise(lambda limit: markdown.render_findings(diagnostics, limit=limit))


def announce_error(message: str, way_out: str | None) -> None:
    """Tell what went wrong, if this is Actions."""
    if is_listening():
        _annotate([notes.error_annotation(message, way_out)])


def _annotate(commands: Iterable[str]) -> None:
    if logs.is_json():  # stderr is for what collects logs, and a record of it is no command
        return
    for command in commands:
        sys.stderr.write(f"{command}\n")


def _summarise(render: Callable[[int], str]) -> None:
    """Append a report to the job's summary, if there is room for one."""
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if not name:
        return
    path = Path(name)
    try:
        taken = path.stat().st_size if path.exists() else 0
        limit = (_LARGEST_SUMMARY - taken) // _BYTES_A_CHARACTER
        if limit < _SMALLEST_REPORT:
            return
        with path.open("a", encoding="utf-8") as summary:
            summary.write(f"\n{render(limit)}" if taken else render(limit))
    except OSError as problem:
        _annotate([f"::warning title=reconciler::the job's summary cannot be written ({type(problem).__name__})"])
