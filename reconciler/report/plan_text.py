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
from reconciler.report.tallies import plan_headline
from reconciler.report.visible import visible

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
                f" {'unchanged' if action.kind is ActionKind.NOOP else action.kind}: {visible(block.message)} ",
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
    does, stands = plan_headline(plan)
    if stands:
        return Text.assemble((does, "bold"), (f" {stands}", ERROR))
    if plan.has_changes:
        return Text(does, "bold")
    verdict = "No changes."
    return Text.assemble((verdict, "bold green"), (does.removeprefix(verdict), "bold"))
