"""From a workspace to a plan: gather, build; and staging what a plan will deliver."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from reconciler import telemetry
from reconciler.cli.waiting import reading_sources
from reconciler.cli.workspace import engine_in
from reconciler.errors import ReconcilerError
from reconciler.plan.build import build
from reconciler.refresh.gather import Gathered, People, gather
from reconciler.refresh.members import delivered
from reconciler.state.errors import MissingSetError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from reconciler.cli.workspace import Workspace
    from reconciler.plan.model import Plan
    from reconciler.state.model import State
    from reconciler.tiktok.client import TikTok
    from reconciler.tiktok.model import Remote


class UnknownTargetError(ReconcilerError):
    """`--target` names what is neither declared nor owned."""


class StateMovedOnError(ReconcilerError):
    """Another run has changed the state since it was read."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a plan or a drift report is to cover."""

    skip_members: bool = False
    targets: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, the files of the sets it wants, by digest, and the accounts it was made from, by advertiser id."""

    plan: Plan
    sets: Mapping[str, Path] = field(default_factory=dict)
    actual: Mapping[str, Remote] = field(default_factory=dict)

    @property
    def needed(self) -> dict[str, Path]:
        """The sets its actions deliver."""
        return {digest: self.sets[digest] for digest in _delivered(self.plan)}


def scope_of(*, skip_members: bool, targets: Sequence[str], workspace: Workspace, owned: State) -> Scope:
    """Return the scope the options ask for.

    Raises:
        UnknownTargetError: A target is neither declared nor owned.
    """
    known = {audience.address for audience in workspace.config.audiences.values()} | set(owned.resources)
    for target in targets:
        if target not in known:
            raise UnknownTargetError(
                f"--target {target}: there is no such address",
                hint=f"These are: {', '.join(sorted(known)) or 'none'}.",
            )
    return Scope(skip_members, frozenset(targets))


async def gather_inputs(workspace: Workspace, owned: State, scope: Scope, folder: Path) -> Gathered:
    """Read TikTok, the sources and the state; raises what `gather` raises."""
    async with workspace.tiktok() as tiktok:
        return await gather_in(tiktok, workspace, owned, scope, folder)


async def gather_in(
    tiktok: TikTok,
    workspace: Workspace,
    owned: State,
    scope: Scope,
    folder: Path,
    *,
    with_usage: Collection[str] | None = None,
) -> Gathered:
    """Do the same with a client that is open; `with_usage` as for `gather`."""

    async def read(people: People | None) -> Gathered:
        return await gather(
            workspace.config,
            owned,
            tiktok,
            workspace.credentials,
            people=people,
            targets=scope.targets,
            findings=workspace.findings,
            with_usage=with_usage,
        )

    if scope.skip_members:
        gathered = await read(None)
    else:
        with engine_in(folder, workspace) as engine, reading_sources() as watcher, _beside_others(workspace, owned):
            gathered = await read(People(engine, workspace.locate(folder), folder, watcher))
    _measure_audiences(owned, gathered)
    return gathered


@contextmanager
def _beside_others(workspace: Workspace, owned: State) -> Iterator[None]:
    """Say so where a set is gone because an apply has ended meanwhile: what only reads holds no lock."""
    try:
        yield
    except MissingSetError as missing:
        if workspace.store.read().state.serial == owned.serial:
            raise
        raise StateMovedOnError(
            "another run has changed the state while it was looked at",
            hint="Run this again: it looks at what is there now.",
        ) from missing


def _measure_audiences(owned: State, gathered: Gathered) -> None:
    """Tell how many people TikTok has matched in each audience that the state owns."""
    for address, resource in owned.resources.items():
        remote = gathered.inputs.actual.get(resource.advertiser_id)
        there = remote.audiences.get(resource.audience_id) if remote else None
        if there is not None:
            about = {"address": address, "advertiser_id": resource.advertiser_id}
            telemetry.measure("reconciler.audience.population", there.cover_num, **about)


async def make_plan(workspace: Workspace, owned: State, scope: Scope, folder: Path) -> Planned:
    """Make a plan; the sets it wants are files in `folder`."""
    with telemetry.timed("plan", "reconciler.plan.duration"):
        gathered = await gather_inputs(workspace, owned, scope, folder)
        with telemetry.span("build plan"):
            plan = build(gathered.inputs, plan_id=str(uuid4()), now=datetime.now(UTC))
    return Planned(plan, gathered.sets, gathered.inputs.actual)


def require_sets(workspace: Workspace, plan: Plan, owned: State, scratch: Path) -> None:
    """Check every set that a saved plan rests on, before anything is done about any of it.

    A plan that was just made has read them. Since a saved one was made, days may have passed.

    Args:
        workspace: Where the sets are kept.
        plan: What is to be applied.
        owned: The state: it says what TikTok holds of the people that the plan is about.
        scratch: Where sets of a store elsewhere are downloaded to, as for the apply that follows.

    Raises:
        MissingSetError: A set is not there: it was staged in another store, the local TikTok's for example.
        DamagedSetError: A set is not what it was when it was put there.
    """
    locate = workspace.locate(scratch)
    for action in plan.actions:
        if action.members is not None and action.does_something:
            locate(action.members.set_digest)
            came_from = owned.resources.get(action.previous_address or "")
            delivered(owned.resources.get(action.address, came_from), owned, locate)


def stage(workspace: Workspace, planned: Planned) -> None:
    """Put what the plan delivers into the state store, so that an apply sends exactly what was reviewed."""
    plan, needed = planned.plan, planned.needed
    workspace.store.stage(plan.plan_id, plan.lineage, plan.serial, needed)
    for path in needed.values():
        workspace.store.put_set(path)


def _delivered(plan: Plan) -> list[str]:
    """Return the digests of the sets that the actions of `plan` deliver."""
    return sorted({each.members.set_digest for each in plan.actions if each.members and each.does_something})
