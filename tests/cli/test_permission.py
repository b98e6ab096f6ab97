"""Whose token it is, and what is said where it may not do what the files want."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox import TOKEN

if TYPE_CHECKING:
    from tests.cli.project import Project


def test_an_analyst_is_refused_at_plan_with_the_role_that_is_needed(anywhere: Project) -> None:
    project = anywhere.structure()
    project.tiktok.set_role(project.account, "ANALYST")
    planned = project("plan")
    assert planned.code == 1
    assert "your role is Analyst" in planned.text
    assert "Operator or Admin" in planned.text
    assert project("apply", "--auto-approve").code == 1
    assert project.names() == []


@pytest.mark.parametrize("role", ["OPERATOR", "ADMIN"])
def test_the_roles_that_may_write_do(project: Project, role: str) -> None:
    project = project.structure()
    project.tiktok.set_role(project.account, role)
    project.apply()
    assert project.names() == ["Buyers"]


def test_an_analyst_who_has_nothing_to_write_may_look(project: Project) -> None:
    project = project.structure()
    project.apply()
    project.tiktok.set_role(project.account, "ANALYST")
    project.assert_settled()


def test_a_role_that_was_taken_after_the_plan_stops_the_apply(project: Project) -> None:
    project = project.structure()
    assert project("plan", "--out", "plan.json").code == 0
    project.tiktok.set_role(project.account, "ANALYST")
    refused = project.run("apply", *project.options, "plan.json")
    assert refused.code == 1
    assert "Operator or Admin" in refused.text
    assert project.names() == []


@pytest.mark.parametrize("end", ["expire_token", "revoke_token"])
def test_a_dead_token_says_to_log_in_again(anywhere: Project, end: str) -> None:
    getattr(anywhere.tiktok, end)()
    for command in ("plan", "apply", "drift", "status"):
        refused = anywhere(command, *(("--auto-approve",) if command == "apply" else ()))
        assert refused.code == 1
        assert refused.out == ""
        assert "Log in again" in refused.text
    assert anywhere.names() == []


def test_a_disabled_account_is_refused_at_plan_with_its_status(project: Project) -> None:
    project = project.structure()
    project.tiktok.set_status(project.account, "STATUS_DISABLE")
    planned = project("plan")
    assert planned.code == 1
    assert "the account's status is STATUS_DISABLE" in planned.text
    assert project("apply", "--auto-approve").code == 1
    assert project.names() == []


def test_an_account_outside_a_business_center_is_only_warned_about(project: Project) -> None:
    project = project.structure()
    project.tiktok.outside_business_center(project.account)
    planned = project("plan", "--format", "json")
    assert planned.code == 0
    (finding,) = planned.document["diagnostics"]
    assert finding["severity"] == "warning"
    assert f"your role on {project.account} cannot be read" in finding["summary"]
    project.apply()
    assert project.names() == ["Buyers"]


def test_a_token_without_the_scope_to_write_is_told_what_it_lacks(project: Project) -> None:
    project = project.structure()
    project.tiktok.set_scopes(TOKEN, [30])
    refused = project("apply", "--auto-approve")
    assert refused.code == 1
    assert "31 to write" in refused.text
    assert project.names() == []


def test_an_account_the_token_may_not_act_for_is_named(served: Project) -> None:
    served.declare({"buyers": {"name": "Buyers"}}, advertisers={"acme": {"advertiser_id": "7000000000000000009"}})
    refused = served("plan", "--skip-members")
    assert refused.code == 1
    assert "7000000000000000009" in refused.text


def test_a_missing_token_says_where_to_put_one(served: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIKTOK_ACCESS_TOKEN")
    refused = served("plan")
    assert refused.code == 1
    assert "TIKTOK_ACCESS_TOKEN" in refused.text
    assert "--sandbox" in refused.text


def test_each_account_is_called_with_its_own_token(served: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    served.tiktok.add_token("the-token-of-globex", [served.other_account])
    monkeypatch.setenv("GLOBEX_TOKEN", "the-token-of-globex")
    served.declare(
        {"ours": {"name": "Ours"}, "theirs": {"name": "Theirs", "advertiser": "globex"}},
        advertisers={
            "acme": {"advertiser_id": served.account},
            "globex": {"advertiser_id": served.other_account, "access_token": "${GLOBEX_TOKEN}"},
        },
    )
    project = served.structure()
    project.apply()
    assert (project.names(), project.names(project.other_account)) == (["Ours"], ["Theirs"])
    project.tiktok.revoke_token("the-token-of-globex")
    refused = project("plan")
    assert refused.code == 1
    assert project.other_account in refused.text
