"""A login where something in between fails, and where TikTok says more than may be shown."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from reconciler.secret import Secret
from reconciler.tiktok.errors import TikTokError, UncertainWriteError
from reconciler.tiktok.oauth import App, authorization_url, exchange, revoke

if TYPE_CHECKING:
    from tests.tiktok.conftest import FakeTikTok

APP_SECRET, CODE, GIVEN = "the-secret-of-the-app", "a-code-that-nobody-may-read", "the-token-that-was-given"
APP = App("7011", Secret(APP_SECRET))


def test_nothing_of_the_apis_address_but_its_host_gets_into_the_page() -> None:
    page = authorization_url("https://tiktok.test/api?x=1#top", "7011", state="s", redirect_uri="http://127.0.0.1/")
    assert page == authorization_url("https://tiktok.test", "7011", state="s", redirect_uri="http://127.0.0.1/")
    assert urlsplit(page).fragment == ""


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_code_is_not_sent_again_after_a_page_that_is_no_answer(fake: FakeTikTok, status: int) -> None:
    fake.sends(httpx.Response(status, text="<html>Bad gateway</html>"))
    with pytest.raises(UncertainWriteError):
        await exchange(fake.client(), APP, Secret(CODE))
    assert len(fake.requests) == 1


async def test_accounts_stay_in_the_order_in_which_tiktok_names_them(fake: FakeTikTok) -> None:
    fake.answers({"access_token": GIVEN, "advertiser_ids": ["9", "7", "9", "8"]})
    assert (await exchange(fake.client(), APP, Secret(CODE))).advertiser_ids == ("9", "7", "8")


@pytest.mark.parametrize("code", [20001, 40101, 40105, 40113, 40999])
async def test_a_refusal_to_take_a_token_back_shows_neither_it_nor_the_apps_secret(
    fake: FakeTikTok, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(TikTokError) as refused:
        await revoke(fake.refuses(code, f"No: {APP_SECRET}, {GIVEN}.").client(), APP, Secret(GIVEN))
    said = "".join([repr(vars(refused.value)), *traceback.format_exception(refused.value), caplog.text])
    assert "No: ***, ***." in said
    assert APP_SECRET not in said
    assert GIVEN not in said
