"""From a status to a sentence: what a forge's refusal means, and the way out."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import orjson

from reconciler.publish.errors import (
    CredentialRefusedError,
    ForgeError,
    ForgeFaultError,
    NotThereError,
    PermissionRefusedError,
    ThrottledError,
)
from reconciler.redaction import without

if TYPE_CHECKING:
    import httpx

    from reconciler.secret import Secret


def refusal(forge: str, call: str, response: httpx.Response, *, needs: str, secret: Secret) -> ForgeError:
    """Return what an answer other than success means.

    Args:
        forge: What people call the forge.
        call: What it was asked.
        response: The answer.
        needs: What the token has to be allowed for this call.
        secret: What must not be read in what comes back.
    """
    status = response.status_code
    said = f"{without(_words(response), [secret.reveal()])} (HTTP {status})"
    if _is_throttled(response):
        return ThrottledError(forge, call, said, wait_seconds=_wait_seconds(response))
    if status >= 500:
        return ForgeFaultError(forge, call, said)
    match status:
        case 401:
            return CredentialRefusedError(forge, call, said)
        case 403:
            return PermissionRefusedError(forge, call, said, hint=f"It has to be allowed this: {needs}.")
        case 404:
            return NotThereError(forge, call, said)
        case 410:
            return NotThereError(
                forge, call, said, hint="Issues are switched off in this repository, or it was deleted."
            )
        case 301 | 302 | 307 | 308:
            return ForgeError(
                forge, call, said, hint="The repository may have been renamed: name it with --repository as it is now."
            )
        case _:
            return ForgeError(forge, call, said)


def _is_throttled(response: httpx.Response) -> bool:
    """Whether it is only too early. GitHub answers 403 for most of its limits, which is its "not allowed" as well."""
    if response.status_code == 429:
        return True
    spent = response.headers.get("x-ratelimit-remaining") == "0"
    return response.status_code == 403 and (
        "retry-after" in response.headers or spent or "rate limit" in _words(response).lower()
    )


def _wait_seconds(response: httpx.Response) -> float | None:
    """Return how long the answer asks to wait; None where it does not say."""
    after = _number(response.headers.get("retry-after"))
    if after is not None:
        return after
    reset = _number(response.headers.get("x-ratelimit-reset") or response.headers.get("ratelimit-reset"))
    return max(reset - time.time(), 0.0) if reset is not None else None


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _words(response: httpx.Response) -> str:
    """Return why, in the forge's own words: GitHub's and GitLab's errors come in several shapes."""
    try:
        document = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return response.reason_phrase
    if not isinstance(document, dict):
        return response.reason_phrase
    parts = [document.get(name) for name in ("message", "error", "error_description", "errors")]
    return "; ".join(_plain(part) for part in parts if part)


def _plain(part: object) -> str:
    """Return one part of an error as text."""
    if isinstance(part, dict):
        own = part.get("message")
        return str(own) if own else ", ".join(f"{name}: {_plain(value)}" for name, value in part.items())
    if isinstance(part, list):
        return ", ".join(_plain(each) for each in part)
    return str(part)
