"""One plan that does everything an apply can do, and what the world must look like once it is done.

It creates, creates again what was deleted outside, renames, imports, replaces, fills, moves, forgets and deletes, next
to audiences it must not touch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from reconciler.apply.errors import StalePlanError
from reconciler.sandbox import TOKEN
from reconciler.secret import Secret
from reconciler.tiktok import streaming
from tests.apply.world import EU, STREAMING, US, World, member, members
from tests.virtual_time import instantly

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from reconciler.identity import Engine
    from reconciler.plan.model import Plan

MOST_APPLIES: Final = 4


@dataclass(frozen=True, repr=False)
class Matrix:
    """A world before a plan, and after.

    Attributes:
        world: The world; closed, to be copied.
        plan: The plan.
        kept: Ids that are there before and after: managed, imported, handed over, or not ours.
        wanted: Account → name → members, exactly, once all is done.
    """

    world: World
    plan: Plan
    kept: frozenset[str]
    wanted: dict[str, dict[str, set[str]]]


def prepare(folder: Path, engine: Engine) -> Matrix:
    """Build the world before the plan, and the plan."""
    world = World.at(folder, engine)
    world.declare("steady", range(30))
    world.declare("renamed", range(30), name="Old name")
    world.declare("elsewhere", range(100, 130))
    world.declare("old_key", range(200, 215))
    world.declare("handed", range(230, 245))
    world.declare("doomed", range(260, 275))
    world.declare("lost", range(280, 300))
    assert world.apply().succeeded

    world.sandbox.controls.delete(world.id_of("lost"))
    foreign, found = (world.sandbox.controls.add_audience(US, name, STREAMING) for name in ("Foreign", "Found"))
    stream(world, US, foreign, range(1000, 1020))
    world.declare("renamed", range(10, 40), name="New name")
    world.declare("elsewhere", range(100, 130), advertiser="eu")
    world.move("old_key", "new_key")
    world.hand_over("handed")
    world.undeclare("doomed")
    world.declare("fresh", range(300, 330))
    world.declare("adopted", range(400, 430), import_id=found)
    kept = {world.id_of(key) for key in ("steady", "renamed", "old_key", "handed")} | {foreign, found}
    plan = world.plan()
    assert not plan.errors
    assert not plan.blocked
    world.close()
    people = {
        "Steady": range(30),
        "New name": range(10, 40),
        "Old_key": range(200, 215),
        "Handed": range(230, 245),
        "Lost": range(280, 300),
        "Foreign": range(1000, 1020),
        "Adopted": range(400, 430),
        "Fresh": range(300, 330),
    }
    wanted = {US: {name: members(numbers) for name, numbers in people.items()}}
    return Matrix(world, plan, frozenset(kept), {**wanted, EU: {"Elsewhere": members(range(100, 130))}})


def stream(world: World, account: str, audience_id: str, people: Iterable[int]) -> None:
    """Put people into an audience behind everybody's back."""
    digests = pa.array([bytes.fromhex(member(each)) for each in people], pa.binary())
    batch = pa.record_batch([digests], names=["idfa_md5"])

    async def send() -> None:
        async with world.tiktok() as tiktok:
            await streaming.send(tiktok.acting_with(Secret(TOKEN)), account, [audience_id], "add", batch)

    instantly(send())


def go_on(world: World, plan: Plan) -> int:
    """Apply `plan` until it is done, then whatever fresh plans still find; return how many applies it took."""
    applies = 0
    try:
        while applies < MOST_APPLIES:
            applies += 1
            if world.apply(plan).succeeded:
                break
    except StalePlanError:
        pass  # it had ended, or not begun to
    return applies + plan_anew(world)


def plan_anew(world: World) -> int:
    """Apply fresh plans until one has nothing to do; return how many applies it took."""
    for applies in range(MOST_APPLIES):
        plan = world.plan()
        assert not plan.errors, plan.errors
        assert not plan.blocked, plan.blocked
        if not plan.has_changes:
            return applies
        world.apply(plan)
    raise AssertionError(f"{MOST_APPLIES} applies, and still: {plan.actions}")


def change_their_minds(world: World) -> dict[str, dict[str, set[str]]]:
    """Declare something else about nearly everything the plan was about; return what is wanted now, as in `Matrix`."""
    world.declare("renamed", range(15, 45), name="Newer name")
    world.declare("elsewhere", range(100, 140))
    world.declare("doomed", range(260, 275))
    world.declare("lost", range(280, 300), name="Found again", advertiser="eu")
    world.undeclare("fresh")
    people = {
        "Steady": range(30),
        "Newer name": range(15, 45),
        "Elsewhere": range(100, 140),
        "Doomed": range(260, 275),
        "Old_key": range(200, 215),
        "Handed": range(230, 245),
        "Foreign": range(1000, 1020),
        "Adopted": range(400, 430),
    }
    wanted = {US: {name: members(numbers) for name, numbers in people.items()}}
    return {**wanted, EU: {"Found again": members(range(280, 300))}}


def assert_done(world: World, matrix: Matrix, when: str) -> None:
    """Check that the world is exactly what was declared, and that nothing else was touched."""
    for account, wanted in matrix.wanted.items():
        found = world.audiences(account)
        assert sorted(found.values()) == sorted(wanted), f"{when}: the audiences of {account}"
        assert {name: world.people_in(each) for each, name in found.items()} == wanted, f"{when}: who is in them"
    there = world.audiences(US).keys() | world.audiences(EU).keys()
    assert matrix.kept <= there, f"{when}: an audience was deleted that had to stay"
    state = world.state
    assert state.pending == (), f"{when}: something is still pending"
    assert not [each for each in state.resources.values() if each.deposed], f"{when}: something is still deposed"
    assert state.resources.keys() == {f"audience.{key}" for key in world.config.audiences}, when
