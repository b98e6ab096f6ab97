"""A code becomes a token that is kept before anything else can fail."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.auth.errors import (
    KeyringUnusableError,
    LostTokenError,
    NameTakenError,
    StrandedTokenError,
    UnkeptTokenError,
)
from reconciler.auth.login import LoggedIn, Wanted, log_in
from reconciler.auth.model import Keeping
from reconciler.sandbox import APP_ID, APP_SECRET
from reconciler.secret import Secret
from reconciler.tiktok.errors import (
    AppSecretError,
    AuthCodeError,
    ServiceFaultError,
    UnknownAppError,
)
from reconciler.tiktok.model import Role, User
from reconciler.tiktok.oauth import App
from reconciler.tiktok.permission import Work
from tests.auth.conftest import EU, HERE, LOGGED_IN_AT, US, confirm
from tests.tiktok.conftest import FakeTikTok

if TYPE_CHECKING:
    from reconciler.auth.logins import Logins
    from reconciler.auth.model import AccountStanding, Login
    from reconciler.sandbox import Sandbox
    from reconciler.tiktok.client import TikTok

APP = App(APP_ID, Secret(APP_SECRET))
CODE = Secret("a-code-that-nobody-may-read")
WANTED = Wanted("default", HERE, Keeping.FILE, LOGGED_IN_AT, {US: "us"}, {})
GRANT = {"access_token": "a-token-that-nobody-may-read", "advertiser_ids": [US], "scope": [30, 31, 32]}


@pytest.fixture(autouse=True)
def _app(sandbox: Sandbox) -> None:
    sandbox.controls.set_app(APP_ID, APP_SECRET)


def account(logged_in: LoggedIn, advertiser_id: str) -> AccountStanding:
    assert logged_in.standing is not None
    return next(each for each in logged_in.standing.accounts if each.advertiser_id == advertiser_id)


async def test_a_code_becomes_a_login_that_is_kept(sandbox: Sandbox, tiktok: TikTok, logins: Logins) -> None:
    logged_in = await log_in(tiktok, APP, await confirm(sandbox), WANTED, logins.keep)

    assert logins.get("default") == logged_in.login
    profile = logged_in.login.profile
    assert (profile.base_url, profile.app_id, profile.kept_in) == (HERE, APP_ID, Keeping.FILE)
    assert profile.logged_in_at == LOGGED_IN_AT
    assert profile.user.name == "Local Operator"
    assert profile.scopes == frozenset({30, 31, 32})
    assert sorted(profile.advertiser_ids) == [US, EU]


async def test_a_login_tells_what_it_may_do_and_by_which_name_the_files_know_an_account(
    sandbox: Sandbox, tiktok: TikTok, logins: Logins
) -> None:
    sandbox.controls.set_role(EU, "ANALYST")
    logged_in = await log_in(tiktok, APP, await confirm(sandbox), WANTED, logins.keep)

    assert logged_in.problem is None
    us, eu = account(logged_in, US), account(logged_in, EU)
    assert (us.key, eu.key) == ("us", None)
    assert us.account is not None
    assert us.account.role is Role.ADMIN
    assert all(us.may(work) for work in Work)
    assert [work for work in Work if eu.may(work)] == [Work.READ]


async def test_what_was_not_granted_is_told(sandbox: Sandbox, tiktok: TikTok, logins: Logins) -> None:
    code = await confirm(sandbox, ticked=lambda name, value: (name, value) not in {("scope", "31"), ("scope", "32")})
    logged_in = await log_in(tiktok, APP, code, WANTED, logins.keep)

    assert logged_in.login.profile.scopes == frozenset({30})
    us = account(logged_in, US)
    assert us.may(Work.READ)
    assert "scope 31" in us.lacks[Work.WRITE][0].reason
    assert "scope 32" in us.lacks[Work.SHARE][0].reason


async def test_a_grant_without_an_account_is_a_login_that_reaches_none() -> None:
    fake = FakeTikTok().answers({**GRANT, "advertiser_ids": []}).answers({"core_user_id": "11", "display_name": "Ann"})
    logged_in = await log_in(fake.client(), APP, CODE, WANTED, lambda _: None)

    assert logged_in.standing is not None
    assert logged_in.standing.is_alive
    assert logged_in.standing.accounts == ()


async def test_a_code_works_once(sandbox: Sandbox, tiktok: TikTok, logins: Logins) -> None:
    code = await confirm(sandbox)
    first = await log_in(tiktok, APP, code, WANTED, logins.keep)
    with pytest.raises(AuthCodeError):
        await log_in(tiktok, APP, code, replace(WANTED, profile="second"), logins.keep)

    assert logins.profiles() == (first.login.profile,)


@pytest.mark.parametrize(
    ("app", "error"),
    [
        (App(APP_ID, Secret("another-secret-altogether")), AppSecretError),
        (App("no-such-app", Secret(APP_SECRET)), UnknownAppError),
    ],
    ids=["secret", "app"],
)
async def test_an_app_that_is_not_the_one_keeps_nothing(
    sandbox: Sandbox, tiktok: TikTok, logins: Logins, app: App, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await log_in(tiktok, app, await confirm(sandbox), WANTED, logins.keep)

    assert logins.profiles() == ()


async def test_a_code_is_never_sent_twice() -> None:
    """Nobody knows whether it is used up; that the second try fails would hide that the first did not."""
    fake = FakeTikTok().breaks(httpx.ReadError("reset"))
    with pytest.raises(LostTokenError, match="did not arrive") as lost:
        await log_in(fake.client(), APP, CODE, WANTED, lambda _: None)

    assert len(fake.requests) == 1
    assert "Log in again" in (lost.value.hint or "")


@pytest.mark.parametrize("odd", [{}, {"scope": "all"}, {"scope": ["all"]}, {"advertiser_ids": "all", "scope": None}])
async def test_a_token_is_kept_however_odd_the_rest_of_the_answer_is(logins: Logins, odd: dict[str, object]) -> None:
    fake = FakeTikTok().answers({"access_token": "a-token-of-mine", **odd}).answers({"core_user_id": "11"})
    await log_in(fake.client(), APP, CODE, WANTED, logins.keep)

    kept = logins.get("default")
    assert kept is not None
    assert kept.token.reveal() == "a-token-of-mine"
    assert kept.profile.scopes is None, "unknown, rather than none"


@pytest.mark.parametrize("answers", [0, 1], ids=["whose it is", "what the accounts are"])
async def test_a_token_is_kept_where_tiktok_fails_right_after_it(logins: Logins, answers: int) -> None:
    fake = FakeTikTok().answers(GRANT)
    for _ in range(answers):
        fake.answers({"core_user_id": "11", "display_name": "Ann"})
    fake.refuses(50000, "Internal error.")
    logged_in = await log_in(fake.client(patience_seconds=0), APP, CODE, WANTED, logins.keep)

    assert isinstance(logged_in.problem, ServiceFaultError)
    assert logged_in.standing is None
    kept = logins.get("default")
    assert kept is not None
    assert kept.token.reveal() == GRANT["access_token"]
    assert kept.profile.user == (User("11", "Ann") if answers else User(""))


async def test_a_token_that_may_not_tell_whose_it_is_is_a_login_all_the_same(logins: Logins) -> None:
    fake = FakeTikTok().answers({**GRANT, "advertiser_ids": []}).refuses(40001, "No permission to operate.")
    logged_in = await log_in(fake.client(), APP, CODE, WANTED, logins.keep)

    assert logged_in.problem is None
    assert logged_in.standing is not None
    assert logged_in.standing.is_alive
    assert logins.profiles() == (logged_in.login.profile,)


async def test_the_token_is_kept_before_tiktok_is_asked_anything_else() -> None:
    fake = FakeTikTok().answers(GRANT).answers({"core_user_id": "11"}).refuses(40002)
    calls: list[int] = []

    def keep(_: Login) -> None:
        calls.append(len(fake.requests))

    await log_in(fake.client(), APP, CODE, WANTED, keep)

    assert calls[0] == 1


def locked(_: Login) -> None:
    raise KeyringUnusableError("keep the token", "it is locked")


def broken(_: Login) -> None:
    raise RuntimeError(GRANT["access_token"])


async def test_a_token_that_cannot_be_kept_is_taken_back_and_that_is_said(sandbox: Sandbox, tiktok: TikTok) -> None:
    with pytest.raises(UnkeptTokenError, match=r"it is locked\. The token that TikTok gave was taken back") as unkept:
        await log_in(tiktok, APP, await confirm(sandbox), WANTED, locked)

    assert "REVOKED" in {each.status for each in sandbox.controls.tokens()}
    assert "--store file" in (unkept.value.hint or "")


async def test_it_is_taken_back_whatever_kept_it_from_being_kept(sandbox: Sandbox, tiktok: TikTok) -> None:
    with pytest.raises(UnkeptTokenError, match="RuntimeError") as unkept:
        await log_in(tiktok, APP, await confirm(sandbox), WANTED, broken)

    assert "REVOKED" in {each.status for each in sandbox.controls.tokens()}
    assert str(GRANT["access_token"]) not in unkept.value.message


async def test_a_token_that_is_dead_already_need_not_be_taken_back() -> None:
    fake = FakeTikTok().answers(GRANT).refuses(40105, "The access token has been revoked.")
    with pytest.raises(UnkeptTokenError):
        await log_in(fake.client(), APP, CODE, WANTED, locked)


@pytest.mark.parametrize("code", [50000, 40113])
async def test_a_token_that_can_neither_be_kept_nor_taken_back_is_said_to_be_alive(code: int) -> None:
    fake = FakeTikTok().answers(GRANT).refuses(code, "Not now.")
    with pytest.raises(StrandedTokenError, match=r"it is locked\. .* \(Not now\): it is alive there") as stranded:
        await log_in(fake.client(patience_seconds=0), APP, CODE, WANTED, locked)

    assert "take the app's permission back at TikTok" in (stranded.value.hint or "")
    assert str(GRANT["access_token"]) not in f"{stranded.value.message} {stranded.value.hint}"


async def test_a_login_whose_owner_cannot_be_written_down_is_one_all_the_same() -> None:
    kept: list[Login] = []

    def once(login: Login) -> None:
        if kept:
            locked(login)
        kept.append(login)

    fake = FakeTikTok().answers(GRANT).answers({"core_user_id": "11", "display_name": "Ann"})
    logged_in = await log_in(fake.client(), APP, CODE, WANTED, once)

    assert isinstance(logged_in.problem, KeyringUnusableError)
    assert len(kept) == 1


async def test_a_login_that_another_one_replaced_at_once_is_none(sandbox: Sandbox, tiktok: TikTok) -> None:
    kept: list[Login] = []

    def taken(login: Login) -> None:
        if kept:
            raise NameTakenError("default")
        kept.append(login)

    with pytest.raises(UnkeptTokenError, match="another login was kept as default"):
        await log_in(tiktok, APP, await confirm(sandbox), WANTED, taken)
    assert "REVOKED" in {each.status for each in sandbox.controls.tokens()}
