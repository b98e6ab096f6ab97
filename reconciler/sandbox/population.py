"""Members, and the users TikTok matches them to, some hours later.

TikTok counts users, not identifiers. Here every row of a mapping is one user: an identifier that was seen
before joins its row to the user it was first seen under, and where a row holds identifiers of two known
users, the first one in the row decides. `cover_num` is the number of distinct users with at least one
identifier in the audience.

Source of the delay: Marketing API v1.3 says 1 to 48 hours, by kind of audience; here it is always 24.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.sandbox import audiences

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from reconciler.sandbox.database import Transaction

POPULATION_HOURS = 24
"""How long after the last change of members `cover_num` follows, on the virtual clock."""

_LOOKUP_SIZE = 1_000


@dataclass(frozen=True, slots=True)
class IdSchema:
    """A kind of identifier that can be streamed: the byte it is kept under, and the size of its hash in bytes."""

    prefix: bytes
    hash_size: int


ID_SCHEMAS = {
    "IDFA_MD5": IdSchema(b"\x01", 16),
    "AAID_MD5": IdSchema(b"\x02", 16),
    "IDFA_SHA256": IdSchema(b"\x03", 32),
    "AAID_SHA256": IdSchema(b"\x04", 32),
    "EMAIL_SHA256": IdSchema(b"\x05", 32),
    "PHONE_SHA256": IdSchema(b"\x06", 32),
}
"""By the name `id_schema` gives it."""

_NAME_OF_PREFIX = {schema.prefix: name for name, schema in ID_SCHEMAS.items()}


@dataclass(frozen=True, slots=True)
class Membership:
    """One identifier of a row, and the audiences the row puts it into or takes it out of.

    Attributes:
        digest: The prefix of its `IdSchema`, then the hash.
        audience_nos: The audiences' numbers.
    """

    digest: bytes
    audience_nos: Sequence[int]


def add(transaction: Transaction, rows: Iterable[Sequence[Membership]]) -> None:
    """Put identifiers into audiences, one user a row; what is a member already stays one."""
    rows = tuple(rows)
    known = _lookup(transaction, {each.digest for row in rows for each in row})
    (last_no,) = transaction.connection.execute("SELECT coalesce(max(identifier_no), 0) FROM identifiers").fetchone()
    arrivals: list[tuple[int, bytes, int]] = []
    members: dict[int, list[int]] = {}
    for row in rows:
        user_no = next((known[each.digest][1] for each in row if each.digest in known), last_no + 1)
        for each in row:
            if each.digest not in known:
                last_no += 1
                known[each.digest] = (last_no, user_no)
                arrivals.append((last_no, each.digest, user_no))
            for audience_no in each.audience_nos:
                members.setdefault(audience_no, []).append(known[each.digest][0])
    transaction.connection.executemany("INSERT INTO identifiers VALUES (?, ?, ?)", arrivals)
    _change(transaction, "INSERT OR IGNORE INTO members VALUES (?, ?)", members)


def remove(transaction: Transaction, rows: Iterable[Sequence[Membership]]) -> None:
    """Take identifiers out of audiences; what is no member stays none."""
    memberships = [each for row in rows for each in row]
    known = _lookup(transaction, {each.digest for each in memberships})
    members: dict[int, list[int]] = {}
    for each in memberships:
        if each.digest in known:
            for audience_no in each.audience_nos:
                members.setdefault(audience_no, []).append(known[each.digest][0])
    _change(transaction, "DELETE FROM members WHERE audience_no = ? AND identifier_no = ?", members)


def settle(transaction: Transaction) -> None:
    """Make visible in `cover_num` every change of members whose hours have passed.

    Runs before anything else in a transaction that reads audiences or changes members, so that what became
    visible before a change is counted without it.
    """
    transaction.connection.execute(
        """
        UPDATE audiences SET recount_at = NULL, cover_num = (
            SELECT count(DISTINCT user_no) FROM members JOIN identifiers USING (identifier_no)
            WHERE members.audience_no = audiences.audience_no
        ) WHERE recount_at <= ?
        """,
        (transaction.now,),
    )


def members_of(transaction: Transaction, audience_no: int) -> frozenset[tuple[str, str]]:
    """Return every member as the name of its `id_schema` and its hash in lower-case hexadecimal."""
    rows = transaction.connection.execute(
        "SELECT digest FROM members JOIN identifiers USING (identifier_no) WHERE audience_no = ?", (audience_no,)
    )
    return frozenset((_NAME_OF_PREFIX[digest[:1]], digest[1:].hex()) for (digest,) in rows)


def count_members(transaction: Transaction, audience_no: int) -> int:
    """Return how many identifiers the audience holds now, visible in `cover_num` or not."""
    row: tuple[int] = transaction.connection.execute(
        "SELECT count(*) FROM members WHERE audience_no = ?", (audience_no,)
    ).fetchone()
    return row[0]


def _lookup(transaction: Transaction, digests: Collection[bytes]) -> dict[bytes, tuple[int, int]]:
    """Return identifier_no and user_no of every digest that was seen before."""
    wanted = tuple(digests)
    known: dict[bytes, tuple[int, int]] = {}
    for start in range(0, len(wanted), _LOOKUP_SIZE):
        some = wanted[start : start + _LOOKUP_SIZE]
        marks = ",".join("?" * len(some))
        for digest, identifier_no, user_no in transaction.connection.execute(
            f"SELECT digest, identifier_no, user_no FROM identifiers WHERE digest IN ({marks})", some
        ):
            known[digest] = (identifier_no, user_no)
    return known


def _change(transaction: Transaction, statement: str, members: dict[int, list[int]]) -> None:
    connection = transaction.connection
    for audience_no, identifier_nos in members.items():
        before = connection.total_changes
        connection.executemany(statement, ((audience_no, identifier_no) for identifier_no in identifier_nos))
        if connection.total_changes > before:
            connection.execute(
                "UPDATE audiences SET recount_at = ? WHERE audience_no = ?",
                (transaction.now + POPULATION_HOURS * 3600, audience_no),
            )
            audiences.touch(transaction, audience_no)
            audiences.remember_members_changed(transaction, audience_no)
