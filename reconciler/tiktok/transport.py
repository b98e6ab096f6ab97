"""The connection itself: how it is set up, and what it means when it fails."""

from __future__ import annotations

import asyncio
import io
import os
import socket
import ssl
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import httpx

from reconciler import __version__
from reconciler.network import (
    ENCODING,
    NEVER_LEFT,
    EndlessAnswerError,
    UnaskedEncodingError,
    api_address,
    read_body,
    unusable_settings,
    without_user,
)
from reconciler.tiktok.errors import TikTokError, UnreachableError, UnreadableAnswerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

TIMEOUT = httpx.Timeout(60, connect=10, pool=None)
"""Seconds. Waiting for a free connection is this side's own queue, so it has no end of its own."""

CONNECTIONS = 32

LONGEST_ANSWER = 64 * 1024 * 1024
"""Bytes of an answer, unpacked. The longest real ones, pages of lists, are a thousandth of it."""

ANSWER_SECONDS = 300.0
"""How long an answer may take from its first byte to its last. `TIMEOUT` is for each piece, so that one that comes a
byte at a time would never end."""

_KEPT_HEADERS = ("content-type", "location")


@dataclass(frozen=True, slots=True)
class Form:
    """A file and what is said about it, to be sent as ``multipart/form-data``; the file is the field ``file``.

    Attributes:
        fields: The other fields.
        file_name: What the file is called there; its suffix tells what it is.
        content: The file's bytes.
    """

    fields: Mapping[str, str]
    file_name: str
    content: bytes = field(repr=False)

    def files(self) -> dict[str, tuple[str, io.BytesIO, str]]:
        """Return the file as httpx takes it: read piece by piece, so that the time limit is for each piece."""
        return {"file": (self.file_name, io.BytesIO(self.content), "text/csv")}


class BrokenOffError(UnreachableError):
    """The connection ended after the request had begun to leave: nobody knows how far it got."""


class Lanes:
    """Connections side by side, each an httpx client's only one, opened as they are needed.

    One client with a pool would ask every idle connection in it, for each request, whether it still stands. Where
    requests of 1,000 people leave as fast as they can, that is a sixth of the time they take.

    Args:
        base_url: Where the API is.
        transport: What carries requests instead of the network.
        timeout: For one request.

    Raises:
        UnreachableError: As `new_client`.
    """

    def __init__(self, base_url: str, transport: httpx.AsyncBaseTransport | None, timeout: httpx.Timeout) -> None:
        context = _certificates() if transport is None else None  # one for all: each takes a while to make
        self._open = partial(new_client, base_url, transport, timeout, context)
        self._lanes = [self._open()]
        self._idle = deque(self._lanes)
        self._free = asyncio.Semaphore(CONNECTIONS)
        self.base_url = self._lanes[0].base_url

    async def request(self, request: Callable[[httpx.AsyncClient], httpx.Request]) -> httpx.Response:
        """Send what `request` makes and return its answer, read to the end.

        Raises:
            httpx.RequestError: There is none.
        """
        async with self._free:
            lane = self._idle.pop() if self._idle else self._another()
            try:
                return await _read(await lane.send(request(lane), stream=True))
            finally:
                self._idle.append(lane)

    async def aclose(self) -> None:
        """Close every connection."""
        for lane in self._lanes:
            await lane.aclose()

    def _another(self) -> httpx.AsyncClient:
        self._lanes.append(self._open())
        return self._lanes[-1]


async def _read(answer: httpx.Response) -> httpx.Response:
    """Return `answer` with its body, of which no more is held than an answer may have."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            body = await read_body(answer, LONGEST_ANSWER)
    except TimeoutError:
        raise httpx.ReadTimeout("the answer did not end", request=answer.request) from None
    headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
    return httpx.Response(answer.status_code, headers=headers, content=body, request=answer.request)


def _certificates() -> ssl.SSLContext:
    try:
        return httpx.create_ssl_context()
    except OSError as error:
        said = f"the environment's certificate settings are unusable: {error}"
        raise UnreachableError(said, passing=False) from error


def new_client(
    base_url: str, transport: httpx.AsyncBaseTransport | None, timeout: httpx.Timeout, context: ssl.SSLContext | None
) -> httpx.AsyncClient:
    """Return a client with one connection to the API at `base_url`.

    It follows no redirects, since a token must not go where an answer points, and takes proxies and certificates from
    the environment as httpx does.

    Raises:
        UnreachableError: `base_url` is not an address, or the environment's settings are unusable.
    """
    try:
        url = api_address(base_url.rstrip("/"))
    except ValueError as error:
        raise UnreachableError(f'"{without_user(base_url)}" is not a web address: {error}', passing=False) from None
    try:
        return httpx.AsyncClient(
            base_url=url,
            transport=transport,
            timeout=timeout,
            verify=context or True,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            headers={
                "User-Agent": f"reconciler/{__version__}",
                "Accept": "application/json",
                "Accept-Encoding": ENCODING,
            },
            follow_redirects=False,
        )
    except (ValueError, ImportError, OSError, httpx.InvalidURL) as error:
        # Nothing of `error` goes on, its words may hold a proxy's password.
        raise UnreachableError(unusable_settings(error), passing=False) from None


def told(error: httpx.RequestError) -> str:
    """Return what went wrong in the system's words ("Connection refused"), which lie some causes below `error`."""
    if isinstance(error, httpx.TimeoutException):
        return "it took too long"
    reasons = [_system_words(each) for each in _causes(error) if isinstance(each, OSError) and each.errno]
    return reasons[-1] if reasons else str(error) or type(error).__name__


def _system_words(error: OSError) -> str:
    # Name resolution and TLS number their errors on their own; the event loop words the system's in its own way.
    if error.errno is None or isinstance(error, (socket.gaierror, ssl.SSLError)):
        return error.strerror or str(error)
    return os.strerror(error.errno)


def unanswered(error: httpx.RequestError, reason: str, path: str, advertiser_id: str | None) -> TikTokError:
    """Return what a failed exchange means: that it never left, that it broke off, or that it cannot be read.

    Args:
        error: What httpx raised.
        reason: Who was called and what `error` tells, without anything secret.
        path: The endpoint that was called.
        advertiser_id: The account the call was for, where it was for one.
    """
    if isinstance(error, (EndlessAnswerError, UnaskedEncodingError)):
        return UnreadableAnswerError(str(error), passing=False, path=path, advertiser_id=advertiser_id)
    if isinstance(error, httpx.DecodingError):
        return UnreadableAnswerError("its compression is broken", path=path, advertiser_id=advertiser_id)
    kind = UnreachableError if isinstance(error, NEVER_LEFT) else BrokenOffError
    return kind(reason, passing=not _is_hopeless(error), path=path, advertiser_id=advertiser_id)


def _is_hopeless(error: BaseException) -> bool:
    """Whether the next attempt would fail alike: a host that does not exist, a certificate that does not verify."""
    return any(
        isinstance(each, (ssl.SSLCertVerificationError, httpx.UnsupportedProtocol, httpx.LocalProtocolError))
        or (isinstance(each, socket.gaierror) and each.errno == socket.EAI_NONAME)
        for each in _causes(error)
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and what caused it, the first cause last; of causes that stood side by side, the last one."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        below = cause.exceptions[-1] if isinstance(cause, BaseExceptionGroup) else cause.__cause__
        cause = below or cause.__context__
