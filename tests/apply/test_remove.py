"""An audience goes only if it is ours and nothing uses it, by a look right before the call and by TikTok's own word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.apply.model import OutcomeStatus
from reconciler.apply.progress import Silent
from reconciler.plan.model import ActionKind
from reconciler.sandbox import AdGroupKind
from reconciler.state import change
from tests.apply.pieces import deposed_address
from tests.apply.world import EU, US, World, members, outcome_of

if TYPE_CHECKING:
    from reconciler.plan.model import Action, Plan

DELETE = "custom_audience/delete/"


@pytest.fixture
def world(world: World) -> World:
    """Two audiences, one of which is to be deleted, and a third that is to be made."""
    world.declare("doomed", range(30))
    world.declare("steady", range(40))
    world.apply()
    world.undeclare("doomed")
    world.declare("fresh", range(50))
    return world


@pytest.fixture
def doomed(world: World) -> str:
    return world.id_of("doomed")


@pytest.fixture
def plan(world: World, doomed: str) -> Plan:
    plan = world.plan()
    assert not plan.blocked
    return plan


def assert_kept(world: World, doomed: str) -> None:
    assert world.people_in(doomed) == members(range(30))
    assert world.id_of("doomed") == doomed


def assert_gone(world: World, doomed: str) -> None:
    assert doomed not in world.audiences()
    assert world.state.resources.keys() == {"audience.steady", "audience.fresh"}
    assert not world.plan().has_changes


def test_what_nothing_uses_goes(world: World, doomed: str, plan: Plan) -> None:
    assert world.apply(plan).succeeded
    assert_gone(world, doomed)


@pytest.mark.parametrize("kind", list(AdGroupKind))
@pytest.mark.parametrize("mode", ["includes", "excludes"])
def test_an_ad_group_that_appeared_since_the_plan_keeps_it(
    world: World, doomed: str, plan: Plan, kind: AdGroupKind, mode: str
) -> None:
    controls = world.sandbox.controls
    ad_group = (
        controls.add_ad_group(US, "Spring sale", kind=kind, includes=[doomed])
        if mode == "includes"
        else controls.add_ad_group(US, "Spring sale", kind=kind, excludes=[doomed])
    )
    applied = world.apply(plan)

    outcome = outcome_of(applied, "doomed")
    assert outcome.status is OutcomeStatus.BLOCKED
    assert any("Spring sale" in line and ad_group in line and mode in line for line in outcome.details)
    assert outcome_of(applied, "fresh").is_done, "nothing else of the run is lost"
    assert world.people_in(world.id_of("fresh")) == members(range(50))
    assert world.requests(DELETE) == []
    assert_kept(world, doomed)


def test_a_saved_audience_that_appeared_since_the_plan_keeps_it(world: World, doomed: str, plan: Plan) -> None:
    world.sandbox.controls.add_saved_audience(US, "Saved", includes=[doomed])

    assert outcome_of(world.apply(plan), "doomed").status is OutcomeStatus.BLOCKED
    assert_kept(world, doomed)


def test_a_lookalike_that_appeared_since_the_plan_keeps_it(world: World, doomed: str, plan: Plan) -> None:
    world.sandbox.controls.add_audience(US, "Alike", "Lookalike Audience", source_audience_id=doomed)

    assert outcome_of(world.apply(plan), "doomed").status is OutcomeStatus.BLOCKED
    assert_kept(world, doomed)


def test_once_it_is_out_of_use_the_same_plan_deletes_it(world: World, doomed: str, plan: Plan) -> None:
    ad_group = world.sandbox.controls.add_ad_group(US, "Spring sale", includes=[doomed])
    world.apply(plan)
    world.sandbox.controls.delete_ad_group(ad_group)

    assert world.apply(plan).succeeded
    assert_gone(world, doomed)


def test_a_use_that_only_tiktok_can_see_is_tiktoks_to_refuse(world: World, doomed: str, plan: Plan) -> None:
    world.sandbox.controls.add_ad_group(EU, "Another account's", includes=[doomed])
    applied = world.apply(plan)

    outcome = outcome_of(applied, "doomed")
    assert outcome.status is OutcomeStatus.BLOCKED
    assert "it is being used by ad groups" in outcome.message
    assert outcome_of(applied, "fresh").is_done
    assert_kept(world, doomed)


def test_where_nobody_could_look_nothing_is_deleted(world: World, doomed: str, plan: Plan) -> None:
    world.sandbox.controls.add_fault("not_ready", path="smart_plus/adgroup/get/")

    assert outcome_of(world.apply(plan), "doomed").status is OutcomeStatus.FAILED
    assert world.requests(DELETE) == []
    assert_kept(world, doomed)


def test_what_is_gone_already_is_forgotten_without_a_call(world: World, doomed: str, plan: Plan) -> None:
    world.sandbox.controls.delete(doomed)

    assert world.apply(plan).succeeded
    assert world.requests(DELETE) == []
    assert_gone(world, doomed)


def test_what_was_renamed_since_the_plan_is_not_deleted(world: World, doomed: str, plan: Plan) -> None:
    world.sandbox.controls.rename(doomed, "Somebody needs this")
    outcome = outcome_of(world.apply(plan), "doomed")

    assert outcome.status is OutcomeStatus.BLOCKED
    assert "Somebody needs this" in outcome.message
    assert_kept(world, doomed)


def test_a_delete_whose_answer_was_lost_is_a_delete(world: World, doomed: str, plan: Plan) -> None:
    world.sandbox.controls.add_fault("drop_after", path=DELETE)

    assert world.apply(plan).succeeded
    assert len(world.requests(DELETE)) == 1
    assert_gone(world, doomed)


def test_a_delete_that_never_arrived_is_told_and_not_repeated_blindly(world: World, doomed: str, plan: Plan) -> None:
    world.sandbox.controls.add_fault("drop_before", path=DELETE)
    outcome = outcome_of(world.apply(plan), "doomed")

    assert outcome.status is OutcomeStatus.FAILED
    assert f"{doomed} is still there" in outcome.message
    assert len(world.requests(DELETE)) == 1
    assert_kept(world, doomed)
    assert world.apply(plan).succeeded
    assert_gone(world, doomed)


class TestTheStateWasMendedInTheMiddleOfAnApply:
    """An apply that goes on must not delete what someone has meanwhile put out of its reach."""

    @pytest.fixture
    def plan(self, world: World, plan: Plan, doomed: str) -> Plan:
        """Return the plan, its apply stopped before the delete."""
        world.sandbox.controls.add_fault("not_ready", path="adgroup/get/")
        assert not world.apply(plan).succeeded
        return plan

    def test_given_another_address_it_stays(self, world: World, doomed: str, plan: Plan) -> None:
        world.mend(lambda state: change.moved(state, "audience.doomed", "audience.kept"))
        outcome = outcome_of(world.apply(plan), "doomed")

        assert outcome.status is OutcomeStatus.BLOCKED
        assert doomed in world.audiences()
        assert world.id_of("kept") == doomed

    def test_let_go_of_it_stays(self, world: World, doomed: str, plan: Plan) -> None:
        world.mend(lambda state: change.without_resource(state, "audience.doomed"))
        world.apply(plan)

        assert doomed in world.audiences()
        assert world.requests(DELETE) == []

    def test_with_another_audience_in_its_place_neither_goes(self, world: World, doomed: str, plan: Plan) -> None:
        steady = change.resource_at(world.state, "audience.steady")
        world.mend(lambda state: change.without_resource(state, "audience.doomed"))
        world.mend(lambda state: change.moved(state, steady.address, "audience.doomed"))
        outcome = outcome_of(world.apply(plan), "doomed")

        assert outcome.status is OutcomeStatus.BLOCKED
        assert world.audiences().keys() >= {doomed, steady.audience_id}


def test_nothing_is_deleted_on_the_word_of_a_state_that_another_run_may_have_changed(
    world: World, doomed: str, plan: Plan
) -> None:
    class Unlocking(Silent):
        """Removes the lock when the delete begins."""

        def began(self, action: Action) -> None:
            lock = world.state_store.read_lock()
            if action.kind is ActionKind.DELETE and lock:
                world.state_store.unlock(lock.id)

    world.progress = Unlocking()
    outcome = outcome_of(world.apply(plan), "doomed")

    assert outcome.status is OutcomeStatus.FAILED
    assert "lost its lock" in outcome.message
    assert doomed in world.audiences()


class TestDeposed:
    """An audience that was replaced while in use, and the one that replaced it: only that one leads to it."""

    @pytest.fixture
    def old(self, world: World, doomed: str) -> str:
        """Replace an audience that is in use; return it."""
        world.declare("doomed", range(30))
        world.apply()
        ad_group = world.sandbox.controls.add_ad_group(US, "Spring sale", includes=[doomed])
        world.declare("doomed", range(30), advertiser="eu")
        world.apply()
        assert world.id_of("doomed") != doomed
        world.sandbox.controls.delete_ad_group(ad_group)
        world.undeclare("doomed")
        return doomed

    def test_both_go_the_old_one_first(self, world: World, old: str) -> None:
        applied = world.apply()

        assert applied.succeeded
        assert [each.address for each in applied.outcomes] == [f"audience.doomed (deposed {old})", "audience.doomed"]
        assert (old in world.audiences(US), world.audiences(EU)) == (False, {})

    def test_while_the_old_one_is_used_again_the_new_one_stays_to_lead_to_it(self, world: World, old: str) -> None:
        plan = world.plan()
        ad_group = world.sandbox.controls.add_ad_group(US, "Summer sale", includes=[old])
        applied = world.apply(plan)

        assert [each.status for each in applied.outcomes] == [OutcomeStatus.BLOCKED, OutcomeStatus.BLOCKED]
        assert [each.audience_id for each in world.state.resources["audience.doomed"].deposed] == [old]
        assert any(old in line for line in outcome_of(applied, "doomed").details)

        world.sandbox.controls.delete_ad_group(ad_group)
        assert world.apply(plan).succeeded
        assert (old in world.audiences(US), world.audiences(EU)) == (False, {})

    def test_where_the_new_one_is_gone_the_old_one_still_goes(self, world: World, old: str) -> None:
        world.sandbox.controls.delete(world.id_of("doomed"))

        assert world.apply().succeeded
        assert old not in world.audiences(US)
        assert world.state.resources.keys() == {"audience.steady", "audience.fresh"}

    def test_where_the_new_one_is_gone_it_still_leads_to_an_old_one_used_again(self, world: World, old: str) -> None:
        world.sandbox.controls.delete(world.id_of("doomed"))
        plan = world.plan()
        world.sandbox.controls.add_ad_group(US, "Summer sale", includes=[old])
        applied = world.apply(plan)

        assert outcome_of(applied, "doomed").status is OutcomeStatus.BLOCKED
        assert [each.audience_id for each in world.state.resources["audience.doomed"].deposed] == [old]

    def test_handed_over_both_stay_and_are_forgotten(self, world: World, old: str) -> None:
        new = world.id_of("doomed")
        world.hand_over("doomed")

        assert world.apply().succeeded
        assert (old in world.audiences(US), new in world.audiences(EU)) == (True, True)
        assert world.state.resources.keys() == {"audience.steady", "audience.fresh"}

    def test_declared_again_the_old_one_alone_goes(self, world: World, old: str) -> None:
        new = world.id_of("doomed")
        world.declare("doomed", range(30), advertiser="eu")
        plan = world.plan()

        assert deposed_address(old, "audience.doomed") in {each.address for each in plan.actions}
        assert world.apply(plan).succeeded
        assert (old in world.audiences(US), list(world.audiences(EU))) == (False, [new])
