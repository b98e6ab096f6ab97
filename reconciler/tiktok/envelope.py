"""The envelope around every answer: ``{"code": int, "message": str, "request_id": str, "data": {…}}``.

HTTP 200 proves nothing; only ``code`` 0 is success. Source: Marketing API v1.3, response structure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from reconciler.redaction import without
from reconciler.tiktok.errors import UnreadableAnswerError, quotable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import httpx

    from reconciler.secret import Secret

DEEPEST = 20
"""How many levels of a refusal's payload are looked at. What lies below them is of no use to anybody."""

_PASSING_STATUSES = frozenset({200, 408, 425, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, opened. `payload` is empty where TikTok sent none."""

    code: int
    message: str
    request_id: str | None
    payload: Mapping[str, object]


def open_answer(
    response: httpx.Response, path: str, advertiser_id: str | None, secrets: Sequence[Secret] = ()
) -> Answer:
    """Read `response`, whatever its HTTP status: an envelope counts, and nothing else does.

    Args:
        response: The response.
        path: The endpoint that answered.
        advertiser_id: The account the call was for, where it was for one.
        secrets: What went with the call, and is struck from whatever may be shown: the message, the request id, and
            the payload of a refusal.

    Raises:
        UnreadableAnswerError: There is no envelope: a redirect, a web page, broken JSON, another shape.
    """

    def unreadable(said: str) -> UnreadableAnswerError:
        passing = response.status_code in _PASSING_STATUSES or response.is_server_error
        said = f"{said} (HTTP {response.status_code})"
        return UnreadableAnswerError(said, passing=passing, path=path, advertiser_id=advertiser_id)

    if response.is_redirect:
        raise unreadable("a redirect came, and a token is never sent along one")
    try:
        document: object = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        raise unreadable(f"{_described(response)} came instead of JSON") from None
    if not isinstance(document, dict):
        raise unreadable("JSON came that is not an object")
    code, message, request_id = document.get("code"), document.get("message"), document.get("request_id")
    payload = document.get("data")
    if not isinstance(code, int) or isinstance(code, bool):
        raise unreadable("JSON came without a return code")
    if code == 0 and not response.is_success:
        raise unreadable("it reports success under the HTTP status of a failure")
    named = quotable(redacted(request_id, secrets)) if isinstance(request_id, str) and request_id.strip() else None
    if code != 0:
        payload = _redacted_value(payload, secrets)
    return Answer(
        code=code,
        message=redacted(message, secrets) if isinstance(message, str) else "",
        request_id=named,
        payload=payload if isinstance(payload, dict) else {},
    )


def redacted(said: str, secrets: Iterable[Secret]) -> str:
    """Return `said` without any of `secrets`, which whoever answers may well repeat."""
    return without(said, (each.reveal() for each in secrets))


def _redacted_value(value: object, secrets: Sequence[Secret], depth: int = DEEPEST) -> object:
    if isinstance(value, str):
        return redacted(value, secrets)
    if not isinstance(value, (list, dict)):
        return value
    if not depth:
        return "…"
    if isinstance(value, list):
        return [_redacted_value(each, secrets, depth - 1) for each in value]
    return {redacted(name, secrets): _redacted_value(each, secrets, depth - 1) for name, each in value.items()}


def _described(response: httpx.Response) -> str:
    """Return what the body is, without quoting it: nobody knows what a page on the way may hold."""
    if not response.content:
        return "nothing"
    if "html" in response.headers.get("content-type", ""):
        return "a web page"
    return f"{len(response.content):,} bytes"
