"""The token and the app's secret go onto the wire and nowhere else."""

from __future__ import annotations

import json
import logging
import traceback
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx
import pytest

from reconciler.secret import Secret
from reconciler.tiktok import accounts
from reconciler.tiktok.errors import TikTokError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tiktok.conftest import FakeTikTok

APP_SECRET = "the/secret+of the-app"


def everything_said(error: BaseException) -> str:
    return "".join([str(error), repr(error), repr(vars(error)), *traceback.format_exception(error)])


@pytest.mark.parametrize("code", [20001, 40001, 40002, 40100, 40105, 50000, 40999])
async def test_a_token_that_tiktok_repeats_is_struck_out(fake: FakeTikTok, token: str, code: int) -> None:
    fake.refuses(code, f"The token {token} is not good.")
    with pytest.raises(TikTokError) as caught:
        await fake.session(patience_seconds=0).get("user/info/", {})

    assert token not in everything_said(caught.value)
    assert "The token *** is not good." in caught.value.message


@pytest.mark.parametrize(
    "spelled",
    [
        lambda secret: quote(secret, safe=""),
        lambda secret: b64encode(secret.encode()).decode(),
        lambda s: s.encode().hex(),
    ],
)
async def test_however_it_is_spelled(fake: FakeTikTok, spelled: Callable[[str], str]) -> None:
    fake.refuses(40101, f"<{spelled(APP_SECRET)}> does not match.")
    with pytest.raises(TikTokError) as caught:
        await accounts.advertisers(fake.session(), "12", Secret(APP_SECRET))

    assert spelled(APP_SECRET) not in everything_said(caught.value)


async def test_the_secret_of_the_app_is_struck_out_too(fake: FakeTikTok) -> None:
    fake.refuses(40101, f"{APP_SECRET} does not match.")
    with pytest.raises(TikTokError) as caught:
        await accounts.advertisers(fake.session(), "12", Secret(APP_SECRET))

    assert fake.last.url.params["secret"] == APP_SECRET
    assert APP_SECRET not in everything_said(caught.value)


@pytest.mark.parametrize("code", [20001, 40001, 50000])
async def test_a_token_in_the_request_id_or_the_payload_of_a_refusal_is_struck_out_too(
    fake: FakeTikTok, token: str, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    payload = {"failed": [{token: f"for {token}"}], "deep": json.loads("[" * 300 + "]" * 300)}
    body = {"code": code, "message": "no", "request_id": f"of\n{token}", "data": payload}
    fake.sends(httpx.Response(200, json=body))
    with caplog.at_level(logging.DEBUG), pytest.raises(TikTokError) as caught:
        await fake.session(patience_seconds=0).get("user/info/", {})

    assert token not in everything_said(caught.value) + caplog.text
    assert caught.value.request_id == "of ***"


async def test_what_tiktok_gives_is_given_as_it_is(fake: FakeTikTok, token: str) -> None:
    """An account may be called whatever it likes; what is shown of it is nobody's secret."""
    fake.answers({"name": f"called {token}"})
    assert await fake.session().get("user/info/", {}) == {"name": f"called {token}"}


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("refused"), httpx.ReadError("reset"), httpx.RemoteProtocolError("bad")]
)
@pytest.mark.parametrize("repeatable", [True, False])
async def test_a_broken_connection_shows_no_token(
    fake: FakeTikTok, token: str, error: Exception, repeatable: bool
) -> None:
    with pytest.raises(TikTokError) as caught:
        await fake.breaks(error).session(patience_seconds=0).post("user/info/", {}, repeatable=repeatable)

    assert token not in everything_said(caught.value)


async def test_no_log_of_any_library_at_any_level_shows_a_secret(
    fake: FakeTikTok, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fake.refuses(40100, token).breaks(httpx.ReadError(token)).refuses(50000, token).answers({"list": []})
    await accounts.advertisers(fake.session(), "12", Secret(APP_SECRET))

    assert "oauth2/advertiser/get/" in caplog.text
    assert token not in caplog.text
    assert APP_SECRET not in caplog.text


async def test_each_request_leaves_one_line_that_says_what_happened(
    fake: FakeTikTok, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="reconciler.tiktok.client")
    await fake.answers().session().post("segment/mapping/", b"{}", repeatable=True, rows=12)

    [line] = caplog.messages
    assert line == "POST segment/mapping/: code 0, request 20240101REQUEST, 0 ms, 12 rows"


async def test_a_long_wait_is_announced(fake: FakeTikTok, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(5):
        fake.refuses(40100)
    await fake.answers().session().get("user/info/", {})

    [warning] = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    assert "trying again in 30" in warning


async def test_silence_is_announced_while_it_lasts(fake: FakeTikTok, caplog: pytest.LogCaptureFixture) -> None:
    await fake.breaks(httpx.ConnectError("Connection refused")).answers().session().get("user/info/", {})

    [warning] = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    assert warning.endswith("Connection refused; trying again")


async def test_neither_a_session_nor_its_client_shows_the_token(fake: FakeTikTok, token: str) -> None:
    session = fake.session()

    assert token not in f"{session!r}{vars(session)!r}"
