"""Files on web servers, by ranges of bytes (RFC 9110, section 14)."""

from __future__ import annotations

import weakref
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

import httpx
import stamina

from reconciler.identity.errors import SourceError, SourceMissingError, SourceUnreadableError
from reconciler.identity.sources.urls import RemoteFile

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMEOUT: Final = httpx.Timeout(60, connect=10)
_TRIES: Final = 4


def find_file(url: str) -> RemoteFile:
    """Return the file at a URL.

    Its first byte is asked for, because many servers do not answer HEAD, and only the answer shows whether they give
    parts of files.

    Its `url` lacks what may be secret in `url`.

    Raises:
        SourceError: It is not there, may not be read, or only comes whole.
    """
    server = _Server(url)
    answer = server.fetch({"Range": "bytes=0-0"})
    total = answer.headers.get("Content-Range", "").rpartition("/")[2]
    if answer.status_code != httpx.codes.PARTIAL_CONTENT or not total.isdigit():
        raise SourceUnreadableError(
            f"{_shown(url)} comes only whole: its server gives no parts of files",
            hint="Download it, and name the file on this machine.",
        )
    tag, changed = answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", "")
    # A weak tag ("W/…") says that the meaning is the same, not the bytes, so servers must not compare it here.
    unchanged = {"If-Match": tag} if tag.startswith('"') else {"If-Unmodified-Since": changed} if changed else {}

    def read(start: int, length: int) -> bytes:
        part = {"Range": f"bytes={start}-{start + length - 1}", **unchanged}
        return server.fetch(part).content

    # Known by what may be shown of its URL: whoever names the file, DuckDB too, cannot name a signature or a password.
    return RemoteFile(_shown(url), int(total), tag or changed or total, _seconds(changed), read)


class _Server:
    """Connections to a file's server; they close when nobody reads from it any more."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = httpx.Client(timeout=_TIMEOUT, follow_redirects=True)
        weakref.finalize(self, self._client.close)

    def fetch(self, headers: Mapping[str, str]) -> httpx.Response:
        """Return the answer to a GET, its body read if it is the part asked for."""
        failure: SourceError
        try:
            for attempt in stamina.retry_context(on=_is_passing, attempts=_TRIES, timeout=None):
                with attempt:
                    return self._fetch_once(headers)
        except httpx.HTTPStatusError as error:
            failure = _refused(self._url, error.response.status_code)
        except httpx.InvalidURL:
            failure = SourceMissingError(
                f"{_shown(self._url)} is not a URL", hint="For example: https://example.com/people.parquet"
            )
        except httpx.HTTPError:
            failure = SourceMissingError(
                f"{httpx.URL(self._url).host} does not answer for {_shown(self._url)}",
                hint="Check the URL and the network.",
            )
        raise failure

    def _fetch_once(self, headers: Mapping[str, str]) -> httpx.Response:
        with self._client.stream("GET", self._url, headers=headers) as answer:
            answer.raise_for_status()
            # A server that ignores the range would send all of the file.
            if answer.status_code == httpx.codes.PARTIAL_CONTENT:
                answer.read()
            return answer


def _is_passing(error: Exception) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in {429, 500, 502, 503, 504}
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.ConnectError)


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
