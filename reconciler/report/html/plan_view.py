"""A plan as a page shows it: text in its order, nothing left to decide for a template."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.report.html.actions import Row, key_of, row_of
from reconciler.report.html.labels import ACTIONS, MOVE, label_of
from reconciler.report.html.people import BarChart, People, Total, bar_chart, people_of, total_of
from reconciler.report.html.pieces import Accounts, Choice, Fact, Moment, Tally, moment, tally
from reconciler.report.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.diagnostics import Diagnostic
    from reconciler.plan.model import Action, Plan
    from reconciler.plan.timeline import Timelines


@dataclass(frozen=True, slots=True)
class Finding:
    """A diagnostic: its place in the files ("" where none is to blame) and its detail, line by line."""

    is_error: bool
    place: str
    summary: str
    detail: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanView:
    """Everything on the page of a plan.

    Attributes:
        headline: What the plan comes to.
        verdict: Whether it can be applied.
        is_stopped: Whether something keeps it from being applied whole.
        made: When it was made.
        origin: Which plan this is, and of what state.
        scope: What it did not look at, a sentence each.
        tallies: Actions by kind.
        total: People in total, or None where nothing is known.
        blocked: The actions a guard stands against.
        findings: Errors first.
        bars: People by audience, or None where there are none.
        changed: Rows of what is done.
        unchanged: Rows of what stays as it is.
        kinds: Choices of the filter by action.
        accounts: Choices of the filter by account.
    """

    headline: str
    verdict: str
    is_stopped: bool
    made: Moment
    origin: tuple[Fact, ...]
    scope: tuple[str, ...]
    tallies: tuple[Tally, ...]
    total: Total | None
    blocked: tuple[Row, ...]
    findings: tuple[Finding, ...]
    bars: BarChart | None
    changed: tuple[Row, ...]
    unchanged: tuple[Row, ...]
    kinds: tuple[Choice, ...]
    accounts: tuple[Choice, ...]


def plan_view(plan: Plan, past: Timelines) -> PlanView:
    """Return what the page of `plan` shows, beside the past of its audiences."""
    accounts = Accounts((action.advertiser, action.advertiser_id) for action in plan.actions)
    pasts = [past.get(key_of(action), ()) for action in plan.actions]
    people = [people_of(action, points) for action, points in zip(plan.actions, pasts, strict=True)]
    rows = [
        row_of(action, f"a{number}", held, points, accounts)
        for number, (action, held, points) in enumerate(zip(plan.actions, people, pasts, strict=True))
    ]
    return PlanView(
        headline=_headline(plan),
        verdict=_verdict(plan),
        is_stopped=bool(plan.errors or plan.blocked),
        made=moment(plan.created_at),
        origin=_origin(plan),
        scope=_scope(plan),
        tallies=_tallies(plan.actions),
        total=total_of(people),
        blocked=tuple(row for row in rows if row.is_blocked),
        findings=tuple(sorted(map(_finding, plan.diagnostics), key=lambda each: not each.is_error)),
        bars=_bars(rows, people),
        changed=tuple(row for row in rows if not row.rests),
        unchanged=tuple(row for row in rows if row.rests),
        kinds=_kinds(rows),
        accounts=accounts.choices((action.advertiser, action.advertiser_id) for action in plan.actions),
    )


def _headline(plan: Plan) -> str:
    changes = sum(action.does_something for action in plan.actions)
    return count(changes, "change") if changes else "No changes"


def _verdict(plan: Plan) -> str:
    errors, blocked = len(plan.errors), len(plan.blocked)
    if errors:
        return f"It cannot be applied: {count(errors, 'error')} to be put right first."
    if blocked:
        return f"{blocked:,} blocked: nothing is applied while that stands. --skip-blocked applies the rest."
    if plan.has_changes:
        return "Nothing stands in the way of applying it."
    scope = " for the addresses looked at" if plan.targets else ""
    return f"TikTok matches the files{scope}{'; people were not looked at' if plan.skipped_members else ''}."


def _scope(plan: Plan) -> tuple[str, ...]:
    said = []
    if plan.targets:
        said.append(f"Only {', '.join(plan.targets)}: every other address was left out (--target).")
    if plan.skipped_members:
        said.append("People were not looked at (--skip-members): applying this plan delivers nobody.")
    return tuple(said)


def _origin(plan: Plan) -> tuple[Fact, ...]:
    return (
        Fact("Plan", plan.plan_id, is_code=True),
        Fact("State", f"serial {plan.serial:,}, lineage {plan.lineage}"),
        Fact("Audiences", f"{len(plan.actions):,}"),
    )


def _tallies(actions: Sequence[Action]) -> tuple[Tally, ...]:
    """Count by kind; moves only where there are any."""
    counted = Counter(label_of(action) for action in actions)
    shown = [*ACTIONS.values()]
    if counted[MOVE]:
        shown.insert(-1, MOVE)
    return tuple(tally(label, counted[label]) for label in shown)


def _finding(diagnostic: Diagnostic) -> Finding:
    detail = tuple(line for line in diagnostic.detail.split("\n") if line)
    place = str(diagnostic.location) if diagnostic.location else ""
    return Finding(diagnostic.is_error, place, diagnostic.summary, detail)


def _bars(rows: Sequence[Row], people: Sequence[People]) -> BarChart | None:
    return bar_chart([(row.address, row.anchor, held) for row, held in zip(rows, people, strict=True)])


def _kinds(rows: Sequence[Row]) -> tuple[Choice, ...]:
    return tuple(_choices_of_kinds(rows))


def _choices_of_kinds(rows: Sequence[Row]) -> Iterator[Choice]:
    counted = Counter(row.label for row in rows)
    for label in (*ACTIONS.values(), MOVE):
        if counted[label]:
            yield Choice(label.key, label.text, f"{counted[label]:,}")
    if blocked := sum(row.is_blocked for row in rows):
        yield Choice("blocked", "Blocked", f"{blocked:,}")
