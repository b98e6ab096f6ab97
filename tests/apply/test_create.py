"""An audience is made exactly once, though TikTok has no way to say "the same call again"."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.apply.create import ATTEMPTS, LOOKS
from reconciler.apply.model import OutcomeStatus
from reconciler.plan.model import ActionKind
from tests.apply.wire import CREATE, Wire, at, overlook
from tests.apply.world import EU, STREAMING, US, World, action_at, assert_one, outcome_of

LOST = ["drop_after", "drop_before", "server_error", "http_500"]
FOREVER = 1_000_000


@pytest.fixture
def world(world: World) -> World:
    world.declare("buyers", range(30))
    return world


@pytest.mark.parametrize("fault", LOST)
def test_a_create_whose_answer_was_lost_makes_one_audience(world: World, fault: str) -> None:
    world.sandbox.controls.add_fault(fault, path=CREATE)

    assert world.apply().succeeded
    assert_one(world)


@pytest.mark.parametrize("fault", LOST)
def test_a_replace_whose_answer_was_lost_makes_one_audience(world: World, fault: str) -> None:
    world.apply()
    world.declare("buyers", range(30), advertiser="eu")
    world.sandbox.controls.add_fault(fault, path=CREATE)

    assert world.apply().succeeded
    assert world.audiences(US) == {}
    assert_one(world, account=EU)


@pytest.mark.parametrize("looks", range(len(LOOKS)))
def test_what_a_lost_create_made_is_found_though_the_list_is_late(world: World, looks: int) -> None:
    overlook(world, looks)
    world.sandbox.controls.add_fault("drop_after", path=CREATE)

    assert world.apply().succeeded
    assert len(world.requests(CREATE)) == 1
    assert_one(world)


def test_two_that_were_made_because_the_list_was_far_too_late_are_both_named(world: World) -> None:
    overlook(world, len(LOOKS))
    world.sandbox.controls.add_fault("drop_after", path=CREATE)
    outcome = outcome_of(world.apply(), "buyers")

    assert outcome.status is OutcomeStatus.FAILED
    assert len(world.audiences()) == 2
    assert all(audience_id in outcome.message for audience_id in world.audiences())
    assert "reconciler import audience.buyers ID" in outcome.way_out


def test_calls_that_vanish_are_not_made_again_and_again(world: World) -> None:
    world.sandbox.controls.add_fault("drop_before", path=CREATE, times=FOREVER)
    outcome = outcome_of(world.apply(), "buyers")

    assert outcome.status is OutcomeStatus.FAILED
    assert "it is not known whether TikTok made" in outcome.message
    assert len(world.requests(CREATE)) == ATTEMPTS
    world.sandbox.controls.clear_faults()
    world.apply()
    assert_one(world)


def test_a_name_that_is_taken_while_the_apply_runs_is_not_taken_twice(world: World) -> None:
    world.declare("customers", range(30))
    plan = world.plan()
    Wire(world, CREATE, at(1, lambda: world.sandbox.controls.add_audience(US, "Customers", STREAMING)))
    applied = world.apply(plan)

    assert outcome_of(applied, "buyers").is_done
    assert outcome_of(applied, "customers").status is OutcomeStatus.BLOCKED
    assert list(world.audiences().values()).count("Customers") == 1


def test_what_was_missing_from_the_list_when_planned_is_not_made_again(world: World) -> None:
    world.apply()
    untouched = world.transport
    overlook(world, FOREVER)
    plan = world.plan()
    world.transport = untouched
    outcome = outcome_of(world.apply(plan), "buyers")

    assert action_at(plan, "buyers").kind is ActionKind.CREATE
    assert outcome.status is OutcomeStatus.BLOCKED
    assert "is on TikTok after all" in outcome.message
    assert_one(world)


def test_nobody_is_sent_to_an_audience_that_a_plan_without_people_made(world: World) -> None:
    assert world.apply(world.plan(skip_members=True)).succeeded
    assert world.people_in(world.id_of("buyers")) == set()
    assert world.apply().succeeded
    assert_one(world)


def test_protection_is_on_record_from_the_start(world: World) -> None:
    lifecycle = replace(world.config.audiences["buyers"].lifecycle, prevent_destroy=True)
    world.declare("buyers", range(30), lifecycle=lifecycle)
    world.apply()
    world.undeclare("buyers")

    assert action_at(world.plan(), "buyers").is_blocked
