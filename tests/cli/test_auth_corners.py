"""Logins off the beaten path: tokens that are gone, secrets nobody has, names that are taken, files left out."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from reconciler.sandbox import TOKEN
from reconciler.tiktok.errors import PermissionDeniedError
from tests.cli.logging_in import SECRET, keep, profiles, token_file
from tests.cli.terminal import on_terminal

if TYPE_CHECKING:
    from reconciler.tiktok.client import Session
    from reconciler.tiktok.model import User
    from tests.cli.project import Project
    from tests.consent import Visitor


def lose_token(project: Project, name: str) -> None:
    token_file(project, name).unlink()


# A token that is gone.


def test_a_login_whose_token_is_gone_is_not_passed_over_by_a_status(here: Project) -> None:
    keep(here, "default")
    keep(here, "agency")
    lose_token(here, "agency")
    for arguments in ((), ("--profile", "agency")):
        ran = here.run("auth", "status", *arguments)
        assert ran.code == 1
        assert "profile agency (file), whose token is gone" in ran.out
        assert "Run `reconciler auth login --profile agency`." in ran.out


def test_a_login_whose_token_is_gone_can_be_logged_out_without_the_apps_secret(
    here: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(here, "default")
    lose_token(here, "default")
    monkeypatch.delenv("TIKTOK_APP_SECRET")
    ran = here.run("auth", "logout")
    assert (ran.code, profiles(here)) == (0, [])
    assert "was gone already" in ran.text


def test_the_name_of_a_login_whose_token_is_gone_says_so_where_it_is_needed(here: Project) -> None:
    keep(here, "agency")
    lose_token(here, "agency")
    ran = here.run("advertisers", "--profile", "agency")
    assert ran.code == 1
    assert "reconciler auth login --profile agency" in ran.text


# Taking a token back.


@pytest.mark.parametrize("end", ["expire_token", "revoke_token"])
def test_a_dead_token_is_forgotten_without_the_apps_secret(
    here: Project, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    getattr(here.tiktok, end)(keep(here, "default"))
    monkeypatch.delenv("TIKTOK_APP_SECRET")
    ran = here.run("auth", "logout")
    assert (ran.code, profiles(here)) == (0, [])
    assert "had taken the token back already" in ran.text


def test_a_token_that_may_tell_nothing_of_itself_is_taken_back_all_the_same(
    here: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(session: Session) -> User:
        raise PermissionDeniedError("no permission to read users", code=40001, path="user/info/")

    keep(here, "default")
    monkeypatch.setattr("reconciler.cli.logout.whoami", refuse)
    assert here.run("auth", "logout").code == 0
    (revoked,) = [each for each in here.tiktok.tokens() if each.person == "Person of default"]
    assert (revoked.status, profiles(here)) == ("REVOKED", [])


def test_without_the_apps_secret_a_living_token_is_kept_with_the_way_out(
    here: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(here, "default")
    monkeypatch.delenv("TIKTOK_APP_SECRET")
    ran = here.run("auth", "logout")
    assert (ran.code, profiles(here)) == (1, ["default"])
    assert "TIKTOK_APP_SECRET is not set" in ran.text
    assert "default is not forgotten; --forget-only would do that" in ran.text


def test_the_app_of_another_id_can_be_named_for_a_logout(here: Project) -> None:
    keep(here, "default")
    here.tiktok.set_app("8022", SECRET)
    refused = here.run("auth", "logout")
    assert refused.code == 1
    assert "does not know the developer app" in refused.text
    assert profiles(here) == ["default"]
    assert here.run("auth", "logout", "--app-id", "8022").code == 0
    assert profiles(here) == []


def test_nobody_to_log_out_is_no_failure_of_all(here: Project) -> None:
    ran = here.run("auth", "logout", "--all")
    assert ran.code == 0
    assert "Nobody is logged in." in ran.text


def test_forgetting_needs_no_tiktok_and_leaves_the_token_alive(here: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    token = keep(here, "default")
    here.tiktok.add_fault("drop_before", times=100)
    ran = here.run("auth", "logout", "--forget-only")
    assert (ran.code, profiles(here)) == (0, [])
    here.tiktok.clear_faults()
    monkeypatch.setenv("TIKTOK_ACCESS_TOKEN", token)
    assert here.run("auth", "status").code == 0


def test_a_login_at_another_tiktok_is_said_to_be_elsewhere(here: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(here, "default")
    home = os.environ["TIKTOK_BASE_URL"]
    monkeypatch.setenv("TIKTOK_BASE_URL", "http://127.0.0.1:9/open_api/v1.3")
    for command in ("logout", "status"):
        ran = here.run("auth", command, "--profile", "default")
        assert ran.code == 1
        assert f"the login default is for {home}" in ran.text


# Which token comes first.


def test_a_token_in_the_environment_is_said_to_come_before_the_logins(
    here: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(here, "default")
    assert "comes before every login" not in here.run("auth", "status").text
    monkeypatch.setenv("TIKTOK_ACCESS_TOKEN", TOKEN)
    ran = here.run("auth", "status", "--format", "json")
    assert "TIKTOK_ACCESS_TOKEN is set and comes before every login" in ran.err
    used = [each["origin"] for each in ran.document["tokens"] if any(at["key"] for at in each["accounts"])]
    assert used == ["TIKTOK_ACCESS_TOKEN"]


def test_accounts_come_with_the_profile_that_was_found_for_them(here: Project) -> None:
    """Nobody named it, and the entries would lead nowhere without it."""
    keep(here, "agency")
    (here.folder / "audiences.yaml").unlink()
    found = yaml.safe_load(here.run("advertisers", "--format", "yaml").out)
    assert {each["profile"] for each in found.values()} == {"agency"}


@pytest.mark.parametrize("form", ["text", "yaml", "json"])
def test_a_dash_for_a_file_is_stdout(here: Project, form: str) -> None:
    keep(here, "default")
    ran = here.run("advertisers", "--format", form, "-o", "-")
    assert (ran.code, here.account in ran.out) == (0, True)
    assert not (here.folder / "-").exists()


# Files that are not there, or do not hold.


def test_a_status_does_without_files_but_not_with_broken_ones(here: Project) -> None:
    keep(here, "default")
    (here.folder / "audiences.yaml").unlink()
    ran = here.run("auth", "status", "--format", "json")
    assert ran.code == 0
    assert [at["key"] for each in ran.document["tokens"] for at in each["accounts"]] == [None, None]
    here.write("version: 1\nadvertisers: {acme: {advertiser_id: 12}}\n")
    broken = here.run("auth", "status")
    assert (broken.code, broken.out) == (1, "")
    assert "audiences.yaml:2" in broken.err


@pytest.mark.parametrize("command", [("advertisers",), ("auth", "logout")])
def test_what_needs_no_files_tells_of_broken_ones_and_goes_on(here: Project, command: tuple[str, ...]) -> None:
    keep(here, "default")
    here.write("version: 1\nadvertisers: {acme: {advertiser_id: 12}}\n")
    ran = here.run(*command)
    assert ran.code == 0
    assert "Warning: audiences.yaml is left out" in ran.text


def test_files_that_were_named_and_are_not_there_are_an_error_of_a_status(here: Project) -> None:
    keep(here, "default")
    ran = here.run("auth", "status", "-c", "elsewhere.yaml")
    assert ran.code == 1
    assert "elsewhere.yaml" in ran.text


# A name that is taken.


def test_where_nobody_can_be_asked_another_login_is_not_replaced(here: Project, person: Visitor) -> None:
    keep(here, "default")
    login = ("auth", "login", "--app-id", "7011", "--port", "0")
    ran = here.run(*login)
    assert ran.code == 1
    assert 'There is a login default already, of "Person of default"' in ran.text
    assert "--yes" in ran.text
    assert person.pages == []
    assert here.run(*login, "--yes").code == 0


# Where TikTok's answer goes.


@pytest.mark.parametrize("path", ["back", "/back", "//back"])
def test_a_path_is_one_with_its_slash_or_without(here: Project, person: Visitor, path: str) -> None:
    ran = here.run("auth", "login", "--app-id", "7011", "--port", "0", "--path", path)
    assert ran.code == 0, ran.text
    assert "/back?" in person.answers[0]


def test_pasting_takes_no_port_and_no_path(here: Project) -> None:
    for option in (("--port", "0"), ("--path", "/back")):
        ran = here.run("auth", "login", "--app-id", "7011", "--paste", *option)
        assert ran.code == 1
        assert "--paste listens nowhere" in ran.text


def test_why_a_token_is_in_a_file_is_said_only_where_it_is_so(here: Project, person: Visitor) -> None:
    login = ("auth", "login", "--app-id", "7011", "--port", "0", "--yes")
    assert "since there is no keyring here" in here.run(*login).text
    assert "since there is no keyring" not in here.run(*login, "--store", "file").text


def test_a_redirect_uri_can_come_from_the_environment(
    here: Project, person: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKTOK_REDIRECT_URI", "http://localhost/from-the-environment")
    assert here.run("auth", "login", "--app-id", "7011", "--port", "0").code == 0
    assert "/from-the-environment?" in person.answers[0]


def test_what_forwards_to_this_machine_is_where_tiktok_sends_people(here: Project) -> None:
    elsewhere = ("--redirect-uri", "https://tunnel.example/back")
    login = ("auth", "login", "--app-id", "7011", "--no-browser", "--timeout", "1", *elsewhere)
    ran = here.run(*login, "--port", "0")
    assert "no answer came" in ran.text
    assert "redirect_uri=https%3A%2F%2Ftunnel.example%2Fback" in ran.err


def test_the_id_of_the_app_can_come_from_the_environment(
    here: Project, person: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = here.run("auth", "login", "--port", "0")
    assert missing.code == 1
    assert "TIKTOK_APP_ID is not set" in missing.text
    monkeypatch.setenv("TIKTOK_APP_ID", "7011")
    assert here.run("auth", "login", "--port", "0").code == 0
    assert "app_id=7011" in person.pages[0]


def test_after_the_token_is_kept_tiktok_may_fail(here: Project, person: Visitor) -> None:
    """TikTok gives a token once: whatever fails afterwards must not lose it."""
    here.tiktok.add_fault("not_ready", path="/user/info/")
    ran = here.run("auth", "login", "--app-id", "7011", "--port", "0", "--format", "json")
    assert ran.code == 0
    assert "Warning: what it may do could not be looked up" in ran.err
    assert ran.document == {"format_version": 1, "profile": "default", "accounts": None}
    assert profiles(here) == ["default"]
    assert here.run("auth", "status").code == 0


def test_what_a_browser_prints_is_no_result(here: Project) -> None:
    noisy = here.write(
        "import sys, httpx\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
        "from tests.consent import decide\n"
        "print('Opening in existing browser session.')\n"
        "httpx.get(decide(sys.argv[1]))\n",
        "browser.py",
    )
    login = ("auth", "login", "--app-id", "7011", "--port", "0", "--format", "json")
    ran = here.spawn(*login, BROWSER=f"{sys.executable} {noisy} %s", TIKTOK_ACCESS_TOKEN="")
    assert ran.document["profile"] == "default"
    assert "Opening in existing browser session." in ran.err


# The terminal.


def test_the_secret_that_a_logout_asks_for_is_not_shown(here: Project) -> None:
    keep(here, "default")
    code, shown = on_terminal(
        here, "auth", "logout", answers={"App secret (not shown)": SECRET}, TIKTOK_APP_SECRET="", TIKTOK_ACCESS_TOKEN=""
    )
    assert (code, profiles(here)) == (0, [])
    assert SECRET not in shown


def test_on_a_terminal_a_login_is_replaced_after_a_yes_only(here: Project) -> None:
    keep(here, "default")
    code, shown = on_terminal(
        here, "auth", "login", "--paste", answers={"Replace it?": "n"}, TIKTOK_APP_ID="7011", TIKTOK_ACCESS_TOKEN=""
    )
    assert (code, profiles(here)) == (1, ["default"])
    assert "Nothing was done." in shown


# The local TikTok.


def test_the_local_tiktok_has_accounts_to_grant_where_no_files_declare_any(
    project: Project, person: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = project.folder / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    ran = project.run("auth", "login", "--sandbox", "--port", "0", "--format", "json")
    assert [each["advertiser_id"] for each in ran.document["accounts"]] == [project.account, project.other_account]


def test_the_local_tiktok_is_given_no_real_token(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOK_ACCESS_TOKEN", "a-real-one")
    declared = {"acme": {"advertiser_id": project.account, "access_token": "${TIKTOK_ACCESS_TOKEN}"}}
    project.declare({"buyers": {"name": "Buyers"}}, advertisers=declared)
    ran = project.run("auth", "status", "--sandbox")
    assert ran.code == 0
    assert "the local TikTok's own token" in ran.out
