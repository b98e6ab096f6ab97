"""Customer files between their upload and their use: what is kept of them, who may use them, and for how long.

Source: Marketing API v1.3, customer file audiences: a `file_path` of 16 characters, usable by the account that
uploaded the file. How long it can be used is not published; here it is 24 hours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from reconciler.sandbox import packed_sets
from reconciler.sandbox.envelope import Code, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.sandbox.database import Transaction
    from reconciler.sandbox.packed_sets import Sorter

FILE_HOURS = 24
"""How long an uploaded file can be used, on the virtual clock."""

_PATH_LENGTH = 16


def keep(transaction: Transaction, advertiser_id: str, calculate_type: str, identifiers: Iterable[Sorter]) -> str:
    """Keep what an uploaded file holds and return the path it is known by from then on."""
    file_path = uuid4().hex[:_PATH_LENGTH]
    transaction.connection.execute(
        "INSERT INTO files VALUES (?, ?, ?, ?)",
        (file_path, advertiser_id, calculate_type, transaction.now + FILE_HOURS * 3600),
    )
    for each in identifiers:
        each.keep(transaction, file_path)
    return file_path


def require_usable(
    transaction: Transaction, advertiser_id: str, file_paths: Sequence[str], calculate_type: str | None
) -> None:
    """Refuse files that an audience of this type and account cannot be made of.

    Raises:
        Refusal: 40905 for one that this account has not uploaded, 40910 for one that has expired, 40909 for one
            of another type.
    """
    for file_path in file_paths:
        row: tuple[str, int] | None = transaction.connection.execute(
            "SELECT calculate_type, expires_at FROM files WHERE file_path = ? AND advertiser_id = ?",
            (file_path, advertiser_id),
        ).fetchone()
        if row is None:
            raise Refusal(Code.FILE_MISSING, f"file_paths: Advertiser {advertiser_id} has no file {file_path}.")
        if row[1] <= transaction.now:
            raise Refusal(Code.FILE_EXPIRED, f"file_paths: File {file_path} has expired, upload it again.")
        if row[0] != calculate_type:
            raise Refusal(
                Code.FILE_TYPE_MISMATCH,
                f"file_paths: File {file_path} was uploaded as {row[0]}, the audience is {calculate_type}.",
            )


def forget_expired(transaction: Transaction) -> None:
    """Drop what expired files hold; that they have expired stays known."""
    expired: list[tuple[str]] = transaction.connection.execute(
        "SELECT DISTINCT file_path FROM files JOIN packed_identifiers ON holder_id = file_path WHERE expires_at <= ?",
        (transaction.now,),
    ).fetchall()
    for (file_path,) in expired:
        packed_sets.drop(transaction, file_path)
