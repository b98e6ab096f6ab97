"""What an apply does to the state before its first action: what interrupted creates made, and moves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.apply.begin import begun
from reconciler.plan.model import Action, ActionKind
from reconciler.state.model import Run
from reconciler.tiktok.model import Lack
from tests.apply.pieces import (
    ADDRESS,
    account,
    action,
    attributes,
    create_begun,
    delivery_begun,
    deposed_address,
    owned,
    plan_of,
    resource,
    there,
)
from tests.apply.world import EU, US

CREATE, UPDATE, REPLACE, DELETE = ActionKind.CREATE, ActionKind.UPDATE, ActionKind.REPLACE, ActionKind.DELETE
FORGET, NOOP = ActionKind.FORGET, ActionKind.NOOP


def test_the_run_is_noted_with_the_serial_its_plan_was_made_at() -> None:
    assert begun(plan_of(), owned(), {}).run == Run("plan", 7)


def test_a_move_takes_the_resource_and_its_delivery_along() -> None:
    moved = action(NOOP, "audience.new", previous_address=ADDRESS)
    state = begun(plan_of(moved), owned(resource(), pending=[delivery_begun()]), account(there()))

    assert state.resources.keys() == {"audience.new"}
    assert [each.address for each in state.pending] == ["audience.new"]


def test_a_move_that_was_made_is_not_made_again() -> None:
    plan = plan_of(action(NOOP, "audience.new", previous_address=ADDRESS))
    once = begun(plan, owned(resource()), account(there()))

    assert begun(plan, once, account(there())) == once


def test_a_rename_that_came_through_unnoticed_is_written_down() -> None:
    state = begun(plan_of(action(NOOP)), owned(resource(name="Old name")), account(there()))
    assert state.resources[ADDRESS].name == "Buyers"


def test_a_name_that_is_yet_to_be_given_is_not_written_down() -> None:
    state = begun(plan_of(action(UPDATE)), owned(resource(name="Old name")), account(there("1", "Old name")))
    assert state.resources[ADDRESS].name == "Old name"


@pytest.mark.parametrize("kind", [UPDATE, DELETE, FORGET, REPLACE])
def test_what_the_plan_saw_an_interrupted_create_make_is_ours(kind: ActionKind) -> None:
    state = begun(plan_of(action(kind)), owned(pending=[create_begun()]), account(there()))

    assert state.resources[ADDRESS].audience_id == "1"
    assert state.pending == ()


def test_what_it_was_to_replace_is_deposed() -> None:
    plan = plan_of(action(UPDATE, audience_id="2"), action(DELETE, deposed_address("1")))
    state = begun(plan, owned(resource(), pending=[create_begun()]), account(there("1"), there("2")))

    assert state.resources[ADDRESS].audience_id == "2"
    assert [old.audience_id for old in state.resources[ADDRESS].deposed] == ["1"]


def test_what_it_was_to_replace_and_is_gone_is_not_deposed() -> None:
    plan = plan_of(action(UPDATE, audience_id="2"))
    state = begun(plan, owned(resource(), pending=[create_begun()]), account(there("2")))

    assert state.resources[ADDRESS].deposed == ()


def test_what_an_interrupted_create_made_moves_with_its_address() -> None:
    plan = plan_of(action(UPDATE, "audience.new", previous_address=ADDRESS))
    state = begun(plan, owned(pending=[create_begun()]), account(there()))

    assert {address: each.audience_id for address, each in state.resources.items()} == {"audience.new": "1"}


@pytest.mark.parametrize(
    "planned",
    [
        pytest.param([action(CREATE, after=attributes("Other"))], id="a create under another name"),
        pytest.param([action(CREATE, advertiser_id=EU, after=attributes(advertiser_id=EU))], id="another account"),
        pytest.param([action(UPDATE)], id="an update of what it was to replace"),
        pytest.param([action(DELETE)], id="a delete of what it was to replace"),
        pytest.param([action(NOOP)], id="nothing to be done there"),
        pytest.param([], id="nothing said about it"),
    ],
)
def test_an_interrupted_create_that_made_nothing_and_is_no_longer_wanted_is_dropped(planned: list[Action]) -> None:
    remotes = account(there()) | account(advertiser_id=EU)
    state = begun(plan_of(*planned), owned(resource(), pending=[create_begun("Lost")]), remotes)

    assert state.pending == ()


@pytest.mark.parametrize("kind", [CREATE, REPLACE])
def test_an_interrupted_create_that_the_plan_repeats_is_kept_until_it_is_repeated(kind: ActionKind) -> None:
    intent = create_begun()

    assert begun(plan_of(action(kind)), owned(pending=[intent]), account()).pending == (intent,)
    assert begun(plan_of(action(kind)), owned(pending=[intent]), account(there("9"))).pending == (intent,)


def test_what_turned_up_after_the_plan_is_left_to_the_next_plan() -> None:
    before = owned(resource(), pending=[create_begun()])
    state = begun(plan_of(action(UPDATE)), before, account(there("1"), there("2")))

    assert (state.resources, state.pending) == (before.resources, before.pending)


def test_one_of_several_is_not_chosen() -> None:
    before = owned(pending=[create_begun()])
    state = begun(plan_of(action(UPDATE)), before, account(there("1"), there("2")))

    assert (state.resources, state.pending) == ({}, before.pending)


def test_what_is_not_targeted_stays_as_it_is() -> None:
    before = owned(pending=[create_begun()])
    plan = plan_of(action(CREATE, "audience.other"), targets=("audience.other",))

    assert begun(plan, before, account()).pending == before.pending


def test_nothing_is_decided_about_an_account_that_was_not_read() -> None:
    before = owned(resource(advertiser_id=EU), pending=[create_begun()])

    assert begun(plan_of(), before, account()).pending == before.pending
    assert begun(plan_of(), before, account(advertiser_id=EU)).pending == before.pending
    assert begun(plan_of(), before, account() | account(advertiser_id=EU)).pending == ()


def test_nothing_is_decided_about_an_account_that_could_not_be_read() -> None:
    before = owned(pending=[create_begun()])
    unreadable = {each: replace(found, unreadable=Lack("no access", "Ask.")) for each, found in account().items()}

    assert begun(plan_of(), before, unreadable).pending == before.pending


def test_deliveries_under_way_are_no_creates() -> None:
    before = owned(resource(), pending=[delivery_begun()])

    assert begun(plan_of(action(DELETE)), before, account(there())).pending == before.pending


def test_known_audiences_of_the_name_are_not_what_it_made() -> None:
    plan = plan_of(action(UPDATE, audience_id="9"))
    state = begun(plan, owned(pending=[create_begun(known_ids=("9",))]), account(there("9")))

    assert state.resources == {}


def test_it_is_the_accounts_own_audience_that_is_adopted() -> None:
    plan = plan_of(action(UPDATE, audience_id="9", advertiser_id=US))
    state = begun(plan, owned(pending=[create_begun()]), account() | account(there("9"), advertiser_id=EU))

    assert state.resources == {}
