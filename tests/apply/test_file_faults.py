"""However any one request of an apply that delivers files fails, applying again ends with exactly who was declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from reconciler.config import Delivery, FileOptions
from reconciler.tiktok.errors import TikTokError
from tests.apply.faulty import HARMLESS, Failing, Faulty
from tests.apply.matrix import go_on
from tests.apply.world import US, World, members

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from reconciler.identity import Engine
    from reconciler.plan.model import Plan

WANTED = {"Buyers": range(100, 1300), "Fresh": range(2000, 3200)}


@dataclass(frozen=True, repr=False)
class Waiting:
    """A plan that appends to one audience, takes from it, and makes another; its world is closed, to be copied."""

    world: World
    plan: Plan


def declare(world: World, key: str, people: Iterable[int]) -> None:
    world.declare(key, people, delivery=Delivery.FILE, file=FileOptions())


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Waiting:
    folder = tmp_path_factory.mktemp("files") / "world"
    folder.mkdir()
    world = World.at(folder, engine)
    world.sandbox.controls.set_processing(0)
    declare(world, "buyers", range(1100))
    assert world.apply().succeeded
    world.sandbox.controls.advance(hours=48)
    for name, people in WANTED.items():
        declare(world, name.lower(), people)
    plan = world.plan()
    assert not plan.blocked
    world.close()
    return Waiting(world, plan)


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(Failing))
def test_a_call_that_fails_once_is_made_good(
    tmp_path: Path, waiting: Waiting, faults: Callable[[int], None], kind: Failing
) -> None:
    number = 0
    while True:
        number += 1
        world = waiting.world.copy(tmp_path / str(number))
        network = world.transport
        wire = Faulty(world, kind, number, 1)
        done = tried(world, waiting.plan)
        if wire.asked < number:
            break
        world.transport = network
        assert done or kind not in HARMLESS, f"{kind} at request {number}"
        if not done:
            world.sandbox.controls.advance(hours=48)  # until TikTok is done with what it was given
            go_on(world, waiting.plan)
        found = {each.name: world.people_in(each.audience_id) for each in world.sandbox.controls.audiences(US)}
        assert found == {name: members(people) for name, people in WANTED.items()}, f"{kind} at request {number}"
        assert len(world.audiences()) == len(WANTED)
        assert world.state.pending == ()
        world.close()
    world.close()
    faults(number - 1)
    assert number > 10


def tried(world: World, plan: Plan) -> bool:
    try:
        return world.apply(plan).succeeded
    except TikTokError:
        return False
