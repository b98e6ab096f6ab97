"""Audiences made anew: because TikTok cannot change them in place, or because they are gone."""

from __future__ import annotations

from reconciler.config.model import Delivery
from reconciler.plan.model import ActionKind, Change
from tests.plan.conftest import (
    AD_GROUP,
    EU,
    FORMER,
    US,
    audience,
    delivered,
    desired,
    errors,
    only,
    owned,
    planned,
    remote,
    resource,
    there,
)

# Replace


def test_another_account_needs_a_new_audience() -> None:
    files = desired(audience(advertiser="eu"))

    action = only(planned(files, remote(there()), state=owned(resource(members=delivered()))))

    assert action.kind is ActionKind.REPLACE
    assert (action.advertiser, action.advertiser_id, action.audience_id) == ("eu", EU, "1")
    assert action.changes == (Change("advertiser_id", US, EU),)
    assert action.reason == "TikTok cannot change advertiser_id in place"
    assert action.members is not None
    assert (action.members.users_before, action.members.add) == (None, 2000)


def test_another_delivery_needs_a_new_audience() -> None:
    files = desired(audience(delivery=Delivery.FILE))

    action = only(planned(files, remote(there()), state=owned(resource())))

    assert action.kind is ActionKind.REPLACE
    assert action.reason == "TikTok cannot change delivery in place"


def test_a_replace_into_an_account_that_has_one_of_that_name_is_refused() -> None:
    files = desired(audience(advertiser="eu"))

    plan = planned(files, remote(there()), remote(there("9"), account=EU), state=owned(resource()))

    assert plan.actions == ()
    assert errors(plan) == ['audience.buyers: account eu already has an audience named "Buyers" (9)']


def test_a_replace_may_rename_as_well() -> None:
    files = desired(audience(advertiser="eu", name="Buyers EU"))

    action = only(planned(files, remote(there()), state=owned(resource())))

    assert action.kind is ActionKind.REPLACE
    assert {change.path for change in action.changes} == {"name", "advertiser_id"}


def test_a_replace_of_something_in_use_says_what_keeps_the_old_one() -> None:
    files = desired(audience(advertiser="eu"))

    action = only(planned(files, remote(there(), used={"1": (AD_GROUP,)}), state=owned(resource())))

    assert action.kept_by == ('ad group "Spring sale" (55) includes it',)
    assert not action.is_blocked


def test_a_replace_keeps_the_old_one_where_usage_was_not_looked_up() -> None:
    files = desired(audience(advertiser="eu"))

    action = only(planned(files, remote(there(), looked_up=False), state=owned(resource())))

    assert action.kept_by == ("what uses it was not looked up",)


def test_an_audience_whose_account_left_the_files_is_replaced_from_it() -> None:
    state = owned(resource(advertiser_id=FORMER))

    action = only(planned(desired(audience()), remote(there(), account=FORMER), state=state))

    assert action.kind is ActionKind.REPLACE
    assert action.before is not None
    assert action.before.advertiser_id == FORMER


# Gone


def test_what_was_deleted_outside_is_created_again_and_said() -> None:
    action = only(planned(desired(audience()), state=owned(resource(members=delivered()))))

    assert action.kind is ActionKind.CREATE
    assert action.reason == "1 was deleted outside of reconciler"
    assert action.audience_id == "1"
    assert action.members is not None
    assert (action.members.users_before, action.members.add) == (None, 2000)


def test_what_was_deleted_and_made_again_by_hand_is_not_made_a_third_time() -> None:
    plan = planned(desired(audience()), remote(there("73")), state=owned(resource()))

    assert plan.actions == ()
    assert 'already has an audience named "Buyers" (73)' in errors(plan)[0]
    assert "reconciler state rm audience.buyers" in plan.errors[0].detail
    assert 'import: "73"' in plan.errors[0].detail
