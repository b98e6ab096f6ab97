"""Every way in which a call fails, done to the requests of an apply that a test chooses."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import httpx
import orjson

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from tests.apply.world import World

ELSEWHERE: Final = "elsewhere.example"
"""A host that answers redirect to, and that nothing may ever be sent to."""


class Failing(StrEnum):
    """How a call fails. Those of `AFTER` do their work first; all others leave everything as it was."""

    TOO_FREQUENT = "code 40100"
    TOO_FREQUENT_FIELD = "code 40132"
    WRITE_CONFLICT = "code 40202"
    NOT_READY = "code 40201"
    SERVICE_FAULT = "code 50000"
    SERVICE_BUSY = "code 50002"
    MAINTENANCE = "code 60001"
    PARTIAL = "code 20001, done"
    HTTP_500 = "HTTP 500"
    HTTP_502 = "HTTP 502 with a web page"
    HTTP_503 = "HTTP 503"
    HTTP_504 = "HTTP 504, done"
    PAGE = "a web page with HTTP 200"
    MOVED = "HTTP 301"
    FOUND = "HTTP 302"
    TEMPORARY = "HTTP 307"
    PERMANENT = "HTTP 308, done"
    TIMEOUT_BEFORE = "time-out before"
    TIMEOUT_AFTER = "time-out after"
    DROP_BEFORE = "dropped before"
    DROP_AFTER = "dropped after"
    TRUNCATED = "truncated JSON, done"
    INVALID = "invalid JSON, done"
    EMPTY = "an empty body, done"
    SILENCE = "headers and then silence, done"
    TRICKLE = "a byte a second, done"
    BOMB = "a gzip bomb, done"
    BROKEN_GZIP = "broken gzip, done"
    ENDLESS = "an endless body"
    SHORT = "fewer bytes than announced, done"
    CERTIFICATE = "a wrong certificate"
    NO_NAME = "a name that does not resolve"
    REFUSED = "connection refused"
    PROXY = "a proxy that fails"
    ODD_ID = "the request id of another, done"
    TWICE = "duplicate keys, done"


_CODES: Final = {
    Failing.TOO_FREQUENT: 40100,
    Failing.TOO_FREQUENT_FIELD: 40132,
    Failing.WRITE_CONFLICT: 40202,
    Failing.NOT_READY: 40201,
    Failing.SERVICE_FAULT: 50000,
    Failing.SERVICE_BUSY: 50002,
    Failing.MAINTENANCE: 60001,
}
_STATUSES: Final = {
    Failing.HTTP_500: 500,
    Failing.HTTP_502: 502,
    Failing.HTTP_503: 503,
    Failing.HTTP_504: 504,
    Failing.PAGE: 200,
    Failing.MOVED: 301,
    Failing.FOUND: 302,
    Failing.TEMPORARY: 307,
    Failing.PERMANENT: 308,
}
_ERRORS: Final[dict[Failing, Callable[[], Exception]]] = {
    Failing.TIMEOUT_BEFORE: lambda: httpx.ConnectTimeout("slow"),
    Failing.TIMEOUT_AFTER: lambda: httpx.ReadTimeout("slow"),
    Failing.DROP_BEFORE: lambda: httpx.WriteError("reset"),
    Failing.DROP_AFTER: lambda: httpx.ReadError("reset"),
    Failing.CERTIFICATE: lambda: _caused(ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed")),
    Failing.NO_NAME: lambda: _caused(socket.gaierror(socket.EAI_NONAME, "Name or service not known")),
    Failing.REFUSED: lambda: _caused(ConnectionRefusedError(111, "Connection refused")),
    Failing.PROXY: lambda: httpx.ProxyError("407 Proxy Authentication Required"),
}
AFTER: Final = frozenset(
    {
        *(each for each in Failing if each.endswith(", done")),
        Failing.TIMEOUT_AFTER,
        Failing.DROP_AFTER,
    }
)
HARMLESS: Final = frozenset({Failing.ODD_ID, Failing.TWICE})
"""What an apply does not even notice."""


class Faulty(httpx.AsyncBaseTransport):
    """Lets requests fail. Put in place at once.

    Args:
        world: Whose wire it is.
        kind: How they fail.
        number: The first that does, from 1.
        times: How many do.
    """

    def __init__(self, world: World, kind: Failing, number: int, times: int) -> None:
        self._inner = world.transport
        self._kind = kind
        self._numbers = range(number, number + times)
        self.asked = 0
        world.transport = self

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert request.url.host != ELSEWHERE, "a redirect was followed"
        self.asked += 1
        if self.asked not in self._numbers:
            return await self._inner.handle_async_request(request)
        content = b""
        if self._kind in AFTER | HARMLESS:
            answer = await self._inner.handle_async_request(request)
            content = await answer.aread()
        if self._kind in _ERRORS:
            error = _ERRORS[self._kind]()
            raise error
        return _answer(self._kind, content)


def _answer(kind: Failing, content: bytes) -> httpx.Response:
    if kind in _CODES:
        return httpx.Response(200, json={"code": _CODES[kind], "message": "Later.", "request_id": "1", "data": {}})
    if kind in _STATUSES:
        headers = {"Location": f"https://{ELSEWHERE}/open_api/v1.3/"}
        return httpx.Response(_STATUSES[kind], html="<h1>Gateway</h1>", headers=headers)
    if kind is Failing.PARTIAL:
        return httpx.Response(200, json=orjson.loads(content) | {"code": 20001, "message": "Partial success."})
    if kind is Failing.ODD_ID:
        return httpx.Response(200, json=orjson.loads(content) | {"request_id": "20990101-of-another"})
    if kind is Failing.TWICE:
        return httpx.Response(200, content=b'{"code": 50000, "data": {"list": []}, ' + content.lstrip()[1:])
    zipped = {"Content-Encoding": "gzip"}
    if kind is Failing.BOMB:
        return httpx.Response(200, headers=zipped, stream=_Stream(_pieces(_BOMB)))
    if kind is Failing.BROKEN_GZIP:
        return httpx.Response(200, headers=zipped, stream=_Stream(_pieces(b"\x1f\x8b" + content)))
    bodies = {
        Failing.TRUNCATED: content[:-1],
        Failing.INVALID: content.replace(b":", b"=", 1),
        Failing.EMPTY: b"",
    }
    if kind in bodies:
        return httpx.Response(200, content=bodies[kind])
    streams = {
        Failing.SILENCE: lambda: _broken(content, httpx.ReadTimeout("slow")),
        Failing.SHORT: lambda: _broken(content, httpx.RemoteProtocolError("peer closed connection: incomplete body")),
        Failing.TRICKLE: lambda: _trickle(content),
        Failing.ENDLESS: _endless,
    }
    return httpx.Response(200, stream=_Stream(streams[kind]()))


_BOMB: Final = gzip.compress(bytes(100 << 20), 9)


class _Stream(httpx.AsyncByteStream):
    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for each in _cut(content, 4096):
        yield each


async def _broken(content: bytes, error: Exception) -> AsyncIterator[bytes]:
    yield content[: len(content) // 2]
    raise error


async def _trickle(content: bytes) -> AsyncIterator[bytes]:
    for each in _cut(content * 10, 1):
        await asyncio.sleep(1)
        yield each


async def _endless() -> AsyncIterator[bytes]:
    piece = bytes(8 << 20)
    while True:
        yield piece


def _cut(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def _caused(cause: OSError) -> httpx.ConnectError:
    error = httpx.ConnectError(str(cause))
    error.__cause__ = cause
    return error
