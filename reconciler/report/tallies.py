"""The line that counts: what a plan would do, what an apply did, what drifted. The same in every form of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.apply.model import OutcomeStatus
from reconciler.plan.model import ActionKind
from reconciler.report.wording import count, identifiers

if TYPE_CHECKING:
    from reconciler.apply.model import Applied
    from reconciler.plan.model import Plan

DONE: Final = {
    ActionKind.IMPORT: "imported",
    ActionKind.CREATE: "created",
    ActionKind.UPDATE: "updated",
    ActionKind.REPLACE: "replaced",
    ActionKind.DELETE: "deleted",
    ActionKind.FORGET: "forgotten",
    ActionKind.NOOP: "moved",
}
"""Each kind, done; in the order of the last line. What is a no-op on TikTok and yet was applied is a move."""

ENDINGS: Final = {
    OutcomeStatus.FAILED: "failed",
    OutcomeStatus.INTERRUPTED: "interrupted",
    OutcomeStatus.BLOCKED: "blocked",
    OutcomeStatus.SKIPPED: "skipped",
}
"""Each way of not being done, the worst first."""

_MINUTE: Final = 60


def to_do(plan: Plan) -> str:
    """Count by kind, as Terraform does: create, update and delete always, the others where there are any."""
    summary = plan.summary
    moves = sum(action.kind is ActionKind.NOOP and action.does_something for action in plan.actions)
    kinds = (
        (summary.import_, "import", False),
        (summary.create, "create", True),
        (summary.update, "update", True),
        (summary.replace, "replace", False),
        (summary.delete, "delete", True),
        (summary.forget, "forget", False),
        (moves, "move", False),
    )
    return ", ".join(f"{number:,} to {verb}" for number, verb, always in kinds if number or always)


def against(plan: Plan) -> str:
    """Count what keeps the plan from being applied; empty for nothing."""
    found = []
    if plan.blocked:
        found.append(f"{len(plan.blocked):,} blocked")
    if plan.errors:
        found.append(count(len(plan.errors), "error"))
    return ", ".join(found)


def plan_headline(plan: Plan) -> tuple[str, str]:
    """Return what a plan comes to, and what stands against it; either may be empty, not both."""
    stands = f"{against(plan)}." if against(plan) else ""
    if plan.has_changes:
        return f"Plan: {to_do(plan)}.", stands
    if stands:
        return "Plan: nothing to do.", stands
    scope = " for the addresses looked at" if plan.targets else ""
    people = "; people were not looked at" if plan.skipped_members else ""
    return f"No changes. TikTok matches the files{scope}{people}.", ""


def outcome_headline(applied: Applied) -> tuple[str, str]:
    """Return how an apply ended, and what it did until then."""
    if applied.refusal:
        return "Nothing was applied:", f"{applied.refusal.removeprefix('nothing was applied: ')}."
    done = ", ".join(f"{applied.done[kind]:,} {verb}" for kind, verb in DONE.items() if kind in applied.done)
    requests, seconds = count(applied.requests, "request"), _duration(applied.seconds)
    sent = identifiers(applied.added, applied.removed)
    work = f"{sent} in {requests}, {seconds}.{_saved(applied)}" if sent else f"{seconds}."
    if applied.succeeded:
        return "Apply complete!", f"{done or 'Nothing to do'}. {work}"
    endings = [f"{applied.statuses[each]:,} {word}" for each, word in ENDINGS.items() if each in applied.statuses]
    title = "Apply stopped:" if was_stopped(applied) else "Apply incomplete:"
    return title, f"{', '.join(endings) or 'interrupted'}; {done or 'nothing done'}. {work}"


def what_stands(applied: Applied) -> str:
    """Return what holds after an apply that did not do everything, and how to go on."""
    if applied.refusal:
        return applied.way_out
    stands = "What was done stands and is in the state" if applied.done else "Nothing was completed"
    if was_stopped(applied):
        return f"{stands}; a delivery that was cut short goes on where it was. Apply again for the rest."
    return f"{stands}. What is blocked waits until its reason is gone."


def was_stopped(applied: Applied) -> bool:
    """Whether something went wrong on the way, rather than being left out knowingly."""
    statuses = applied.statuses
    return applied.interrupted or bool(statuses.keys() & {OutcomeStatus.FAILED, OutcomeStatus.INTERRUPTED})


def _saved(applied: Applied) -> str:
    """Return what it saved that people who join or leave several audiences travel once; empty for nothing."""
    if not applied.rows_saved:
        return ""
    requests = f" and {count(applied.requests_saved, 'request')}" if applied.requests_saved else ""
    return f" Sharing them between audiences saved {count(applied.rows_saved, 'mapping row')}{requests}."


def _duration(seconds: float) -> str:
    """Return a time as people say it: ``3.1 s``, ``12 min 4 s``."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    return f"{minutes:,} min {rest} s"
