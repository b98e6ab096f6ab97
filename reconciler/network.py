"""What every HTTP client here has in common, whomever it speaks to."""

from __future__ import annotations

import logging
import os
import re
import time
import zlib
from typing import Final

import httpx

# httpx logs whole URLs, which may hold a secret, and httpcore logs what goes over the wire.
for chatty in ("httpx", "httpcore"):
    logging.getLogger(chatty).setLevel(logging.ERROR)

NEVER_LEFT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
"""Failures after which a request has certainly not begun to leave, so that it may be sent again, whatever it does."""

ENCODING: Final = "gzip"
"""What `read_body` unpacks, and so what is to be sent as ``Accept-Encoding``."""

_WITH_GZIP_HEADER: Final = 31
"""The `wbits` of zlib for exactly one gzip stream, whose checksum and length are compared."""

_UNPACKED_AT_ONCE: Final = 1 << 20
"""Bytes. A piece of 64 KB may unpack to 64 MB."""

_ENCODED: Final = "a user and password in it have to be percent-encoded"
_PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")


class EndlessAnswerError(httpx.RequestError):
    """An answer is longer than any that it may be."""


class UnaskedEncodingError(httpx.DecodingError):
    """An answer is compressed in a way that nobody asked for."""


async def read_body(answer: httpx.Response, longest: int) -> bytes:
    """Return the body of an answer that is being streamed, unpacked, and close the answer.

    Whatever comes, no more than `longest` bytes and the piece at hand are held. httpx itself unpacks a whole piece at
    once, through as many layers of compression as the answer names.

    Args:
        answer: Asked for with `ENCODING`, or not compressed.
        longest: Bytes that it may have, both as it comes and unpacked.

    Raises:
        EndlessAnswerError: It has more.
        UnaskedEncodingError: It is compressed otherwise than with `ENCODING`, once.
        httpx.DecodingError: What is compressed is damaged or cut off.
        httpx.RequestError: It broke off.
    """
    try:
        encoding = _encoding_of(answer)
        if answer.is_stream_consumed:  # a transport that is no network gave it whole, and httpx has unpacked it
            body = _Body(answer.request, longest)
            body.take(answer.content)
            return body.whole()
        body = _Body(answer.request, longest, packed=bool(encoding))
        async for piece in answer.aiter_raw():
            body.take(piece)
        return body.whole()
    finally:
        await answer.aclose()


def read_part(answer: httpx.Response, length: int, *, seconds: float, own_encoding: str = "") -> bytes:
    """Return the body of an answer that is being streamed and holds a part of a file, as it comes: nothing is unpacked.

    Args:
        answer: Asked for with ``Accept-Encoding: identity``.
        length: Bytes that it may have; no more than these and the piece at hand are held.
        seconds: How long it may take.
        own_encoding: How the file itself is compressed, which some servers say of the answer.

    Raises:
        EndlessAnswerError: It has more.
        UnaskedEncodingError: It is compressed on its way.
        httpx.RequestError: It broke off, or took too long.
    """
    if _encoding_of(answer) not in {"", own_encoding}:
        raise UnaskedEncodingError("it is compressed in a way that was not asked for", request=answer.request)
    end = time.monotonic() + seconds
    body = _Body(answer.request, length)
    for piece in answer.iter_raw():
        body.take(piece)
        if time.monotonic() > end:
            raise httpx.ReadTimeout("the answer did not end", request=answer.request)
    return body.whole()


class _Body:
    """A body that comes piece by piece.

    Args:
        request: What it answers.
        longest: Bytes that it may have.
        packed: Whether it is unpacked with gzip.
    """

    def __init__(self, request: httpx.Request, longest: int, *, packed: bool = False) -> None:
        self._request = request
        self._longest = longest
        self._unpacker = zlib.decompressobj(wbits=_WITH_GZIP_HEADER) if packed else None
        self._came = 0
        self._held = bytearray()

    def take(self, piece: bytes) -> None:
        """Take the next piece; raises EndlessAnswerError or httpx.DecodingError."""
        self._came += len(piece)
        self._limit(self._came)  # so that one which unpacks to nothing ends as well
        if self._unpacker is None:
            self._held += piece
            return
        while piece:
            if self._unpacker.eof:
                raise httpx.DecodingError("its compression ends before it does", request=self._request)
            try:
                self._held += self._unpacker.decompress(piece, _UNPACKED_AT_ONCE)
            except zlib.error as error:
                raise httpx.DecodingError("its compression is broken", request=self._request) from error
            self._limit(len(self._held))
            piece = self._unpacker.unconsumed_tail or self._unpacker.unused_data

    def whole(self) -> bytes:
        """Return all of it; raises httpx.DecodingError where its compression is cut off."""
        if self._unpacker is not None and self._came and not self._unpacker.eof:
            raise httpx.DecodingError("its compression is cut off", request=self._request)
        return bytes(self._held)

    def _limit(self, length: int) -> None:
        if length > self._longest:
            raise EndlessAnswerError(f"it is longer than {self._longest >> 20} MB", request=self._request)


def _encoding_of(answer: httpx.Response) -> str:
    """Return how an answer is compressed: "gzip", or "" for not at all; raises UnaskedEncodingError."""
    named = [each.strip().lower() for each in answer.headers.get("Content-Encoding", "").split(",")]
    encodings = [each.removeprefix("x-") for each in named if each not in {"", "identity"}]  # RFC 9110, section 8.4.1
    if encodings not in ([], [ENCODING]):
        raise UnaskedEncodingError("it is compressed in a way that was not asked for", request=answer.request)
    return "".join(encodings)


def api_address(text: str) -> httpx.URL:
    """Return the address of an API.

    Raises:
        ValueError: It is none. The reason quotes no user and no password, wherever they stand in `text`.
    """
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ValueError(_ENCODED if "@" in text else str(error)) from None
    if "@" in text and not url.userinfo:  # a "#", "?" or "/" in the password ended the host
        raise ValueError(_ENCODED)
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError("it needs https:// and a host")
    return url


def without_user(address: str) -> str:
    """Return an address, which may be none, without the user and the password in it."""
    return re.sub(r"^([^/:@]*://)?.*@", r"\1***@", address, flags=re.DOTALL)


def unusable_settings(error: Exception) -> str:
    """Return why no client could be made with the environment's settings, with nothing of what they hold.

    Args:
        error: What httpx raised; of a proxy's address it may quote the password.
    """
    if isinstance(error, OSError):
        reason = str(error)
    elif isinstance(error, ImportError):
        reason = 'a SOCKS proxy takes a package that is not installed. Run: pip install "httpx[socks]"'
    else:
        reason = f"{_proxies_at_fault()} has to be like http://HOST:PORT; {_ENCODED}"
    return f"the environment's proxy or certificate settings are unusable: {reason}"


def _proxies_at_fault() -> str:
    """Return the names of the variables that should name a proxy and do not; of all about proxies where each does."""
    proxies = {name: value for name, value in os.environ.items() if name.lower() in _PROXIES and value}
    others = [name for name in os.environ if name.lower() == "no_proxy"]
    faulty = [name for name, value in proxies.items() if not _is_proxy(value)]
    return ", ".join(sorted(faulty or [*proxies, *others])) or "the system's proxy"


def _is_proxy(value: str) -> bool:
    try:
        httpx.Proxy(value if "://" in value else f"http://{value}")
    except (ValueError, httpx.InvalidURL):
        return False
    return True
