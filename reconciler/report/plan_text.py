"""A plan in the terminal: each address and what happens to it, what stands in the way, and last the counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from reconciler.diagnostics import Severity
from reconciler.plan.model import ActionKind
from reconciler.report.action_text import write_action
from reconciler.report.diagnostics import write_diagnostics
from reconciler.report.lines import blank, write
from reconciler.report.symbols import ERROR, QUIET, WARNING
from reconciler.report.visible import visible
from reconciler.report.wording import count

if TYPE_CHECKING:
    from rich.console import Console

    from reconciler.plan.model import Plan


def render_plan(plan: Plan, console: Console, *, verbose: bool = False) -> None:
    """Print `plan` for a reviewer.

    Args:
        plan: The plan, just made or read from a file.
        console: Where to print. Colour only on a terminal; lines are folded only there.
        verbose: Also show what stays as it is, and which plan this is.
    """
    if verbose:
        made = f"plan {plan.plan_id}, made {plan.created_at:%Y-%m-%d %H:%M:%S} UTC at serial {plan.serial}"
        write(console, Text(visible(made), QUIET))
        blank(console)
    _write_scope(plan, console)
    for action in plan.actions:
        if verbose or action.does_something or action.is_blocked:
            write_action(action, console)
            blank(console)
    _write_blocked(plan, console)
    _write_findings(plan, console)
    write(console, _last_line(plan))


def _write_scope(plan: Plan, console: Console) -> None:
    """Say what the plan did not look at."""
    scope = []
    if plan.targets:
        scope.append(f"Only {', '.join(map(visible, plan.targets))}: every other address was left out (--target).")
    if plan.skipped_members:
        scope.append("People were not looked at (--skip-members): applying this plan delivers nobody.")
    for line in scope:
        write(console, Text(line, WARNING))
    if scope:
        blank(console)


def _write_blocked(plan: Plan, console: Console) -> None:
    """Name what is blocked once more where people look last, each guard on a line."""
    if not plan.blocked:
        return
    write(console, Text("Blocked: nothing is applied while these stand; --skip-blocked applies the rest.", ERROR))
    for action in plan.blocked:
        for block in action.blocked_by:
            line = Text.assemble(
                (visible(action.address), "bold"),
                f" {action.kind}: {visible(block.message)} ",
                (f"({block.guard})", QUIET),
            )
            write(console, line, first=Text.assemble("  ", ("!", ERROR), " "))
    blank(console)


def _write_findings(plan: Plan, console: Console) -> None:
    """Show warnings first, so that errors stand nearest to the last line."""
    warnings = [each for each in plan.diagnostics if each.severity is Severity.WARNING]
    for findings in (warnings, plan.errors):
        if findings:
            write_diagnostics(findings, console)
            blank(console)


def _last_line(plan: Plan) -> Text:
    against = _against(plan)
    if plan.has_changes:
        return Text.assemble((f"Plan: {_counts(plan)}.", "bold"), (f" {against}." if against else "", ERROR))
    if against:
        return Text.assemble(("Plan: nothing to do.", "bold"), (f" {against}.", ERROR))
    scope = " for the addresses looked at" if plan.targets else ""
    people = "; people were not looked at" if plan.skipped_members else ""
    return Text.assemble(("No changes.", "bold green"), (f" TikTok matches the files{scope}{people}.", "bold"))


def _counts(plan: Plan) -> str:
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


def _against(plan: Plan) -> str:
    """Count what keeps the plan from being applied."""
    found = []
    if plan.blocked:
        found.append(f"{len(plan.blocked):,} blocked")
    if plan.errors:
        found.append(count(len(plan.errors), "error"))
    return ", ".join(found)
