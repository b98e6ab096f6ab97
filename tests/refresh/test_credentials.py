"""Whose token acts for an account."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from reconciler.auth.errors import KeyringUnusableError, LoginError
from reconciler.auth.logins import open_logins
from reconciler.auth.model import Keeping, Login, Profile
from reconciler.config import Advertiser, Config
from reconciler.diagnostics import Location
from reconciler.refresh.credentials import Credentials, NoTokenError
from reconciler.secret import Secret
from reconciler.tiktok.model import User
from tests.refresh.conftest import EU, US

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.auth.logins import Logins

OWN, SHARED, FORMER = "the-accounts-own-token", "the-environments-token", "7000000000000000009"
HERE, THERE = "https://tiktok.example/open_api/v1.3", "https://other.example/open_api/v1.3"
ENVIRON = {"TIKTOK_ACCESS_TOKEN": SHARED}


def config(**of_eu: str) -> Config:
    return Config(
        state_url="/state",
        advertisers={"us": Advertiser("us", US, Secret(OWN)), "eu": Advertiser("eu", EU, **of_eu)},  # type: ignore[arg-type]  # fields by name
    )


@pytest.fixture
def logins(tmp_path: Path) -> Logins:
    return open_logins(HERE, {}, tmp_path)


def log_in(logins: Logins, name: str = "default", *accounts: str, base_url: str = HERE) -> str:
    """Log in under this profile; return the token."""
    when, user = datetime(2026, 1, 1, tzinfo=UTC), User("1", "Ann")
    profile = Profile(name, base_url, "42", user, frozenset({30}), accounts, when, Keeping.FILE)
    logins.keep(Login(profile, Secret(f"token-of-{name}")))
    return f"token-of-{name}"


def found(advertiser_id: str, desired: Config, environ: dict[str, str], logins: Logins) -> str:
    return Credentials(desired, environ, logins).of(advertiser_id).token.reveal()


def test_the_token_that_the_files_give_an_account_goes_first(logins: Logins) -> None:
    log_in(logins)
    assert found(US, config(), ENVIRON, logins) == OWN


def test_then_comes_the_environments(logins: Logins) -> None:
    log_in(logins)
    assert found(EU, config(), ENVIRON, logins) == SHARED
    assert found(EU, config(profile="default"), ENVIRON, logins) == SHARED


def test_then_comes_the_login_that_the_account_names(logins: Logins) -> None:
    log_in(logins)
    theirs = log_in(logins, "agency")
    assert found(EU, config(profile="agency"), {}, logins) == theirs


def test_an_account_that_names_no_login_takes_the_default(logins: Logins) -> None:
    log_in(logins, "agency", EU)
    token = log_in(logins)
    assert found(EU, config(), {}, logins) == token


def test_an_account_that_the_files_no_longer_name_takes_the_environments(logins: Logins) -> None:
    assert found(FORMER, config(), ENVIRON, logins) == SHARED


def test_an_account_that_the_files_no_longer_name_takes_the_login_that_may_act_for_it(logins: Logins) -> None:
    log_in(logins)
    theirs = log_in(logins, "agency", FORMER)
    assert found(FORMER, config(), {}, logins) == theirs


def test_what_only_a_login_tells_comes_with_its_token_wherever_that_is_found(logins: Logins) -> None:
    token = log_in(logins)
    assert Credentials(config(), {}, logins).of(EU).scopes == frozenset({30})
    assert Credentials(config(), {"TIKTOK_ACCESS_TOKEN": token}, logins).of(EU).scopes == frozenset({30})
    assert Credentials(config(), ENVIRON, logins).of(EU).scopes is None


def test_it_is_told_where_a_token_was_found(logins: Logins) -> None:
    log_in(logins)
    place = Location("audiences.yaml", 5, 5)
    placed = Config("", advertisers=config().advertisers, places={("advertisers", "us", "access_token"): place})
    assert Credentials(placed, {}, logins).of(US).origin == "access_token in audiences.yaml:5:5"
    assert Credentials(placed, ENVIRON, logins).of(EU).origin == "TIKTOK_ACCESS_TOKEN"
    assert Credentials(placed, {}, logins).of(EU).origin == "profile default (file)"


def test_a_line_break_at_the_end_of_the_variable_does_no_harm(logins: Logins) -> None:
    assert found(EU, config(), {"TIKTOK_ACCESS_TOKEN": f" {SHARED}\n"}, logins) == SHARED


@pytest.mark.parametrize("environ", [{}, {"TIKTOK_ACCESS_TOKEN": ""}, {"TIKTOK_ACCESS_TOKEN": " \n"}])
def test_no_token_at_all_names_the_account_and_the_ways_out(environ: dict[str, str], logins: Logins) -> None:
    with pytest.raises(NoTokenError, match=f"eu .{EU}.") as refused:
        found(EU, config(profile="agency"), environ, logins)

    for way_out in ("auth login --profile agency", "TIKTOK_ACCESS_TOKEN", "access_token", "--sandbox"):
        assert way_out in (refused.value.hint or "")


def test_a_login_that_would_do_is_named(logins: Logins) -> None:
    log_in(logins, "agency", EU)
    with pytest.raises(NoTokenError) as refused:
        found(EU, config(), {}, logins)
    assert "profile: agency" in (refused.value.hint or "")


def test_a_login_at_another_tiktok_is_never_taken(logins: Logins, tmp_path: Path) -> None:
    log_in(open_logins(THERE, {}, tmp_path), base_url=THERE)
    with pytest.raises(NoTokenError) as refused:
        found(EU, config(), {}, logins)
    assert THERE in (refused.value.hint or "")


def test_damaged_logins_stand_in_the_way_of_no_other_token(logins: Logins) -> None:
    log_in(logins)
    logins.path.write_text("{")
    assert found(US, config(), {}, logins) == OWN
    assert found(EU, config(), ENVIRON, logins) == SHARED
    with pytest.raises(LoginError, match="not a list of logins"):
        found(EU, config(), {}, logins)


def test_the_local_tiktoks_own_token_is_the_last_resort(logins: Logins) -> None:
    held = Credentials(config(), {}, logins, fallback=Secret("local"))
    assert held.of(EU).token == Secret("local")
    token = log_in(logins)
    assert Credentials(config(), {}, logins, fallback=Secret("local")).of(EU).token == Secret(token)


def test_a_keyring_is_asked_once_for_all_the_accounts_of_a_login(
    logins: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(logins)
    asked: list[str] = []
    get = logins.get

    def counted(name: str) -> Login | None:
        asked.append(name)
        return get(name)

    monkeypatch.setattr(logins, "get", counted)
    held = Credentials(config(), {}, logins)
    assert {held.of(each).token.reveal() for each in (EU, FORMER)} == {"token-of-default"}
    held.holders()
    assert asked == ["default"]


def test_every_token_is_held_once_with_all_it_is_for(logins: Logins) -> None:
    log_in(logins, "default", EU, FORMER)
    log_in(logins, "agency")

    first, second, third = Credentials(config(), {}, logins).holders()

    assert (first.token, first.accounts) == (Secret(OWN), {US: "us"})
    assert (second.origin, second.accounts) == ("profile default (file)", {EU: "eu", FORMER: None})
    assert (third.origin, third.accounts) == ("profile agency (file)", {})


def test_an_account_without_a_token_is_held_by_none(logins: Logins) -> None:
    (us, eu) = Credentials(config(), {}, logins).holders()
    assert (us.token, eu.token) == (Secret(OWN), None)
    assert EU in eu.origin


def test_without_files_the_environments_token_is_held_for_itself(logins: Logins) -> None:
    log_in(logins)
    assert [each.origin for each in Credentials(Config(""), ENVIRON, logins).holders()] == [
        "TIKTOK_ACCESS_TOKEN",
        "profile default (file)",
    ]


@pytest.mark.parametrize("named", [None, "default"])
def test_a_login_whose_token_is_gone_is_not_offered_as_the_way_out(
    logins: Logins, tmp_path: Path, named: str | None
) -> None:
    log_in(logins, "default", EU)
    [token] = (tmp_path / "tokens").iterdir()
    token.unlink()
    with pytest.raises(NoTokenError) as missing:
        Credentials(config(**({"profile": named} if named else {})), {}, logins).of(EU)
    hint = missing.value.hint or ""
    assert hint.startswith(
        "The token of the login default is gone, or another one stands in its place. Run `reconciler"
    )
    assert "give the advertiser `profile:" not in hint


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_token_that_others_may_read_is_held_by_none_and_stands_in_no_others_way(
    logins: Logins, tmp_path: Path
) -> None:
    log_in(logins, "agency", EU)
    [exposed] = (tmp_path / "tokens").iterdir()
    log_in(logins, "zeta", FORMER)
    exposed.chmod(0o644)
    (us, eu, zeta) = Credentials(config(profile="agency"), {}, logins).holders()
    assert (us.token, zeta.token) == (Secret(OWN), Secret("token-of-zeta"))
    assert (eu.token, eu.profile and eu.profile.name, eu.accounts) == (None, "agency", {EU: "eu"})
    assert "others may read it" in eu.origin
    assert "chmod 600" in eu.way_out


def test_a_keyring_that_refuses_is_not_asked_again(logins: Logins, monkeypatch: pytest.MonkeyPatch) -> None:
    log_in(logins)
    asked: list[str] = []

    def refuse(name: str) -> Login | None:
        asked.append(name)
        raise KeyringUnusableError("be read", "it is locked")

    monkeypatch.setattr(logins, "get", refuse)
    held = Credentials(config(), {}, logins)
    for account in (EU, FORMER):
        with pytest.raises(LoginError, match="it is locked"):
            held.of(account)
    held.holders()
    assert asked == ["default"]
