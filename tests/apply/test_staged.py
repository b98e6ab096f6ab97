"""An apply sends exactly the people that were reviewed, and they are kept for as long as it may still be applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.apply.model import OutcomeStatus
from reconciler.plan.document import parse, to_json
from tests.apply.wire import MAPPING
from tests.apply.world import World, action_at, members, outcome_of

if TYPE_CHECKING:
    from reconciler.plan.model import Plan

FOREVER = 1_000_000


@pytest.fixture
def world(world: World) -> World:
    world.declare("buyers", range(30))
    world.apply()
    world.declare("buyers", range(10, 50))
    return world


def digest_of(plan: Plan) -> str:
    wanted = action_at(plan, "buyers").members
    assert wanted is not None
    return wanted.set_digest


def sweep(world: World) -> int:
    store = world.state_store
    with store.lock("sweep"):
        return store.sweep(store.read().state)


def test_a_source_that_changed_after_the_plan_changes_nothing_about_it(world: World) -> None:
    plan = world.plan()
    world.declare("buyers", range(500, 600))

    assert world.apply(plan).succeeded
    assert world.people_in(world.id_of("buyers")) == members(range(10, 50))


def test_a_plan_that_was_saved_and_read_back_is_the_same_plan(world: World) -> None:
    plan = parse(to_json(world.plan()))

    assert world.apply(plan).succeeded
    assert world.people_in(world.id_of("buyers")) == members(range(10, 50))


def test_what_a_plan_needs_outlives_a_sweep_while_it_may_be_applied(world: World) -> None:
    plan = world.plan()
    sweep(world)

    assert world.apply(plan).succeeded


def test_what_an_interrupted_apply_needs_outlives_a_sweep(world: World) -> None:
    plan = world.plan()
    world.sandbox.controls.add_fault("not_ready", path=MAPPING, skip=1, times=FOREVER)
    world.apply(plan)
    sweep(world)
    world.sandbox.controls.clear_faults()

    assert world.apply(plan).succeeded
    assert world.people_in(world.id_of("buyers")) == members(range(10, 50))


def test_what_an_interrupted_delivery_may_have_left_there_outlives_the_plan_it_was_for(world: World) -> None:
    stopped = world.plan()
    world.sandbox.controls.add_fault("not_ready", path=MAPPING, skip=1, times=FOREVER)
    world.apply(stopped)
    world.declare("buyers", range(20, 60))
    world.apply()
    sweep(world)
    world.sandbox.controls.clear_faults()

    assert world.state_store.has_set(digest_of(stopped))
    assert world.apply().succeeded
    assert world.people_in(world.id_of("buyers")) == members(range(20, 60))


def test_what_only_a_stale_plan_needs_goes_and_what_was_delivered_stays(world: World) -> None:
    stale = world.plan()
    world.declare("buyers", range(20, 60))
    plan = world.plan()
    world.apply(plan)
    sweep(world)

    assert not world.state_store.has_set(digest_of(stale))
    assert world.state_store.has_set(digest_of(plan))


def test_a_plan_whose_people_are_no_longer_kept_says_to_plan_again(world: World) -> None:
    plan = world.plan()
    world.store.delete(f"sets/{digest_of(plan)}.parquet")
    outcome = outcome_of(world.apply(plan), "buyers")

    assert outcome.status is OutcomeStatus.FAILED
    assert "plan again" in outcome.way_out
    assert world.people_in(world.id_of("buyers")) == members(range(30))
    assert world.apply().succeeded
