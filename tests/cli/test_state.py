"""`state …`, and what `moved` and `removed` do to it: nothing of which touches TikTok."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from reconciler.state import change
from reconciler.state.model import Deposed
from reconciler.state.repository import open_state
from tests.cli.project import ACCOUNT

if TYPE_CHECKING:
    from tests.cli.project import Project


@pytest.fixture
def owner(project: Project) -> Project:
    """A project that manages two audiences, and has a log of requests that is empty."""
    project = project.structure()
    project.declare({"buyers": {"name": "Buyers"}, "sellers": {"name": "Sellers"}})
    project.apply()
    project.tiktok.clear_requests()
    return project


def test_list_and_show_tell_what_is_managed(owner: Project) -> None:
    assert owner("state list").out == "audience.buyers\naudience.sellers\n"
    assert owner("state list", "--format", "json").document == {
        "addresses": ["audience.buyers", "audience.sellers"],
        "interrupted": [],
    }
    shown = owner("state show", "audience.buyers").document
    assert shown["audience_id"] == owner.audience_id("Buyers")
    assert (shown["address"], shown["name"], shown["delivery"]) == ("audience.buyers", "Buyers", "streaming")
    assert owner.tiktok.requests() == ()


def test_mv_gives_another_address(owner: Project) -> None:
    before = owner.audience_id("Buyers")
    assert owner("state mv", "audience.buyers", "audience.customers").code == 0
    owner.declare({"customers": {"name": "Buyers"}, "sellers": {"name": "Sellers"}})
    owner.assert_settled()
    assert owner("state show", "audience.customers").document["audience_id"] == before


def test_rm_lets_go_and_leaves_it_on_tiktok(owner: Project) -> None:
    ran = owner("state rm", "audience.buyers", "audience.sellers")
    assert ran.code == 0
    assert owner.audience_id("Buyers") in ran.err
    assert owner("state list").out == ""
    assert owner.names() == ["Buyers", "Sellers"]
    assert owner.tiktok.requests() == ()


def test_rm_names_what_was_replaced_and_stays_too(owner: Project) -> None:
    old = Deposed(ACCOUNT, "7300000000000000007", "Former", datetime(2026, 3, 1, tzinfo=UTC))
    store = open_state(str(owner.folder / ".reconciler" / "sandbox-state"))
    with store.lock("test"):
        state = store.open()
        state.save(change.with_deposed(state.state, "audience.buyers", old))

    ran = owner("state rm", "audience.buyers", "audience.buyers")
    assert ran.code == 0
    assert f'{owner.audience_id("Buyers")} ("Buyers") and 7300000000000000007 ("Former") stay.' in ran.text


def test_rm_of_several_does_all_or_nothing(owner: Project) -> None:
    assert owner("state rm", "audience.buyers", "audience.nobody").code == 1
    assert owner("state list").out == "audience.buyers\naudience.sellers\n"


@pytest.mark.parametrize(
    ("command", "arguments", "reason"),
    [
        ("state show", ["audience.byers"], "Did you mean audience.buyers?"),
        ("state rm", ["buyers"], "Did you mean audience.buyers?"),
        ("state mv", ["audience.nobody", "audience.x"], "the state has no audience.nobody"),
        ("state mv", ["audience.buyers", "audience.sellers"], "already has audience.sellers"),
        ("state mv", ["audience.buyers", "Customers"], "is not an address"),
        ("state unlock", ["4d3c"], "the state is not locked"),
    ],
)
def test_a_slip_of_the_hand_changes_nothing(owner: Project, command: str, arguments: list[str], reason: str) -> None:
    refused = owner(command, *arguments)
    assert refused.code == 1
    assert reason in refused.text
    assert owner("state list").out == "audience.buyers\naudience.sellers\n"


def test_unlock_removes_the_lock_that_is_named_and_no_other(owner: Project) -> None:
    store = open_state(str(owner.folder / ".reconciler" / "sandbox-state"))
    with store.lock("a run that hangs", who="ann@example.com") as held:
        wrong = owner("state unlock", "00000000-0000-4000-8000-000000000000")
        assert wrong.code == 1
        assert held.lock.id in wrong.text
        right = owner("state unlock", held.lock.id)
        assert right.code == 0
        assert "ann@example.com" in right.text
        assert store.read_lock() is None


def test_moved_in_the_files_does_what_mv_does(owner: Project) -> None:
    before = owner.audience_id("Buyers")
    owner.declare(
        {"customers": {"name": "Buyers"}, "sellers": {"name": "Sellers"}},
        moved=[{"from": "audience.buyers", "to": "audience.customers"}],
    )
    planned = owner("plan")
    assert planned.code == 0
    assert "1 to move" in planned.text
    owner.apply()
    owner.assert_settled()
    assert owner("state show", "audience.customers").document["audience_id"] == before
    assert "POST" not in {each.method for each in owner.tiktok.requests()}


def test_moved_to_an_address_that_is_taken_is_an_error(owner: Project) -> None:
    owner.declare({"sellers": {"name": "Sellers"}}, moved=[{"from": "audience.buyers", "to": "audience.sellers"}])
    refused = owner("plan")
    assert refused.code == 1
    assert "cannot move audience.buyers to audience.sellers" in refused.text
    assert owner("apply", "--auto-approve").code == 1
    assert owner("state list").out == "audience.buyers\naudience.sellers\n"


def test_removed_with_destroy_deletes_and_without_it_hands_over(owner: Project) -> None:
    owner.declare(
        {},
        removed=[{"from": "audience.buyers", "destroy": True}, {"from": "audience.sellers", "destroy": False}],
    )
    assert {each["address"]: each["action"] for each in owner.plan()["actions"]} == {
        "audience.buyers": "delete",
        "audience.sellers": "forget",
    }
    owner.apply()
    owner.assert_settled()
    assert owner.names() == ["Sellers"]
