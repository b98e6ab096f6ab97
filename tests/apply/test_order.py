"""In which order actions happen, and which accounts are read for them."""

from __future__ import annotations

from itertools import permutations

from reconciler.apply.order import accounts, ordered
from reconciler.plan.model import ActionKind
from tests.apply.pieces import (
    ADDRESS,
    action,
    attributes,
    create_begun,
    deposed_address,
    owned,
    plan_of,
    resource,
)
from tests.apply.world import EU, US

FORMER = "7000000000000000009"


def test_nothing_is_deleted_before_everything_else_is_filled() -> None:
    kinds = [ActionKind.IMPORT, ActionKind.UPDATE, ActionKind.CREATE, ActionKind.REPLACE, ActionKind.DELETE]
    plan = plan_of(*(action(kind, f"audience.{kind}") for kind in reversed(kinds)))

    assert [each.kind for each in ordered(plan)] == kinds


def test_equal_kinds_follow_their_addresses() -> None:
    actions = [action(ActionKind.CREATE, f"audience.{key}") for key in "abc"]

    assert all(ordered(plan_of(*mixed)) == actions for mixed in permutations(actions))


def test_what_was_deposed_goes_before_what_leads_to_it() -> None:
    for old in (ActionKind.DELETE, ActionKind.FORGET):
        for current in (ActionKind.DELETE, ActionKind.FORGET):
            first, second = action(old, deposed_address("0")), action(current)

            assert ordered(plan_of(second, first)) == [first, second], f"{old} of the old, {current} of the current"


def test_what_does_nothing_is_left_out_and_a_move_is_not() -> None:
    moved = action(ActionKind.NOOP, "audience.new", previous_address="audience.old")

    assert ordered(plan_of(action(ActionKind.NOOP), moved)) == [moved]


def test_the_accounts_are_those_an_audience_is_in_and_goes_to() -> None:
    replaced = action(ActionKind.REPLACE, after=attributes(advertiser_id=EU), advertiser_id=EU)

    assert accounts(plan_of(replaced), owned()) == {US, EU}


def test_an_account_of_which_nothing_is_to_be_done_is_not_read() -> None:
    other = resource("2", "audience.other", advertiser_id=FORMER)

    assert accounts(plan_of(action(ActionKind.UPDATE)), owned(resource(), other)) == {US}


def test_the_account_of_what_the_state_still_holds_is_read() -> None:
    created = action(ActionKind.CREATE, audience_id="1", previous_address="audience.old")
    held = resource("1", "audience.old", advertiser_id=FORMER)

    assert accounts(plan_of(created), owned(held)) == {US, FORMER}


def test_the_accounts_of_interrupted_creates_are_read() -> None:
    state = owned(resource(advertiser_id=EU), pending=[create_begun(advertiser_id=FORMER)])

    assert accounts(plan_of(action(ActionKind.CREATE, "audience.other")), state) == {US, EU, FORMER}


def test_the_account_of_an_interrupted_create_outside_the_targets_is_not_read() -> None:
    plan = plan_of(action(ActionKind.CREATE, "audience.other"), targets=("audience.other",))

    assert accounts(plan, owned(pending=[create_begun(address=ADDRESS, advertiser_id=FORMER)])) == {US}
