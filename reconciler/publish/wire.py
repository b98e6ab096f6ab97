"""Carries requests to a forge: one connection pool, one token, all pages, and what may be tried again."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self, TypeAlias, TypeVar

import httpx
import orjson
import stamina

from reconciler import __version__
from reconciler.network import (
    ENCODING,
    NEVER_LEFT,
    EndlessAnswerError,
    api_address,
    read_body,
    unusable_settings,
    without_user,
)
from reconciler.publish import reading
from reconciler.publish.errors import (
    BrokenOffError,
    ForgeError,
    ForgeFaultError,
    NotThereError,
    UncertainPostError,
    UnreachableForgeError,
    UnreadableReplyError,
)
from reconciler.publish.refusals import refusal
from reconciler.publish.retry import Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from reconciler.secret import Secret

T = TypeVar("T")

Read: TypeAlias = "Callable[[object], T]"
"""Makes JSON into what it says; raises `reading.UnexpectedShapeError` where it is not as the forge's API says."""

TIMEOUT: Final = httpx.Timeout(30, connect=10)
"""Seconds."""

EXCHANGE_SECONDS: Final = 120.0
"""How long a request and its answer may take. `TIMEOUT` is for each piece, so that an answer that comes a byte at a
time would never end."""

LONGEST_ANSWER: Final = 64 * 1024 * 1024
"""Bytes of an answer, unpacked. A page of a hundred of GitHub's longest comments has less."""

_OF_THE_WAY: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers about how an answer came, which say nothing of what it is."""

PAGE_SIZE: Final = 100
"""The most that GitHub and GitLab give at once."""

MOST_PAGES: Final = 300

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a forge's API is, and how it wants to be spoken to.

    Attributes:
        forge: What people call the forge.
        url: The base of its API.
        headers: What every request carries beside the token.
        token_header: The name of the header that carries the token.
        token_prefix: What stands before the token in it.
    """

    forge: str
    url: str
    token_header: str
    token_prefix: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Wire:
    """Speaks to one forge with one token. An async context manager.

    It follows no redirects, since a token must not go where an answer points, and takes proxies and certificates from
    the environment as httpx does.

    Args:
        address: Where, and how.
        token: Shown to the forge alone.
        transport: What carries requests instead of the network.

    Raises:
        UnreachableForgeError: The address is none, or the environment's proxy or certificate settings are unusable.
    """

    def __init__(self, address: Address, token: Secret, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._forge = address.forge
        self._token = token
        self._authorization = {address.token_header: f"{address.token_prefix}{token.reveal()}"}
        try:
            self._base = api_address(address.url.rstrip("/") + "/")
        except ValueError as error:
            said = str(error)
            raise UnreachableForgeError(self._forge, without_user(address.url), said, passing=False) from None
        try:
            self._client = httpx.AsyncClient(
                transport=transport,
                timeout=TIMEOUT,
                headers={
                    "User-Agent": f"reconciler/{__version__}",
                    "Accept-Encoding": ENCODING,
                    **address.headers,
                },
                follow_redirects=False,
            )
        except (ValueError, ImportError, OSError, httpx.InvalidURL) as error:
            # Nothing of `error` goes on, its words may hold a proxy's password.
            said = unusable_settings(error)
            raise UnreachableForgeError(self._forge, without_user(address.url), said, passing=False) from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def get(self, path: str, read: Read[T], *, needs: str) -> T:
        """Return what is at `path`.

        Args:
            path: Relative to the base of the API: ``repos/acme/ads/issues/7/comments``.
            read: Makes the answer into what it says.
            needs: What the token has to be allowed, for the sentence that says it is not.

        Raises:
            ForgeError: It cannot be read.
        """
        return self._one(await self._perform("GET", path, needs=needs), read)

    async def pages(
        self,
        path: str,
        read: Read[T | None],
        query: Mapping[str, str] | None = None,
        *,
        needs: str,
        inside: str | None = None,
    ) -> list[T]:
        """Return every entry of a list, from all its pages.

        Args:
            path: As for `get`.
            read: Makes an entry into what it says; None leaves it out.
            query: Further parameters.
            needs: As for `get`.
            inside: The field that holds the list, where the answer is an object around it.

        Raises:
            ForgeError: It cannot be read whole.
        """

        def entries(document: object) -> list[T]:
            listed = reading.listed(reading.fields(document).get(inside) if inside else document)
            return [entry for each in listed if (entry := read(each)) is not None]

        found: list[T] = []
        for page in range(1, MOST_PAGES + 1):
            numbered = {**(query or {}), "per_page": str(PAGE_SIZE), "page": str(page)}
            response = await self._perform("GET", path, query=numbered, needs=needs)
            found += self._one(response, entries)
            if "next" not in response.links:  # GitHub and GitLab both say so in `Link`
                return found
        raise UnreadableReplyError(self._forge, f"GET {path}", f"it has more than {MOST_PAGES} pages")

    async def post(self, path: str, body: Mapping[str, object], read: Read[T], *, needs: str) -> T:
        """Make something at `path`, and return it. It is sent again only where it has certainly not been made.

        Raises:
            UncertainPostError: It may have been made or not.
            ForgeError: It was not made.
        """
        return self._one(await self._perform("POST", path, body=body, needs=needs), read)

    async def change(self, method: str, path: str, body: Mapping[str, object], read: Read[T], *, needs: str) -> T:
        """Change what is at `path` with PATCH or PUT, of which doing it twice is the same as once, and return it.

        Raises:
            ForgeError: It is not changed, or maybe not.
        """
        return self._one(await self._perform(method, path, body=body, needs=needs), read)

    async def delete(self, path: str, *, needs: str) -> None:
        """Delete what is at `path`; what is gone already is no error."""
        try:
            await self._perform("DELETE", path, needs=needs)
        except NotThereError:
            log.debug("DELETE %s: gone already", path)

    def _one(self, response: httpx.Response, read: Read[T]) -> T:
        """Return what an answer says; raises UnreadableReplyError."""
        try:
            return read(orjson.loads(response.content))
        except (orjson.JSONDecodeError, reading.UnexpectedShapeError) as error:
            said = "it is no JSON" if isinstance(error, orjson.JSONDecodeError) else str(error)
            raise UnreadableReplyError(self._forge, _call_of(response.request, self._base), said) from error

    async def _perform(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        needs: str,
    ) -> httpx.Response:
        again = stamina.AsyncRetryingCaller(attempts=None, timeout=None, wait_initial=1, wait_max=15, wait_jitter=1)
        request = self._client.build_request(
            method,
            f"{self._base}{path}",
            params=query,
            content=None if body is None else orjson.dumps(body),
            headers=self._authorization | ({} if body is None else {"Content-Type": "application/json"}),
        )
        return await again(Retry(), self._attempt, request, needs)

    async def _attempt(self, request: httpx.Request, needs: str) -> httpx.Response:
        """Send `request` once. A fault after which a post may have happened comes out as an `UncertainPostError`."""
        call = _call_of(request, self._base)
        try:
            response = await self._send(request, call)
            log.debug("%s: HTTP %d", call, response.status_code)
            if not response.is_success:
                raise refusal(self._forge, call, response, needs=needs, secret=self._token)
            return response  # noqa: TRY300  # reads in the order it happens
        except (ForgeFaultError, BrokenOffError, UnreadableReplyError) as fault:
            if request.method != "POST":
                raise
            raise UncertainPostError(self._forge, call, fault.said) from fault

    async def _send(self, request: httpx.Request, call: str) -> httpx.Response:
        """Return the answer to `request`, read to its end; raises ForgeError."""
        try:
            async with asyncio.timeout(EXCHANGE_SECONDS):
                answer = await self._client.send(request, stream=True)
                body = await read_body(answer, LONGEST_ANSWER)
        except TimeoutError:
            raise BrokenOffError(self._forge, call, "it took too long") from None
        except httpx.RequestError as error:
            raise self._unanswered(error, call) from error
        headers = {name: value for name, value in answer.headers.items() if name not in _OF_THE_WAY}
        return httpx.Response(answer.status_code, headers=headers, content=body, request=request)

    def _unanswered(self, error: httpx.RequestError, call: str) -> ForgeError:
        """Return what a failed exchange means: that it never left, that it broke off, or that it cannot be read."""
        if isinstance(error, (EndlessAnswerError, httpx.DecodingError)):
            return UnreadableReplyError(self._forge, call, str(error))
        said = "it took too long" if isinstance(error, httpx.TimeoutException) else str(error) or type(error).__name__
        said = said.replace(self._token.reveal(), str(self._token))
        if not isinstance(error, NEVER_LEFT):
            return BrokenOffError(self._forge, call, said)
        return UnreachableForgeError(self._forge, call, f"{self._base.host}: {said}", passing=not _is_hopeless(error))


def _call_of(request: httpx.Request, base: httpx.URL) -> str:
    """Return what was asked, without the query and the base: ``GET repos/acme/ads/issues``."""
    return f"{request.method} {request.url.path.removeprefix(base.path)}"


def _is_hopeless(error: BaseException) -> bool:
    """Whether the next attempt would fail alike: a host that does not exist, a certificate that does not verify."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (ssl.SSLCertVerificationError, httpx.UnsupportedProtocol, httpx.LocalProtocolError)):
            return True
        if isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_NONAME:
            return True
        cause = cause.__cause__ or cause.__context__
    return False
