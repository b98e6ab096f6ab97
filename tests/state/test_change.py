"""The verbs of the state: what each changes, what it leaves alone, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.state import change
from reconciler.state.errors import AddressTakenError, InvalidAddressError, UnknownAddressError
from reconciler.state.model import Deposed, Members, PendingCreate, PendingDelivery, Place, Resource, Run, State

MORNING = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
MEMBERS = Members("ab" * 32, 10, 20, MORNING)
OLD = Deposed("7000000000000000001", "7300000000000000007", "Lapsed", MORNING)


def resource(key: str) -> Resource:
    return Resource(f"audience.{key}", "7000000000000000001", "7300000000000000042", key, "streaming", ("idfa",))


def create(key: str) -> PendingCreate:
    return PendingCreate(
        f"audience.{key}", "7000000000000000001", key, "streaming", ("idfa",), ("1",), "plan-1", MORNING
    )


def delivery(key: str, rows: int = 0) -> PendingDelivery:
    place = Place("ef" * 32, partition=1, rows=rows)
    return PendingDelivery(f"audience.{key}", "7300000000000000042", "cd" * 32, place, "plan-1", MORNING)


def owning(*keys: str) -> State:
    return State("lineage", 4, {f"audience.{key}": resource(key) for key in keys})


def test_a_resource_is_owned_at_its_address() -> None:
    assert change.with_resource(owning("a"), resource("b")) == owning("a", "b")


def test_a_resource_replaces_the_one_at_its_address() -> None:
    renamed = replace(resource("a"), name="new name")
    assert change.with_resource(owning("a"), renamed).resources == {"audience.a": renamed}


def test_the_state_before_a_change_stays_as_it_was() -> None:
    before = owning("a")
    change.with_resource(before, resource("b"))
    change.without_resource(before, "audience.a")
    assert before == owning("a")


def test_the_serial_is_left_to_the_store() -> None:
    assert change.with_resource(owning("a"), resource("b")).serial == 4


def test_a_resource_let_go_is_gone() -> None:
    assert change.without_resource(owning("a", "b"), "audience.a") == owning("b")


def test_a_resource_let_go_takes_its_delivery_along() -> None:
    state = replace(owning("a", "b"), pending=(delivery("a"), delivery("b")))
    assert change.without_resource(state, "audience.a").pending == (delivery("b"),)


def test_a_create_that_is_all_there_is_at_an_address_is_let_go() -> None:
    state = replace(owning("b"), pending=(create("a"),))
    assert change.without_resource(state, "audience.a") == owning("b")


def test_what_a_person_changed_is_gone_on_with_from_nowhere() -> None:
    state = replace(owning("a"), pending=(create("b"), delivery("a", rows=7)), run=Run("plan-1", 3))
    edited = change.edited_by_hand(state)
    assert edited.run is None
    assert edited.pending == (create("b"), replace(delivery("a"), place=None))


def test_a_resource_let_go_leaves_a_create_to_be_found() -> None:
    state = replace(owning("a"), pending=(create("a"),))
    assert change.without_resource(state, "audience.a").pending == (create("a"),)


def test_letting_go_of_nothing_is_refused() -> None:
    with pytest.raises(UnknownAddressError):
        change.without_resource(owning("a"), "audience.b")


@pytest.mark.parametrize("written", ["audience.lapsed_buyer", "lapsed_buyers", "audience.lasped_buyers"])
def test_an_unknown_address_brings_up_the_one_that_was_meant(written: str) -> None:
    with pytest.raises(UnknownAddressError) as caught:
        change.resource_at(owning("lapsed_buyers", "vip"), written)
    assert caught.value.suggestions == ("audience.lapsed_buyers",)
    assert caught.value.hint == "Did you mean audience.lapsed_buyers?"


def test_an_address_like_no_other_brings_up_the_list() -> None:
    with pytest.raises(UnknownAddressError) as caught:
        change.resource_at(owning("lapsed_buyers", "vip"), "audience.q4_2019")
    assert caught.value.suggestions == ()
    assert "state list" in (caught.value.hint or "")


def test_a_move_changes_the_address_and_nothing_else() -> None:
    moved = change.moved(owning("a", "b"), "audience.a", "audience.c")
    assert moved.resources == {
        "audience.b": resource("b"),
        "audience.c": replace(resource("a"), address="audience.c"),
    }


def test_a_move_takes_along_what_is_pending() -> None:
    state = replace(owning("a"), pending=(create("a"), delivery("a", 5), delivery("b")))
    moved = change.moved(state, "audience.a", "audience.c").pending
    assert [each.address for each in moved] == ["audience.c", "audience.c", "audience.b"]
    assert moved[1] == replace(delivery("a", 5), address="audience.c")


def test_a_move_back_restores_the_state() -> None:
    state = replace(owning("a", "b"), pending=(delivery("a"),))
    assert change.moved(change.moved(state, "audience.a", "audience.c"), "audience.c", "audience.a") == state


def test_a_move_from_nowhere_is_refused() -> None:
    with pytest.raises(UnknownAddressError):
        change.moved(owning("a"), "audience.b", "audience.c")


def test_a_move_onto_a_resource_is_refused() -> None:
    with pytest.raises(AddressTakenError):
        change.moved(owning("a", "b"), "audience.a", "audience.b")


def test_a_move_onto_a_create_under_way_is_refused() -> None:
    with pytest.raises(AddressTakenError):
        change.moved(replace(owning("a"), pending=(create("b"),)), "audience.a", "audience.b")


@pytest.mark.parametrize("address", ["b", "audience.", "audience.B", "audience.b.c", "source.b", "audience.b\n"])
def test_a_move_to_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidAddressError):
        change.moved(owning("a"), "audience.a", address)


def test_an_ended_delivery_becomes_the_snapshot_and_is_pending_no_more() -> None:
    state = replace(owning("a"), pending=(delivery("a", 9), delivery("b")))
    delivered = change.with_members(state, "audience.a", MEMBERS)
    assert delivered.resources["audience.a"].members == MEMBERS
    assert delivered.pending == (delivery("b"),)


def test_a_delivery_of_nothing_new_becomes_the_snapshot_too() -> None:
    assert change.with_members(owning("a"), "audience.a", MEMBERS).resources["audience.a"].members == MEMBERS


def test_a_deposed_audience_is_remembered_once() -> None:
    once = change.with_deposed(owning("a"), "audience.a", OLD)
    assert once.resources["audience.a"].deposed == (OLD,)
    assert change.with_deposed(once, "audience.a", OLD) == once


def test_a_deposed_audience_that_is_gone_is_forgotten() -> None:
    state = change.with_deposed(owning("a"), "audience.a", OLD)
    assert change.without_deposed(state, "audience.a", OLD.audience_id) == owning("a")


def test_progress_replaces_the_entry_it_moves_on() -> None:
    state = change.with_pending(change.with_pending(owning("a"), delivery("a", 0)), delivery("a", 1000))
    assert state.pending == (delivery("a", 1000),)


def test_a_create_and_a_delivery_at_one_address_stand_side_by_side() -> None:
    state = change.with_pending(change.with_pending(owning("a"), delivery("a")), create("a"))
    assert state.pending == (delivery("a"), create("a"))


def test_a_pending_entry_is_cleared_however_far_it_got() -> None:
    state = replace(owning("a"), pending=(delivery("a", 5000), create("a")))
    assert change.without_pending(state, delivery("a", 0)).pending == (create("a"),)


def test_a_pending_create_is_found_by_address() -> None:
    state = replace(owning("a"), pending=(create("a"), delivery("a"), delivery("b")))
    assert change.pending_create(state, "audience.a") == create("a")
    assert change.pending_create(state, "audience.b") is None


def test_deliveries_of_several_sets_to_one_audience_stand_side_by_side_until_one_ends() -> None:
    first, second = delivery("a", 3000), replace(delivery("a"), target="f" * 64)
    state = change.with_pending(change.with_pending(owning("a"), first), second)
    assert change.deliveries_to(state, first.audience_id) == (first, second)
    assert change.with_members(state, "audience.a", MEMBERS).pending == ()


def test_the_delivery_that_sent_last_is_the_last_one() -> None:
    first, second = delivery("a", 3000), replace(delivery("a"), target="f" * 64)
    state = change.with_pending(change.with_pending(owning("a"), first), second)
    assert change.deliveries_to(change.with_pending(state, first), first.audience_id) == (second, first)


def test_a_run_is_noted_and_cleared() -> None:
    under_way = change.with_run(owning("a"), Run("plan-1", 4))
    assert under_way.run == Run("plan-1", 4)
    assert change.with_run(under_way, None) == owning("a")


@given(
    st.lists(st.builds(delivery, st.sampled_from("abc"), st.integers(0, 9)) | st.builds(create, st.sampled_from("abc")))
)
def test_at_most_one_entry_of_a_kind_stands_at_an_address(noted: list[PendingCreate | PendingDelivery]) -> None:
    state = owning()
    for each in noted:
        state = change.with_pending(state, each)
    kinds = [(type(each), each.address) for each in state.pending]  # each delivers the same set here
    assert len(kinds) == len(set(kinds))
    assert set(state.pending) == {each for each in noted if each == _last_of_its_kind(noted, each)}


def _last_of_its_kind(
    noted: list[PendingCreate | PendingDelivery], entry: PendingCreate | PendingDelivery
) -> PendingCreate | PendingDelivery:
    return [each for each in noted if type(each) is type(entry) and each.address == entry.address][-1]
