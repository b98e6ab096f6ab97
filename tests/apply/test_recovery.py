"""What an interrupted create made is found again, whatever the files say by then, and never made twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import pytest

from reconciler.apply.model import OutcomeStatus
from reconciler.plan.model import ActionKind
from tests.apply.death import Killed
from tests.apply.wire import CREATE, Wire, at, overlook
from tests.apply.world import EU, STREAMING, US, World, action_at, assert_one, outcome_of

if TYPE_CHECKING:
    from reconciler.plan.model import Plan


@pytest.fixture
def world(world: World) -> World:
    world.declare("buyers", range(30))
    return world


def die_before_it_is_recorded(world: World, *, arrived: bool) -> Plan:
    """Kill an apply of what is declared when its first create has been made (or is about to be); return its plan."""
    plan, untouched = world.plan(), world.transport

    def die(_: object) -> NoReturn:
        raise Killed

    Wire(world, CREATE, answered=die) if arrived else Wire(world, CREATE, before=die)
    with pytest.raises(Killed):
        world.apply(plan)
    world.transport = untouched
    assert world.state.pending
    return plan


@pytest.mark.parametrize("arrived", [True, False])
def test_killed_before_it_was_recorded_the_same_plan_makes_one_audience(world: World, arrived: bool) -> None:
    plan = die_before_it_is_recorded(world, arrived=arrived)

    assert world.apply(plan).succeeded
    assert_one(world)


@pytest.mark.parametrize("arrived", [True, False])
def test_killed_before_it_was_recorded_a_fresh_plan_makes_one_audience(world: World, arrived: bool) -> None:
    die_before_it_is_recorded(world, arrived=arrived)
    plan = world.plan()

    assert action_at(plan, "buyers").kind is (ActionKind.UPDATE if arrived else ActionKind.CREATE)
    assert world.apply(plan).succeeded
    assert_one(world)


def test_a_second_one_made_because_the_list_was_too_late_is_not_passed_over(world: World) -> None:
    plan = die_before_it_is_recorded(world, arrived=True)
    overlook(world, lists=3)  # the one that every apply begins with, and the two looks before it is made
    outcome = outcome_of(world.apply(plan), "buyers")

    assert outcome.status is OutcomeStatus.FAILED
    assert len(world.audiences()) == 2
    assert all(audience_id in outcome.message for audience_id in world.audiences())


def test_what_shows_up_at_the_last_look_is_not_made_again(world: World) -> None:
    plan = die_before_it_is_recorded(world, arrived=True)
    overlook(world, lists=2)

    assert outcome_of(world.apply(plan), "buyers").status is OutcomeStatus.BLOCKED
    assert len(world.requests(CREATE)) == 1
    assert world.apply().succeeded
    assert_one(world)


def test_of_several_that_an_interrupted_create_may_have_made_none_is_chosen(world: World) -> None:
    plan = die_before_it_is_recorded(world, arrived=True)
    twin = world.sandbox.controls.add_audience(US, "Buyers", STREAMING)

    outcome = outcome_of(world.apply(plan), "buyers")
    assert outcome.status is OutcomeStatus.FAILED
    assert all(audience_id in outcome.message for audience_id in world.audiences())
    (said,) = world.plan().errors
    assert all(audience_id in said.detail for audience_id in world.audiences())
    assert len(world.audiences()) == 2, "nothing is made while that is not settled"

    world.sandbox.controls.delete(twin)
    assert world.apply(plan).succeeded
    assert_one(world)


def test_of_several_that_an_interrupted_replace_may_have_made_none_is_chosen(world: World) -> None:
    world.apply()
    old = world.id_of("buyers")
    world.declare("buyers", range(30), advertiser="eu")
    plan = die_before_it_is_recorded(world, arrived=True)
    world.sandbox.controls.add_audience(EU, "Buyers", STREAMING)

    assert outcome_of(world.apply(plan), "buyers").status is OutcomeStatus.FAILED
    assert world.audiences(US) == {old: "Buyers"}, "the old one is not deleted before the new one is known"


def test_an_audience_of_the_name_shared_in_from_elsewhere_is_not_taken_for_the_new_one(world: World) -> None:
    world.apply()
    bystander = world.sandbox.controls.add_audience(EU, "Buyers", STREAMING, is_creator=False)
    world.declare("buyers", range(30), advertiser="eu")
    world.sandbox.controls.add_fault("drop_after", path=CREATE)

    assert world.apply().succeeded
    assert world.id_of("buyers") != bystander
    assert world.people_in(bystander) == set()


@pytest.mark.parametrize("arrived", [True, False])
class TestTheFilesChangedAfterAnInterruptedCreate:
    """Whatever it made is ours to rename, to replace and to delete; what it did not make is not asked for again."""

    def test_another_name(self, world: World, arrived: bool) -> None:
        die_before_it_is_recorded(world, arrived=arrived)
        world.declare("buyers", range(30), name="Customers")

        assert world.apply().succeeded
        assert list(world.audiences().values()) == ["Customers"]
        assert_one(world, "Customers")

    def test_another_account(self, world: World, arrived: bool) -> None:
        die_before_it_is_recorded(world, arrived=arrived)
        world.declare("buyers", range(30), advertiser="eu")

        assert world.apply().succeeded
        assert world.audiences(US) == {}
        assert_one(world, account=EU)

    def test_no_longer_declared(self, world: World, arrived: bool) -> None:
        die_before_it_is_recorded(world, arrived=arrived)
        world.undeclare("buyers")
        world.declare("others", range(30))

        assert world.apply().succeeded
        assert list(world.audiences().values()) == ["Others"]
        assert_one(world, "Others")

    def test_handed_over(self, world: World, arrived: bool) -> None:
        die_before_it_is_recorded(world, arrived=arrived)
        world.hand_over("buyers")
        world.declare("others", range(30))

        assert world.apply().succeeded
        assert list(world.audiences().values()).count("Buyers") == arrived
        assert_one(world, "Others")

    def test_another_key(self, world: World, arrived: bool) -> None:
        die_before_it_is_recorded(world, arrived=arrived)
        world.move("buyers", "customers")

        assert world.apply().succeeded
        assert world.state.resources.keys() == {"audience.customers"}
        assert_one(world)

    def test_an_import_in_its_place(self, world: World, arrived: bool) -> None:
        found = world.sandbox.controls.add_audience(US, "Found", STREAMING)
        die_before_it_is_recorded(world, arrived=arrived)
        world.undeclare("buyers")
        world.declare("others", range(30), name="Found", import_id=found)

        assert world.apply().succeeded
        assert world.audiences() == {found: "Found"}
        assert_one(world, "Found")


@pytest.mark.parametrize("arrived", [True, False])
class TestTheFilesChangedAfterAnInterruptedReplace:
    """The old audience is the one thing that must not get lost."""

    @pytest.fixture
    def old(self, world: World, arrived: bool) -> str:
        world.apply()
        world.declare("buyers", range(30), advertiser="eu")
        die_before_it_is_recorded(world, arrived=arrived)
        return world.id_of("buyers")

    def test_back_to_what_it_was(self, world: World, old: str, arrived: bool) -> None:
        world.declare("buyers", range(10, 40))

        while world.plan().has_changes:
            assert world.apply().succeeded
        assert world.audiences(EU) == {}
        assert arrived or world.audiences(US) == {old: "Buyers"}, "what was never replaced stays the same audience"
        assert_one(world, people=range(10, 40))

    def test_no_longer_declared(self, world: World, old: str, arrived: bool) -> None:
        world.undeclare("buyers")

        assert world.apply().succeeded
        assert (world.audiences(US), world.audiences(EU)) == ({}, {})
        assert (world.state.resources, world.state.pending) == ({}, ())

    def test_handed_over(self, world: World, old: str, arrived: bool) -> None:
        world.hand_over("buyers")

        assert world.apply().succeeded
        assert (world.audiences(US), len(world.audiences(EU))) == ({old: "Buyers"}, int(arrived))
        assert (world.state.resources, world.state.pending) == ({}, ())


def test_what_turned_up_after_the_plan_makes_it_wait_for_another_plan(world: World) -> None:
    die_before_it_is_recorded(world, arrived=False)
    world.declare("buyers", range(30), name="Customers")
    plan = world.plan()
    late_one = world.sandbox.controls.add_audience(US, "Buyers", STREAMING)

    outcome = outcome_of(world.apply(plan), "buyers")
    assert outcome.status is OutcomeStatus.BLOCKED
    assert "has turned up since the plan" in outcome.message
    assert world.apply().succeeded
    assert world.audiences() == {late_one: "Customers"}
    assert_one(world, "Customers")


def refuse(world: World) -> None:
    """Let TikTok refuse creates from now on, for certain."""
    Wire(world, CREATE, before=lambda _: world.sandbox.controls.set_role(US, "ANALYST"))


def test_a_create_that_was_refused_claims_nothing_that_is_given_its_name_later(world: World) -> None:
    untouched = world.transport
    refuse(world)
    outcome = outcome_of(world.apply(), "buyers")

    assert outcome.status is OutcomeStatus.FAILED
    assert world.state.pending == ()
    world.transport = untouched
    theirs = world.sandbox.controls.add_audience(US, "Buyers", STREAMING)
    (said,) = world.plan().errors
    assert f'import: "{theirs}"' in said.detail


def test_a_create_refused_after_a_lost_answer_may_have_made_one_all_the_same(world: World) -> None:
    world.sandbox.controls.add_fault("drop_before", path=CREATE)
    Wire(world, CREATE, before=at(2, lambda: world.sandbox.controls.set_role(US, "ANALYST")))
    world.apply()

    assert [each.address for each in world.state.pending] == ["audience.buyers"]


def test_killed_before_the_call_nothing_of_its_name_that_somebody_makes_days_later_is_touched(world: World) -> None:
    plan = die_before_it_is_recorded(world, arrived=False)
    world.sandbox.controls.advance(72)
    theirs = world.sandbox.controls.add_audience(US, "Buyers", STREAMING)

    assert outcome_of(world.apply(plan), "buyers").status is OutcomeStatus.BLOCKED
    assert f'import: "{theirs}"' in world.plan().errors[0].detail
    world.undeclare("buyers")
    assert world.plan().actions == ()
    world.apply()
    assert list(world.audiences()) == [theirs]
    assert world.state.pending == ()
