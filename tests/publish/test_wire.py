"""What is tried again, how long, and what never is; and that answers are read with care."""

from __future__ import annotations

import asyncio
import gzip
import time
import traceback
import tracemalloc
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx
import pytest

from reconciler.publish import github, reading, wire
from reconciler.publish.errors import (
    BrokenOffError,
    ForgeError,
    ForgeFaultError,
    NotThereError,
    PermissionRefusedError,
    ThrottledError,
    UncertainPostError,
    UnreachableForgeError,
    UnreadableReplyError,
)
from reconciler.publish.wire import Wire
from reconciler.secret import Secret
from tests.virtual_time import instantly

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

T = TypeVar("T")

TOKEN: Final = "ghs_0123456789abcdefghijklmnopqrstuvwxyz"
DONE: Final = httpx.Response(200, json={"id": 1})
BUSY: Final = {"message": "You have exceeded a secondary rate limit."}


class Answers:
    """Answers in their order, the last one from then on."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers = list(answers)
        self.sent: list[httpx.Request] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


class Streaming(Answers):
    """Answers whose bodies come in pieces, a piece a second, as from a network."""

    def __init__(self, *pieces: bytes, encoding: str = "", status: int = 200) -> None:
        super().__init__()
        self._status = status
        self._headers = {"Content-Encoding": encoding} if encoding else {}
        self._pieces = pieces

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return httpx.Response(self._status, headers=self._headers, stream=_Pieces(self._pieces))


class _Pieces(httpx.AsyncByteStream):
    def __init__(self, pieces: tuple[bytes, ...]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            await asyncio.sleep(1)
            yield piece


def through(answers: Answers, work: Callable[[Wire], Awaitable[T]]) -> tuple[T, float]:
    """Return what `work` returns over a wire that answers so, and the seconds it took."""

    async def timed() -> tuple[T, float]:
        clock = asyncio.get_running_loop().time
        began = clock()
        address = github.address("https://api.github.example")
        async with Wire(address, Secret(TOKEN), httpx.MockTransport(answers)) as opened:
            return await work(opened), clock() - began

    return instantly(timed())


def number(answer: object) -> int:
    return reading.whole(reading.fields(answer), "id")


async def reads(wire: Wire) -> int:
    return await wire.get("user", number, needs="nothing")


async def posts(wire: Wire) -> int:
    return await wire.post("things", {"a": 1}, number, needs="nothing")


async def lists(wire: Wire) -> list[int]:
    return await wire.pages("things", number, needs="nothing")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_read_outlasts_a_fault_of_the_forge(status: int) -> None:
    answers = Answers(httpx.Response(status), httpx.Response(status), DONE)

    assert through(answers, reads)[0] == 1
    assert len(answers.sent) == 3


def test_a_forge_that_stays_down_is_given_up_within_two_minutes() -> None:
    answers = Answers(httpx.Response(503, json={"message": "Unicorn!"}))
    with pytest.raises(ForgeFaultError, match=r"Unicorn! \(HTTP 503\)"):
        through(answers, reads)

    assert 3 <= len(answers.sent) < 20


def test_a_post_is_not_sent_again_where_it_may_have_been_done() -> None:
    for unclear in (httpx.Response(502), httpx.ReadTimeout(""), httpx.RemoteProtocolError("gone")):
        answers = Answers(unclear, DONE)
        with pytest.raises(UncertainPostError):
            through(answers, posts)
        assert len(answers.sent) == 1


def test_a_post_is_sent_again_where_it_never_left() -> None:
    answers = Answers(httpx.ConnectError("Connection refused"), DONE)

    assert through(answers, posts)[0] == 1


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"retry-after": "30"}, 30),
        (403, {"retry-after": "45"}, 45),
        (403, {}, 60),
        (429, {"retry-after": "soon"}, 60),
    ],
)
def test_a_forge_that_asks_to_slow_down_is_obeyed(status: int, headers: dict[str, str], seconds: float) -> None:
    for work in (reads, posts):
        answers = Answers(httpx.Response(status, headers=headers, json=BUSY), DONE)
        assert through(answers, work)[1] == pytest.approx(seconds, abs=1)


def test_a_limit_that_lasts_longer_than_anyone_waits_is_said_at_once() -> None:
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()) + 3_000)}
    answers = Answers(httpx.Response(403, headers=headers, json={"message": "API rate limit exceeded"}))
    with pytest.raises(ThrottledError, match="asks to slow down"):
        through(answers, reads)

    assert len(answers.sent) == 1


def test_a_permission_is_not_mistaken_for_a_limit() -> None:
    answers = Answers(
        httpx.Response(403, headers={"x-ratelimit-remaining": "4999"}, json={"message": "Resource not accessible"})
    )
    with pytest.raises(PermissionRefusedError) as caught:
        through(answers, reads)

    assert caught.value.hint == "It has to be allowed this: nothing."


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"message": "Validation Failed", "errors": [{"message": "Body is too long"}]}, "Body is too long"),
        ({"message": {"note": ["is too long", "is odd"]}}, "note: is too long, is odd"),
        ({"error": "insufficient_scope", "error_description": "More is needed."}, "insufficient_scope; More is needed"),
        (["what"], "Unprocessable"),
    ],
)
def test_a_refusal_is_told_in_the_forge_s_words(document: object, said: str) -> None:
    with pytest.raises(ForgeError, match=said):
        through(Answers(httpx.Response(422, json=document)), posts)


def test_a_renamed_repository_is_not_followed_with_the_token() -> None:
    answers = Answers(httpx.Response(301, headers={"location": "https://elsewhere.example"}, json={"message": "Moved"}))
    with pytest.raises(ForgeError, match="Moved") as caught:
        through(answers, reads)

    assert "renamed" in (caught.value.hint or "")
    assert len(answers.sent) == 1


def test_switched_off_issues_are_said() -> None:
    with pytest.raises(NotThereError) as caught:
        through(Answers(httpx.Response(410, json={"message": "Issues are disabled for this repo"})), posts)

    assert "Issues are switched off" in (caught.value.hint or "")


def test_a_token_that_comes_back_in_an_answer_is_struck_out() -> None:
    with pytest.raises(ForgeError) as caught:
        through(Answers(httpx.Response(400, json={"message": f"bad token {TOKEN}"})), reads)

    assert TOKEN not in caught.value.message
    assert "bad token ***" in caught.value.message


@pytest.mark.parametrize("content", [b"<html>Log in</html>", b"[]", b'{"id": "1"}', b'{"id": true}', b"{}"])
def test_an_answer_of_another_shape_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableReplyError, match="GET user does not speak as GitHub"):
        through(Answers(httpx.Response(200, content=content)), reads)


def test_pages_are_read_by_number_wherever_the_link_points() -> None:
    linked: dict[str, Any] = {"headers": {"link": '<https://evil.example/?page=2>; rel="next"'}}
    answers = Answers(httpx.Response(200, json=[{"id": 1}], **linked), httpx.Response(200, json=[{"id": 2}]))

    assert through(answers, lists)[0] == [1, 2]
    assert [str(each.url) for each in answers.sent] == [
        f"https://api.github.example/things?per_page=100&page={page}" for page in (1, 2)
    ]


def test_a_list_without_an_end_is_given_up() -> None:
    endless = httpx.Response(200, json=[], headers={"link": '<https://api.github.example/>; rel="next"'})
    with pytest.raises(UnreadableReplyError, match="more than 300 pages"):
        through(Answers(endless), lists)


@pytest.mark.parametrize("url", ["", "ftp://example.com", "https://", "api.github.com"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UnreachableForgeError):
        Wire(github.address(url), Secret(TOKEN))


@pytest.mark.parametrize("password", ["S3cr3t#Pw99", "S3cr3t/Pw99", "12#S3cr3t"])
def test_a_password_in_an_address_that_is_none_is_not_shown(password: str) -> None:
    with pytest.raises(UnreachableForgeError, match="percent-encoded") as caught:
        Wire(github.address(f"https://user:{password}@github.example/api"), Secret(TOKEN))

    said = "".join([repr(vars(caught.value)), *traceback.format_exception(caught.value)])
    assert "github.example" in said
    assert not [part for part in ("S3cr3t", "Pw99", "12#") if part in said]


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_a_password_in_unusable_proxy_settings_is_not_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "http://user:S3cr3t#Pw99@proxy.example:3128")
    with pytest.raises(UnreachableForgeError, match=f"{name} has .* percent-encoded") as caught:
        Wire(github.address("https://api.github.example"), Secret(TOKEN))

    said = "".join([repr(vars(caught.value)), *traceback.format_exception(caught.value)])
    assert not [part for part in ("S3cr3t", "Pw99") if part in said]


def test_an_answer_compressed_as_asked_is_read() -> None:
    content = gzip.compress(b'{"id": 1}')
    answers = Streaming(content[:9], content[9:], encoding="gzip")

    assert through(answers, reads)[0] == 1
    assert answers.sent[0].headers["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize("encoding", ["gzip, gzip", "zstd", "br", "deflate"])
def test_compression_that_nobody_asked_for_is_not_unpacked(encoding: str) -> None:
    answers = Streaming(gzip.compress(gzip.compress(b'{"id": 1}')), encoding=encoding)
    with pytest.raises(UnreadableReplyError, match="not asked for"):
        through(answers, reads)

    assert len(answers.sent) == 1


@pytest.mark.parametrize("content", [gzip.compress(b'{"id": 1}')[:-3], b'{"id": 1}'], ids=["cut off", "no gzip"])
def test_compression_that_is_damaged_or_cut_off_is_told(content: bytes) -> None:
    with pytest.raises(UnreadableReplyError, match="its compression is"):
        through(Streaming(content, encoding="gzip"), reads)


@pytest.mark.parametrize(("status", "encoding"), [(200, "gzip"), (200, ""), (500, "gzip")])
def test_an_answer_that_is_longer_than_any_takes_little_memory(
    status: int, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "LONGEST_ANSWER", 1 << 20)
    content = bytes(32 << 20)
    answers = (
        Streaming(gzip.compress(content), encoding=encoding, status=status)
        if encoding
        else Streaming(*[content[: 1 << 18]] * 128, status=status)
    )
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableReplyError, match="longer than 1 MB"):
            through(answers, reads)
        assert tracemalloc.get_traced_memory()[1] < 6 << 20
    finally:
        tracemalloc.stop()
    assert len(answers.sent) == 1


def test_an_answer_that_does_not_end_is_given_up() -> None:
    answers = Streaming(*[b" "] * 100_000)
    with pytest.raises(BrokenOffError, match="it took too long"):
        through(answers, reads)

    assert len(answers.sent) == 1


@pytest.mark.parametrize(
    "answers",
    [
        Streaming(gzip.compress(bytes(2 << 20)), encoding="gzip"),
        Streaming(b"what", encoding="zstd"),
        Streaming(*[b" "] * 1000),
    ],
    ids=["too long", "unasked", "without an end"],
)
def test_a_post_whose_answer_cannot_be_read_may_have_been_done(
    answers: Streaming, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "LONGEST_ANSWER", 1 << 20)
    with pytest.raises(UncertainPostError):
        through(answers, posts)

    assert len(answers.sent) == 1
