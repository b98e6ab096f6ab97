"""Notes at the lines of a pull request, as GitHub's runner takes them: workflow commands, a line each.

GitHub shows ten errors, ten warnings and ten notices of a step and drops the rest, so the most important go first
and the tenth says how many follow. Source: GitHub Docs, "Workflow commands for GitHub Actions" and its limits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from reconciler.apply.model import OutcomeStatus
from reconciler.plan.drift.model import DriftKind
from reconciler.report.tallies import DONE, ENDINGS
from reconciler.report.visible import visible
from reconciler.report.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.apply.model import Applied, Outcome
    from reconciler.diagnostics import Diagnostic, Location
    from reconciler.plan.drift.model import Drift, Drifted
    from reconciler.plan.model import Action, Plan

Naming: TypeAlias = Callable[[str], str]
"""From a file's name to its name in the checkout, which is the one GitHub knows."""

MOST: Final = 10
"""Annotations of one level that GitHub shows of a step."""


class _Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class _Annotation:
    """One note: its level, what it is titled, its lines, and where it belongs."""

    level: _Level
    title: str
    lines: tuple[str, ...]
    location: Location | None = None

    def command(self, named: Naming) -> str:
        """Return it as the runner takes it."""
        properties = {"title": self.title}
        if self.location is not None:
            place = {
                "file": named(self.location.file),
                "line": str(self.location.line),
                "col": str(self.location.column),
            }
            properties = place | properties
        shown = ",".join(f"{name}={_property(visible(text))}" for name, text in properties.items())
        return f"::{self.level} {shown}::{_message(line for line in self.lines if line)}"


def plan_annotations(plan: Plan, *, named: Naming = str) -> list[str]:
    """Return what stands against a plan and what to know about it: errors, blocked actions, warnings."""
    return _most_important(
        [
            *map(_finding, plan.errors),
            *map(_blocked, plan.blocked),
            *(_finding(each) for each in plan.diagnostics if not each.is_error),
        ],
        named,
    )


def drift_annotations(drift: Drift, *, named: Naming = str) -> list[str]:
    """Return what drifted as warnings; an audience that no file declares is a notice."""
    kinds = list(DriftKind)
    return _most_important(
        [_drifted(each) for each in sorted(drift.found, key=lambda each: kinds.index(each.kind))], named
    )


def findings_annotations(diagnostics: Iterable[Diagnostic], *, named: Naming = str) -> list[str]:
    """Return findings at their lines."""
    return _most_important([_finding(each) for each in diagnostics], named)


def outcome_annotations(applied: Applied) -> list[str]:
    """Return what an apply did not do, and why; what was left out only because of that is a warning."""
    if applied.refusal:
        return _most_important([_Annotation(_Level.ERROR, "Nothing was applied", (applied.refusal, applied.way_out))])
    worst = list(ENDINGS)
    undone = sorted((each for each in applied.outcomes if not each.is_done), key=lambda each: worst.index(each.status))
    return _most_important([_undone(each) for each in undone])


def error_annotation(message: str, way_out: str | None) -> str:
    """Return an error that belongs to no line."""
    return _Annotation(_Level.ERROR, "reconciler", (message, way_out or "")).command(str)


def _finding(diagnostic: Diagnostic) -> _Annotation:
    level = _Level.ERROR if diagnostic.is_error else _Level.WARNING
    return _Annotation(level, "reconciler", (diagnostic.summary, *diagnostic.detail.splitlines()), diagnostic.location)


def _blocked(action: Action) -> _Annotation:
    lines = tuple(line for each in action.blocked_by for line in (each.message, *each.details, each.way_out))
    return _Annotation(_Level.ERROR, f"{action.address}: {action.kind} is blocked", lines, action.location)


def _drifted(drifted: Drifted) -> _Annotation:
    level = _Level.NOTICE if drifted.kind is DriftKind.UNMANAGED else _Level.WARNING
    about = drifted.address or drifted.audience_id or drifted.advertiser
    title = f"Drift: {about} {drifted.kind.replace('_', ' ')}"
    return _Annotation(level, title, (drifted.summary, *drifted.details, drifted.remedy), drifted.location)


def _undone(outcome: Outcome) -> _Annotation:
    level = _Level.WARNING if outcome.status is OutcomeStatus.SKIPPED else _Level.ERROR
    title = f"{outcome.address}: not {DONE[outcome.kind]}, {ENDINGS[outcome.status]}"
    return _Annotation(level, title, (outcome.message, *outcome.details, outcome.way_out))


def _most_important(annotations: Sequence[_Annotation], named: Naming = str) -> list[str]:
    """Return the commands, worst level first; of more than GitHub shows, the last says how many were left out."""
    commands: list[str] = []
    for level in _Level:
        found = [each for each in annotations if each.level is level]
        if len(found) > MOST:
            more = count(len(found) - MOST + 1, f"more {level}")
            found = [*found[: MOST - 1], _Annotation(level, "reconciler", (f"{more}: the report has them all.",))]
        commands += [each.command(named) for each in found]
    return commands


def _message(lines: Iterable[str]) -> str:
    return "%0A".join(visible(line).replace("%", "%25") for line in lines)


def _property(text: str) -> str:
    return text.replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
