"""A login is tried out before anybody clicks, is kept or taken back, and replaces none that nobody was asked about."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import keyring
import pytest
from keyring.errors import KeyringLocked

from reconciler.tiktok.oauth import exchange
from tests.auth.keyrings import MemoryKeyring, RefusingKeyring
from tests.cli.logging_in import APP, SECRET, break_off, keep, kept, listed, log_in, profiles, token_file, tokens
from tests.cli.terminal import on_terminal

if TYPE_CHECKING:
    from reconciler.secret import Secret
    from reconciler.tiktok.client import TikTok
    from reconciler.tiktok.oauth import App, Grant
    from tests.cli.project import Project
    from tests.consent import Visitor


class HalfLockedKeyring(MemoryKeyring):
    """Can be read, and takes nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("the prompt was dismissed")


def statuses(project: Project) -> list[str]:
    return sorted(each.status for each in project.tiktok.tokens())


# Whether it can be kept.


@pytest.mark.parametrize("store", ["auto", "file"])
def test_a_folder_that_cannot_be_written_to_is_told_before_anybody_clicks(
    here: Project, person: Visitor, monkeypatch: pytest.MonkeyPatch, store: str
) -> None:
    (here.folder / "a-file").write_text("where a folder should be")
    monkeypatch.setenv("RECONCILER_HOME", str(here.folder / "a-file" / "home"))
    before = statuses(here)
    ran = log_in(here, "--store", store)
    assert (ran.code, person.pages, statuses(here)) == (1, [], before)
    assert "cannot be kept in" in ran.text
    assert "RECONCILER_HOME" in ran.text


def test_a_keyring_that_takes_nothing_gives_way_to_a_file_and_that_is_said(here: Project, person: Visitor) -> None:
    keyring.set_keyring(HalfLockedKeyring())
    ran = log_in(here)
    assert ran.code == 0, ran.text
    assert "the keyring cannot keep a token: the prompt was dismissed. The token goes into a file" in ran.text
    assert "since there is no keyring here" not in ran.text
    assert token_file(here).exists()
    assert here("plan").code == 0


def test_a_keyring_that_was_asked_for_and_takes_nothing_is_told_before_anybody_clicks(
    here: Project, person: Visitor
) -> None:
    keyring.set_keyring(HalfLockedKeyring())
    ran = log_in(here, "--store", "keyring")
    assert (ran.code, person.pages, kept(here)) == (1, [], {})
    assert "the prompt was dismissed" in ran.text
    assert "--store file" in ran.text


def test_a_token_that_cannot_be_kept_after_all_is_taken_back_and_that_is_said(here: Project, person: Visitor) -> None:
    keyring.set_keyring(MemoryKeyring())
    person.before = lambda _: keyring.set_keyring(RefusingKeyring())
    ran = log_in(here)
    assert (ran.code, kept(here)) == (1, {})
    assert "The token that TikTok gave was taken back, so it works for nobody" in ran.text
    assert "REVOKED" in statuses(here)


def test_one_that_cannot_be_taken_back_either_is_said_to_be_alive(
    here: Project, person: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.tiktok.retry.SILENCE_SECONDS", 0.0)
    keyring.set_keyring(MemoryKeyring())
    here.tiktok.add_fault("drop_before", path="/oauth2/revoke_token/", times=100)
    person.before = lambda _: keyring.set_keyring(RefusingKeyring())
    ran = log_in(here)
    assert (ran.code, kept(here)) == (1, {})
    assert "it is alive there, and kept nowhere" in ran.text
    assert "It ends when you take the app's permission back at TikTok." in ran.text
    assert "REVOKED" not in statuses(here)


# Two at once.


def test_a_login_that_came_while_a_person_was_at_tiktok_is_not_replaced_unasked(here: Project, person: Visitor) -> None:

    def meanwhile(_: str) -> None:
        keep(here, "default")

    person.before = meanwhile
    ran = log_in(here)
    assert ran.code == 1
    assert 'There is a login default already, of "Person of default"' in ran.text
    assert token_file(here).read_text() == "the-token-of-default\n"
    assert len(statuses(here)) == 2, "the code was not made use of"


def test_a_login_that_came_at_the_last_moment_is_not_replaced_either(
    here: Project, person: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def then_another(tiktok: TikTok, app: App, code: Secret) -> Grant:
        grant = await exchange(tiktok, app, code)
        keep(here, "default")
        return grant

    monkeypatch.setattr("reconciler.auth.login.exchange", then_another)
    ran = log_in(here)
    assert ran.code == 1
    assert "another login was kept as default while this one was under way" in ran.text
    assert "taken back" in ran.text
    assert token_file(here).read_text() == "the-token-of-default\n"
    assert "REVOKED" in statuses(here)
    assert log_in(here, "--yes").code == 0


# What a login that was broken off has left.


def test_a_logout_takes_back_what_a_login_that_was_broken_off_has_left(here: Project) -> None:
    break_off(here, "default")
    ran = here.run("auth", "logout")
    assert ran.code == 0, ran.text
    assert "Taken back: the token that a broken-off login as default had left behind." in ran.text
    assert "REVOKED" in statuses(here)
    assert (listed(here)["leftovers"], list(tokens(here).iterdir())) == ({}, [])


def test_so_does_a_logout_of_a_login_that_was_made_since(here: Project) -> None:
    token = break_off(here, "default")
    keep(here, "default")
    ran = here.run("auth", "logout", "--all")
    assert (ran.code, profiles(here), list(tokens(here).iterdir())) == (0, [], [])
    assert token not in ran.text


def test_so_does_the_next_login_with_the_same_app(here: Project, person: Visitor) -> None:
    break_off(here, "agency")
    ran = log_in(here)
    assert ran.code == 0, ran.text
    assert "Taken back: the token that a broken-off login as agency had left behind." in ran.text
    assert listed(here)["leftovers"] == {}
    assert list(tokens(here).iterdir()) == [token_file(here)]


def test_what_cannot_be_taken_back_is_not_forgotten(here: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.tiktok.retry.SILENCE_SECONDS", 0.0)
    break_off(here, "default")
    here.tiktok.add_fault("drop_before", path="/oauth2/revoke_token/", times=100)
    ran = here.run("auth", "logout")
    assert ran.code == 1
    assert "could not be taken back, and is kept until it can" in ran.text
    assert len(listed(here)["leftovers"]) == 1
    forgotten = here.run("auth", "logout", "--forget-only")
    assert forgotten.code == 0
    assert "is removed, and not taken back at TikTok" in forgotten.text
    assert (listed(here)["leftovers"], list(tokens(here).iterdir())) == ({}, [])


def test_a_token_that_never_arrived_is_told_of(here: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    break_off(here, "default")
    [path] = tokens(here).iterdir()
    path.write_text("the-tok")
    monkeypatch.delenv("TIKTOK_APP_SECRET")
    ran = here.run("auth", "logout")
    assert ran.code == 0
    assert "it never arrived here; it ends when you take the app's permission back" in ran.text
    assert list(tokens(here).iterdir()) == []


def test_another_token_in_the_place_of_a_logins_is_not_said_to_be_gone(here: Project) -> None:
    keep(here, "default")
    token_file(here).write_text("a-token-of-somebody-else\n")
    ran = here.run("auth", "logout")
    assert (ran.code, profiles(here), list(tokens(here).iterdir())) == (0, [], [])
    assert "Another token stands where that of default was" in ran.text
    assert "it is not taken back; it is removed here" in ran.text
    assert "gone already" not in ran.text


# Logins elsewhere, and more than one.


def test_a_login_at_another_tiktok_can_be_forgotten_from_here(here: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(here, "default")
    home = os.environ["TIKTOK_BASE_URL"]
    monkeypatch.setenv("TIKTOK_BASE_URL", "http://127.0.0.1:9/open_api/v1.3")
    everyone = here.run("auth", "logout", "--all")
    assert everyone.code == 0
    assert f"There is: default for {home}." in everyone.text
    assert "--forget-only" in here.run("auth", "logout").text
    ran = here.run("auth", "logout", "--forget-only")
    assert (ran.code, kept(here), list(tokens(here).iterdir())) == (0, {}, [])
    assert f"which is for {home}, is not taken back" in ran.text


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_logging_out_all_goes_on_after_one_that_cannot_be(here: Project) -> None:
    keep(here, "agency")
    keep(here, "default")
    token_file(here, "agency").chmod(0o644)
    ran = here.run("auth", "logout", "--all")
    assert (ran.code, profiles(here)) == (1, ["agency"])
    assert "others may read it" in ran.text


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_token_that_others_may_read_stands_in_the_way_of_no_other_account(
    here: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(here, "agency")
    keep(here, "default")
    declared = {
        "acme": {"advertiser_id": here.account},
        "globex": {"advertiser_id": here.other_account, "profile": "agency"},
    }
    here.declare({"ours": {"name": "Ours"}, "theirs": {"name": "Theirs", "advertiser": "globex"}}, advertisers=declared)
    token_file(here, "agency").chmod(0o644)
    plan = here("plan")
    assert f"audience.ours will be created in acme ({here.account})" in plan.text
    assert f"audience.theirs would be created in globex ({here.other_account}), but it is BLOCKED" in plan.text
    assert "others may read it" in plan.text
    status = here.run("auth", "status")
    assert status.code == 1
    assert "profile default (file)" in status.out
    assert "others may read it (its mode is 644, not 600)" in status.out
    assert "chmod 600" in status.out
    assert f"globex ({here.other_account})" in status.out
    assert here.run("advertisers").code == 0


# What is said, and to whom.


def test_a_browser_is_not_given_the_apps_secret_or_a_token(here: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = here.folder / "seen.json"
    script = here.write(
        f"import json, os\nopen({str(seen)!r}, 'w').write(json.dumps(dict(os.environ)))\n", "browser.py"
    )
    monkeypatch.setenv("TIKTOK_ACCESS_TOKEN", "a-token-that-nobody-may-read")
    monkeypatch.setenv("BROWSER", f"{sys.executable} {script} {seen} %s")
    assert log_in(here, "--timeout", "1").code == 1
    given = json.loads(seen.read_text())
    assert given["TIKTOK_BASE_URL"] == os.environ["TIKTOK_BASE_URL"], "it has the rest"
    assert not {SECRET, "a-token-that-nobody-may-read"} & set(given.values())
    assert os.environ["TIKTOK_APP_SECRET"] == SECRET, "and the command still does"


def test_accounts_that_tiktok_does_not_describe_are_said_to_be_left_out(here: Project) -> None:
    token = keep(here, "default")
    here.tiktok.withdraw(here.account, token=token)
    ran = here.run("advertisers", "--format", "yaml")
    assert ran.code == 0
    assert f'advertiser_id: "{here.account}"' not in ran.out
    assert f"Warning: acme ({here.account}) is left out: the token may not act for it" in " ".join(ran.err.split())
    assert f"# acme ({here.account}) is left out" in ran.out


def test_the_way_out_never_names_what_is_declared_already(here: Project) -> None:
    """To give the advertiser the profile it has would lead nowhere."""
    keep(here, "default")
    token_file(here).unlink()
    for declared in ({}, {"profile": "default"}):
        here.declare({"ours": {"name": "Ours"}}, advertisers={"acme": {"advertiser_id": here.account, **declared}})
        ran = here("plan")
        assert ran.code == 1
        assert "give the advertiser `profile: default`" not in ran.text
        assert "The token of the login default is gone" in ran.text


def test_a_plan_and_a_status_name_the_login_that_is_to_be_made_again(here: Project, person: Visitor) -> None:
    person.keep = lambda name, value: (name, value) != ("scope", "31")
    assert log_in(here, "--profile", "agency").code == 0
    here.declare({"ours": {"name": "Ours"}}, advertisers={"acme": {"advertiser_id": here.account, "profile": "agency"}})
    again = "Run `reconciler auth login --profile agency` again, and leave the permission"
    assert again in here("plan").text
    assert again in here.run("auth", "status").text
    here.tiktok.withdraw(here.account, token=token_file(here, "agency").read_text().strip())
    assert "then run `reconciler auth login --profile agency` again" in here("plan").text


def test_a_plan_names_the_login_whose_token_is_dead(here: Project) -> None:
    keep(here, "default")
    here.tiktok.revoke_token(keep(here, "agency"))
    declared = {
        "acme": {"advertiser_id": here.account},
        "globex": {"advertiser_id": here.other_account, "profile": "agency"},
    }
    here.declare({"ours": {"name": "Ours"}, "theirs": {"name": "Theirs", "advertiser": "globex"}}, advertisers=declared)
    assert "Log in again (`reconciler auth login --profile agency`)" in here("plan").text


# Odd signs.

ODD = "secret\udcff"
"""A byte that is no text, as Python has it from the environment and the command line."""


@pytest.mark.parametrize("command", ["plan", "drift", "auth status", "advertisers"])
def test_a_token_that_is_no_text_is_none_and_that_is_said(
    here: Project, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKTOK_ACCESS_TOKEN", ODD)
    ran = here(command)
    assert ran.code == 1
    assert "he access token holds a space, a line break or another sign that no token has" in ran.text
    assert "secret" not in ran.text.replace("app's secret", "")


@pytest.mark.parametrize(
    ("name", "what"), [("TIKTOK_APP_SECRET", "the app's secret"), ("TIKTOK_APP_ID", "the app's id")]
)
@pytest.mark.parametrize("command", ["auth login", "advertisers", "auth logout"])
def test_an_app_of_odd_signs_is_named_and_not_repeated(
    here: Project, person: Visitor, name: str, what: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if command != "auth login":
        keep(here, "default")
    monkeypatch.setenv("TIKTOK_APP_ID", "7011")
    monkeypatch.setenv(name, ODD)
    app_id = ("--app-id", ODD) if command == "auth logout" and name == "TIKTOK_APP_ID" else ()
    ran = here(command, *app_id)
    assert ran.code == 1
    assert f"{what} ({name}) holds a space, a line break or another sign" in ran.text
    assert ODD not in ran.text
    assert "\\udcff" not in ran.text
    assert person.pages == []


@pytest.mark.parametrize("paste", [(), ("--paste",)])
def test_a_redirect_uri_that_is_no_text_is_named_and_not_repeated(here: Project, paste: tuple[str, ...]) -> None:
    ran = here.run("auth", "login", *APP, *paste, "--redirect-uri", f"http://127.0.0.1/{ODD}")
    assert ran.code == 1
    assert "the redirect URI holds a sign that no address has" in ran.text
    assert "udcff" not in ran.text


@pytest.mark.parametrize("pasted", [b"http://127.0.0.1/?auth_code=\xff&state=\xff\n", b"x" * 20_000 + b"\xff"])
def test_what_is_pasted_and_is_no_text_is_an_error(here: Project, pasted: bytes) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "auth", "login", *APP, "--paste"],
        cwd=here.folder,
        env={**os.environ, **here.environ, "TIKTOK_ACCESS_TOKEN": "", "PYTHONIOENCODING": "utf-8:strict"},
        input=pasted,
        capture_output=True,
        timeout=60,
        check=False,
    )
    said = done.stderr.decode()
    assert done.returncode == 1
    assert "something unexpected" not in said
    assert "this is not an address" in said or "does not belong to this login" in said


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("App secret (not shown)", "holds a space, a line break or another sign"),
        ("The address (not shown)", "this is not an address that TikTok sends people to: it is not text"),
    ],
)
def test_what_is_typed_and_is_no_text_is_an_error(here: Project, question: str, told: str) -> None:
    answers = {"App secret (not shown)": SECRET, question: ODD}
    code, shown = on_terminal(
        here, "auth", "login", *APP, "--paste", answers=answers, TIKTOK_APP_SECRET="", PYTHONIOENCODING="utf-8:strict"
    )
    assert code == 1
    assert told in " ".join(shown.split())
    assert "something unexpected" not in shown
