"""From the bytes of an outcome, as `apply --format json` printed it, to what the apply did."""

from __future__ import annotations

from typing import Final, NotRequired, TypedDict, cast

from reconciler.apply.model import Applied, Outcome, OutcomeStatus
from reconciler.errors import ReconcilerError
from reconciler.plan.decode import Format, damaged, decode
from reconciler.plan.model import ActionKind

APPLIED_FORMAT_VERSION: Final = 1


class OutcomeFileError(ReconcilerError):
    """The file is not an outcome that this version can show."""


OUTCOME_FILE: Final = Format(
    noun="an outcome",
    schema="outcome",
    marks=frozenset({"format_version", "plan_id", "outcomes"}),
    oldest=1,
    newest=APPLIED_FORMAT_VERSION,
    error=OutcomeFileError,
    again="`reconciler apply --format json` prints one.",
    renew="apply with this one",
    damage="It was changed after it was made. `reconciler apply --format json` prints one.",
)


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
    document = cast("_Applied", decode(raw, name, OUTCOME_FILE))
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
        raise damaged(name, "succeeded: it is not what the outcomes say", OUTCOME_FILE)
    return applied


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
