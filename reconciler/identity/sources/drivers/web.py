"""Files on web servers, by ranges of bytes (RFC 9110, section 14)."""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

import httpx
import stamina

from reconciler.identity.errors import SourceError, SourceMissingError, SourceUnreadableError
from reconciler.identity.sources.urls import RemoteFile
from reconciler.network import ENCODING, EndlessAnswerError, read_part, unusable_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TIMEOUT: Final = httpx.Timeout(60, connect=10)
_TRIES: Final = 4
_MOST_REDIRECTS: Final = 20
_DOWNLOAD: Final = "Download it, and name the file on this machine."

_PATIENCE_SECONDS: Final = 300.0
_SLOWEST: Final = 16 * 1024
"""Bytes a second. A part may take `_PATIENCE_SECONDS`, and what its length takes at this speed; `_TIMEOUT` is for each
piece, so that one that comes a byte at a time would never end."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Some bytes of a file, and what its server says of it."""

    headers: httpx.Headers
    content: bytes


def find_file(url: str) -> RemoteFile:
    """Return the file at a URL.

    Its first byte is asked for, because many servers do not answer HEAD, and only the answer shows whether they give
    parts of files.

    Its `url` lacks what may be secret in `url`.

    Raises:
        SourceError: It is not there, may not be read, or only comes whole.
    """
    server = _Server(url)
    part = server.fetch(0, 1, {})
    total = part.headers["Content-Range"].rpartition("/")[2]
    if not total.isdecimal():
        raise _only_whole(url)
    tag, changed = part.headers.get("ETag", ""), part.headers.get("Last-Modified", "")
    # A weak tag ("W/…") says that the meaning is the same, not the bytes, so servers must not compare it here.
    unchanged = {"If-Match": tag} if tag.startswith('"') else {"If-Unmodified-Since": changed} if changed else {}

    def read(start: int, length: int) -> bytes:
        return server.fetch(start, length, unchanged).content

    # Known by what may be shown of its URL: whoever names the file, DuckDB too, cannot name a signature or a password.
    return RemoteFile(_shown(url), int(total), tag or changed or total, _seconds(changed), read)


class _Server:
    """Connections to a file's server; they close when nobody reads from it any more.

    Args:
        url: The file's.

    Raises:
        SourceUnreadableError: The environment's proxy or certificate settings are unusable.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        try:
            self._client = httpx.Client(timeout=_TIMEOUT, headers={"Accept-Encoding": "identity"})
        except (ValueError, ImportError, OSError, httpx.InvalidURL) as error:
            # Nothing of `error` goes on, its words may hold a proxy's password.
            raise SourceUnreadableError(
                f"{_shown(url)} cannot be fetched: {unusable_settings(error)}",
                hint="Mend that variable, or unset it where no proxy is needed.",
            ) from None
        weakref.finalize(self, self._client.close)

    def fetch(self, start: int, length: int, conditions: Mapping[str, str]) -> _Part:
        """Return these bytes of the file, which are no fewer and no more.

        Args:
            start: The first one's place.
            length: How many.
            conditions: Headers that say of what version of the file.

        Raises:
            SourceError: They cannot be had.
        """
        failure: SourceError
        try:
            for attempt in stamina.retry_context(on=_is_passing, attempts=_TRIES, timeout=None):
                with attempt:
                    return self._fetch_once(start, length, conditions)
        except httpx.HTTPStatusError as error:
            failure = _refused(self._url, error.response.status_code)
        except httpx.InvalidURL:
            failure = SourceMissingError(
                f"{_shown(self._url)} is not a URL", hint="For example: https://example.com/people.parquet"
            )
        except EndlessAnswerError:
            failure = _other_part(self._url)
        except httpx.DecodingError:
            failure = SourceUnreadableError(
                f"{_shown(self._url)} comes compressed on its way, which was not asked for", hint=_DOWNLOAD
            )
        except httpx.HTTPError:
            failure = SourceMissingError(
                f"{httpx.URL(self._url).host} does not answer for {_shown(self._url)}",
                hint="Check the URL and the network.",
            )
        raise failure

    def _fetch_once(self, start: int, length: int, conditions: Mapping[str, str]) -> _Part:
        span = f"{start}-{start + length - 1}"
        with self._answer({"Range": f"bytes={span}", **conditions}) as answer:
            answer.raise_for_status()
            if answer.status_code != httpx.codes.PARTIAL_CONTENT or "Content-Range" not in answer.headers:
                raise _only_whole(self._url)  # its body, which may be all of the file, is not read
            own = ENCODING if httpx.URL(self._url).path.endswith(".gz") else ""
            seconds = _PATIENCE_SECONDS + length / _SLOWEST
            content = read_part(answer, length, seconds=seconds, own_encoding=own)
        if len(content) != length or not answer.headers["Content-Range"].lower().startswith(f"bytes {span}/"):
            raise _other_part(self._url)
        return _Part(answer.headers, content)

    @contextmanager
    def _answer(self, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """Open the answer to a GET where redirects lead to; httpx, which follows them too, reads their bodies whole."""
        request = self._client.build_request("GET", self._url, headers=headers)
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._client.send(request, stream=True)
            try:
                if answer.next_request is None:
                    yield answer
                    return
                _stay_encrypted(request.url, answer.next_request.url)
                request = answer.next_request
            finally:
                answer.close()
        raise httpx.TooManyRedirects(f"more than {_MOST_REDIRECTS} redirects", request=request)


def _stay_encrypted(source: httpx.URL, target: httpx.URL) -> None:
    """Refuse a redirect from https to anything else, on which others could read and change what comes."""
    if source.scheme == "https" and target.scheme != "https":
        raise SourceUnreadableError(
            f"{_shown(str(source))} redirects from https to {target.scheme}, where others could read and change it",
            hint="Name the https:// address that holds the file, or have its server redirect to one.",
        )


def _is_passing(error: Exception) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in {429, 500, 502, 503, 504}
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.ConnectError)


def _only_whole(url: str) -> SourceError:
    return SourceUnreadableError(f"{_shown(url)} comes only whole: its server gives no parts of files", hint=_DOWNLOAD)


def _other_part(url: str) -> SourceError:
    return SourceUnreadableError(
        f"{_shown(url)} comes in other parts than those asked for: its server, or a proxy on the way, does not keep to "
        "ranges of bytes",
        hint=_DOWNLOAD,
    )


def _refused(url: str, status: int) -> SourceError:
    if status == httpx.codes.PRECONDITION_FAILED:
        return SourceUnreadableError(f"{_shown(url)} changed while it was read", hint="Run it again once it is whole.")
    if status in {httpx.codes.NOT_FOUND, httpx.codes.GONE}:
        return SourceMissingError(f"there is no file {_shown(url)}", hint="A web server has no globs: name one file.")
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return SourceUnreadableError(
            f"{httpx.URL(url).host} does not let {_shown(url)} be read (HTTP {status})",
            hint="A signed URL may have expired; a user and password can stand in the URL.",
        )
    return SourceUnreadableError(f"{_shown(url)} cannot be fetched (HTTP {status})", hint="Try it in a browser.")


def _seconds(date: str) -> float:
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return 0


def _shown(url: str) -> str:
    """Return a URL without what may be secret in it: a password, the signature in its query."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return "the URL"
    return f"{parts.scheme}://{parts.netloc.decode()}{parts.path}"
