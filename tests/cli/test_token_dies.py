"""A token of no use, before or in the middle of an apply: what it acts for waits, and everything else goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.apply import run
from tests.cli.two_accounts import WRITER, advertisers, declare

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.project import Project


@pytest.fixture
def two(served: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Two accounts with a token and an audience each, applied."""
    served.tiktok.add_token(WRITER, [served.account])
    monkeypatch.setenv("ACME_TOKEN", WRITER)
    project = served.structure()
    declare(project, {"kept": "Kept"})
    project.apply()
    return project


def dying(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let acme's token die once an apply has read the accounts, right before its first action."""
    begin = run.apply

    async def dies_first(*args: Any, **kwargs: Any) -> Any:
        project.tiktok.revoke_token(WRITER)
        return await begin(*args, **kwargs)

    monkeypatch.setattr(run, "apply", dies_first)


def test_the_death_of_one_token_in_the_middle_stops_its_accounts_and_no_other(
    two: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(two, {"kept": "Kept", "new": "New", "newer": "Newer"})
    dying(two, monkeypatch)
    ran = two("apply", "--auto-approve", "--format", "json")
    assert ran.code == 1
    statuses = {each["address"].removeprefix("audience."): each["status"] for each in ran.document["outcomes"]}
    assert statuses == {
        "acme_new": "failed",
        "acme_newer": "skipped",
        "globex_new": "done",
        "globex_newer": "done",
    }
    assert sorted(two.names(two.other_account)) == ["Kept", "New", "Newer"]
    assert two.names() == ["Kept"]


def test_whoever_comes_back_with_a_living_token_gets_the_rest(two: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(two, {"kept": "Kept", "new": "New"})
    with monkeypatch.context() as dead:
        dying(two, dead)
        assert two("apply", "--auto-approve").code == 1
    two.tiktok.add_token("another-token-of-acme", [two.account])
    monkeypatch.setenv("ACME_TOKEN", "another-token-of-acme")
    two.apply()
    assert two.names() == ["Kept", "New"]


def test_what_is_done_in_the_state_alone_needs_no_living_token(two: Project) -> None:
    removed = [{"from": "audience.acme_kept", "destroy": False}]
    two.declare(
        {"globex_kept": {"name": "Kept", "advertiser": "globex"}}, advertisers=advertisers(two), removed=removed
    )
    assert two("plan", "--out", "plan.json").code == 0
    two.tiktok.revoke_token(WRITER)
    assert two.run("apply", "plan.json").code == 0
    assert two("state list").out.split() == ["audience.globex_kept"]


@pytest.mark.parametrize("command", [("drift",), ("apply", "--refresh-only")], ids=["drift", "refresh_only"])
@pytest.mark.parametrize("target", [(), ("--target", "audience.acme_kept")], ids=["all", "target"])
def test_an_account_nobody_can_look_into_is_never_said_to_be_in_order(
    two: Project, command: tuple[str, ...], target: tuple[str, ...]
) -> None:
    two.tiktok.revoke_token(WRITER)
    ran = two(*command, *target)
    assert ran.code != 0
    assert "No drift" not in ran.text
    if command == ("drift",):
        assert "cannot be read" in ran.text


def test_another_account_is_told_of_as_ever(two: Project) -> None:
    two.tiktok.revoke_token(WRITER)
    assert two("drift", "--target", "audience.globex_kept").code == 0


def test_skipping_what_is_blocked_is_no_success_where_nobody_could_look(two: Project) -> None:
    two.tiktok.revoke_token(WRITER)
    ran = two("apply", "--auto-approve", "--skip-blocked", "--format", "json")
    assert ran.code == 1
    (blocked,) = ran.document["outcomes"]
    assert (blocked["address"], blocked["status"]) == ("audience.acme_kept", "blocked")


def test_status_knows_nothing_of_an_account_that_cannot_be_read(two: Project) -> None:
    two.tiktok.revoke_token(WRITER)
    ran = two("status")
    assert ran.code == 1
    assert "unknown" in ran.out
    assert "not there" not in ran.out
    rows = {each["address"]: each["is_known"] for each in two("status", "--format", "json").document["audiences"]}
    assert rows == {"audience.acme_kept": False, "audience.globex_kept": True}


def test_a_token_that_cannot_be_one_keeps_nobody_else_waiting(two: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOK_ACCESS_TOKEN", "not a token")
    declare(two, {"kept": "Kept", "new": "New"})
    ran = two("apply", "--auto-approve", "--skip-blocked")
    assert ran.code == 1
    assert "its access token cannot be used" in ran.text
    assert two.names() == ["Kept", "New"]


def across(project: Project, advertiser: str) -> None:
    project.declare({"x": {"name": "X", "advertiser": advertiser}}, advertisers=advertisers(project))


@pytest.fixture
def in_globex(two: Project) -> Project:
    """One audience with its people in globex, declared to be in acme from now on; people are looked at."""
    project = replace(two, skip_members=False)
    across(project, "globex")
    project.apply()
    across(project, "acme")
    return project


def test_what_is_replaced_without_a_look_at_people_stays_until_the_new_one_is_filled(in_globex: Project) -> None:
    (old,) = in_globex.tiktok.audiences(in_globex.other_account)
    told = in_globex("apply", "--auto-approve", "--skip-members")
    assert told.code == 0
    assert "stays" in told.text
    for _ in range(2):
        again = in_globex("apply", "--auto-approve", "--skip-members")
        assert again.code == 0
        assert "until the new one is filled" in again.text
        assert [each.audience_id for each in in_globex.tiktok.audiences(in_globex.other_account)] == [old.audience_id]

    in_globex.apply()
    (new,) = in_globex.tiktok.audiences(in_globex.account)
    assert in_globex.tiktok.audiences(in_globex.other_account) == ()
    assert in_globex.tiktok.members(new.audience_id) == in_globex.hashed()


def refuse_to_fill(project: Project) -> None:
    project.tiktok.set_role(project.account, "ANALYST", token=WRITER)


def take_the_account_away(project: Project) -> None:
    project.tiktok.withdraw(project.account, token=WRITER)


def take_the_token_away(project: Project) -> None:
    project.tiktok.revoke_token(WRITER)


@pytest.mark.parametrize("hinder", [refuse_to_fill, take_the_account_away, take_the_token_away])
@pytest.mark.parametrize("is_saved", [True, False], ids=["saved_plan", "fresh_plan"])
def test_what_was_replaced_stays_while_the_new_one_cannot_be_filled(
    in_globex: Project, hinder: Callable[[Project], None], is_saved: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    (old,) = in_globex.tiktok.audiences(in_globex.other_account)

    async def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as before_anyone_is_sent:
        before_anyone_is_sent.setattr(run, "deliver", interrupted)
        assert in_globex("apply", "--auto-approve").code != 0
    (new,) = in_globex.tiktok.audiences(in_globex.account)
    if is_saved:
        assert in_globex("plan", "--out", "plan.json").code == 0
        hinder(in_globex)
        ran = in_globex.run("apply", "plan.json")
    else:
        hinder(in_globex)
        ran = in_globex("apply", "--auto-approve", "--skip-blocked")
    assert ran.code == 1
    assert not in_globex.tiktok.members(new.audience_id)
    assert [each.audience_id for each in in_globex.tiktok.audiences(in_globex.other_account)] == [old.audience_id]
    assert in_globex.tiktok.members(old.audience_id) == in_globex.hashed()
