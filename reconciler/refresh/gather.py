"""Brings the inputs of a plan together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler import telemetry
from reconciler.errors import InvalidConfigError
from reconciler.plan import scope
from reconciler.plan.inputs import Inputs
from reconciler.refresh.accounts import Sessions, read_accounts
from reconciler.refresh.members import Wanted, read_members
from reconciler.refresh.sources import check_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from reconciler.config.model import Config
    from reconciler.diagnostics import Diagnostic
    from reconciler.identity import Engine
    from reconciler.refresh.credentials import Credentials
    from reconciler.refresh.members import Watcher
    from reconciler.state.model import State
    from reconciler.tiktok.client import TikTok


@dataclass(frozen=True, slots=True)
class People:
    """What it takes to find out who is wanted.

    Attributes:
        engine: What computes sets.
        locate: Digest → local file of a set in the state store.
        scratch: Where set files are written.
        watcher: Told what is being computed.
    """

    engine: Engine
    locate: Callable[[str], Path]
    scratch: Path
    watcher: Watcher | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """The inputs of a plan, and the files of the wanted sets by digest."""

    inputs: Inputs
    sets: Mapping[str, Path] = field(default_factory=dict)


async def gather(
    desired: Config,
    owned: State,
    tiktok: TikTok,
    credentials: Credentials,
    *,
    people: People | None,
    targets: frozenset[str] = frozenset(),
    findings: Iterable[Diagnostic] = (),
    with_usage: Collection[str] | None = None,
) -> Gathered:
    """Read TikTok and the sources side by side.

    Args:
        desired: What is declared.
        owned: The state.
        tiktok: The client.
        credentials: The tokens there are.
        people: How to find out who is wanted; None leaves people out.
        targets: Addresses to limit the work on people to; empty for all.
        findings: Findings so far, to go on into the plan.
        with_usage: Accounts in which what uses audiences is looked up; None for those in which a plan may delete.

    Raises:
        InvalidConfigError: A source or a `where` does not hold.
        ReconcilerError: TikTok, the engine or the store refused.
    """
    sessions = Sessions(tiktok, scope.accounts(desired, owned), credentials)
    looked_up = scope.accounts_with_deletions(desired, owned) if with_usage is None else with_usage
    try:
        async with asyncio.TaskGroup() as side_by_side:  # the failure of one ends the other before the client closes
            reading = side_by_side.create_task(
                telemetry.within("refresh tiktok", read_accounts(sessions, desired, with_usage=looked_up))
            )
            computing = side_by_side.create_task(asyncio.to_thread(_wanted, desired, owned, people, targets))
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    wanted = computing.result()
    members = None if people is None else wanted.facts
    return Gathered(Inputs(desired, reading.result(), owned, members, targets, tuple(findings)), wanted.sets)


def _wanted(desired: Config, owned: State, people: People | None, targets: frozenset[str]) -> Wanted:
    if people is None:
        return Wanted()
    if problems := check_sources(desired, people.engine, targets=targets):
        raise InvalidConfigError(problems)
    return read_members(
        desired,
        owned,
        people.engine,
        people.locate,
        people.scratch,
        targets=targets,
        watcher=people.watcher,
    )
