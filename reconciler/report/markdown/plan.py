"""A plan as the comment of a pull request: what a reviewer must see first stands first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.diagnostics import Severity
from reconciler.report.markdown.action import ORDER, attribute_changes, blocked, explained, tabled
from reconciler.report.markdown.escape import code
from reconciler.report.markdown.fitting import LIMIT, Section, always, fit
from reconciler.report.markdown.parts import fence_for, finding, head, important
from reconciler.report.tallies import plan_headline
from reconciler.report.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.diagnostics import Diagnostic
    from reconciler.plan.model import Action, Plan

_WHOLE: Final = "`reconciler show` prints the saved plan whole."

_MOST_OPEN: Final = 40
"""Items of a section that stand open; more are folded, so that a page stays one that people read to its end."""

_MOST_TARGETS: Final = 10

# What gives way when a comment is too long, the least important first.
_DETAILS, _CHANGES, _WARNING_DETAILS, _ROWS, _WARNINGS, _ERROR_DETAILS, _ERRORS, _BLOCK_DETAILS, _BLOCKS = range(9)


def render_plan(plan: Plan, *, limit: int = LIMIT) -> str:
    """Return a plan as Markdown.

    From top to bottom: the counts, what the plan did not look at, what is blocked and why, errors, a table of the
    actions, the attributes that change, warnings, and everything else there is to say of each action, folded.

    Args:
        plan: The plan, just made or read from a file.
        limit: Characters it may have, at least a few thousand. Beyond, the details of the actions go first, then
            attribute changes, the details of warnings, rows of the table from its end, and warnings; why something
            is blocked goes last of all, and only where nothing else is left. What was cut is said.
    """
    shown = sorted((each for each in plan.actions if each.does_something or each.is_blocked), key=_importance)
    sections = [
        always(_headline(plan)),
        always(_scope(plan)),
        _blocks([each for each in shown if each.is_blocked]),
        _findings(plan.errors, Severity.ERROR),
        _table(shown),
        _attributes(shown),
        _findings([each for each in plan.diagnostics if not each.is_error], Severity.WARNING),
        _details(shown),
        always(_unchanged(plan, len(shown))),
        always(_made(plan)),
    ]
    return fit(sections, limit=limit, whole=_WHOLE)


def _importance(action: Action) -> tuple[bool, int, str]:
    return not action.is_blocked, ORDER.index(action.kind), action.address


def _headline(plan: Plan) -> str:
    does, stands = plan_headline(plan)
    return f"### {does} {stands}".rstrip()


def _scope(plan: Plan) -> str:
    """Say what the plan did not look at."""
    limits = []
    if plan.targets:
        named = ", ".join(map(code, plan.targets[:_MOST_TARGETS]))
        more = len(plan.targets) - _MOST_TARGETS
        others = f" and {more:,} more" if more > 0 else ""
        limits.append(f"Only {named}{others}: every other address was left out (`--target`).")
    if plan.skipped_members:
        limits.append("People were not looked at (`--skip-members`): applying this plan delivers nobody.")
    return important(*limits)


def _blocks(actions: Sequence[Action]) -> Section:
    title = f"{count(len(actions), 'action')} {'is' if len(actions) == 1 else 'are'} blocked."
    return Section(
        "blocked action",
        tuple(blocked(each, whole=True) for each in actions),
        drop=_BLOCKS,
        shorter=tuple(blocked(each, whole=False) for each in actions),
        shorten=_BLOCK_DETAILS,
        opening=(
            f"> [!CAUTION]\n> **{title}** Nothing is applied while these stand; `--skip-blocked` applies the rest.\n\n"
        ),
    )


def _findings(found: Sequence[Diagnostic], severity: Severity) -> Section:
    is_error = severity is Severity.ERROR
    title = count(len(found), str(severity))
    return Section(
        str(severity),
        tuple(finding(each, whole=True) for each in found),
        drop=_ERRORS if is_error else _WARNINGS,
        shorter=tuple(finding(each, whole=False) for each in found),
        shorten=_ERROR_DETAILS if is_error else _WARNING_DETAILS,
        opening="" if not is_error and len(found) > _MOST_OPEN else f"#### {title.capitalize()}\n\n",
        fold=title if not is_error and len(found) > _MOST_OPEN else None,
    )


def _table(actions: Sequence[Action]) -> Section:
    return Section(
        "action",
        tuple(map(tabled, actions)),
        drop=_ROWS,
        opening=head("Action", "Address", "Account", "People:", "+:", "−:", "Identifiers:"),
        fold=f"All {len(actions):,} actions" if len(actions) > _MOST_OPEN else None,
    )


def _attributes(actions: Sequence[Action]) -> Section:
    changed = [attribute_changes(each) for each in actions if each.changes]
    fence = fence_for(changed)
    number = sum(len(each.changes) for each in actions)
    return Section(
        "attribute difference",
        tuple(changed),
        drop=_CHANGES,
        opening=f"{fence}diff\n",
        closing=f"\n{fence}",
        fold=count(number, "attribute change") if number > _MOST_OPEN // 2 else None,
    )


def _details(actions: Sequence[Action]) -> Section:
    return Section(
        "explanation",
        tuple(map(explained, actions)),
        drop=_DETAILS,
        fold=f"Details of {count(len(actions), 'action')}",
    )


def _unchanged(plan: Plan, shown: int) -> str:
    rest = len(plan.actions) - shown
    if not rest or not shown:
        return ""
    return f"{count(rest, 'audience')} {'stays as it is' if rest == 1 else 'stay as they are'}."


def _made(plan: Plan) -> str:
    return (
        f"Plan {code(plan.plan_id)}, made {plan.created_at:%Y-%m-%d %H:%M:%S} UTC at serial {plan.serial} of the state."
    )
