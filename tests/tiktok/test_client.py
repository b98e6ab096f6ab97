"""Requests leave in the shape TikTok wants, and what comes back is opened, refused or reported for what it is."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import ReconcilerError
from reconciler.secret import Secret
from reconciler.tiktok.client import PRODUCTION_URL, TikTok
from reconciler.tiktok.errors import CredentialError, TikTokError, UnreachableError, UnreadableAnswerError
from tests.tiktok.test_secrecy import everything_said

if TYPE_CHECKING:
    from reconciler.tiktok.client import Parameter
    from tests.tiktok.conftest import FakeTikTok

PATH = "dmp/custom_audience/list/"


async def test_the_token_travels_in_its_own_header_and_nowhere_else(fake: FakeTikTok, token: str) -> None:
    await fake.answers().session().get(PATH, {"advertiser_id": "7"})

    assert fake.last.headers["Access-Token"] == token
    assert "Authorization" not in fake.last.headers
    assert token not in str(fake.last.url)


async def test_paths_are_taken_below_the_base_url_with_their_slash(fake: FakeTikTok) -> None:
    await fake.answers().session().get(PATH, {})

    assert str(fake.last.url) == "https://tiktok.test/open_api/v1.3/dmp/custom_audience/list/"


async def test_a_path_without_its_slash_is_caught_before_it_is_sent(fake: FakeTikTok) -> None:
    with pytest.raises(AssertionError, match="slash"):
        await fake.answers().session().get("user/info", {})

    assert not fake.requests


async def test_lists_and_objects_of_a_query_travel_as_json_and_ids_as_they_are(fake: FakeTikTok) -> None:
    params: dict[str, Parameter] = {
        "advertiser_id": "7",
        "custom_audience_ids": ["1", "2"],
        "filtering": {"a": ["b"]},
        "page": 3,
    }
    await fake.answers().session().get(PATH, params)

    assert dict(fake.last.url.params) == {
        "advertiser_id": "7",
        "custom_audience_ids": '["1","2"]',
        "filtering": '{"a":["b"]}',
        "page": "3",
    }


async def test_a_body_travels_as_json(fake: FakeTikTok) -> None:
    await fake.answers().session().post(PATH, {"advertiser_id": "7"}, repeatable=True)

    assert fake.last.headers["Content-Type"] == "application/json"
    assert fake.sent() == {"advertiser_id": "7"}


async def test_a_body_that_is_json_already_is_sent_as_it_is(fake: FakeTikTok) -> None:
    await fake.answers().session().post(PATH, b'{"a": 1}', repeatable=True, rows=5)

    assert fake.last.content == b'{"a": 1}'


async def test_success_returns_the_payload(fake: FakeTikTok) -> None:
    assert await fake.answers({"list": [1]}).session().get(PATH, {}) == {"list": [1]}


@pytest.mark.parametrize("missing", [None, [], "text"])
async def test_success_without_a_payload_returns_an_empty_one(fake: FakeTikTok, missing: object) -> None:
    fake.sends(httpx.Response(200, json={"code": 0, "message": "OK", "request_id": "1", "data": missing}))

    assert await fake.session().get(PATH, {}) == {}


async def test_http_200_proves_nothing(fake: FakeTikTok) -> None:
    with pytest.raises(TikTokError) as caught:
        await fake.refuses(40999, "Nope.").session().get(PATH, {"advertiser_id": "7"})

    assert (caught.value.code, caught.value.request_id, caught.value.path) == (40999, "20240101REQUEST", PATH)
    assert caught.value.advertiser_id == "7"
    assert caught.value.said == "Nope."


async def test_a_refusal_under_another_http_status_is_still_read(fake: FakeTikTok) -> None:
    refused = httpx.Response(401, json={"code": 40105, "message": "Wrong token.", "request_id": "1", "data": {}})
    with pytest.raises(CredentialError, match=r"Wrong token"):
        await fake.sends(refused).session().get(PATH, {})


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (httpx.Response(302, headers={"location": "https://elsewhere.test/"}), "a redirect came"),
        (httpx.Response(200, html="<h1>Log in to the Wi-Fi</h1>"), "a web page came instead of JSON"),
        (httpx.Response(404, html="<h1>Not found</h1>"), r"a web page .* \(HTTP 404\)"),
        (httpx.Response(502, text="Bad gateway"), r"11 bytes came .* \(HTTP 502\)"),
        (httpx.Response(200, content=b'{"code": 0, "data": {"li'), "came instead of JSON"),
        (httpx.Response(200, content=b""), "nothing came"),
        (httpx.Response(200, content=b'\xff\xfe{"code": 0}'), "came instead of JSON"),
        (httpx.Response(200, json=[1, 2]), "not an object"),
        (httpx.Response(200, json={"data": {}}), "without a return code"),
        (httpx.Response(200, json={"code": "0"}), "without a return code"),
        (httpx.Response(200, json={"code": True}), "without a return code"),
        (httpx.Response(500, json={"code": 0}), "success under the HTTP status of a failure"),
        (httpx.Response(200, content=b"\x00\x01", headers={"content-encoding": "identity"}), "2 bytes came"),
    ],
)
async def test_what_is_no_answer_of_the_api_is_said_to_be_none(
    fake: FakeTikTok, response: httpx.Response, said: str
) -> None:
    with pytest.raises(UnreadableAnswerError, match=said) as caught:
        await fake.sends(response).session(patience_seconds=0).get(PATH, {"advertiser_id": "7"})

    assert "TIKTOK_BASE_URL" in str(caught.value.hint)
    assert caught.value.advertiser_id == "7"


async def test_broken_compression_is_no_answer(fake: FakeTikTok) -> None:
    fake.breaks(httpx.DecodingError("Error -3 while decompressing data"))
    with pytest.raises(UnreadableAnswerError, match="compression"):
        await fake.session(patience_seconds=0).get(PATH, {})


async def test_a_web_page_is_never_quoted(fake: FakeTikTok) -> None:
    fake.sends(httpx.Response(404, html="<p>session=private</p>"))
    with pytest.raises(UnreadableAnswerError) as caught:
        await fake.session().get(PATH, {})

    assert "private" not in caught.value.message


@given(content=st.binary(max_size=200), status=st.sampled_from([200, 204, 301, 400, 404, 500, 503]))
def test_nothing_a_server_can_send_escapes_as_anything_but_an_error_a_person_can_act_on(
    content: bytes, status: int
) -> None:
    async def call() -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(status, content=content))
        tiktok = TikTok("https://tiktok.test", transport=transport, patience_seconds=0)
        await tiktok.acting_with(Secret("t")).get("user/info/", {})

    with pytest.raises(ReconcilerError) as caught:
        asyncio.run(call())
    assert caught.value.hint


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (httpx.ConnectError("[Errno -2] Name or service not known"), "Name or service not known"),
        (httpx.ConnectError("[Errno 111] Connection refused"), "Connection refused"),
        (httpx.ConnectTimeout(""), "it took too long"),
        (httpx.ReadTimeout(""), "it took too long"),
        (httpx.ReadError(""), "ReadError"),
        (httpx.RemoteProtocolError("Server disconnected without sending a response."), "Server disconnected"),
        (httpx.ProxyError("407 Proxy Authentication Required"), "407"),
    ],
)
async def test_silence_names_the_host_and_the_reason(fake: FakeTikTok, error: Exception, said: str) -> None:
    with pytest.raises(UnreachableError, match=said) as caught:
        await fake.breaks(error).session(patience_seconds=0).get(PATH, {"advertiser_id": "7"})

    assert "tiktok.test" in caught.value.message
    assert "HTTPS_PROXY" in str(caught.value.hint)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_real_refusal_says_where_and_why(host: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]

    async def call() -> None:
        async with TikTok(f"http://{host}:{port}/open_api/v1.3", patience_seconds=0) as tiktok:
            await tiktok.acting_with(Secret("t")).get("user/info/", {})

    with pytest.raises(UnreachableError, match=f"{host}:{port}: Connection refused"):
        asyncio.run(call())


@pytest.mark.parametrize(
    "base_url", ["", "tiktok.test", "ftp://tiktok.test", "https://", "https://tiktok.test:port", "https://a\x00b"]
)
def test_a_base_url_that_is_none_is_refused_at_once(base_url: str) -> None:
    with pytest.raises(UnreachableError, match="is not a web address"):
        TikTok(base_url)


@pytest.mark.parametrize(
    "base_url",
    [
        *("http://user:S3cr3t#ss@host", "http://user:S3cr3t/ss@host/open_api", "http://user:S3cr3t?ss@host"),
        *("http://user:12#S3cr3t@host", "user:S3cr3t@host", "ftp://user:S3cr3t@host", "https://user:S3cr3t@host:port"),
    ],
)
def test_a_password_in_a_base_url_that_is_none_is_not_shown(base_url: str) -> None:
    with pytest.raises(UnreachableError, match="is not a web address") as caught:
        TikTok(base_url)

    assert "host" in caught.value.message
    assert not [part for part in ("S3cr3t", "user:", "12") if part in everything_said(caught.value)]


def test_a_slash_at_the_end_of_the_base_url_does_no_harm(fake: FakeTikTok) -> None:
    async def call(base_url: str) -> str:
        seen: list[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(str(request.url))
            return fake.envelope(0, "OK", {})

        tiktok = TikTok(base_url, transport=httpx.MockTransport(answer))
        await tiktok.acting_with(Secret("t")).get("user/info/", {})
        return seen[0]

    assert asyncio.run(call(PRODUCTION_URL)) == asyncio.run(call(PRODUCTION_URL + "/"))


def test_unusable_proxy_settings_are_an_error_a_person_can_act_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "nonsense://proxy.test")
    with pytest.raises(UnreachableError, match="proxy or certificate settings"):
        TikTok()


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_a_password_in_unusable_proxy_settings_is_not_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "localhost")
    monkeypatch.setenv(name, "http://user:S3cr3t#Pw99@proxy.example:3128")
    with pytest.raises(UnreachableError, match=f"settings are unusable: {name} has .* percent-encoded") as caught:
        TikTok()

    assert not [part for part in ("S3cr3t", "Pw99") if part in everything_said(caught.value)]


def test_unusable_exceptions_from_a_proxy_are_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "host:port")
    with pytest.raises(UnreachableError, match="NO_PROXY"):
        TikTok()


def test_a_proxy_that_takes_another_package_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://user:S3cr3t@proxy.test:1080")
    monkeypatch.setitem(sys.modules, "socksio", None)
    with pytest.raises(UnreachableError, match=r"httpx\[socks\]") as caught:
        TikTok()

    assert "S3cr3t" not in everything_said(caught.value)


@pytest.mark.parametrize("value", ["", " ", "abc\n", "abc def", "ab\tc", "tökén"])
async def test_a_token_that_no_header_can_carry_is_refused_without_being_shown(fake: FakeTikTok, value: str) -> None:
    with pytest.raises(CredentialError) as caught:
        fake.client().acting_with(Secret(value))

    assert "TIKTOK_ACCESS_TOKEN" in str(caught.value.hint)
    assert not value.strip() or value.strip() not in caught.value.message


async def test_all_sessions_of_a_client_share_its_connections(fake: FakeTikTok) -> None:
    fake.answers()
    async with fake.client() as tiktok:
        await tiktok.acting_with(Secret("one")).get("user/info/", {})
        await tiktok.acting_with(Secret("two")).get("user/info/", {})

    assert [each.headers["Access-Token"] for each in fake.requests] == ["one", "two"]


async def test_a_closed_client_calls_no_more(fake: FakeTikTok) -> None:
    async with fake.answers().client() as tiktok:
        session = tiktok.acting_with(Secret("one"))
    with pytest.raises(RuntimeError, match="closed"):
        await session.get("user/info/", {})


async def test_what_is_sent_is_what_a_json_reader_reads(fake: FakeTikTok) -> None:
    await fake.answers().session().get(PATH, {"custom_audience_ids": ['a"b', "ü"]})

    assert json.loads(fake.last.url.params["custom_audience_ids"]) == ['a"b', "ü"]
