"""From the bytes of an outcome, as `apply --format json` printed it, to what the apply did."""

from __future__ import annotations

from functools import cache
from typing import Final, NotRequired, TypedDict, cast

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from reconciler import schemas
from reconciler.apply.model import Applied, Outcome, OutcomeStatus
from reconciler.errors import ReconcilerError
from reconciler.plan.model import ActionKind

APPLIED_FORMAT_VERSION: Final = 1

_LONGEST_REASON: Final = 200
_AGAIN: Final = "`reconciler apply --format json` prints one; it is never edited by hand."


class OutcomeFileError(ReconcilerError):
    """The file is not an outcome that this version can show."""


class _Outcome(TypedDict):
    address: str
    action: str
    status: str
    message: str
    details: list[str]
    way_out: str
    audience_id: str | None
    added: int
    removed: int


class _Saved(TypedDict):
    rows: int
    requests: int


class _Applied(TypedDict):
    plan_id: str
    succeeded: bool
    interrupted: bool
    reason: NotRequired[str]
    way_out: NotRequired[str]
    rows: int
    requests: int
    saved: _Saved
    seconds: float
    outcomes: list[_Outcome]


def parse_applied(raw: bytes, name: str = "the outcome") -> Applied:
    """Read an outcome.

    Args:
        raw: The whole file.
        name: What to call it in an error: its path, for example.

    Raises:
        OutcomeFileError: It is not JSON, not an outcome, from a newer version, or damaged.
    """
    document = _checked(raw, name)
    saved = document["saved"]
    applied = Applied(
        plan_id=document["plan_id"],
        outcomes=tuple(map(_outcome, document["outcomes"])),
        rows=document["rows"],
        requests=document["requests"],
        seconds=document["seconds"],
        interrupted=document["interrupted"],
        rows_alone=document["rows"] + saved["rows"],
        requests_alone=document["requests"] + saved["requests"],
        refusal=document.get("reason", ""),
        way_out=document.get("way_out", ""),
    )
    if applied.succeeded != document["succeeded"]:
        raise _damaged(name, "succeeded: it is not what the outcomes say")
    return applied


def _checked(raw: bytes, name: str) -> _Applied:
    try:
        document: object = orjson.loads(raw)
    except orjson.JSONDecodeError as why:
        raise OutcomeFileError(f"{name} is not JSON: {why}", hint=_AGAIN) from None
    if not isinstance(document, dict) or not document.keys() >= {"format_version", "plan_id", "outcomes"}:
        raise OutcomeFileError(f"{name} is JSON, but not an outcome of reconciler", hint=_AGAIN)
    version = document["format_version"]
    if isinstance(version, int) and version > APPLIED_FORMAT_VERSION:
        raise OutcomeFileError(
            f"{name} has format version {version}; this version of reconciler reads up to {APPLIED_FORMAT_VERSION}",
            hint="Use the version of reconciler that made it.",
        )
    finding = best_match(_validator().iter_errors(document))
    if finding is not None:
        reason = finding.message
        raise _damaged(name, reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]} …")
    return cast("_Applied", document)


def _damaged(name: str, reason: str) -> OutcomeFileError:
    return OutcomeFileError(f"{name} is damaged: {reason}", hint=_AGAIN)


def _outcome(document: _Outcome) -> Outcome:
    return Outcome(
        address=document["address"],
        kind=ActionKind(document["action"]),
        status=OutcomeStatus(document["status"]),
        message=document["message"],
        details=tuple(document["details"]),
        audience_id=document["audience_id"],
        added=document["added"],
        removed=document["removed"],
        way_out=document["way_out"],
    )


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schemas.load("outcome"))
