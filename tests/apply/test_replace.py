"""What TikTok cannot change is made anew: first the new audience, filled; only then, and only if free, the old one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.apply.model import OutcomeStatus
from reconciler.config.model import Lifecycle
from tests.apply.wire import MAPPING
from tests.apply.world import EU, US, World, action_at, members, outcome_of

if TYPE_CHECKING:
    from reconciler.state.model import Deposed

DELETE = "custom_audience/delete/"
FOREVER = 1_000_000


@pytest.fixture
def world(world: World) -> World:
    """An audience that is to go to another account."""
    world.declare("buyers", range(30))
    world.apply()
    world.declare("buyers", range(40), advertiser="eu")
    world.sandbox.controls.clear_requests()
    return world


@pytest.fixture
def old(world: World) -> str:
    return world.id_of("buyers")


def deposed(world: World) -> tuple[Deposed, ...]:
    return world.state.resources["audience.buyers"].deposed


def test_the_new_one_is_full_before_the_old_one_goes(world: World, old: str) -> None:
    assert world.apply().succeeded
    assert [each.path for each in world.sandbox.controls.requests() if each.method == "POST"] == [
        "/segment/audience/",
        "/segment/mapping/",
        "/segment/mapping/",
        "/dmp/custom_audience/delete/",
    ]
    assert world.audiences(US) == {}
    assert world.people_in(world.id_of("buyers")) == members(range(40))
    assert deposed(world) == ()


def test_while_the_new_one_cannot_be_filled_the_old_one_stays(world: World, old: str) -> None:
    world.sandbox.controls.add_fault("not_ready", path=MAPPING, skip=1, times=FOREVER)

    assert outcome_of(world.apply(), "buyers").status is OutcomeStatus.FAILED
    assert world.people_in(old) == members(range(30))
    assert [each.audience_id for each in deposed(world)] == [old]


def test_one_that_is_in_use_stays_and_the_outcome_tells(world: World, old: str) -> None:
    world.sandbox.controls.add_ad_group(US, "Spring sale", includes=[old])
    plan = world.plan()
    outcome = outcome_of(world.apply(plan), "buyers")

    assert action_at(plan, "buyers").kept_by
    assert outcome.is_done
    assert f"{old} stays" in outcome.message
    assert "Spring sale" in outcome.message
    assert world.people_in(old) == members(range(30))
    assert [(each.advertiser_id, each.audience_id) for each in deposed(world)] == [(US, old)]


def test_one_that_the_plan_said_stays_does_not_go_though_it_is_free_by_now(world: World, old: str) -> None:
    ad_group = world.sandbox.controls.add_ad_group(US, "Spring sale", includes=[old])
    plan = world.plan()
    world.sandbox.controls.delete_ad_group(ad_group)

    assert world.apply(plan).succeeded
    assert world.requests(DELETE) == []
    assert world.audiences(US) == {old: "Buyers"}


def test_one_that_came_into_use_since_the_plan_stays_and_the_outcome_tells(world: World, old: str) -> None:
    plan = world.plan()
    world.sandbox.controls.add_ad_group(US, "Spring sale", includes=[old])
    outcome = outcome_of(world.apply(plan), "buyers")

    assert outcome.is_done
    assert "Spring sale" in outcome.message
    assert [each.audience_id for each in deposed(world)] == [old]
    assert world.people_in(world.id_of("buyers")) == members(range(40))


def test_a_later_plan_deletes_it_once_it_is_free(world: World, old: str) -> None:
    ad_group = world.sandbox.controls.add_ad_group(US, "Spring sale", includes=[old])
    world.apply()
    assert not world.plan().has_changes, "no plan is kept waiting for it"
    world.sandbox.controls.delete_ad_group(ad_group)

    assert world.apply().succeeded
    assert world.audiences(US) == {}
    assert deposed(world) == ()
    assert not world.plan().has_changes


def test_one_that_is_gone_already_is_replaced_all_the_same(world: World, old: str) -> None:
    plan = world.plan()
    world.sandbox.controls.delete(old)

    assert world.apply(plan).succeeded
    assert deposed(world) == ()
    assert len(world.audiences(EU)) == 1


def test_one_that_was_renamed_since_the_plan_is_not_replaced(world: World, old: str) -> None:
    plan = world.plan()
    world.sandbox.controls.rename(old, "Somebody needs this")

    assert outcome_of(world.apply(plan), "buyers").status is OutcomeStatus.BLOCKED
    assert (world.audiences(US), world.audiences(EU)) == ({old: "Somebody needs this"}, {})


def test_a_delete_of_the_old_one_that_never_arrived_is_made_good(world: World, old: str) -> None:
    world.sandbox.controls.add_fault("drop_before", path=DELETE)
    plan = world.plan()

    assert outcome_of(world.apply(plan), "buyers").status is OutcomeStatus.FAILED
    assert [each.audience_id for each in deposed(world)] == [old]
    assert world.apply(plan).succeeded
    assert (world.audiences(US), len(world.audiences(EU))) == ({}, 1)


def refuse_everybody(world: World) -> None:
    """Apply, and leave the replacement half finished: the new audience is there, and nobody is in it."""
    world.sandbox.controls.add_fault("not_ready", path=MAPPING, times=FOREVER)
    assert outcome_of(world.apply(), "buyers").status is OutcomeStatus.FAILED
    world.sandbox.controls.clear_faults()


@pytest.mark.parametrize("left", [0, 10])
def test_a_source_that_lost_its_people_meanwhile_does_not_end_the_old_one(world: World, old: str, left: int) -> None:
    refuse_everybody(world)
    world.declare("buyers", range(left), advertiser="eu", lifecycle=Lifecycle(max_removal_percent=50))

    plan = world.plan()
    assert {each.address for each in plan.blocked} >= {f"audience.buyers (deposed {old})"}
    for _ in range(2):
        world.apply(world.plan(), skip_blocked=True)
    assert world.people_in(old) == members(range(30))

    world.declare("buyers", range(40), advertiser="eu", lifecycle=Lifecycle(max_removal_percent=50))
    assert world.apply().succeeded
    assert world.audiences(US) == {}
    assert world.people_in(world.id_of("buyers")) == members(range(40))


def test_made_by_a_plan_without_people_and_then_emptied_the_old_one_stays(world: World, old: str) -> None:
    assert world.apply(world.plan(skip_members=True)).succeeded
    world.declare("buyers", (), advertiser="eu")

    assert world.plan().blocked
    world.apply(world.plan(), skip_blocked=True)
    assert world.people_in(old) == members(range(30))
