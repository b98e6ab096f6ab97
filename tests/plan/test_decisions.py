"""The decision table: what is declared, owned and there, and what is then to be done."""

from __future__ import annotations

import pytest

from reconciler.config.model import Audience, Lifecycle
from reconciler.diagnostics import Location
from reconciler.identifiers import Identity
from reconciler.plan.model import ActionKind, Change
from reconciler.tiktok.model import AudienceKind
from tests.plan.conftest import (
    EU,
    FORMER,
    NEVER_DELIVERED,
    UNCHANGED,
    US,
    audience,
    begun_delivery,
    delivered,
    desired,
    errors,
    facts,
    only,
    owned,
    planned,
    remote,
    resource,
    there,
)


def test_what_is_declared_and_not_there_is_created_and_filled() -> None:
    action = only(planned(desired(audience()), members={"buyers": NEVER_DELIVERED}))

    assert action.kind is ActionKind.CREATE
    assert (action.address, action.advertiser, action.advertiser_id) == ("audience.buyers", "us", US)
    assert action.audience_id is None
    assert action.reason == "not on TikTok yet"
    assert action.before is None
    assert action.after is not None
    assert action.after.name == "Buyers"
    assert action.members is not None
    assert (action.members.users_before, action.members.add, action.members.remove) == (None, 2000, 0)


def test_a_name_that_is_taken_is_an_error_that_gives_the_import_line() -> None:
    place = Location("audiences.yaml", 9, 5)
    files = desired(audience(), places={("audiences", "buyers"): place})

    plan = planned(files, remote(there("73")))

    assert plan.actions == ()
    assert errors(plan) == ['audience.buyers: account us already has an audience named "Buyers" (73)']
    assert 'import: "73"' in plan.errors[0].detail
    assert plan.errors[0].location == place


def test_a_name_taken_twice_names_both_ids() -> None:
    (summary,) = errors(planned(desired(audience()), remote(there("73"), there("74"))))

    assert "(73, 74)" in summary


def test_a_name_in_another_account_is_not_taken() -> None:
    action = only(planned(desired(audience()), remote(there("73"), account=EU)))

    assert action.kind is ActionKind.CREATE


def test_a_name_that_differs_by_case_is_not_taken() -> None:
    assert only(planned(desired(audience()), remote(there("73", "buyers")))).kind is ActionKind.CREATE


def test_an_audience_shared_in_does_not_take_a_name() -> None:
    action = only(planned(desired(audience()), remote(there("73", is_creator=False))))

    assert action.kind is ActionKind.CREATE


def test_a_name_that_another_of_our_audiences_is_giving_up_is_not_taken() -> None:
    files = desired(audience("a", name="New"), audience("b", name="Old"))

    plan = planned(files, remote(there("1", "Old")), state=owned(resource("a", "1", name="Old")))

    assert [(each.address, each.kind) for each in plan.actions] == [
        ("audience.a", ActionKind.UPDATE),
        ("audience.b", ActionKind.CREATE),
    ]


def test_names_swapped_between_two_audiences_are_two_renames() -> None:
    files = desired(audience("a", name="B"), audience("b", name="A"))
    state = owned(resource("a", "1"), resource("b", "2"))

    plan = planned(files, remote(there("1", "A"), there("2", "B")), state=state)

    assert plan.errors == ()
    assert [(each.kind, each.changes) for each in plan.actions] == [
        (ActionKind.UPDATE, (Change("name", "A", "B"),)),
        (ActionKind.UPDATE, (Change("name", "B", "A"),)),
    ]


def test_what_is_the_same_everywhere_is_left_alone() -> None:
    plan = planned(desired(audience()), remote(there()), state=owned(resource(members=delivered())))

    assert only(plan).kind is ActionKind.NOOP
    assert not plan.has_changes


def test_people_who_come_and_go_are_an_update_that_counts_them() -> None:
    plan = planned(
        desired(audience()),
        remote(there()),
        state=owned(resource(members=delivered(2000))),
        members={"buyers": facts(2100, add=150, remove=50)},
    )

    action = only(plan)
    assert action.kind is ActionKind.UPDATE
    assert action.changes == ()
    assert action.reason == "its people changed"
    assert action.members is not None
    assert (action.members.users_before, action.members.users) == (2000, 2100)
    assert (action.members.add, action.members.remove) == (150, 50)


def test_what_was_never_filled_is_filled() -> None:
    plan = planned(desired(audience()), remote(there()), state=owned(resource()), members={"buyers": NEVER_DELIVERED})

    action = only(plan)
    assert action.kind is ActionKind.UPDATE
    assert action.members is not None
    assert action.members.users_before is None


@pytest.mark.parametrize(
    ("changed", "change"),
    [
        (audience(name="Big buyers"), Change("name", "Buyers", "Big buyers")),
        (audience(identities=(Identity.IDFA, Identity.GAID)), Change("identities", ("idfa",), ("idfa", "gaid"))),
        (audience(lifecycle=Lifecycle(prevent_destroy=True)), Change("prevent_destroy", before=False, after=True)),
    ],
)
def test_an_attribute_that_tiktok_can_change_is_updated_in_place(changed: Audience, change: Change) -> None:
    action = only(planned(desired(changed), remote(there()), state=owned(resource())))

    assert action.kind is ActionKind.UPDATE
    assert action.changes == (change,)
    assert action.reason == "its declaration changed"


def test_a_list_that_changed_is_shown_whole() -> None:
    files = desired(audience(identities=(Identity.GAID, Identity.EMAIL)))
    state = owned(resource(identities=("idfa", "gaid", "phone")))

    (change,) = only(planned(files, remote(there()), state=state)).changes

    assert change == Change("identities", ("idfa", "gaid", "phone"), ("gaid", "email"))


def test_a_rename_behind_the_files_is_undone_and_said() -> None:
    action = only(planned(desired(audience()), remote(there(name="Renamed")), state=owned(resource())))

    assert action.kind is ActionKind.UPDATE
    assert action.changes == (Change("name", "Renamed", "Buyers"),)
    assert action.reason == "renamed outside of reconciler"


def test_a_delivery_that_was_interrupted_goes_on_even_if_nothing_differs() -> None:
    state = owned(resource(members=delivered()), pending=[begun_delivery()])

    action = only(planned(desired(audience()), remote(there()), state=state))

    assert action.kind is ActionKind.UPDATE
    assert action.reason == "goes on with an interrupted delivery"


def test_a_delivery_interrupted_elsewhere_changes_nothing_here() -> None:
    state = owned(resource(members=delivered()), pending=[begun_delivery("other", "2")])

    assert only(planned(desired(audience()), remote(there()), state=state)).kind is ActionKind.NOOP


# No longer declared


def test_what_is_no_longer_declared_is_deleted() -> None:
    action = only(planned(desired(), remote(there()), state=owned(resource())))

    assert action.kind is ActionKind.DELETE
    assert action.audience_id == "1"
    assert action.after is None
    assert action.before is not None
    assert action.before.name == "Buyers"


def test_what_is_no_longer_declared_in_an_account_no_longer_named_is_deleted_there() -> None:
    state = owned(resource(advertiser_id=FORMER))

    action = only(planned(desired(), remote(there(), account=FORMER), state=state))

    assert action.kind is ActionKind.DELETE
    assert (action.advertiser, action.advertiser_id) == (FORMER, FORMER)


def test_what_is_no_longer_declared_nor_there_is_forgotten() -> None:
    action = only(planned(desired(), state=owned(resource())))

    assert action.kind is ActionKind.FORGET
    assert action.reason == "no longer declared, and no longer on TikTok"


@pytest.mark.parametrize(("destroy", "kind"), [(False, ActionKind.FORGET), (True, ActionKind.DELETE)])
def test_removed_says_whether_it_stays_on_tiktok(*, destroy: bool, kind: ActionKind) -> None:
    files = desired(removed={"buyers": destroy})

    assert only(planned(files, remote(there()), state=owned(resource()))).kind is kind


def test_removed_and_gone_is_forgotten() -> None:
    files = desired(removed={"buyers": True})

    assert only(planned(files, state=owned(resource()))).kind is ActionKind.FORGET


def test_removed_does_nothing_to_what_is_still_declared() -> None:
    files = desired(audience(), removed={"buyers": False})

    assert only(planned(files, remote(there()), state=owned(resource(members=delivered())))).kind is ActionKind.NOOP


def test_removed_does_nothing_once_it_has_happened() -> None:
    assert planned(desired(removed={"buyers": False}), remote(there())).actions == ()


def test_what_is_neither_declared_nor_owned_is_never_touched() -> None:
    plan = planned(desired(), remote(there(), there("2", "Other"), there("3", kind=AudienceKind.LOOKALIKE)))

    assert plan.actions == ()
    assert plan.diagnostics == ()


# Without people


def test_skipping_members_plans_structure_alone() -> None:
    files = desired(audience(name="New name"), audience("fresh"))
    state = owned(resource(members=delivered()))

    plan = planned(files, remote(there()), state=state, skip_members=True)

    assert plan.skipped_members
    assert [(each.kind, each.members) for each in plan.actions] == [
        (ActionKind.UPDATE, None),
        (ActionKind.CREATE, None),
    ]


def test_skipping_members_leaves_an_interrupted_delivery_for_later() -> None:
    state = owned(resource(members=delivered()), pending=[begun_delivery()])

    plan = planned(desired(audience()), remote(there()), state=state, skip_members=True)

    assert only(plan).kind is ActionKind.NOOP


def test_a_plan_says_at_which_state_it_was_made() -> None:
    plan = planned(desired(audience()), members={"buyers": UNCHANGED})

    assert (plan.plan_id, plan.lineage, plan.serial, plan.skipped_members) == ("plan", "lineage", 7, False)
