"""The log of what was asked and how it was answered: never a body, never a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.sandbox.database import Transaction


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request.

    Attributes:
        method: HTTP's method.
        path: Below the base path: ``/segment/mapping/``. A path outside of it is given whole.
        code: The envelope's code; None where none was sent (an HTML page, a broken connection).
        advertiser_id: Whose request it was, several with commas between; None where it did not say.
        rows: Rows of `batch_data`, 0 where there is none.
    """

    method: str
    path: str
    code: int | None
    advertiser_id: str | None
    rows: int


def log(transaction: Transaction, request: LoggedRequest) -> None:
    """Write a request down."""
    transaction.connection.execute(
        "INSERT INTO requests VALUES (NULL, ?, ?, ?, ?, ?)",
        (request.method, request.path, request.code, request.advertiser_id, request.rows),
    )


def logged(transaction: Transaction) -> tuple[LoggedRequest, ...]:
    """Return every request since the log was last cleared, in order."""
    rows = transaction.connection.execute(
        "SELECT method, path, code, advertiser_id, rows FROM requests ORDER BY request_no"
    )
    return tuple(LoggedRequest(*row) for row in rows)


def clear(transaction: Transaction) -> None:
    """Forget them all."""
    transaction.connection.execute("DELETE FROM requests")
