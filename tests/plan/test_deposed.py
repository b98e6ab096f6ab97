"""What was replaced but could not go: tracked until nothing uses it, and never lost sight of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.config.model import Lifecycle
from reconciler.plan.model import ActionKind, Guard
from reconciler.tiktok.model import AudienceKind, Role
from tests.plan.conftest import (
    AD_GROUP,
    EU,
    FORMER,
    US,
    at,
    audience,
    delivered,
    deposed,
    desired,
    facts,
    guards_against,
    only,
    owned,
    planned,
    remote,
    resource,
    there,
    warnings,
)

if TYPE_CHECKING:
    from reconciler.plan.inputs import MemberFacts
    from reconciler.plan.model import Plan
    from reconciler.state.model import State

NEW = there("2")
OLD = there("9")
STATE = owned(resource(audience_id="2", members=delivered(), deposed=(deposed("9"),)))


def test_a_deposed_audience_that_nothing_uses_is_deleted() -> None:
    plan = planned(desired(audience()), remote(NEW, OLD), state=STATE)

    action = at(plan, "buyers (deposed 9)")
    assert action.kind is ActionKind.DELETE
    assert action.audience_id == "9"
    assert action.is_deposed
    assert action.resource_address == "audience.buyers"
    assert not action.is_blocked
    assert at(plan, "buyers").kind is ActionKind.NOOP


def test_a_deposed_audience_in_use_stays_and_the_plan_says_what_must_move() -> None:
    plan = planned(desired(audience()), remote(NEW, OLD, used={"9": (AD_GROUP,)}), state=STATE)

    assert only(plan).kind is ActionKind.NOOP
    assert not plan.has_changes
    assert warnings(plan) == ["audience.buyers: the audience it replaced, 9, is still in use and stays"]
    assert 'ad group "Spring sale" (55) includes it' in plan.diagnostics[0].detail


def test_a_deposed_audience_stays_where_usage_was_not_looked_up() -> None:
    plan = planned(desired(audience()), remote(NEW, OLD, looked_up=False), state=STATE)

    assert only(plan).kind is ActionKind.NOOP


def test_a_deposed_audience_that_is_gone_is_forgotten() -> None:
    action = at(planned(desired(audience()), remote(NEW), state=STATE), "buyers (deposed 9)")

    assert (action.kind, action.before) == (ActionKind.FORGET, None)


def test_each_deposed_audience_goes_its_own_way() -> None:
    state = owned(resource(audience_id="2", members=delivered(), deposed=(deposed("7"), deposed("8"), deposed("9"))))

    plan = planned(desired(audience()), remote(NEW, there("8"), OLD, used={"9": (AD_GROUP,)}), state=state)

    assert [(each.audience_id, each.kind) for each in plan.actions if each.is_deposed] == [
        ("7", ActionKind.FORGET),
        ("8", ActionKind.DELETE),
    ]


def test_a_deposed_audience_is_looked_for_in_its_own_account() -> None:
    state = owned(resource(audience_id="2", members=delivered(), deposed=(deposed("9", FORMER, "Old name"),)))
    former = remote(there("9", "Old name", kind=AudienceKind.FILE), account=FORMER)

    action = at(planned(desired(audience()), remote(NEW), former, state=state), "buyers (deposed 9)")

    assert (action.kind, action.advertiser, action.advertiser_id) == (ActionKind.DELETE, FORMER, FORMER)
    assert action.before is not None
    assert (action.before.advertiser_id, action.before.name, action.before.delivery) == (FORMER, "Old name", "file")


def test_a_deposed_audience_is_held_to_the_guards_of_its_own_account() -> None:
    state = owned(resource(audience_id="2", members=delivered(), deposed=(deposed("9", EU),)))
    eu = remote(there("9", is_creator=False), account=EU, role=Role.ANALYST)

    action = at(planned(desired(audience()), remote(NEW), eu, state=state), "buyers (deposed 9)")

    assert guards_against(action) == [Guard.NOT_CREATOR, Guard.PERMISSION]


def test_what_may_not_go_does_not_hold_back_what_took_its_place() -> None:
    state = owned(resource(audience_id="2", members=delivered(), deposed=(deposed("9", EU),)))
    eu = remote(OLD, account=EU, role=Role.ANALYST)

    plan = planned(desired(audience(name="New name")), remote(NEW), eu, state=state)

    assert at(plan, "buyers (deposed 9)").is_blocked
    assert not at(plan, "buyers").is_blocked


def test_prevent_destroy_protects_an_audience_and_not_what_it_replaced() -> None:
    state = owned(resource(audience_id="2", members=delivered(), prevent_destroy=True, deposed=(deposed("9"),)))

    action = at(planned(desired(), remote(NEW, OLD), state=state), "buyers (deposed 9)")

    assert not action.is_blocked


# When the resource itself goes


def test_a_resource_is_not_deleted_while_what_it_replaced_is_in_use() -> None:
    plan = planned(desired(), remote(NEW, OLD, used={"9": (AD_GROUP,)}), state=STATE)

    assert guards_against(at(plan, "buyers (deposed 9)")) == [Guard.IN_USE]
    (block,) = at(plan, "buyers").blocked_by
    assert block.guard is Guard.IN_USE
    assert block.message == "the audience it replaced, 9, cannot go yet: 1 use of it on TikTok"
    assert block.details == ('ad group "Spring sale" (55) includes it',)
    assert "removed: [{from: audience.buyers, destroy: false}]" in block.way_out


def test_a_resource_is_not_deleted_where_nobody_looked_what_uses_the_audience_it_replaced() -> None:
    state = owned(resource(audience_id="2", members=delivered(), deposed=(deposed("9", EU),)))

    plan = planned(desired(), remote(NEW), remote(OLD, account=EU, looked_up=False), state=state)

    assert guards_against(at(plan, "buyers")) == [Guard.IN_USE]


def test_a_resource_that_is_gone_is_not_forgotten_while_what_it_replaced_is_in_use() -> None:
    plan = planned(desired(), remote(OLD, used={"9": (AD_GROUP,)}), state=STATE)

    assert at(plan, "buyers").kind is ActionKind.FORGET
    assert guards_against(at(plan, "buyers")) == [Guard.IN_USE]


def test_a_resource_is_not_forgotten_while_what_it_replaced_may_not_be_touched() -> None:
    plan = planned(desired(), remote(OLD, role=Role.ANALYST), state=STATE)

    assert guards_against(at(plan, "buyers")) == [Guard.PERMISSION]


def test_what_one_address_replaced_does_not_hold_back_another() -> None:
    state = owned(*STATE.resources.values(), resource("other", "3"))

    plan = planned(desired(), remote(NEW, OLD, there("3"), used={"9": (AD_GROUP,)}), state=state)

    assert not at(plan, "other").is_blocked


def test_a_resource_goes_together_with_what_it_replaced() -> None:
    plan = planned(desired(), remote(NEW, OLD), state=STATE)

    assert [(each.audience_id, each.kind, each.is_blocked) for each in plan.actions] == [
        ("2", ActionKind.DELETE, False),
        ("9", ActionKind.DELETE, False),
    ]


def test_handing_over_hands_over_what_was_replaced_too() -> None:
    plan = planned(desired(removed={"buyers": False}), remote(NEW, OLD, used={"9": (AD_GROUP,)}), state=STATE)

    assert [(each.audience_id, each.kind, each.is_blocked) for each in plan.actions] == [
        ("2", ActionKind.FORGET, False),
        ("9", ActionKind.FORGET, False),
    ]
    assert warnings(plan) == []


def test_a_deposed_audience_is_not_somebody_elses_of_that_name() -> None:
    """It still carries the name; creating the audience again after it went missing is not refused for that."""
    action = at(planned(desired(audience()), remote(OLD, used={"9": (AD_GROUP,)}), state=STATE), "buyers")

    assert action.kind is ActionKind.CREATE


def test_a_deposed_audience_under_way_to_another_account_is_still_the_old_accounts() -> None:
    files = desired(audience(advertiser="eu"))

    plan = planned(files, remote(NEW, OLD, used={"9": (AD_GROUP,)}), state=STATE)

    action = only(plan)
    assert (action.kind, action.audience_id, action.advertiser_id) == (ActionKind.REPLACE, "2", EU)
    assert action.before is not None
    assert action.before.advertiser_id == US


# What was replaced, while its successor has never been filled

UNFILLED = owned(resource(audience_id="2", deposed=(replace(deposed("9"), users=2000, identifiers=2000),)))


def planned_with(wanted: MemberFacts, state: State = UNFILLED, *, limit: float = 30) -> Plan:
    files = desired(audience(lifecycle=Lifecycle(max_removal_percent=limit)))
    return planned(files, remote(NEW, OLD), state=state, members={"buyers": wanted})


def test_while_the_source_is_empty_what_was_replaced_stays() -> None:
    action = at(planned_with(facts(0, of=0), limit=100), "buyers (deposed 9)")

    (block,) = action.blocked_by
    assert block.guard is Guard.MAX_REMOVAL
    assert "9, which was replaced, has 2,000 people in it" in block.message
    assert block.message.endswith("the source holds nobody")


@pytest.mark.parametrize(("users", "is_blocked"), [(2000, False), (1400, False), (1399, True), (1, True)])
def test_a_source_that_lost_its_people_neither_fills_the_new_one_nor_ends_the_old(
    users: int, *, is_blocked: bool
) -> None:
    plan = planned_with(facts(users, add=users, of=0))

    for address in ("buyers", "buyers (deposed 9)"):
        assert guards_against(at(plan, address)) == ([Guard.MAX_REMOVAL] if is_blocked else [])


def test_where_it_is_not_known_how_many_were_replaced_nobody_is_too_few() -> None:
    state = owned(resource(audience_id="2", deposed=(deposed("9"),)))

    assert guards_against(at(planned_with(facts(0, of=0), state), "buyers (deposed 9)")) == [Guard.MAX_REMOVAL]
    assert not at(planned_with(facts(1, add=1, of=0), state), "buyers (deposed 9)").is_blocked


def test_what_held_nobody_is_not_waited_for() -> None:
    state = owned(resource(audience_id="2", deposed=(replace(deposed("9"), users=0, identifiers=0),)))

    assert not at(planned_with(facts(0, of=0), state), "buyers (deposed 9)").is_blocked


def test_what_was_replaced_stays_while_nothing_fills_its_successor_any_more() -> None:
    plan = planned(desired(audience(source=None)), remote(NEW, OLD), state=UNFILLED)

    assert only(plan).address == "audience.buyers"
    assert warnings(plan) == ["audience.buyers: the audience it replaced, 9, stays until the new one is filled"]


def test_what_was_replaced_goes_with_an_audience_that_is_ended_before_it_was_filled() -> None:
    plan = planned(desired(), remote(NEW, OLD), state=UNFILLED)

    assert [each.kind for each in plan.actions] == [ActionKind.DELETE, ActionKind.DELETE]
    assert not plan.blocked
