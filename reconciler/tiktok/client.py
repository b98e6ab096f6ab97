"""Carries requests to TikTok: one connection pool, one pace, the envelope, and what may be tried again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeAlias

import httpx
import orjson
import stamina

from reconciler import telemetry
from reconciler.secret import Secret
from reconciler.tiktok.envelope import Answer, open_answer, redacted
from reconciler.tiktok.errors import (
    CredentialError,
    ServiceFaultError,
    UncertainWriteError,
    UnreadableAnswerError,
    refusal,
)
from reconciler.tiktok.limits import Pace, Paces
from reconciler.tiktok.outage import Outage, Waiting
from reconciler.tiktok.retry import Retry
from reconciler.tiktok.transport import TIMEOUT, BrokenOffError, Form, Lanes, told, unanswered

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from types import TracebackType

PRODUCTION_URL = "https://business-api.tiktok.com/open_api/v1.3"

Parameter: TypeAlias = "str | int | Secret | Sequence[str] | Mapping[str, object]"
"""A value of a query: lists and objects travel as JSON, a `Secret` is revealed on the wire only."""

log = logging.getLogger(__name__)


class TikTok:
    """One developer app's way to TikTok: share it between all tokens, since the rate limits are the app's.

    An async context manager, to be used within one event loop::

        async with TikTok() as tiktok:
            session = tiktok.acting_with(token)

    Args:
        base_url: Where the API is, with its version and without a slash at the end.
        tier: The rate-limit tier TikTok granted the app: basic, advanced, premium or ultimate. None keeps no
            pace: for the local TikTok.
        transport: What carries requests instead of the network: ASGI, a mock.
        timeout: For one request.
        patience_seconds: How long one call is tried for while TikTok is unreachable, fails or asks to wait. None is
            ten minutes, and one where nothing answers at all.
        tell: Told once an outage that TikTok is being waited for.
        before_write: Awaited right before each time a request that is no read is sent, after every wait for it; what
            it raises is raised in place of sending.

    Raises:
        UnreachableError: `base_url` is not an address, or the environment's proxy or certificate settings are unusable.
        ValueError: There is no such tier.
    """

    def __init__(
        self,
        base_url: str = PRODUCTION_URL,
        *,
        tier: str | None = "basic",
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        patience_seconds: float | None = None,
        tell: Callable[[Waiting], None] = lambda _: None,
        before_write: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._http = Lanes(base_url, transport, timeout)
        self._paces = Paces(tier)
        self._patience = patience_seconds
        self._outage = Outage(tell)
        self._before_write = before_write

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    def acting_with(self, token: Secret) -> Session:
        """Return a session that calls with `token`.

        Raises:
            CredentialError: The token is empty, or holds what no token does and no header can carry.
        """
        value = token.reveal()
        if not value:
            raise CredentialError("there is no access token")
        if not value.isascii() or not value.isprintable() or " " in value:
            raise CredentialError("the access token holds a space, a line break or another sign that no token has")
        return self._session(token)

    def acting_for_nobody(self) -> Session:
        """Return a session without a token, for the calls that get one or give it back."""
        return self._session(None)

    def _session(self, token: Secret | None) -> Session:
        return Session(self._http, self._paces, self._patience, self._outage, token, before_write=self._before_write)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, ready to be sent as often as may be.

    Attributes:
        rows: How many rows it streams; 0 for a control request.
        repeatable: Whether doing it twice is the same as once.
        secrets: What must not be read in anything that comes back.
    """

    method: str
    path: str
    advertiser_id: str | None
    repeatable: bool
    secrets: tuple[Secret, ...]
    query: Mapping[str, Parameter] | None = None
    body: bytes | None = None
    form: Form | None = None
    rows: int = 0


class Session:
    """Calls TikTok with one token, or none. Made by `TikTok.acting_with` and `TikTok.acting_for_nobody`."""

    def __init__(
        self,
        http: Lanes,
        paces: Paces,
        patience: float | None,
        outage: Outage,
        token: Secret | None,
        *,
        before_write: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._http = http
        self._paces = paces
        self._patience = patience
        self._outage = outage
        self._token = token
        self._before_write = before_write

    async def get(self, path: str, params: Mapping[str, Parameter]) -> Mapping[str, object]:
        """Read `path` and return the payload of its answer.

        Args:
            path: Relative to the base URL, with a slash at its end: ``user/info/``.
            params: The query. Ids are strings; lists and objects are sent as JSON.

        Raises:
            TikTokError: TikTok refused, failed, or could not be reached for as long as was waited.
        """
        call = Call(
            method="GET",
            path=path,
            advertiser_id=_account_of(params),
            repeatable=True,
            secrets=self._secrets_with(params),
            query=params,
        )
        return await self._perform(call)

    async def post(
        self,
        path: str,
        body: Mapping[str, object] | bytes,
        *,
        repeatable: bool,
        rows: int = 0,
        advertiser_id: str | None = None,
    ) -> Mapping[str, object]:
        """Write to `path` and return the payload of its answer.

        Args:
            path: Relative to the base URL, with a slash at its end.
            body: What to send: a mapping, or JSON that is encoded already. A `Secret` is revealed on the wire only.
            repeatable: Whether doing it twice is the same as once. If not, it is sent again only where TikTok has
                certainly not done it.
            rows: How many rows it streams, counted against the streaming allowance; 0 for every other request.
            advertiser_id: The account it is for; found in `body` where that is a mapping.

        Raises:
            UncertainWriteError: It is not repeatable and may have happened or not.
            TikTokError: TikTok refused, failed, or could not be reached for as long as was waited.
        """
        call = Call(
            method="POST",
            path=path,
            advertiser_id=advertiser_id or (_account_of(body) if isinstance(body, Mapping) else None),
            repeatable=repeatable,
            secrets=self._secrets_with(body if isinstance(body, Mapping) else {}),
            body=orjson.dumps(body, default=_revealed) if isinstance(body, Mapping) else body,
            rows=rows,
        )
        return await self._perform(call)

    async def upload(self, path: str, form: Form) -> Mapping[str, object]:
        """Send a file to `path` and return the payload of its answer. Uploading it twice does no harm.

        Args:
            path: Relative to the base URL, with a slash at its end.
            form: The file, and what is said about it.

        Raises:
            TikTokError: TikTok refused, failed, or could not be reached for as long as was waited.
        """
        call = Call(
            method="POST",
            path=path,
            advertiser_id=_account_of(form.fields),
            repeatable=True,
            secrets=self._secrets_with({}),
            form=form,
        )
        return await self._perform(call)

    def _secrets_with(self, fields: Mapping[str, object]) -> tuple[Secret, ...]:
        """Return what must not be repeated from an answer: the token, and what `fields` hold of the kind."""
        held = (self._token, *fields.values())
        return tuple(each for each in held if isinstance(each, Secret))

    async def _perform(self, call: Call) -> Mapping[str, object]:
        assert call.path.endswith("/"), f"{call.path} lacks the slash that TikTok's paths end in"  # noqa: S101
        pace = self._paces.meant_for(call.rows)
        again = stamina.AsyncRetryingCaller(attempts=None, timeout=None, wait_initial=0.5, wait_max=30, wait_jitter=1)
        with telemetry.tiktok_call(call.method, call.path, rows=call.rows, advertiser_id=call.advertiser_id):
            return await again(Retry(self._patience, pace, self._outage), self._attempt, call, pace)

    async def _attempt(self, call: Call, pace: Pace) -> Mapping[str, object]:
        """Send `call` once. A fault after which a write may have happened comes out as an `UncertainWriteError`."""
        await pace.admit(call.rows or 1)
        if call.method != "GET" and self._before_write is not None:
            await self._before_write()
        try:
            answer = await self._exchange(call)
            if answer.code == 0:
                self._outage.answered()
                return answer.payload
            raise refusal(
                answer.message,
                code=answer.code,
                request_id=answer.request_id,
                path=call.path,
                advertiser_id=call.advertiser_id,
                part=answer.payload,
            )
        except (ServiceFaultError, UnreadableAnswerError, BrokenOffError) as fault:
            if call.repeatable:
                raise
            raise UncertainWriteError(
                fault.said,
                code=fault.code,
                request_id=fault.request_id,
                path=call.path,
                advertiser_id=call.advertiser_id,
            ) from fault

    async def _exchange(self, call: Call) -> Answer:
        """Send `call` and open its answer; a line in the debug log either way."""
        clock = asyncio.get_running_loop().time
        began = clock()
        outcome, answer = "no answer", None
        try:
            response = await self._http.request(lambda client: _request(client, call, self._token))
            outcome = f"HTTP {response.status_code}"
            answer = open_answer(response, call.path, call.advertiser_id, call.secrets)
            outcome = f"code {answer.code}, request {answer.request_id}"
        except httpx.RequestError as error:
            reason = f"{self._http.base_url.netloc.decode()}: {redacted(told(error), call.secrets)}"
            raise unanswered(error, reason, call.path, call.advertiser_id) from error
        finally:
            _tell(call, outcome, answer, seconds=clock() - began)
        return answer


def _tell(call: Call, outcome: str, answer: Answer | None, *, seconds: float) -> None:
    """Tell logs and traces how a request ended."""
    code, request_id = (answer.code, answer.request_id) if answer else (None, None)
    milliseconds = seconds * 1000
    known = {"method": call.method, "path": call.path, "advertiser_id": call.advertiser_id, "rows": call.rows}
    log.debug(
        *("%s %s: %s, %.0f ms, %d rows", call.method, call.path, outcome, milliseconds, call.rows),
        extra={**known, "code": code, "request_id": request_id, "ms": round(milliseconds)},
    )
    telemetry.answered(code=code, request_id=request_id, seconds=seconds)


def _request(client: httpx.AsyncClient, call: Call, token: Secret | None) -> httpx.Request:
    headers = {"Access-Token": token.reveal()} if token else {}
    if call.body is not None:
        headers["Content-Type"] = "application/json"
    return client.build_request(
        call.method,
        call.path,
        params={name: _written(value) for name, value in call.query.items()} if call.query else None,
        content=call.body,
        data=call.form.fields if call.form else None,
        files=call.form.files() if call.form else None,
        headers=headers,
    )


def _account_of(fields: Mapping[str, object]) -> str | None:
    """Return the one account a request is for, where it is for one."""
    advertiser_id = fields.get("advertiser_id")
    return advertiser_id if isinstance(advertiser_id, str) else None


def _written(value: Parameter) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, (str, int)):
        return str(value)
    return orjson.dumps(value).decode()


def _revealed(value: object) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(f"{type(value).__name__} is not JSON")
