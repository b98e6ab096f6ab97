"""Logging in, from the command line to the token that is kept; without a browser, which has a file of its own."""

from __future__ import annotations

import os
import socket
import stat
from typing import TYPE_CHECKING

import httpx
import keyring
import pytest

from reconciler.sandbox import TOKEN
from tests.auth.keyrings import MemoryKeyring
from tests.cli.logging_in import APP, SECRET, kept, log_in, token_file
from tests.consent import decide

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.project import Project, Ran
    from tests.consent import Visitor


def test_a_click_later_every_command_has_a_token(here: Project, person: Visitor) -> None:
    assert here("plan").code == 1
    ran = log_in(here)
    assert (ran.code, person.statuses) == (0, [200]), ran.text
    assert "Logged in as" in ran.err
    for said in ("Local advertiser", "STATUS_ENABLE", "USD", "7100000000000000001", "your role is Admin"):
        assert said in ran.out
    here.apply()
    assert here.names() == ["Buyers"]


def test_without_a_keyring_the_token_is_in_a_file_of_its_owner_alone_and_that_is_said(
    here: Project, person: Visitor
) -> None:
    ran = log_in(here)
    assert "a file that only you may read" in ran.text
    path = token_file(here)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.read_text().strip() not in ran.out + ran.err


def test_with_a_keyring_the_token_is_in_it_and_in_no_file(here: Project, person: Visitor) -> None:
    ring = MemoryKeyring()
    keyring.set_keyring(ring)
    ran = log_in(here)
    assert "in the system's keyring" in ran.text
    (token,) = ring.kept.values()
    files = [each for each in (here.folder / ".home").rglob("*") if each.is_file()]
    assert all(token.encode() not in each.read_bytes() for each in files)
    assert here("plan").code == 0


def test_a_file_can_be_asked_for_where_there_is_a_keyring(here: Project, person: Visitor) -> None:
    ring = MemoryKeyring()
    keyring.set_keyring(ring)
    assert log_in(here, "--store", "file").code == 0
    assert ring.kept == {}
    assert token_file(here).exists()


def test_an_analyst_is_told_what_cannot_be_done_and_whom_to_ask(here: Project, person: Visitor) -> None:
    here.tiktok.set_role(here.account, "ANALYST")
    ran = log_in(here)
    assert ran.code == 0
    assert "may not write or share: your role is Analyst" in ran.out
    assert "Ask a Business Center admin for Ad Account Operator or Admin" in ran.out


def test_what_is_not_ticked_is_not_granted(here: Project, person: Visitor) -> None:
    person.keep = lambda name, value: (name, value) not in {("scope", "31"), ("advertiser_id", here.other_account)}
    ran = log_in(here)
    assert "scopes: 30 read audiences, 32 share audiences" in ran.out
    assert "may not write: the token lacks scope 31" in ran.out
    assert here.other_account not in ran.out


def test_saying_no_is_told_and_keeps_nothing(here: Project, person: Visitor) -> None:
    person.decision = "cancel"
    ran = log_in(here)
    assert ran.code == 1
    assert "TikTok gave no permission" in ran.text
    assert kept(here) == {}
    assert person.statuses == [200]


def test_a_secret_that_is_not_the_apps_is_told_apart(
    here: Project, person: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKTOK_APP_SECRET", "another-secret-altogether")
    ran = log_in(here)
    assert ran.code == 1
    assert "secret does not match" in ran.text
    assert "TIKTOK_APP_SECRET" in ran.text
    assert "another-secret-altogether" not in ran.text
    assert kept(here) == {}


def test_an_app_that_there_is_not_is_told_before_anybody_clicks(here: Project, person: Visitor) -> None:
    here.tiktok.set_app("9999", SECRET)
    ran = here.run("auth", "login", *APP, "--port", "0", "--timeout", "1", "--no-browser")
    assert ran.code == 1
    assert "no answer came" in ran.text
    page = next(word for word in ran.err.split() if "/portal/auth" in word)
    assert "does not exist" in httpx.get(page).text


def test_a_code_that_is_too_old_or_was_used_says_to_log_in_again(
    here: Project, person: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.before = lambda _: here.tiktok.advance(2)
    ran = log_in(here)
    assert ran.code == 1
    assert "A code lives for an hour and works once" in ran.text
    assert kept(here) == {}


def test_a_busy_port_names_itself_and_the_ways_out(here: Project, person: Visitor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        ran = here.run("auth", "login", *APP, "--port", str(port))
    assert ran.code == 1
    assert f"port {port}" in ran.text
    assert "--port" in ran.text
    assert "--paste" in ran.text
    assert person.pages == []


def test_nobody_confirming_ends_in_a_sentence(here: Project) -> None:
    ran = log_in(here, "--no-browser", "--timeout", "1")
    assert ran.code == 1
    assert "no answer came from TikTok within 1 s," in ran.text


def test_the_redirect_uri_goes_to_tiktok_as_it_is_registered(here: Project) -> None:
    here.tiktok.set_app("7011", SECRET, ["https://elsewhere.example/back"])
    ran = log_in(here, "--timeout", "1", "--no-browser")
    assert ran.code == 1
    page = next(word for word in ran.err.split() if "/portal/auth" in word)
    assert "not one that is registered with the app" in httpx.get(page).text


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("https://elsewhere.example/back", "--paste"),
        ("ftp://127.0.0.1/back", "http:// or https://"),
        ("http://127.0.0.1:99999/back", "redirect URI"),
        ("nonsense", "redirect URI"),
    ],
)
def test_a_redirect_uri_that_leads_nowhere_is_refused_first(here: Project, uri: str, said: str) -> None:
    ran = here.run("auth", "login", *APP, "--redirect-uri", uri)
    assert ran.code == 1
    assert said in ran.text


def test_the_address_can_be_pasted_where_no_browser_can_reach_this_machine(here: Project) -> None:
    ran = paste(here, "confirm")
    assert ran.code == 0, ran.text
    assert "Logged in as" in ran.text
    assert here("plan").code == 0


def test_a_pasted_no_is_a_no(here: Project) -> None:
    ran = paste(here, "cancel")
    assert ran.code == 1
    assert "TikTok gave no permission" in ran.text
    assert kept(here) == {}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("https://elsewhere.example/back?auth_code=abc&state=of-another-login", "does not belong to this login"),
        ("https://elsewhere.example/back", "does not belong to this login"),
        ("", "it is empty"),
        ("x" * 9000, "far too long"),
    ],
)
def test_what_is_pasted_has_to_be_the_answer_to_this_login(here: Project, written: str, said: str) -> None:
    ran = here.spawn("auth", "login", *APP, "--paste", stdin=f"{written}\n", TIKTOK_ACCESS_TOKEN="")
    assert ran.code == 1
    assert said in ran.text
    assert kept(here) == {}


def test_a_missing_secret_is_asked_for_on_a_terminal_only(here: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIKTOK_APP_SECRET")
    ran = log_in(here)
    assert ran.code == 1
    assert "TIKTOK_APP_SECRET is not set" in ran.text
    assert "no option takes it" in ran.text


def test_profiles_stand_side_by_side(here: Project, person: Visitor) -> None:
    assert log_in(here).code == 0
    ran = log_in(here, "--profile", "agency")
    assert "`profile: agency`" in ran.text
    assert sorted(kept(here)) == ["agency", "default"]


@pytest.mark.parametrize("name", ["../up", "", "a b", "-x", "x" * 65])
def test_a_profile_has_a_name_that_a_file_can_have(here: Project, name: str) -> None:
    ran = log_in(here, "--profile", name)
    assert ran.code == 1
    assert "cannot be called" in ran.text


def test_another_login_of_that_name_is_replaced_after_a_yes(here: Project, person: Visitor) -> None:
    assert log_in(here).code == 0
    first = kept(here)["default"]
    ran = here.run("auth", "login", *APP, "--port", "0", stdin="n\n")
    assert "There is a login default already" in ran.text
    assert (ran.code, kept(here)["default"]) == (1, first)
    assert log_in(here, "--yes").code == 0
    assert kept(here)["default"] != first


def test_as_json_the_login_is_one_document_without_the_token(here: Project, person: Visitor) -> None:
    ran = log_in(here, "--format", "json")
    assert ran.document["profile"] == "default"
    assert [each["id"] for each in ran.document["scopes"]] == [30, 31, 32]
    assert {each["advertiser_id"] for each in ran.document["accounts"]} == {here.account, here.other_account}
    token = token_file(here).read_text().strip()
    assert token not in ran.out + ran.err


def test_a_login_takes_no_files_and_a_broken_one_is_left_out(here: Project, person: Visitor) -> None:
    here.write("version: [")
    ran = log_in(here)
    assert ran.code == 0
    assert "is left out" in ran.text
    (here.folder / "audiences.yaml").unlink()
    assert log_in(here, "--yes").code == 0


def test_the_local_tiktok_can_be_logged_in_at_without_anything(
    project: Project, person: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = project.run("auth", "login", "--sandbox", "--port", "0")
    assert ran.code == 0, ran.text
    project.tiktok.revoke_token(TOKEN)
    assert project.structure()("plan").code == 0
    status = project.run("auth", "status", "--sandbox")
    assert (status.code, "profile default (file)" in status.out) == (0, True)
    assert not (project.folder / ".home").exists()


def test_a_token_goes_to_no_other_tiktok(here: Project, person: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    assert log_in(here).code == 0
    home = os.environ["TIKTOK_BASE_URL"]
    monkeypatch.setenv("TIKTOK_BASE_URL", "http://127.0.0.1:9/open_api/v1.3")
    ran = here("plan")
    assert ran.code == 1
    assert f"The login default is for {home}" in ran.text


# Forged and replayed answers: nothing is stored, and the genuine one still works.


def forged(url: str) -> list[int]:
    """Call the callback in every way that is not TikTok's; return what it answers."""
    port = httpx.URL(url).port
    wrong = f"{url}?auth_code=stolen&state=guessed"
    calls = [
        httpx.get(wrong),
        httpx.get(url),
        httpx.get(f"{url}?auth_code=stolen"),
        httpx.get(wrong, headers={"Host": "evil.example"}),
        httpx.get(wrong, headers={"Host": f"evil.example:{port}"}),
        httpx.get(wrong, headers={"Sec-Fetch-Dest": "image", "Sec-Fetch-Mode": "no-cors"}),
        httpx.get(
            wrong, headers={"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors", "Origin": "https://evil.example"}
        ),
        httpx.post(wrong),
        httpx.head(wrong),
        httpx.get(f"http://127.0.0.1:{port}/favicon.ico"),
    ]
    return [each.status_code for each in calls]


def test_forged_answers_store_nothing_and_the_genuine_one_still_works(here: Project, person: Visitor) -> None:
    answered: list[int] = []

    def forge(url: str) -> None:
        answered.extend(forged(url))
        assert kept(here) == {}

    person.before = forge
    ran = log_in(here)
    assert ran.code == 0, ran.text
    assert answered == [403, 403, 403, 421, 421, 403, 403, 405, 405, 404]


def test_the_genuine_state_in_a_forged_call_is_not_enough(here: Project, person: Visitor) -> None:
    """A page that has seen the address goes by another name, or asks without a visit."""

    def forge(url: str) -> None:
        state = httpx.URL(person.pages[0]).params["state"]
        for headers in ({"Host": "evil.example"}, {"Sec-Fetch-Dest": "iframe"}, {"Sec-Fetch-Mode": "cors"}):
            answer = httpx.get(url, params={"auth_code": "stolen", "state": state}, headers=headers)
            assert answer.status_code in {403, 421}
        assert kept(here) == {}

    person.before = forge
    assert log_in(here).code == 0


def test_an_answer_counts_once(here: Project, person: Visitor) -> None:
    ran = log_in(here)
    assert ran.code == 0
    with pytest.raises(httpx.TransportError):
        httpx.get(person.answers[0])
    assert len(here.tiktok.tokens()) == 2, "the local TikTok's own, and the one of the login"


def paste(project: Project, decision: str) -> Ran:
    """Log in with --paste in a process of its own, which is given the address its own page leads to."""
    import subprocess
    import sys

    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "auth", "login", *APP, "--paste"],
        cwd=project.folder,
        env={**os.environ, **project.environ, "TIKTOK_ACCESS_TOKEN": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    from tests.cli.project import Ran

    assert process.stderr is not None
    said = ""
    while "/portal/auth" not in said:
        said += process.stderr.readline()
    page = next(word for word in said.split() if "/portal/auth" in word)
    out, err = process.communicate(f"  '{decide(page, decision)}' \n", timeout=60)
    return Ran(process.returncode, out, said + err)


def test_nothing_of_the_home_of_whoever_runs_the_tests_is_touched(folder: Path) -> None:
    assert os.environ["RECONCILER_HOME"].startswith(str(folder))
