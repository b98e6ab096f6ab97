"""How TikTok answers: an HTTP 200 whose body says whether it worked.

Source of the envelope and of every code: Marketing API v1.3, return codes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING
from uuid import uuid4

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping


class Code(IntEnum):
    """The return codes the local TikTok uses, under what they mean."""

    OK = 0
    NO_PERMISSION = 40001
    INVALID_PARAMETER = 40002
    UNSUPPORTED_PATH = 40008
    NOT_HASHED = 40062
    TOO_FREQUENT = 40100
    SECRET_MISMATCH = 40101
    TOKEN_EXPIRED = 40102
    TOKEN_EMPTY = 40104
    TOKEN_WRONG = 40105
    CODE_WRONG = 40110
    APP_UNKNOWN = 40113
    NOT_READY = 40201
    WRITE_CONFLICT = 40202
    FILE_MISSING = 40905
    FILE_EMPTY = 40906
    FILE_TOO_LARGE = 40907
    FILE_SUFFIX = 40908
    FILE_TYPE_MISMATCH = 40909
    FILE_EXPIRED = 40910
    SERVICE_FAULT = 50000


class Refusal(Exception):  # noqa: N818 - an answer, not a failure of the program
    """TikTok says no, and nothing of the request is kept.

    Args:
        code: The return code.
        message: TikTok's message. It names fields, positions and ids, never an identifier of a person.
        http_status: 200, except where TikTok answers with HTTP's own status: 404 and 405.
    """

    def __init__(self, code: Code, message: str, *, http_status: int = 200) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.http_status = http_status


def invalid(field_name: str, problem: str) -> Refusal:
    """Return the refusal of one field: code 40002, ``<field_name>: <problem>``."""
    return Refusal(Code.INVALID_PARAMETER, f"{field_name}: {problem}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the caller.

    Attributes:
        code: The envelope's code; None where no envelope is sent (an HTML page, a broken connection).
        body: The bytes of the body; empty where the connection breaks.
        http_status: HTTP's own status.
        media_type: Of the body.
        is_broken: Whether the connection breaks instead of carrying the body.
    """

    code: int | None
    body: bytes = b""
    http_status: int = 200
    media_type: str = "application/json"
    is_broken: bool = False


def _new_request_id() -> str:
    return uuid4().hex.upper()


@dataclass(frozen=True, slots=True)
class Envelope:
    """The JSON object around every answer. Each one carries a `request_id` of its own."""

    code: int
    message: str
    content: Mapping[str, object] = field(default_factory=dict)
    request_id: str = field(default_factory=_new_request_id)

    def encode(self) -> bytes:
        """Return the JSON text: ``{"code", "message", "request_id", "data"}``."""
        return orjson.dumps(
            {
                "code": self.code,
                "message": self.message,
                "request_id": self.request_id,
                "data": self.content,
            }
        )


def accepted(content: Mapping[str, object]) -> Answer:
    """Answer that the request was done."""
    return Answer(Code.OK, Envelope(Code.OK, "OK", content).encode())


def refused(refusal: Refusal) -> Answer:
    """Answer with a refusal; its `data` is empty."""
    return Answer(refusal.code, Envelope(refusal.code, refusal.message).encode(), refusal.http_status)
