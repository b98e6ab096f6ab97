"""Faults on order: what a network and a busy service do at the worst moment, done when a test asks for it.

They wait in the database in the order they were added. A fault lets the first `skip` requests it matches pass,
and the next `times` meet it; a request that meets one is not counted against those behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.sandbox.envelope import Answer, Code, Refusal, refused

if TYPE_CHECKING:
    from reconciler.sandbox.database import Transaction


class FaultKind(StrEnum):
    """What happens to the request.

    Only `DROP_AFTER` lets it do its work: the work is committed, then the connection breaks without an
    answer. Every other kind leaves everything as it was.
    """

    RATE_LIMIT = "rate_limit"
    SERVER_ERROR = "server_error"
    HTTP_500 = "http_500"
    WRITE_CONFLICT = "write_conflict"
    NOT_READY = "not_ready"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"


_REFUSALS = {
    FaultKind.RATE_LIMIT: Refusal(Code.TOO_FREQUENT, "Requests made too frequently."),
    FaultKind.SERVER_ERROR: Refusal(Code.SERVICE_FAULT, "Internal service error."),
    FaultKind.WRITE_CONFLICT: Refusal(Code.WRITE_CONFLICT, "Write conflict, try again later."),
    FaultKind.NOT_READY: Refusal(Code.NOT_READY, "The task is not ready."),
}

BROKEN = Answer(code=None, is_broken=True)
"""The connection breaks instead of an answer."""

_HTML_PAGE = Answer(
    code=None,
    body=b"<html><body><h1>500 Internal Server Error</h1></body></html>",
    http_status=500,
    media_type="text/html",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault to come. An empty `method`, `path` or `body` matches every request.

    Attributes:
        kind: What happens.
        method: ``GET`` or ``POST``.
        path: A part of the path.
        body: A part of the request's body.
        skip: How many matching requests pass before it.
        times: How many meet it.
    """

    kind: FaultKind
    method: str = ""
    path: str = ""
    body: str = ""
    skip: int = 0
    times: int = 1


def add(transaction: Transaction, fault: Fault) -> None:
    """Put a fault at the end of the queue."""
    transaction.connection.execute(
        "INSERT INTO faults VALUES (NULL, ?, ?, ?, ?, ?, ?)",
        (fault.kind, fault.method, fault.path, fault.body, fault.skip, fault.times),
    )


def due(transaction: Transaction, method: str, path: str, body: bytes) -> FaultKind | None:
    """Return what happens to this request, if anything, and count it against the faults it matches."""
    rows: list[tuple[int, str, str, int]] = transaction.connection.execute(
        "SELECT fault_no, kind, body, skip FROM faults"
        " WHERE method IN ('', ?) AND instr(?, path) AND times > 0 ORDER BY fault_no",
        (method, path),
    ).fetchall()
    for fault_no, kind, part_of_body, skip in rows:
        if part_of_body.encode() not in body:
            continue
        if skip == 0:
            transaction.connection.execute("UPDATE faults SET times = times - 1 WHERE fault_no = ?", (fault_no,))
            return FaultKind(kind)
        transaction.connection.execute("UPDATE faults SET skip = skip - 1 WHERE fault_no = ?", (fault_no,))
    return None


def clear(transaction: Transaction) -> None:
    """Forget every fault."""
    transaction.connection.execute("DELETE FROM faults")


def answer_to(kind: FaultKind) -> Answer | None:
    """Return what is answered in place of the request's own work; None where that is done first."""
    if kind in _REFUSALS:
        return refused(_REFUSALS[kind])
    return {FaultKind.DROP_BEFORE: BROKEN, FaultKind.HTTP_500: _HTML_PAGE}.get(kind)
