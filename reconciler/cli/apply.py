"""`reconciler apply`: makes a plan true."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler import telemetry
from reconciler.apply import run
from reconciler.apply.begin import settled, with_what_holds
from reconciler.apply.lockwatch import LockWatch
from reconciler.apply.model import OutcomeStatus
from reconciler.apply.order import accounts
from reconciler.apply.refusal import nothing_done, refused
from reconciler.apply.remember import Memory
from reconciler.apply.workbench import Workbench
from reconciler.cli import screen
from reconciler.cli.accepting import accept
from reconciler.cli.actions import announce_outcome
from reconciler.cli.clock import clock_of
from reconciler.cli.journaling import journaled
from reconciler.cli.options import lock_options, member_options, output_options, workspace_options
from reconciler.cli.outputs import OUTCOME_FORMS
from reconciler.cli.planning import Planned, make_plan, require_sets, scope_of, stage
from reconciler.cli.saved import read_plan
from reconciler.cli.waiting import applying
from reconciler.cli.workspace import drive, engine_in, scratch, workspace
from reconciler.errors import ReconcilerError
from reconciler.refresh.accounts import Sessions, read_accounts
from reconciler.report.plan_text import render_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.apply.model import Applied
    from reconciler.cli.outputs import Output
    from reconciler.cli.workspace import Place, Workspace
    from reconciler.plan.model import Plan
    from reconciler.state.repository import OpenState


class NobodyToAskError(ReconcilerError):
    """An apply wants a yes, and there is no terminal to ask on."""


class DeclinedError(ReconcilerError):
    """A person was asked, and did not say yes."""

    def __init__(self) -> None:
        super().__init__("nothing was applied: the answer was not yes", hint="Apply again, and answer yes.")


@click.command("apply")
@click.argument("plan_file", type=click.Path(path_type=Path), metavar="[PLAN]", required=False)
@workspace_options
@lock_options
@output_options(*OUTCOME_FORMS)
@member_options
@click.option("--auto-approve", is_flag=True, help="Do not ask. A saved plan is never asked about.")
@click.option("--skip-blocked", is_flag=True, help="Leave blocked actions out and apply the rest.")
@click.option(
    "--refresh-only", is_flag=True, help="Change nothing on TikTok; accept what drift reports about it as known."
)
def command(
    plan_file: Path | None,
    place: Place,
    output: Output,
    skip_members: bool,
    targets: tuple[str, ...],
    auto_approve: bool,
    skip_blocked: bool,
    refresh_only: bool,
) -> int:
    """Apply a saved PLAN; without one, plan, ask, and apply.

    Nothing is done that the plan does not say. While a guard blocks an action nothing at all is done, unless
    --skip-blocked applies the rest. Killed or interrupted, an apply of the same plan goes on where it was.

    Exit code 0: all done. 1: an error, something is blocked, or the answer was not yes.
    """
    if plan_file is not None and (targets or skip_members or refresh_only):
        raise click.UsageError(
            "--target, --skip-members and --refresh-only look at what is there; a saved plan is applied as it is."
        )
    saved = read_plan(plan_file) if plan_file is not None else None
    with workspace(place) as opened, scratch() as folder, journaled(opened, "apply") as entry:
        if (dead := entry.held.taken_over_from) is not None:
            screen.say(f"An earlier run on this machine died holding the lock ({dead.id}); taken over.")
        state = opened.store.open(lineage=saved.lineage if saved else None)
        memory = Memory(opened.store, opened.config, opened.credentials, clock_of(place), screen.say)
        if refresh_only:
            entry.begin(state)
            return entry.ended_with(accept(opened, state.state, memory, targets, output))
        if saved is None:
            scope = scope_of(skip_members=skip_members, targets=targets, workspace=opened, owned=state.state)
            planned = drive(make_plan(opened, state.state, scope, folder))
            _show(planned.plan, output, asks=not auto_approve)
        else:
            planned = Planned(saved)
        plan = planned.plan
        with _refusals_in(output, plan):
            run.check(plan, state.state, skip_blocked=skip_blocked)
            if saved is not None:
                require_sets(opened, plan, state.state, folder)
        if not plan.has_changes:
            entry.begin(state, plan_id=plan.plan_id)
            _remember(planned, opened, state, memory)
            return entry.ended_with(_nothing_to_do(plan, output, plan_file))
        with _refusals_in(output, plan):
            approved = saved is not None or auto_approve or _agreed()
        if not approved:
            return _declined(plan, output)
        entry.begin(state, plan_id=plan.plan_id)
        if saved is None:
            stage(opened, planned)
        applied = _apply(plan, opened, state, folder, memory, quiet=not output.is_text)
        entry.applied(applied)
        output.applied(applied)  # before anything else can fail, or be stopped: it is known by now
        announce_outcome(applied)
        _tidy(opened, plan, state, applied)
    return 0 if applied.succeeded else 1


@contextmanager
def _refusals_in(output: Output, plan: Plan) -> Iterator[None]:
    """Let a refusal be an outcome too: whoever waits for one is not left with nothing."""
    try:
        yield
    except ReconcilerError as problem:
        _tell_beside(output, refused(plan, problem))
        raise


def _tell_beside(output: Output, applied: Applied) -> None:
    """Put out what people read on stderr already; so not as text on stdout, where it would stand twice."""
    if not output.is_text or output.path is not None:
        output.applied(applied)
    announce_outcome(applied)


def _apply(plan: Plan, opened: Workspace, state: OpenState, folder: Path, memory: Memory, *, quiet: bool) -> Applied:
    async def work() -> Applied:
        async with opened.tiktok(before_write=LockWatch(state).still_ours) as tiktok:
            sessions = Sessions(tiktok, accounts(plan, state.state), opened.credentials)
            remotes = await read_accounts(sessions, opened.config, blindly=True)
            bench = Workbench(
                sessions,
                state,
                engine,
                opened.locate(folder),
                progress,
                rows_per_request=opened.config.rows_per_request,
                now=memory.now,
                longest_call=timedelta(seconds=max(3600.0, 2 * (opened.config.patience_seconds or 0))),
            )
            with telemetry.timed("apply", "reconciler.apply.duration"):
                applied = await run.apply(plan, remotes, bench)
            await memory.applied(applied, state.state, tiktok, remotes, frozenset(plan.targets))
            return applied

    with engine_in(folder, opened) as engine, applying(quiet=quiet) as progress:
        return drive(work())


def _tidy(opened: Workspace, plan: Plan, state: OpenState, applied: Applied) -> None:
    """Remove what nothing needs any more. What was applied is applied, whether this succeeds or not."""
    if applied.interrupted or OutcomeStatus.SKIPPED in applied.statuses:
        return
    try:
        if applied.succeeded:
            opened.store.unstage(plan.plan_id)
        opened.store.sweep(state.state)
    except ReconcilerError as why:
        screen.say(
            f"Warning: what this apply no longer needs is still in the state store: {why.message}. "
            "Nothing rests on it, and the next apply removes it."
        )


def _remember(planned: Planned, opened: Workspace, state: OpenState, memory: Memory) -> None:
    """Remember an apply that had nothing to do: what is there now, and what the state did not know of it."""
    current = with_what_holds(planned.plan, settled(planned.plan, state.state, planned.actual))
    if current != state.state:
        state.save(current)

    async def work() -> None:
        async with opened.tiktok() as tiktok:
            await memory.looked(state.state, tiktok, planned.actual, frozenset(planned.plan.targets))

    drive(work())


def _show(plan: Plan, output: Output, *, asks: bool) -> None:
    """Show the plan: on stdout, unless that is for an outcome in another form or people read none of it there."""
    if output.is_text and output.path is None:
        render_plan(plan, screen.results())
    elif asks or plan.blocked or plan.errors:
        render_plan(plan, screen.notices())


def _nothing_to_do(plan: Plan, output: Output, plan_file: Path | None) -> int:
    if plan_file is not None:
        screen.say(f"{plan_file} holds no changes: there is nothing to do.")
    applied = nothing_done(plan)
    _tell_beside(output, applied)
    return 0 if applied.succeeded else 1


def _declined(plan: Plan, output: Output) -> int:
    screen.say("Nothing was done.")
    _tell_beside(output, refused(plan, DeclinedError()))
    return 1


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise NobodyToAskError(
            "apply wants a yes, and there is no terminal to ask on",
            hint="Review a saved plan and apply that (plan --out, apply PLAN), or add --auto-approve.",
        )
    screen.say("\nDo you want to do this? Only yes is taken for a yes.")
    answer: str = click.prompt("  Enter a value", err=True, default="", show_default=False)
    return answer == "yes"
