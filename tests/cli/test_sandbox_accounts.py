"""Trying permission out: what `reconciler sandbox` does to accounts and to what tokens may do there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox import TOKEN

if TYPE_CHECKING:
    from tests.cli.project import Project

NOBODYS = "7000000000000000009"


def test_a_token_is_told_of_by_whose_it_is_and_never_told(project: Project) -> None:
    ran = project.run("sandbox", "tokens")

    assert ran.code == 0
    assert ran.out.startswith("Local Operator: active, scopes 3, for ")
    assert project.account in ran.out
    assert TOKEN not in ran.out + ran.err


def test_everybody_becomes_an_analyst(project: Project) -> None:
    ran = project.run("sandbox", "role", project.account, "analyst")

    assert (ran.code, ran.text) == (0, f"Everybody is now Analyst on {project.account}.")
    refused = project.run("sandbox", "role", project.account, "emperor")
    assert refused.code == 1


def test_an_account_is_withdrawn_and_given_back(project: Project) -> None:
    ran = project.run("sandbox", "withdraw", project.account)

    assert (ran.code, ran.text) == (0, f"No token may act for {project.account} any more.")
    assert project.account not in project.run("sandbox", "tokens").out
    assert project.run("sandbox", "role", project.account, "ADMIN").code == 0
    assert project.account in project.run("sandbox", "tokens").out


@pytest.mark.parametrize(
    ("scopes", "said"), [(["30", "31"], "Every token now has 30, 31."), ([], "Every token now has no scope.")]
)
def test_scopes_are_exactly_those_that_are_named(project: Project, scopes: list[str], said: str) -> None:
    ran = project.run("sandbox", "scopes", *scopes)

    assert (ran.code, ran.text) == (0, said)
    assert [each.scopes for each in project.tiktok.tokens()] == [frozenset(map(int, scopes))]


@pytest.mark.parametrize(("option", "status"), [("--expire", "expired"), ("--revoke", "revoked")])
def test_all_tokens_end_at_once(project: Project, option: str, status: str) -> None:
    ran = project.run("sandbox", "tokens", option)

    assert ran.code == 0
    assert ran.out.startswith(f"Local Operator: {status}, ")


def test_an_account_changes_in_what_is_named_alone(project: Project) -> None:
    changes = ("--status", "STATUS_LIMIT", "--currency", "EUR", "--business-center", "7100000000000000002")

    ran = project.run("sandbox", "account", project.account, *changes)
    listed = project.run("advertisers", "--sandbox", "--format", "json").document

    assert (ran.code, ran.text) == (0, f"Account {project.account} is changed.")
    (account,) = [each for each in listed["advertisers"] if each["advertiser_id"] == project.account]
    found = [account[name] for name in ("status", "currency", "timezone", "business_center_id")]
    assert found == ["STATUS_LIMIT", "EUR", "America/New_York", "7100000000000000002"]


def test_an_account_leaves_its_business_center(project: Project) -> None:
    assert project.run("sandbox", "account", project.account, "--no-business-center").code == 0

    listed = project.run("advertisers", "--sandbox", "--format", "json").document
    (account,) = [each for each in listed["advertisers"] if each["advertiser_id"] == project.account]
    assert (account["business_center_id"], account["role"]) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("account", NOBODYS, "--name", "x"), NOBODYS),
        (("account", "7000000000000000001"), "say what to change"),
        (("account", "7000000000000000001", "--business-center", "acme"), "not a Business Center id"),
        (("account", "7000000000000000001", "--business-center", "71", "--no-business-center"), "do not go together"),
        (("role", NOBODYS, "ADMIN"), NOBODYS),
        (("withdraw", NOBODYS), NOBODYS),
        (("scopes", "thirty"), "thirty"),
    ],
)
def test_what_cannot_be_is_an_error_in_words(project: Project, arguments: tuple[str, ...], said: str) -> None:
    ran = project.run("sandbox", *arguments)

    assert ran.code == 1
    assert said in ran.err
