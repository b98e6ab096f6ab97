"""Who lacks what on one account, and what that blocks: there all that it should, and elsewhere nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox import TOKEN
from tests.cli.two_accounts import WRITER, declare

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.project import Project


@pytest.fixture
def two(served: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Two accounts, each with an audience to create, one to rename, one to delete, to keep, and to hand over."""
    served.tiktok.add_token(WRITER, [served.account])
    monkeypatch.setenv("ACME_TOKEN", WRITER)
    project = served.structure()
    declare(project, {"renamed": "Old", "deleted": "Deleted", "kept": "Kept", "handed": "Handed", "moved": "Moved"})
    project.apply()
    declare(
        project,
        {"created": "Created", "renamed": "New", "kept": "Kept", "moved_on": "Moved"},
        removed=[{"from": f"audience.{at}_handed", "destroy": False} for at in ("acme", "globex")],
        moved=[{"from": f"audience.{at}_moved", "to": f"audience.{at}_moved_on"} for at in ("acme", "globex")],
    )
    return project


WRITES = {"created": "create", "renamed": "update", "deleted": "delete"}
READS = WRITES | {"kept": "noop", "moved_on": "noop"}


def an_analyst(project: Project) -> None:
    project.tiktok.set_role(project.account, "ANALYST", token=WRITER)


def a_disabled_account(project: Project) -> None:
    project.tiktok.set_status(project.account, "STATUS_DISABLE")


def a_withdrawn_account(project: Project) -> None:
    project.tiktok.withdraw(project.account, token=WRITER)


def a_token_that_may_not_read(project: Project) -> None:
    project.tiktok.set_scopes(WRITER, [31])


def a_token_that_was_taken_back(project: Project) -> None:
    project.tiktok.revoke_token(WRITER)


def an_expired_token(project: Project) -> None:
    project.tiktok.expire_token(WRITER)


@pytest.mark.parametrize(
    ("lose", "blocked", "said", "way_out"),
    [
        (an_analyst, WRITES, "your role is Analyst", "Ask a Business Center admin for Ad Account Operator or Admin"),
        (a_disabled_account, WRITES, "the account's status is STATUS_DISABLE", "Ask the account's admin"),
        (a_withdrawn_account, READS, "the token may not act for it", "access to the account"),
        (a_token_that_may_not_read, READS, "does not let its audiences be read", "read audiences"),
        (a_token_that_was_taken_back, READS, "revoked", "Log in again"),
        (an_expired_token, READS, "expired", "Log in again"),
    ],
    ids=lambda each: each.__name__ if callable(each) else "",
)
def test_what_is_lacking_blocks_there_and_nowhere_else(
    two: Project, lose: Callable[[Project], None], blocked: dict[str, str], said: str, way_out: str
) -> None:
    lose(two)
    planned = two("plan")
    assert planned.code == 1

    plan = two.plan()
    found = {each["address"]: each for each in plan["actions"]}
    stands = {address: each["blocked_by"] for address, each in found.items() if each["blocked_by"]}
    assert {address: found[address]["action"] for address in stands} == {
        f"audience.acme_{key}": kind for key, kind in blocked.items()
    }
    for (block,) in stands.values():
        assert block["guard"] == "permission"
        assert block["message"].startswith(f"acme ({two.account}): ")
        assert said in block["message"]
        assert way_out in block["way_out"]
    assert {address for address in found if "globex" in address} == {
        f"audience.globex_{key}" for key in (*READS, "handed")
    }

    assert two("apply", "--auto-approve").code == 1
    assert two.names() == two.names(two.other_account) == ["Deleted", "Handed", "Kept", "Moved", "Old"]
    assert two("apply", "--auto-approve", "--skip-blocked").code in {0, 1}
    assert two.names(two.other_account) == ["Created", "Handed", "Kept", "Moved", "New"]
    assert two.names() == ["Deleted", "Handed", "Kept", "Moved", "Old"]
    managed = two.run("state", "list").out.split()
    assert "audience.acme_handed" not in managed, "to hand over takes no permission"


@pytest.mark.parametrize("lose", [a_withdrawn_account, a_token_that_may_not_read, a_token_that_was_taken_back])
def test_drift_tells_that_it_could_not_look_and_looks_at_the_rest(
    two: Project, lose: Callable[[Project], None]
) -> None:
    two.tiktok.rename(two.audience_id("Kept", two.other_account), "Renamed by hand")
    two.tiktok.rename(two.audience_id("Kept"), "Renamed by hand too")
    lose(two)
    drift = two("drift", "--format", "json")
    assert drift.code == 2
    kinds = [(each["kind"], each["advertiser"]) for each in drift.document["drift"]]
    assert ("access", "acme") in kinds
    assert ("renamed", "globex") in kinds
    assert [kind for kind, account in kinds if account == "acme"] == ["access"]


def test_a_status_of_what_cannot_be_seen_is_unknown(two: Project) -> None:
    a_withdrawn_account(two)
    rows = two("status", "--format", "json").document["audiences"]
    told = {each["account"]: each["problem"] for each in rows}
    assert "unknown: the token may not act for it" in told["acme"]
    assert "unknown" not in told["globex"]


def test_what_is_to_be_imported_from_such_an_account_is_refused_with_the_reason(two: Project) -> None:
    a_withdrawn_account(two)
    ran = two("import", "--all", "acme")
    assert ran.code == 1
    assert f"account {two.account} cannot be read: the token may not act for it" in ran.text


@pytest.mark.parametrize("lose", [an_analyst, a_disabled_account, a_withdrawn_account, a_token_that_may_not_read])
def test_what_was_lost_after_the_plan_stops_the_apply_there(two: Project, lose: Callable[[Project], None]) -> None:
    assert two("plan", "--out", "plan.json").code == 0
    lose(two)
    applied = two.run("apply", "plan.json")
    assert applied.code == 1
    assert two.names() == ["Deleted", "Handed", "Kept", "Moved", "Old"]
    assert two.names(two.other_account) == ["Created", "Handed", "Kept", "Moved", "New"]
    two.tiktok.set_role(two.account, "ADMIN", token=WRITER)
    two.tiktok.set_status(two.account, "STATUS_ENABLE")
    two.tiktok.set_scopes(WRITER, [3])
    assert two.run("apply", "plan.json").code == 0
    assert two.names() == ["Created", "Handed", "Kept", "Moved", "New"]


def test_an_account_in_no_business_center_is_a_warning(two: Project) -> None:
    two.tiktok.outside_business_center(two.account)
    planned = two("plan")
    assert planned.code == 0
    assert f"advertiser acme: your role on {two.account} cannot be read" in planned.text


def test_one_account_without_any_token_leaves_the_other_alone(two: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIKTOK_ACCESS_TOKEN")
    found = two.plan()["actions"]
    blocked = {each["address"].split("_")[0] for each in found if each["blocked_by"]}
    assert blocked == {"audience.globex"}
    assert two("apply", "--auto-approve", "--skip-blocked").code in {0, 1}
    assert two.names() == ["Created", "Handed", "Kept", "Moved", "New"]


def test_where_no_account_can_be_reached_there_is_no_plan(two: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    two.tiktok.revoke_token(WRITER)
    two.tiktok.revoke_token(TOKEN)
    refused = two("plan")
    assert (refused.code, refused.out) == (1, "")
    assert "Log in again" in refused.text


def test_taking_an_advertiser_out_of_the_files_lists_all_that_follows(two: Project) -> None:
    two("apply", "--auto-approve")
    audiences = {f"globex_{key}": {"name": name, "advertiser": "globex"} for key, name in (("kept", "Kept"),)}
    two.declare(
        audiences,
        advertisers={"globex": {"advertiser_id": two.other_account}},
        removed=[{"from": "audience.acme_kept", "destroy": False}],
    )
    two.tiktok.set_role(two.account, "ADMIN", token=TOKEN)
    planned = two("plan")
    assert f"advertiser {two.account} is no longer declared: 3 audiences to delete, 1 to forget" in planned.text
    for address in ("created", "renamed", "moved_on"):
        assert f"delete audience.acme_{address}" in planned.text
    assert "forget audience.acme_kept" in planned.text
