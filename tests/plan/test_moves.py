"""`moved`: the state follows, TikTok is not touched, and a slip of the pen deletes nothing."""

from __future__ import annotations

import itertools

import pytest

from reconciler.diagnostics import Location
from reconciler.plan.model import ActionKind, Change
from reconciler.plan.moves import follow
from tests.plan.conftest import (
    EU,
    UNCHANGED,
    at,
    audience,
    begun_create,
    begun_delivery,
    delivered,
    deposed,
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

OLD = resource("old", "1", name="Buyers", members=delivered())


def test_a_move_alone_touches_the_state_and_nothing_else() -> None:
    files = desired(audience(), moved=[("old", "buyers")])

    plan = planned(files, remote(there()), state=owned(OLD))

    action = only(plan)
    assert (action.address, action.previous_address) == ("audience.buyers", "audience.old")
    assert action.kind is ActionKind.NOOP
    assert action.reason == "moved from audience.old"
    assert plan.has_changes


def test_a_move_with_a_new_name_does_both() -> None:
    files = desired(audience(name="Big buyers"), moved=[("old", "buyers")])

    action = only(planned(files, remote(there()), state=owned(OLD)))

    assert action.kind is ActionKind.UPDATE
    assert action.previous_address == "audience.old"
    assert action.changes == (Change("name", "Buyers", "Big buyers"),)


def test_a_move_with_new_people_does_both() -> None:
    files = desired(audience(), moved=[("old", "buyers")])

    action = only(planned(files, remote(there()), state=owned(OLD), members={"buyers": facts(add=10)}))

    assert (action.kind, action.previous_address) == (ActionKind.UPDATE, "audience.old")


def test_a_move_to_another_account_moves_and_replaces() -> None:
    files = desired(audience(advertiser="eu"), moved=[("old", "buyers")])

    action = only(planned(files, remote(there()), state=owned(OLD)))

    assert (action.kind, action.previous_address) == (ActionKind.REPLACE, "audience.old")


def test_a_move_of_what_was_deleted_outside_moves_and_creates() -> None:
    files = desired(audience(), moved=[("old", "buyers")])

    action = only(planned(files, state=owned(OLD)))

    assert (action.kind, action.previous_address) == (ActionKind.CREATE, "audience.old")


@pytest.mark.parametrize("order", list(itertools.permutations([("a", "b"), ("b", "c"), ("c", "buyers")])))
@pytest.mark.parametrize("start", ["a", "b", "c"])
def test_a_chain_is_followed_to_its_end_in_whatever_order_it_is_written(
    start: str, order: tuple[tuple[str, str], ...]
) -> None:
    files = desired(audience(), moved=order)
    state = owned(resource(start, "1", name="Buyers", members=delivered()))

    action = only(planned(files, remote(there()), state=state))

    assert (action.kind, action.previous_address) == (ActionKind.NOOP, f"audience.{start}")


def test_a_move_that_has_happened_changes_nothing_more() -> None:
    files = desired(audience(), moved=[("old", "buyers")])

    plan = planned(files, remote(there()), state=owned(resource(members=delivered())))

    assert only(plan).previous_address is None
    assert not plan.has_changes


def test_a_move_whose_both_ends_the_state_holds_is_an_error_and_deletes_neither() -> None:
    place = Location("audiences.yaml", 30, 3)
    files = desired(audience(), moved=[("old", "buyers")], places={("moved", 0): place})
    state = owned(OLD, resource(audience_id="2", members=delivered()))

    plan = planned(files, remote(there(), there("2")), state=state)

    assert plan.actions == ()
    assert errors(plan) == ["cannot move audience.old to audience.buyers: the state holds both"]
    assert plan.errors[0].location == place
    assert "reconciler state rm" in plan.errors[0].detail


def test_two_that_end_at_one_address_are_an_error_and_neither_is_deleted() -> None:
    files = desired(audience(), moved=[("a", "b"), ("b", "buyers")])
    state = owned(resource("a", "1"), resource("b", "2"))

    plan = planned(files, remote(there("1", "A"), there("2", "B")), state=state)

    assert plan.actions == ()
    assert errors(plan) == [
        "cannot move audience.a to audience.buyers: another audience moves there too",
        "cannot move audience.b to audience.buyers: another audience moves there too",
    ]


def test_a_move_to_an_address_nobody_declares_is_an_error_and_deletes_nothing() -> None:
    files = desired(audience("buyers"), moved=[("old", "buyrs")])

    plan = planned(files, remote(there()), state=owned(OLD))

    assert all(each.kind is not ActionKind.DELETE for each in plan.actions)
    assert errors(plan)[0] == "cannot move audience.old to audience.buyrs: audience.buyrs is not declared"


def test_an_old_move_to_what_has_since_been_taken_out_is_history() -> None:
    files = desired(moved=[("old", "buyers")])

    action = only(planned(files, remote(there()), state=owned(resource())))

    assert (action.address, action.kind) == ("audience.buyers", ActionKind.DELETE)


@pytest.mark.parametrize(("destroy", "kind"), [(True, ActionKind.DELETE), (False, ActionKind.FORGET)])
def test_a_move_to_what_was_removed_on_purpose_since_then_is_followed(*, destroy: bool, kind: ActionKind) -> None:
    files = desired(moved=[("old", "buyers")], removed={"buyers": destroy})

    action = only(planned(files, remote(there()), state=owned(OLD)))

    assert (action.address, action.kind, action.previous_address) == ("audience.buyers", kind, "audience.old")


def test_what_was_deposed_moves_along() -> None:
    files = desired(audience(), moved=[("old", "buyers")])
    state = owned(resource("old", "1", name="Buyers", members=delivered(), deposed=(deposed("9"),)))

    plan = planned(files, remote(there(), there("9")), state=state)

    left = at(plan, "buyers (deposed 9)")
    assert left.kind is ActionKind.DELETE
    assert not left.is_blocked


def test_a_delivery_under_way_moves_along() -> None:
    files = desired(audience(), moved=[("old", "buyers")])
    state = owned(OLD, pending=[begun_delivery("old", "1")])

    action = only(planned(files, remote(there()), state=state))

    assert (action.kind, action.previous_address) == (ActionKind.UPDATE, "audience.old")
    assert action.reason == "goes on with an interrupted delivery"


def test_a_create_under_way_moves_along() -> None:
    files = desired(audience(), moved=[("old", "buyers")])
    state = owned(pending=[begun_create("old", name="Buyers")])

    action = only(planned(files, remote(there("5")), state=state))

    assert (action.kind, action.audience_id, action.previous_address) == (ActionKind.UPDATE, "5", "audience.old")
    assert action.reason == "made by an interrupted apply, found again"


def test_a_replace_under_way_that_cannot_be_told_apart_stays_undecided_at_its_new_address() -> None:
    files = desired(audience(advertiser="eu"), moved=[("old", "buyers")])
    state = owned(OLD, pending=[begun_create("old", name="Buyers", advertiser_id=EU)])

    plan = planned(files, remote(there()), remote(there("5"), there("6"), account=EU), state=state)

    assert plan.actions == ()
    assert errors(plan) == ["audience.old: an interrupted create may have made any of 2 audiences"]


def test_people_are_compared_at_the_new_address() -> None:
    files = desired(audience(), moved=[("old", "buyers")])

    plan = planned(files, remote(there()), state=owned(OLD), members={"buyers": UNCHANGED})

    members = only(plan).members
    assert members is not None
    assert members.users_before == 2000


def test_moves_that_go_in_a_circle_leave_the_state_as_it_is() -> None:
    """The configuration refuses these; whoever asks before it has done so must not wait for ever."""
    followed = follow(desired(moved=[("old", "b"), ("b", "old")]), {OLD.address: OLD})

    assert followed.resources == {"audience.old": OLD}
    assert "audience.old" in followed.refused
