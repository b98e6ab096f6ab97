"""``--target``: a plan for some addresses, with nothing of the others in it."""

from __future__ import annotations

import pytest

from reconciler.plan.model import ActionKind
from tests.plan.conftest import (
    AD_GROUP,
    NEVER_DELIVERED,
    audience,
    begun_create,
    delivered,
    deposed,
    desired,
    errors,
    guards_against,
    only,
    owned,
    planned,
    remote,
    resource,
    there,
    warnings,
)

FILES = desired(audience("a"), audience("b"), audience("c"))


def test_only_the_targets_are_planned() -> None:
    plan = planned(FILES, targets=["a", "c"])

    assert [each.address for each in plan.actions] == ["audience.a", "audience.c"]
    assert plan.targets == ("audience.a", "audience.c")


def test_without_targets_everything_is_planned() -> None:
    assert [each.address for each in planned(FILES).actions] == ["audience.a", "audience.b", "audience.c"]


def test_a_target_brings_what_it_deposed() -> None:
    state = owned(resource("a", "1", members=delivered(), deposed=(deposed("9"),)), resource("b", "2"))

    plan = planned(FILES, remote(there("1", "A"), there("9", "A"), there("2", "B")), state=state, targets=["a"])

    assert [each.address for each in plan.actions] == ["audience.a", "audience.a (deposed 9)"]


@pytest.mark.parametrize("target", ["old", "buyers"])
def test_a_move_can_be_targeted_by_either_end(target: str) -> None:
    files = desired(audience(), audience("b"), moved=[("old", "buyers")])
    state = owned(resource("old", "1", name="Buyers", members=delivered()))

    plan = planned(files, remote(there()), state=state, targets=[target])

    assert only(plan).previous_address == "audience.old"


def test_what_is_no_longer_declared_can_be_targeted() -> None:
    plan = planned(FILES, remote(there()), state=owned(resource()), targets=["buyers"])

    assert only(plan).kind is ActionKind.DELETE


def test_an_error_elsewhere_does_not_stop_a_target() -> None:
    taken = remote(there("73", "B"))

    assert planned(FILES, taken, targets=["a"]).errors == ()
    assert planned(FILES, taken, targets=["b"]).errors != ()


def test_a_create_that_cannot_be_settled_elsewhere_does_not_stop_a_target() -> None:
    twins = remote(there("5", "B"), there("6", "B"))
    state = owned(pending=[begun_create("b")])

    assert planned(FILES, twins, state=state, targets=["a"]).errors == ()
    assert planned(FILES, twins, state=state, targets=["b"]).errors != ()


def test_a_move_that_cannot_be_made_elsewhere_does_not_stop_a_target() -> None:
    files = desired(audience("a"), audience("b"), moved=[("old", "b")])
    state = owned(resource("old", "1"), resource("b", "2"))
    both = remote(there("1"), there("2", "B"))

    assert planned(files, both, state=state, targets=["a"]).errors == ()
    assert planned(files, both, state=state, targets=["b"]).errors != ()
    assert planned(files, both, state=state, targets=["old"]).errors != ()


def test_what_other_addresses_replaced_is_not_warned_about() -> None:
    state = owned(resource("b", "2", members=delivered(), deposed=(deposed("9"),)))
    there_now = remote(there("2", "B"), there("9", "B"), used={"9": (AD_GROUP,)})

    assert warnings(planned(FILES, there_now, state=state, targets=["a"])) == []
    assert len(warnings(planned(FILES, there_now, state=state, targets=["b"]))) == 1


def test_a_full_account_counts_only_what_the_plan_creates() -> None:
    full = remote(*(there(str(number), f"Other {number}") for number in range(1, 400)))
    members = dict.fromkeys("abc", NEVER_DELIVERED)

    assert [guards_against(each) != [] for each in planned(FILES, full, members=members).actions] == [
        False,
        True,
        True,
    ]
    assert not only(planned(FILES, full, members=members, targets=["c"])).is_blocked


def test_a_target_that_is_nowhere_is_an_error() -> None:
    plan = planned(FILES, targets=["a", "typo"])

    assert [each.address for each in plan.actions] == ["audience.a"]
    assert errors(plan) == ["no such address to target: audience.typo"]
