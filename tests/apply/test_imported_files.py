"""An audience of files that somebody else made, and that was imported, keeps whom it held, whatever is delivered to it.

TikTok does not list members, so who is in it is only known here because the tests have made it themselves.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import pytest

from reconciler.config import Delivery, FileOptions
from reconciler.state import change
from tests.apply.death import Death, Killed
from tests.apply.world import members

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.apply.world import World

UPDATE: Final = "custom_audience/update/"
THEIRS: Final = range(5_000, 6_200)
FIRST: Final = range(1_200)
BARELY_DIFFERENT: Final = range(50, 1_250)
ENTIRELY_DIFFERENT: Final = range(2_000, 3_300)


@pytest.fixture
def theirs(world: World) -> str:
    """Make an audience that nobody here knows of, and return its id."""
    world.sandbox.controls.set_processing(0)
    declare(world, THEIRS, key="theirs", name="Buyers")
    assert world.apply().succeeded
    made = world.id_of("theirs")
    world.undeclare("theirs")
    world.mend(lambda state: change.without_resource(state, "audience.theirs"))
    world.sandbox.controls.advance(hours=48)
    return made


def declare(world: World, people: Iterable[int] | None, key: str = "buyers", **fields: Any) -> None:
    world.declare(key, people, delivery=Delivery.FILE, file=FileOptions(), **fields)


def test_the_first_delivery_leaves_those_who_are_there(world: World, theirs: str) -> None:
    declare(world, FIRST, import_id=theirs)
    plan = world.plan()
    assert ["people already in" in each.summary for each in plan.diagnostics] == [True]

    assert world.apply(plan).succeeded
    assert world.people_in(theirs) == members(THEIRS) | members(FIRST)
    assert not world.plan().has_changes


@pytest.mark.parametrize("people", [BARELY_DIFFERENT, ENTIRELY_DIFFERENT])
def test_later_deliveries_leave_them_too(world: World, theirs: str, people: range) -> None:
    declare(world, FIRST, import_id=theirs)
    assert world.apply().succeeded
    world.sandbox.controls.advance(hours=48)
    declare(world, people, import_id=theirs)

    assert world.apply().succeeded
    assert world.people_in(theirs) == members(THEIRS) | members(people)


def test_a_source_that_comes_after_the_import_leaves_them_and_the_plan_says_so(world: World, theirs: str) -> None:
    declare(world, None, import_id=theirs)
    assert world.apply().succeeded
    declare(world, FIRST, import_id=theirs)
    plan = world.plan()
    assert ["people already in" in each.summary for each in plan.diagnostics] == [True]

    assert world.apply(plan).succeeded
    assert world.people_in(theirs) == members(THEIRS) | members(FIRST)
    assert world.plan().diagnostics == ()


def test_two_different_sources_that_were_cut_off_leave_nobody_of_their_own_behind(world: World, theirs: str) -> None:
    declare(world, FIRST, import_id=theirs)
    plan = world.plan()
    world.sandbox.controls.add_fault("drop_after", path=UPDATE, times=1000)
    assert not world.apply(plan).succeeded
    declare(world, BARELY_DIFFERENT, import_id=theirs)
    assert not world.apply().succeeded
    world.sandbox.controls.clear_faults()
    declare(world, ENTIRELY_DIFFERENT, import_id=theirs)

    assert world.apply().succeeded
    assert world.people_in(theirs) == members(THEIRS) | members(ENTIRELY_DIFFERENT)
    assert not world.plan().has_changes


@pytest.mark.parametrize("people", [FIRST, ENTIRELY_DIFFERENT], ids=["the same people", "others"])
def test_a_delivery_killed_at_any_write_is_gone_on_with_and_leaves_them(
    tmp_path: Path, world: World, theirs: str, people: range
) -> None:
    world.close()
    for moment in count(1):
        one = world.copy(tmp_path / str(moment))
        declare(one, FIRST, import_id=theirs)
        plan, death, untouched = one.plan(), Death(moment), (one.store, one.transport)
        death.threaten(one)
        with suppress(Killed):
            one.apply(plan)
        one.store, one.transport = untouched
        if lock := one.state_store.read_lock():
            one.state_store.unlock(lock.id)
        one.sandbox.controls.advance(hours=48)
        declare(one, people, import_id=theirs)

        assert one.apply().succeeded
        assert one.people_in(theirs) == members(THEIRS) | members(people), f"killed at write {moment}"
        assert one.state.pending == ()
        one.close()
        if not death.struck:
            break
    assert moment > 6
