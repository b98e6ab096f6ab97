"""`reconciler plan`: what an apply would do."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from reconciler.cli import screen
from reconciler.cli.actions import announce_plan
from reconciler.cli.options import member_options, output_options, workspace_options
from reconciler.cli.outputs import PLAN_FORMS, Form, past_of
from reconciler.cli.planning import make_plan, scope_of, stage
from reconciler.cli.saved import write_plan
from reconciler.cli.workspace import drive, engine_in, scratch, workspace
from reconciler.refresh.members import explain as explain_sources_of

if TYPE_CHECKING:
    from reconciler.cli.outputs import Output
    from reconciler.cli.planning import Scope
    from reconciler.cli.workspace import Place, Workspace
    from reconciler.plan.model import Plan


_EXPLAINED: Final = (Form.TEXT, Form.JSON)


@click.command("plan")
@workspace_options
@output_options(*PLAN_FORMS)
@member_options
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Save the plan itself, to be applied as reviewed."
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where changes are waiting.")
@click.option(
    "--explain-sources", is_flag=True, help="Show the SQL that reads each source and where it runs, and plan nothing."
)
@click.option("--all", "everything", is_flag=True, help="Show audiences that stay as they are, too.")
def command(
    place: Place,
    output: Output,
    skip_members: bool,
    targets: tuple[str, ...],
    out: Path | None,
    detailed_exitcode: bool,
    explain_sources: bool,
    everything: bool,
) -> int:
    """Compare the files with TikTok and show what apply would do. Changes nothing, needs no lock.

    Exit code 0: planned. 1: an error, or something is blocked. With --detailed-exitcode 2: changes are waiting.

    \b
    Examples:
      reconciler plan
      reconciler plan --out plan.json && reconciler apply plan.json
      reconciler plan --format markdown -o plan.md
      reconciler plan --target audience.lapsed_buyers
    """  # noqa: D301  # click reads the backspace: what follows keeps its lines
    if explain_sources and (out or detailed_exitcode or skip_members or output.path or output.form not in _EXPLAINED):
        raise click.UsageError(
            "--explain-sources plans nothing; it takes neither --out nor --detailed-exitcode nor --skip-members, "
            "and prints text or json."
        )
    if out is not None and out == output.path:
        raise click.UsageError("--out and --output name the same file: one is the plan itself, the other the report.")
    with workspace(place) as opened, scratch() as folder:
        owned = opened.store.read().state
        scope = scope_of(skip_members=skip_members, targets=targets, workspace=opened, owned=owned)
        if explain_sources:
            return _explain(opened, scope, folder, output.form)
        planned = drive(make_plan(opened, owned, scope, folder))
        if out is not None:
            stage(opened, planned)
            write_plan(planned.plan, out)
        output.plan(planned.plan, lambda: past_of(opened, owned), verbose=everything)
    if out is not None:
        screen.say(f"\nSaved to {out}.{_next_step(planned.plan, place, out)}")
    announce_plan(planned.plan)
    return exit_code(planned.plan, detailed=detailed_exitcode)


def _explain(opened: Workspace, scope: Scope, folder: Path, form: Form) -> int:
    with engine_in(folder, opened) as engine:
        explained = explain_sources_of(opened.config, engine, targets=scope.targets)
    if form is Form.JSON:
        screen.json({"sources": explained})
    elif not explained:
        screen.say("No audience draws on a source.")
    else:
        for key, text in explained.items():
            screen.results().print(f"-- source {key}\n{text}\n", markup=False, highlight=False, soft_wrap=True)
    return 0


def _next_step(plan: Plan, place: Place, out: Path) -> str:
    if plan.errors or plan.blocked or not plan.has_changes:
        return ""
    command = ["reconciler", "apply", *place.options, str(out)]
    return f" To apply exactly this: {shlex.join(command)}"


def exit_code(plan: Plan, *, detailed: bool) -> int:
    """Return 1 for errors or blocked actions, 2 for waiting changes if asked for, else 0."""
    if plan.errors or plan.blocked:
        return 1
    return 2 if detailed and plan.has_changes else 0
