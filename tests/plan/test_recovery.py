"""Creates whose answer never came: found by listing, adopted, and never made twice."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.plan.model import ActionKind, Change, Guard
from reconciler.plan.recovery import settle
from reconciler.tiktok.model import Audience, AudienceKind
from tests.plan.conftest import (
    AD_GROUP,
    BEFORE,
    EU,
    US,
    at,
    audience,
    begun_create,
    delivered,
    deposed,
    desired,
    errors,
    facts,
    guards_against,
    only,
    owned,
    planned,
    remote,
    resource,
    there,
)

if TYPE_CHECKING:
    from datetime import datetime

BEGUN = owned(pending=[begun_create()])


def test_a_create_that_made_nothing_is_made() -> None:
    action = only(planned(desired(audience()), state=BEGUN))

    assert (action.kind, action.audience_id) == (ActionKind.CREATE, None)


def test_a_create_that_made_one_is_adopted_and_filled() -> None:
    action = only(planned(desired(audience()), remote(there("5")), state=BEGUN))

    assert (action.kind, action.audience_id) == (ActionKind.UPDATE, "5")
    assert action.reason == "made by an interrupted apply, found again"
    assert action.changes == ()
    assert action.members is not None
    assert (action.members.users_before, action.members.add, action.members.remove) == (None, 2000, 0)


def test_what_was_made_is_recorded_even_where_people_are_not_looked_at() -> None:
    action = only(planned(desired(audience()), remote(there("5")), state=BEGUN, skip_members=True))

    assert action.kind is ActionKind.UPDATE


def test_an_audience_that_was_there_before_is_not_what_the_create_made() -> None:
    state = owned(pending=[begun_create(known_ids=("4",))])

    action = only(planned(desired(audience()), remote(there("4"), there("5")), state=state))

    assert action.audience_id == "5"


def test_several_that_may_be_the_one_are_an_error_that_names_them_and_nothing_is_made() -> None:
    plan = planned(desired(audience()), remote(there("5"), there("6")), state=BEGUN)

    assert plan.actions == ()
    assert errors(plan) == ["audience.buyers: an interrupted create may have made any of 2 audiences"]
    assert "5, 6" in plan.errors[0].detail
    assert "reconciler import audience.buyers ID" in plan.errors[0].detail


@pytest.mark.parametrize(
    "other",
    [
        there("5", is_creator=False),
        there("5", kind=AudienceKind.LOOKALIKE),
        there("5", kind=AudienceKind.FILE),
        there("5", "buyers"),
    ],
    ids=["shared in", "a Lookalike", "a customer file", "another name"],
)
def test_what_the_create_cannot_have_made_is_not_adopted(other: Audience) -> None:
    settled = settle(BEGUN, {US: remote(other)})

    assert settled.adopted == {}
    assert settled.resources == {}


@pytest.mark.parametrize("created", [BEFORE - timedelta(days=3), BEFORE + timedelta(days=3)], ids=["before", "after"])
def test_what_was_created_at_another_time_is_somebody_elses(created: datetime) -> None:
    plan = planned(desired(audience()), remote(there("5", created_at=created)), state=BEGUN)

    assert plan.actions == ()
    assert errors(plan) == ['audience.buyers: account us already has an audience named "Buyers" (5)']
    assert planned(desired(), remote(there("5", created_at=created)), state=BEGUN).actions == ()


@pytest.mark.parametrize(
    ("later", "is_ours"),
    [(timedelta(minutes=50), True), (timedelta(minutes=70), True), (timedelta(minutes=80), False)],
)
def test_what_was_created_after_the_last_call_had_ended_is_somebody_elses(later: timedelta, is_ours: bool) -> None:
    state = owned(pending=[begun_create(until=BEFORE + timedelta(hours=1))])

    plan = planned(desired(audience()), remote(there("5", created_at=BEFORE + later)), state=state)

    assert bool(plan.actions) is is_ours
    assert bool(plan.errors) is not is_ours


def test_a_kind_spelled_in_a_way_unknown_here_may_be_what_the_create_made() -> None:
    action = only(planned(desired(audience()), remote(there("5", kind=AudienceKind.OTHER)), state=BEGUN))

    assert action.audience_id == "5"


def test_what_another_address_owns_is_not_what_the_create_made() -> None:
    state = owned(resource("other", "5", name="Buyers", members=delivered()), pending=[begun_create()])
    files = desired(audience(), audience("other", name="Buyers"))

    plan = planned(files, remote(there("5")), state=state)

    assert at(plan, "buyers").kind is ActionKind.CREATE
    assert at(plan, "other").kind is ActionKind.NOOP


def test_two_creates_of_one_name_do_not_adopt_the_same_audience() -> None:
    state = owned(pending=[begun_create("a", name="Buyers"), begun_create("b", name="Buyers")])
    files = desired(audience("a", name="Buyers"), audience("b", name="Buyers"))

    plan = planned(files, remote(there("5")), state=state)

    assert [each.audience_id for each in plan.actions] == ["5", None]


def test_what_was_made_under_an_earlier_name_is_renamed() -> None:
    state = owned(pending=[begun_create(name="Former name")])

    action = only(planned(desired(audience()), remote(there("5", "Former name")), state=state))

    assert action.kind is ActionKind.UPDATE
    assert action.changes == (Change("name", "Former name", "Buyers"),)


def test_what_was_made_and_is_no_longer_declared_is_deleted() -> None:
    action = only(planned(desired(), remote(there("5")), state=BEGUN))

    assert (action.kind, action.audience_id) == (ActionKind.DELETE, "5")
    assert action.reason == "made by an interrupted apply, and no longer declared"
    assert not action.is_blocked


def test_what_was_made_elsewhere_than_is_wanted_now_is_replaced() -> None:
    action = only(planned(desired(audience(advertiser="eu")), remote(there("5")), state=BEGUN))

    assert (action.kind, action.audience_id) == (ActionKind.REPLACE, "5")


# During a replace

REPLACING = owned(
    resource(members=delivered(), prevent_destroy=True, deposed=(deposed("9"),)),
    pending=[begun_create(advertiser_id=EU)],
)
"""On its way from `US` to `EU`."""


def test_a_replace_that_had_made_the_new_one_fills_it_from_nothing() -> None:
    """People are counted against the old audience; none of them is in the new one."""
    plan = planned(
        desired(audience(advertiser="eu")),
        remote(there()),
        remote(there("5"), account=EU),
        state=owned(resource(members=delivered()), pending=[begun_create(advertiser_id=EU)]),
        members={"buyers": facts(2000)},
    )

    action = at(plan, "buyers")
    assert (action.kind, action.audience_id, action.advertiser_id) == (ActionKind.UPDATE, "5", EU)
    assert action.members is not None
    assert (action.members.add, action.members.remove) == (2000, 0)


def test_a_replace_that_had_made_the_new_one_deletes_the_old_one_once_it_is_free() -> None:
    state = owned(resource(members=delivered()), pending=[begun_create(advertiser_id=EU)])
    files = desired(audience(advertiser="eu"))
    eu = remote(there("5"), account=EU)

    free = planned(files, remote(there()), eu, state=state)
    used = planned(files, remote(there(), used={"1": (AD_GROUP,)}), eu, state=state)

    assert at(free, "buyers (deposed 1)").kind is ActionKind.DELETE
    assert [each.address for each in used.actions] == ["audience.buyers"]


def test_a_replace_that_had_made_nothing_is_done_again() -> None:
    state = owned(resource(members=delivered()), pending=[begun_create(advertiser_id=EU)])

    action = only(planned(desired(audience(advertiser="eu")), remote(there()), state=state))

    assert (action.kind, action.audience_id) == (ActionKind.REPLACE, "1")


def test_adopting_loses_sight_of_nothing() -> None:
    settled = settle(REPLACING, {US: remote(there(), there("9")), EU: remote(there("5"), account=EU)})

    adopted = settled.resources["audience.buyers"]
    assert adopted.audience_id == "5"
    assert [old.audience_id for old in adopted.deposed] == ["9", "1"]
    assert adopted.prevent_destroy
    assert adopted.members is None


def test_adopting_in_place_of_what_is_gone_keeps_what_it_had_replaced() -> None:
    settled = settle(REPLACING, {US: remote(there("9")), EU: remote(there("5"), account=EU)})

    adopted = settled.resources["audience.buyers"]
    assert [old.audience_id for old in adopted.deposed] == ["9"]
    assert adopted.prevent_destroy


def test_what_a_create_made_is_protected_as_the_files_said_when_it_began() -> None:
    state = owned(pending=[begun_create(prevent_destroy=True)])

    action = only(planned(desired(), remote(there("5")), state=state))

    assert action.kind is ActionKind.DELETE
    assert guards_against(action) == [Guard.PREVENT_DESTROY]
