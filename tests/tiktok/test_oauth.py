"""A code of a person's becomes a token, and a token can be given back."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.secret import Secret
from reconciler.tiktok.client import PRODUCTION_URL
from reconciler.tiktok.errors import (
    AppSecretError,
    AuthCodeError,
    CredentialError,
    RateLimitedError,
    ServiceFaultError,
    TikTokError,
    UncertainWriteError,
    UnknownAppError,
    UnreachableError,
    UnreadableAnswerError,
)
from reconciler.tiktok.oauth import App, Grant, authorization_url, exchange, revoke

if TYPE_CHECKING:
    from tests.tiktok.conftest import FakeTikTok

APP = App("7011", Secret("the-secret-of-the-app"))
CODE = Secret("the-code-of-a-login")
GRANTED = {"access_token": "the-token", "advertiser_ids": ["7", "8"], "scope": [30, 31]}


def test_a_person_is_sent_to_the_page_beside_the_api() -> None:
    page = authorization_url(PRODUCTION_URL, "7011", state="s", redirect_uri="http://127.0.0.1:8976/callback")

    assert page.startswith("https://business-api.tiktok.com/portal/auth?")
    assert parse_qs(urlsplit(page).query, strict_parsing=True) == {
        "app_id": ["7011"],
        "state": ["s"],
        "redirect_uri": ["http://127.0.0.1:8976/callback"],
    }


@pytest.mark.parametrize(
    ("base_url", "page"),
    [
        ("http://127.0.0.1:8765/open_api/v1.3", "http://127.0.0.1:8765/portal/auth"),
        ("http://[::1]:8765/open_api/v1.3/", "http://[::1]:8765/portal/auth"),
        ("https://proxy.example/tiktok/open_api/v1.3?x=1#y", "https://proxy.example/portal/auth"),
    ],
)
def test_the_page_is_at_the_root_of_the_host_of_the_api(base_url: str, page: str) -> None:
    found = authorization_url(base_url, "1", state="s", redirect_uri="http://a.b/")

    assert found.partition("?")[0] == page
    assert parse_qs(urlsplit(found).query).keys() == {"app_id", "state", "redirect_uri"}


def test_a_base_url_that_is_no_address_is_an_error_with_its_reason() -> None:
    with pytest.raises(UnreachableError, match="is not a web address"):
        authorization_url("http://[::1", "1", state="s", redirect_uri="http://a.b/")


@given(st.text(), st.text(), st.text())
def test_whatever_goes_into_the_address_arrives_as_it_was(app_id: str, state: str, redirect_uri: str) -> None:
    page = authorization_url(PRODUCTION_URL, app_id, state=state, redirect_uri=redirect_uri)

    found = parse_qs(urlsplit(page).query, keep_blank_values=True, strict_parsing=True)
    assert found == {"app_id": [app_id], "state": [state], "redirect_uri": [redirect_uri]}


async def test_a_code_becomes_a_token_with_its_accounts_and_scopes(fake: FakeTikTok) -> None:
    grant = await exchange(fake.answers(GRANTED).client(), APP, CODE)

    assert grant == Grant(Secret("the-token"), ("7", "8"), frozenset({30, 31}))
    assert fake.last.method == "POST"
    assert fake.last.url.path == "/open_api/v1.3/oauth2/access_token/"
    assert fake.sent() == {"app_id": "7011", "secret": "the-secret-of-the-app", "auth_code": "the-code-of-a-login"}


async def test_nobodys_token_goes_with_a_code(fake: FakeTikTok) -> None:
    await exchange(fake.answers(GRANTED).client(), APP, CODE)

    assert "access-token" not in fake.last.headers
    assert fake.last.url.query == b"", "what is secret does not stand in an address"


async def test_scopes_and_ids_are_read_as_numbers_and_texts_however_tiktok_spells_them(fake: FakeTikTok) -> None:
    spelled = {"access_token": "t", "advertiser_ids": [7000000000000000001, "8", "8"], "scope": ["30", 31, 31]}
    grant = await exchange(fake.answers(spelled).client(), APP, CODE)

    assert grant.advertiser_ids == ("7000000000000000001", "8")
    assert grant.scopes == frozenset({30, 31})


async def test_a_grant_of_nothing_is_a_token_all_the_same(fake: FakeTikTok) -> None:
    grant = await exchange(fake.answers({"access_token": "t"}).client(), APP, CODE)

    assert (grant.advertiser_ids, grant.scopes) == ((), None)


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        (40110, AuthCodeError, "code of this login"),
        (40101, AppSecretError, "secret does not match"),
        (40113, UnknownAppError, "does not know the developer app"),
    ],
)
async def test_each_refusal_of_a_login_has_its_own_sentence_and_way_out(
    fake: FakeTikTok, code: int, error: type[TikTokError], words: str
) -> None:
    with pytest.raises(error, match=words) as refused:
        await exchange(fake.refuses(code, "TikTok's own words.").client(), APP, CODE)

    assert "TikTok's own words" in refused.value.message
    assert refused.value.hint
    assert len(fake.requests) == 1


@pytest.mark.parametrize("answer", [{}, {"access_token": ""}, {"access_token": None}, {"access_token": {"a": 1}}])
async def test_an_answer_without_a_token_is_no_grant(fake: FakeTikTok, answer: dict[str, object]) -> None:
    with pytest.raises(UnreadableAnswerError, match="access_token"):
        await exchange(fake.answers(answer).client(), APP, CODE)


async def test_a_code_that_may_have_been_used_up_is_not_sent_again(fake: FakeTikTok) -> None:
    fake.breaks(httpx.ReadTimeout("slow")).answers(GRANTED)
    with pytest.raises(UncertainWriteError):
        await exchange(fake.client(), APP, CODE)

    assert len(fake.requests) == 1


async def test_a_code_that_has_certainly_not_arrived_is_sent_again(fake: FakeTikTok) -> None:
    fake.breaks(httpx.ConnectError("refused")).refuses(40100).answers(GRANTED)
    grant = await exchange(fake.client(), APP, CODE)

    assert grant.token == Secret("the-token")
    assert len(fake.requests) == 3


async def test_too_many_logins_are_told_as_that(fake: FakeTikTok) -> None:
    with pytest.raises(RateLimitedError):
        await exchange(fake.refuses(40100).client(patience_seconds=0), APP, CODE)


async def test_a_token_is_given_back_for_the_app_it_was_given_to(fake: FakeTikTok) -> None:
    await revoke(fake.answers().client(), APP, Secret("the-token"))

    assert fake.last.url.path == "/open_api/v1.3/oauth2/revoke_token/"
    assert "access-token" not in fake.last.headers
    assert fake.sent() == {"app_id": "7011", "secret": "the-secret-of-the-app", "access_token": "the-token"}


async def test_giving_back_is_tried_again_since_twice_is_the_same_as_once(fake: FakeTikTok) -> None:
    await revoke(fake.breaks(httpx.ReadError("reset")).refuses(50000).answers().client(), APP, Secret("the-token"))

    assert len(fake.requests) == 3


@pytest.mark.parametrize(
    ("code", "error"),
    [(40105, CredentialError), (40101, AppSecretError), (40113, UnknownAppError), (50000, ServiceFaultError)],
)
async def test_a_token_that_is_not_taken_back_is_told_why(
    fake: FakeTikTok, code: int, error: type[TikTokError]
) -> None:
    with pytest.raises(error):
        await revoke(fake.refuses(code).client(patience_seconds=0), APP, Secret("the-token"))


def test_neither_an_app_nor_a_grant_shows_what_is_secret() -> None:
    assert "the-secret-of-the-app" not in f"{APP} {APP!r}"
    assert "the-token" not in repr(Grant(Secret("the-token"), (), frozenset()))
