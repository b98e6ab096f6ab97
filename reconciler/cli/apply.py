"""`reconciler apply`: makes a plan true."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.apply import run
from reconciler.apply.order import accounts
from reconciler.apply.workbench import Workbench
from reconciler.cli import screen
from reconciler.cli.options import member_options, output_format, workspace_options
from reconciler.cli.planning import Planned, make_plan, require_staged, scope_of, stage
from reconciler.cli.saved import read_plan
from reconciler.cli.waiting import applying
from reconciler.cli.workspace import drive, engine_in, scratch, workspace
from reconciler.errors import ReconcilerError
from reconciler.refresh.accounts import read_accounts
from reconciler.refresh.gather import sessions_for
from reconciler.report.outcome_document import applied_document
from reconciler.report.outcome_text import render_applied
from reconciler.report.plan_text import render_plan

if TYPE_CHECKING:
    from reconciler.apply.model import Applied
    from reconciler.cli.workspace import Place, Workspace
    from reconciler.plan.model import Plan
    from reconciler.state.repository import OpenState


class NobodyToAskError(ReconcilerError):
    """An apply wants a yes, and there is no terminal to ask on."""


@click.command("apply")
@click.argument("plan_file", type=click.Path(path_type=Path), metavar="[PLAN]", required=False)
@workspace_options
@output_format
@member_options
@click.option("--auto-approve", is_flag=True, help="Do not ask. A saved plan is never asked about.")
@click.option("--skip-blocked", is_flag=True, help="Leave blocked actions out and apply the rest.")
def command(
    plan_file: Path | None,
    place: Place,
    form: str,
    skip_members: bool,
    targets: tuple[str, ...],
    auto_approve: bool,
    skip_blocked: bool,
) -> int:
    """Apply a saved PLAN; without one, plan, ask, and apply.

    Nothing is done that the plan does not say. While a guard blocks an action nothing at all is done, unless
    --skip-blocked applies the rest. Killed or interrupted, an apply of the same plan goes on where it was.

    Exit code 0: all done. 1: an error, something is blocked, or the answer was not yes.
    """
    if plan_file is not None and (targets or skip_members):
        raise click.UsageError("--target and --skip-members belong to planning; a saved plan is applied as it is.")
    saved = read_plan(plan_file) if plan_file is not None else None
    with workspace(place) as opened, scratch() as folder, opened.store.lock("apply") as held:
        if held.taken_over_from is not None:
            screen.say(f"An earlier run on this machine died holding the lock ({held.taken_over_from.id}); taken over.")
        state = opened.store.open(lineage=saved.lineage if saved else None)
        if saved is None:
            scope = scope_of(skip_members=skip_members, targets=targets, workspace=opened, owned=state.state)
            planned = drive(make_plan(opened, state.state, scope, folder))
            _show(planned.plan, form, asks=not auto_approve)
        else:
            planned = Planned(saved)
        plan = planned.plan
        run.check(plan, state.state, skip_blocked=skip_blocked)
        if not plan.has_changes:
            return _nothing_to_do(plan, form, plan_file)
        if saved is not None:
            require_staged(opened, plan)
        elif auto_approve or _agreed():
            stage(opened, planned)
        else:
            screen.say("Nothing was done.")
            return 1
        applied = _apply(plan, opened, state, folder, quiet=form == "json")
        if applied.succeeded:
            opened.store.unstage(plan.plan_id)
            opened.store.sweep(state.state)
    if form == "json":
        screen.json(applied_document(applied))
    else:
        render_applied(applied, screen.results())
    return 0 if applied.succeeded else 1


def _apply(plan: Plan, opened: Workspace, state: OpenState, folder: Path, *, quiet: bool) -> Applied:
    async def work() -> Applied:
        async with opened.tiktok() as tiktok:
            sessions = sessions_for(tiktok, accounts(plan, state.state), opened.config, opened.environ)
            remotes = await read_accounts(sessions, opened.config)
            bench = Workbench(
                sessions,
                state,
                engine,
                opened.locate(folder),
                progress,
                rows_per_request=opened.config.rows_per_request,
            )
            return await run.apply(plan, remotes, bench)

    with engine_in(folder, opened) as engine, applying(quiet=quiet) as progress:
        return drive(work())


def _show(plan: Plan, form: str, *, asks: bool) -> None:
    """Show the plan; with JSON on stdout, on stderr, and only where a person is asked or must know why not."""
    if form == "text":
        render_plan(plan, screen.results())
    elif asks or plan.blocked or plan.errors:
        render_plan(plan, screen.notices())


def _nothing_to_do(plan: Plan, form: str, plan_file: Path | None) -> int:
    from reconciler.apply.model import Applied

    if plan_file is not None:
        screen.say(f"{plan_file} holds no changes: there is nothing to do.")
    if form == "json":
        screen.json(applied_document(Applied(plan.plan_id, (), rows=0, requests=0, seconds=0.0)))
    return 0


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise NobodyToAskError(
            "apply wants a yes, and there is no terminal to ask on",
            hint="Review a saved plan and apply that (plan --out, apply PLAN), or add --auto-approve.",
        )
    screen.say("\nDo you want to do this? Only yes is taken for a yes.")
    answer: str = click.prompt("  Enter a value", err=True, default="", show_default=False)
    return answer == "yes"
