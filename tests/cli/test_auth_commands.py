"""What a login may do, its end, its token, and the accounts it reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from reconciler.auth.logins import open_logins
from reconciler.config import load
from reconciler.sandbox import TOKEN
from tests.cli.logging_in import SECRET, kept, log_in, token_file, tokens
from tests.cli.terminal import on_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.project import Project
    from tests.consent import Visitor


@pytest.fixture
def here(served: Project, monkeypatch: pytest.MonkeyPatch, person: Visitor) -> Project:
    """A project with one login, under the name default, and no other token."""
    monkeypatch.delenv("TIKTOK_ACCESS_TOKEN")
    monkeypatch.setenv("TIKTOK_APP_SECRET", SECRET)
    served.tiktok.set_app("7011", SECRET)
    assert log_in(served).code == 0
    return served.structure()


def token(project: Project, name: str = "default") -> str:
    return token_file(project, name).read_text().strip()


def declare(project: Project, **of_globex: object) -> None:
    """Declare both accounts."""
    project.declare(
        {"ours": {"name": "Ours"}, "theirs": {"name": "Theirs", "advertiser": "globex"}},
        advertisers={
            "acme": {"advertiser_id": project.account},
            "globex": {"advertiser_id": project.other_account, **of_globex},
        },
    )


# status


def test_a_status_tells_whose_token_it_is_and_what_it_may_do(here: Project) -> None:
    declare(here)
    ran = here.run("auth", "status")
    assert ran.code == 0
    for said in (
        "profile default (file)",
        "alive, of Local Operator",
        "31 create and update audiences",
        f"acme ({here.account})",
        "your role is Admin",
        "may read, write and share",
    ):
        assert said in ran.out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda tiktok, account: tiktok.set_role(account, "ANALYST", None),
            "may not write or share: your role is Analyst",
        ),
        (
            lambda tiktok, account: tiktok.set_status(account, "STATUS_DISABLE"),
            "the account's status is STATUS_DISABLE",
        ),
        (lambda tiktok, account: tiktok.withdraw(account, None), "may not read, write or share: the token may not act"),
    ],
)
def test_a_status_tells_what_is_missing_and_fails(here: Project, change: object, said: str) -> None:
    assert callable(change)
    change(here.tiktok, here.account)
    ran = here.run("auth", "status")
    assert ran.code == 1
    assert said in ran.out


def test_a_role_that_cannot_be_read_is_said_to_be_tiktoks_to_decide(here: Project) -> None:
    here.tiktok.outside_business_center(here.account)
    ran = here.run("auth", "status")
    assert ran.code == 0
    assert "role unknown" in ran.out
    assert "TikTok decides at the first write" in ran.out


@pytest.mark.parametrize("end", ["expire_token", "revoke_token"])
def test_a_dead_token_is_told_with_the_way_out_beside_the_living(
    here: Project, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(here, access_token="${GLOBEX_TOKEN}")
    here.tiktok.add_token("of-globex", [here.other_account])
    monkeypatch.setenv("GLOBEX_TOKEN", "of-globex")
    getattr(here.tiktok, end)("of-globex")
    ran = here.run("auth", "status")
    assert ran.code == 1
    assert "alive" in ran.out
    assert "TikTok does not take it" in ran.out
    assert "reconciler auth login" in ran.out


def test_it_is_told_which_token_an_account_uses(here: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(here, access_token="${GLOBEX_TOKEN}")
    here.tiktok.add_token("of-globex", [here.other_account])
    monkeypatch.setenv("GLOBEX_TOKEN", "of-globex")
    origins = [each["origin"] for each in status(here)["tokens"]]
    assert origins[0] == "profile default (file)"
    assert origins[1].startswith("access_token in audiences.yaml:")
    monkeypatch.setenv("TIKTOK_ACCESS_TOKEN", TOKEN)
    found = status(here)["tokens"]
    assert found[0]["origin"] == "TIKTOK_ACCESS_TOKEN"
    assert found[0]["accounts"][0]["key"] == "acme"
    assert found[-1]["profile"] == "default"


def test_an_account_goes_by_the_profile_it_names(here: Project, person: Visitor) -> None:
    declare(here, profile="agency")
    person.keep = lambda name, value: (name, value) != ("advertiser_id", here.account)
    assert "auth login --profile agency" in here.run("auth", "status").out
    assert log_in(here, "--profile", "agency").code == 0
    by_key = {
        account["key"]: each["profile"]
        for each in status(here)["tokens"]
        for account in each["accounts"]
        if account["key"]
    }
    assert by_key["globex"] == "agency"
    here.apply()
    assert (here.names(), here.names(here.other_account)) == (["Ours"], ["Theirs"])


def test_scopes_that_nobody_knows_are_said_to_be_unknown(here: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOK_ACCESS_TOKEN", TOKEN)
    assert "scopes: unknown" in here.run("auth", "status").out
    here.tiktok.set_scopes(TOKEN, [31])
    ran = here.run("auth", "status")
    assert "may not read: TikTok does not let its audiences be read" in ran.out
    assert ran.code == 1


def test_a_login_tells_the_scopes_of_its_token_in_the_environment_too(
    here: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKTOK_ACCESS_TOKEN", token(here))
    assert "scopes: 30 read audiences" in here.run("auth", "status").out


def test_one_profile_can_be_looked_at_alone(here: Project, person: Visitor) -> None:
    assert log_in(here, "--profile", "agency").code == 0
    found = here.run("auth", "status", "--profile", "agency", "--format", "json").document["tokens"]
    assert [each["profile"] for each in found] == ["agency"]
    unknown = here.run("auth", "status", "--profile", "nobody")
    assert unknown.code == 1
    assert "There is: agency, default." in unknown.text


def test_without_any_login_a_status_says_how_to_get_one(here: Project) -> None:
    (here.folder / "audiences.yaml").unlink()
    assert here.run("auth", "logout").code == 0
    ran = here.run("auth", "status")
    assert ran.code == 1
    assert "Nobody is logged in. Run `reconciler auth login`." in ran.out


def status(project: Project) -> Any:
    return project.run("auth", "status", "--format", "json").document


# logout


def test_logging_out_takes_the_token_back_and_forgets_it(here: Project) -> None:
    ran = here.run("auth", "logout")
    assert (ran.code, kept(here)) == (0, {})
    assert "REVOKED" in {each.status for each in here.tiktok.tokens()}
    assert list(tokens(here).iterdir()) == []


def test_logging_out_all_leaves_no_login(here: Project, person: Visitor) -> None:
    assert log_in(here, "--profile", "agency").code == 0
    assert here.run("auth", "logout", "--all").code == 0
    assert kept(here) == {}


def test_a_dead_token_is_just_forgotten(here: Project) -> None:
    here.tiktok.revoke_token(token(here))
    ran = here.run("auth", "logout")
    assert (ran.code, kept(here)) == (0, {})
    assert "had taken the token back already" in ran.text


def test_while_tiktok_cannot_be_reached_nothing_is_forgotten(here: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.tiktok.retry.SILENCE_SECONDS", 0.0)
    here.tiktok.add_fault("drop_before", path="/oauth2/revoke_token/", times=100)
    ran = here.run("auth", "logout")
    assert ran.code == 1
    assert list(kept(here)) == ["default"]
    forgotten = here.run("auth", "logout", "--forget-only")
    assert (forgotten.code, kept(here)) == (0, {})
    assert "whoever has it can go on using it" in forgotten.text


def test_a_wrong_secret_takes_nothing_back_and_forgets_nothing(here: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOK_APP_SECRET", "of-another-app")
    ran = here.run("auth", "logout")
    assert ran.code == 1
    assert "secret does not match" in ran.text
    assert list(kept(here)) == ["default"]


def test_nobody_can_be_logged_out_twice(here: Project) -> None:
    assert here.run("auth", "logout").code == 0
    ran = here.run("auth", "logout")
    assert ran.code == 1
    assert "nobody is logged in as default" in ran.text


# token


@pytest.mark.parametrize("stdin", ["", "y\n"])
def test_a_token_is_never_printed_where_it_is_not_a_terminal(here: Project, stdin: str) -> None:
    ran = here.spawn("auth", "token", stdin=stdin)
    assert (ran.code, ran.out) == (1, "")
    assert "a terminal only" in ran.err
    assert token(here) not in ran.err


def test_on_a_terminal_a_token_is_printed_after_a_yes(here: Project) -> None:
    code, shown = on_terminal(here, "auth", "token", answers={"Show it?": "y"})
    assert (code, token(here) in shown) == (0, True)


def test_on_a_terminal_a_no_prints_nothing(here: Project) -> None:
    code, shown = on_terminal(here, "auth", "token", answers={"Show it?": ""})
    assert (code, token(here) in shown) == (1, False)


def test_what_is_asked_for_on_a_terminal_is_not_shown_there(here: Project) -> None:
    """The secret, and the address with the code."""
    code, shown = on_terminal(
        here,
        *("auth", "login", "--paste", "--profile", "other"),
        answers={
            "App id": "7011",
            "App secret (not shown)": SECRET,
            "The address (not shown)": "http://127.0.0.1:8976/callback?auth_code=a-code-of-mine&state=wrong",
        },
        TIKTOK_APP_SECRET="",
        TIKTOK_ACCESS_TOKEN="",
    )
    assert code == 1
    assert "does not belong to this login" in shown
    assert SECRET not in shown
    assert "a-code-of-mine" not in shown


# advertisers


def test_the_accounts_of_a_token_come_ready_for_the_files(here: Project, tmp_path: Path) -> None:
    (here.folder / "audiences.yaml").unlink()
    ran = here.run("advertisers", "--format", "yaml")
    assert ran.code == 0
    path = here.write(f"version: 1\nadvertisers:\n{ran.out}sources: {{}}\naudiences: {{}}\n")
    loaded = load(path, {})
    assert [each.summary for each in loaded.diagnostics if each.is_error] == []
    assert {each.advertiser_id for each in loaded.config.advertisers.values()} == {here.account, here.other_account}
    assert "# Your role on it is Admin." in ran.out
    planned = here.run("plan")
    assert planned.code == 0, planned.text


def test_what_is_declared_already_can_be_left_out_and_gives_no_key_away(here: Project) -> None:
    found = yaml.safe_load(here.run("advertisers", "--format", "yaml", "--new").out)
    assert [each["advertiser_id"] for each in found.values()] == [here.other_account]


def test_a_profile_comes_with_its_accounts(here: Project, person: Visitor) -> None:
    assert log_in(here, "--profile", "agency").code == 0
    found = yaml.safe_load(here.run("advertisers", "--profile", "agency", "--format", "yaml").out)
    assert {each["profile"] for each in found.values()} == {"agency"}


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"TIKTOK_APP_ID": "7011", "TIKTOK_APP_SECRET": SECRET}, "as TikTok says"),
        ({"TIKTOK_APP_SECRET": ""}, "as TikTok said at login on"),
        ({"TIKTOK_APP_SECRET": "", "TIKTOK_ACCESS_TOKEN": TOKEN}, "as the Business Centers that it can see list them"),
    ],
)
def test_it_is_said_who_tells_which_accounts_these_are(
    here: Project, environ: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    ran = here.run("advertisers", "--format", "json")
    assert told in ran.err
    found = {each["advertiser_id"]: each for each in ran.document["advertisers"]}
    assert found.keys() == {here.account, here.other_account}
    assert found[here.account]["key"] == "acme"
    assert found[here.account]["write"]["allowed"]


def test_an_account_that_cannot_be_written_to_says_why_in_the_file(here: Project) -> None:
    here.tiktok.set_role(here.account, "ANALYST", None)
    out = here.run("advertisers", "--format", "yaml").out
    assert "# Cannot be written to: your role is Analyst. Ask a Business Center admin" in out


def test_the_list_goes_into_a_file_where_one_is_named(here: Project) -> None:
    for form in ("text", "yaml", "json"):
        ran = here.run("advertisers", "--format", form, "-o", f"list.{form}")
        assert (ran.code, ran.out) == (0, "")
        assert here.account in (here.folder / f"list.{form}").read_text()


def test_without_a_token_there_is_nothing_to_list(here: Project) -> None:
    here.run("auth", "logout")
    ran = here.run("advertisers")
    assert ran.code == 1
    assert "reconciler auth login" in ran.text


def test_a_dead_token_is_an_error_of_the_list(here: Project) -> None:
    here.tiktok.revoke_token(token(here))
    ran = here.run("advertisers")
    assert ran.code == 1
    assert "Log in again" in ran.text


def test_an_account_dropped_from_the_files_goes_by_the_login_that_reaches_it(here: Project, person: Visitor) -> None:
    here.apply()
    person.keep = lambda name, value: (name, value) != ("advertiser_id", here.account)
    assert here.run("auth", "logout").code == 0
    person.keep = lambda *_: True
    assert log_in(here, "--profile", "agency").code == 0
    here.declare({}, advertisers={"globex": {"advertiser_id": here.other_account, "profile": "agency"}})
    planned = here("plan")
    assert planned.code == 0, planned.text
    assert "to delete" in planned.text


def test_the_logins_of_the_tests_are_where_they_are_looked_for(here: Project) -> None:
    (profile,) = open_logins("http://elsewhere.example", {}, here.folder / ".home").profiles() or (None,)
    assert profile is None
