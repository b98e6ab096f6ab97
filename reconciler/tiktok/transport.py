"""The connection itself: how it is set up, and what it means when it fails."""

from __future__ import annotations

import io
import logging
import os
import socket
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

from reconciler import __version__
from reconciler.tiktok.errors import TikTokError, UnreachableError, UnreadableAnswerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TIMEOUT = httpx.Timeout(60, connect=10, pool=None)
"""Seconds. Waiting for a free connection is this side's own queue, so it has no end of its own."""

CONNECTIONS = 32

# httpx logs whole URLs, which may hold the app's secret, and httpcore logs what goes over the wire.
for chatty in ("httpx", "httpcore"):
    logging.getLogger(chatty).setLevel(logging.ERROR)

_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


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


def new_client(base_url: str, transport: httpx.AsyncBaseTransport | None, timeout: httpx.Timeout) -> httpx.AsyncClient:
    """Return a client with one connection pool for the API at `base_url`.

    It follows no redirects, since a token must not go where an answer points, and takes proxies and certificates from
    the environment as httpx does.

    Raises:
        UnreachableError: `base_url` is not an address, or the environment's settings are unusable.
    """
    try:
        url = httpx.URL(base_url.rstrip("/"))
    except httpx.InvalidURL as error:
        raise UnreachableError(f'"{base_url}" is not a web address: {error}', passing=False) from error
    if url.scheme not in ("http", "https") or not url.host:
        raise UnreachableError(f'"{base_url}" is not a web address', passing=False)
    try:
        return httpx.AsyncClient(
            base_url=url,
            transport=transport,
            timeout=timeout,
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            headers={"User-Agent": f"reconciler/{__version__}", "Accept": "application/json"},
            follow_redirects=False,
        )
    except (ValueError, ImportError, OSError, httpx.InvalidURL) as error:
        said = f"the environment's proxy or certificate settings are unusable: {error}"
        raise UnreachableError(said, passing=False) from error


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
    if isinstance(error, httpx.DecodingError):
        return UnreadableAnswerError("its compression is broken", path=path, advertiser_id=advertiser_id)
    kind = UnreachableError if isinstance(error, _NEVER_LEFT) else BrokenOffError
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
