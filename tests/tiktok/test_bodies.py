"""Whatever comes as an answer, and however it is compressed, little of it is held and it is told for what it is."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import threading
import tracemalloc
import zlib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest

from reconciler.secret import Secret
from reconciler.tiktok import transport
from reconciler.tiktok.client import TikTok
from reconciler.tiktok.errors import UncertainWriteError, UnreadableAnswerError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.tiktok.conftest import FakeTikTok

PATH: Final = "user/info/"
PAYLOAD: Final = {"name": "Ada"}
ENVELOPE: Final = json.dumps({"code": 0, "message": "OK", "request_id": "1", "data": PAYLOAD}).encode()
GZIPPED: Final = gzip.compress(ENVELOPE)
MEGABYTE: Final = 1 << 20
BOMB: Final = gzip.compress(bytes(32 * MEGABYTE))
NOTHING: Final = b"\x00\x00\x00\xff\xff"
"""A block of DEFLATE that unpacks to nothing."""


class Streamed(httpx.AsyncByteStream):
    """A body that comes in these pieces, as from a network."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces
        self.given = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            self.given += 1
            yield piece


def packed(*pieces: bytes, encoding: str = "gzip") -> httpx.Response:
    return httpx.Response(200, headers={"Content-Encoding": encoding}, stream=Streamed(*pieces))


@contextmanager
def little_memory(most: int) -> Iterator[None]:
    """Fail where the block takes more than `most` bytes at any time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an answer have no more than a megabyte."""
    monkeypatch.setattr(transport, "LONGEST_ANSWER", MEGABYTE)


@pytest.mark.parametrize("encoding", ["gzip", "GZip", "x-gzip", "identity, gzip"])
@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_an_answer_compressed_as_asked_is_read(fake: FakeTikTok, encoding: str, size: int) -> None:
    pieces = [GZIPPED[start : start + size] for start in range(0, len(GZIPPED), size)]
    fake.sends(packed(*pieces, encoding=encoding))

    assert await fake.session().get(PATH, {}) == PAYLOAD
    assert fake.last.headers["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize("encoding", ["", "identity"])
async def test_an_answer_that_is_not_compressed_is_read(fake: FakeTikTok, encoding: str) -> None:
    assert await fake.sends(packed(ENVELOPE, encoding=encoding)).session().get(PATH, {}) == PAYLOAD


@pytest.mark.usefixtures("small")
async def test_an_answer_that_unpacks_to_more_than_any_has_takes_little_memory(fake: FakeTikTok) -> None:
    fake.sends(packed(BOMB))
    with little_memory(6 * MEGABYTE), pytest.raises(UnreadableAnswerError, match="longer than 1 MB"):
        await fake.session().get(PATH, {})

    assert len(fake.requests) == 1


@pytest.mark.usefixtures("small")
async def test_an_answer_that_is_longer_than_any_is_left_where_it_is(fake: FakeTikTok) -> None:
    body = Streamed(*[bytes(MEGABYTE // 4)] * 100)
    with pytest.raises(UnreadableAnswerError, match="longer than 1 MB"):
        await fake.sends(httpx.Response(200, stream=body)).session().get(PATH, {})

    assert body.given == 5
    assert len(fake.requests) == 1


@pytest.mark.usefixtures("small")
async def test_an_answer_that_unpacks_to_nothing_without_an_end_is_given_up(fake: FakeTikTok) -> None:
    fake.sends(packed(gzip.compress(b"")[:10], *[NOTHING * 10_000] * 100))
    with pytest.raises(UnreadableAnswerError, match="longer than 1 MB"):
        await fake.session().get(PATH, {})


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_an_answer_of_exactly_the_most_bytes_is_read(fake: FakeTikTok, encoding: str) -> None:
    longest = ENVELOPE + b" " * (MEGABYTE - len(ENVELOPE))
    for content in (longest, longest + b" "):
        fake.sends(packed(gzip.compress(content) if encoding == "gzip" else content, encoding=encoding))
    session = fake.session()

    assert await session.get(PATH, {}) == PAYLOAD
    with pytest.raises(UnreadableAnswerError, match="longer than 1 MB"):
        await session.get(PATH, {})


@pytest.mark.parametrize("encoding", ["gzip, gzip", "zstd", "br", "deflate", "gzip, zstd", "gzip\tgzip", "rot13"])
async def test_compression_that_nobody_asked_for_is_not_unpacked(fake: FakeTikTok, encoding: str) -> None:
    fake.sends(packed(gzip.compress(BOMB), encoding=encoding))
    with little_memory(2 * MEGABYTE), pytest.raises(UnreadableAnswerError, match="not asked for"):
        await fake.session().get(PATH, {})

    assert len(fake.requests) == 1


async def test_compression_named_in_two_headers_is_two_layers(fake: FakeTikTok) -> None:
    headers = [("Content-Encoding", "gzip"), ("Content-Encoding", "gzip")]
    fake.sends(httpx.Response(200, headers=headers, stream=Streamed(gzip.compress(GZIPPED))))
    with pytest.raises(UnreadableAnswerError, match="not asked for"):
        await fake.session().get(PATH, {})


@pytest.mark.parametrize(
    "content",
    [
        *(GZIPPED[:-1], GZIPPED[:-8], GZIPPED[:5]),
        GZIPPED[:-8] + bytes(8),
        GZIPPED[:20] + b"\x00\x01" + GZIPPED[22:],
        GZIPPED + b"more",
        zlib.compress(ENVELOPE),
        ENVELOPE,
    ],
    ids=["cut", "no checksum", "only a head", "wrong checksum", "damaged", "more after it", "no gzip", "plain"],
)
async def test_compression_that_is_damaged_or_cut_off_is_told(fake: FakeTikTok, content: bytes) -> None:
    fake.sends(packed(content))
    with pytest.raises(UnreadableAnswerError, match="its compression is broken"):
        await fake.session(patience_seconds=0).get(PATH, {})


async def test_an_empty_body_is_told_as_one_however_it_is_said_to_be_compressed(fake: FakeTikTok) -> None:
    with pytest.raises(UnreadableAnswerError, match="nothing came"):
        await fake.sends(packed()).session(patience_seconds=0).get(PATH, {})


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("response", [packed(BOMB), packed(GZIPPED, encoding="gzip, gzip")], ids=["long", "unasked"])
async def test_a_write_whose_answer_is_too_much_may_have_happened(fake: FakeTikTok, response: httpx.Response) -> None:
    with pytest.raises(UncertainWriteError):
        await fake.sends(response).session().post(PATH, {}, repeatable=False)

    assert len(fake.requests) == 1


def test_a_real_server_that_compresses_is_read_and_one_that_floods_takes_little_memory() -> None:
    flood = io.BytesIO()
    with gzip.GzipFile(fileobj=flood, mode="wb") as file:
        for _ in range(65):
            file.write(bytes(MEGABYTE))
    answers = [GZIPPED, flood.getvalue()]

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = answers.pop(0)
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    async def call(url: str) -> Any:
        async with TikTok(url) as tiktok:
            return await tiktok.acting_with(Secret("t")).get(PATH, {})

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        try:
            assert asyncio.run(call(url)) == PAYLOAD
            with little_memory(90 * MEGABYTE), pytest.raises(UnreadableAnswerError, match="longer than 64 MB"):
                asyncio.run(call(url))
        finally:
            server.shutdown()
    assert answers == []
