"""Sets of hashed identifiers, millions of them, as a few hundred packed blobs.

What an audience or a file holds is cut by the first byte of the hashes into 256 buckets for each type, and a bucket is
read, changed and written as one. That takes a microsecond an identifier, where a row of SQL for each takes ten, and
memory for one bucket at a time.

Every identifier carries a user: the first bytes of the first hash in the row it came with. It keeps the user it
already has in the set. Where several files bring it together, any of theirs is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from struct import iter_unpack
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.sandbox.database import Transaction

USER_SIZE = 8
"""Bytes of a user: among 10 million, the chance that two share them is 1 in 370,000."""

Change: TypeAlias = Literal["APPEND", "REMOVE"]
Combination: TypeAlias = Literal["APPEND", "REMOVE", "REPLACE"]

_BUCKETS = 256


@dataclass(frozen=True, slots=True)
class Step:
    """A change of a set by identifiers of one type.

    Attributes:
        at: When, in seconds since 1970.
        action: What is done with the identifiers.
        records: For each of them its hash, then its user.
    """

    at: int
    action: Change
    records: bytes


def hash_size(id_type: str) -> int:
    """Return how many bytes a hash has whose identifier is called ``IDFA_MD5``, ``EMAIL_SHA256`` …"""
    return 16 if id_type.endswith("_MD5") else 32


class Sorter:
    """Sorts identifiers of one type into buckets as they are read, and then keeps them."""

    def __init__(self, id_type: str) -> None:
        self._id_type = id_type
        self._buckets = [bytearray() for _ in range(_BUCKETS)]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was added yet."""
        return not any(self._buckets)

    def add(self, digests: Iterable[bytes], users: Iterable[bytes]) -> None:
        """Take identifiers, with the user of each."""
        buckets = self._buckets
        for digest, user in zip(digests, users, strict=True):
            buckets[digest[0]] += digest + user

    def add_alone(self, packed: bytes) -> None:
        """Take hashes that stand one after the other, each of them its own user."""
        buckets = self._buckets
        for (digest,) in iter_unpack(f"{hash_size(self._id_type)}s", packed):
            buckets[digest[0]] += digest + digest[:USER_SIZE]

    def keep(self, transaction: Transaction, holder_id: str) -> None:
        """Write everything down as a set of this holder, each identifier once."""
        for bucket, records in enumerate(self._buckets):
            _write(transaction, holder_id, self._id_type, bucket, _unpack(self._id_type, records))


def combine(transaction: Transaction, holder_id: str, action: Combination, others: Sequence[str]) -> None:
    """Put the sets of `others` into the holder's, take them out of it, or let them take its place."""
    marks = ",".join("?" * len(others))
    places: list[tuple[str, int]] = transaction.connection.execute(
        f"SELECT DISTINCT id_type, bucket FROM packed_identifiers WHERE holder_id IN (?, {marks})",
        (holder_id, *others),
    ).fetchall()
    for id_type, bucket in places:
        left = _read(transaction, others, id_type, bucket)
        if action != "REPLACE":
            named, left = left, _read(transaction, (holder_id,), id_type, bucket)
            _change(left, action, named)
        _write(transaction, holder_id, id_type, bucket, left)


def replay(transaction: Transaction, holder_id: str, id_type: str, steps: Sequence[Step]) -> int | None:
    """Let steps change the holder's set, one after the other.

    Returns:
        When the last step was that changed anything; None where none did.
    """
    sorted_steps = [(step, _sort(id_type, step.records)) for step in steps]
    changed_at: int | None = None
    for bucket in range(_BUCKETS):
        changes = [(step, buckets[bucket]) for step, buckets in sorted_steps if buckets[bucket]]
        if not changes:
            continue
        held = _read(transaction, (holder_id,), id_type, bucket)
        for step, records in changes:
            if _change(held, step.action, _unpack(id_type, records)):
                changed_at = max(step.at, changed_at or step.at)
        _write(transaction, holder_id, id_type, bucket, held)
    return changed_at


def _change(held: dict[bytes, bytes], action: Change, named: Mapping[bytes, bytes]) -> bool:
    """Put what is named into what is held, or take it out; return whether that made a difference."""
    if action == "REMOVE":
        leaving = held.keys() & named.keys()
        for digest in leaving:
            del held[digest]
        return bool(leaving)
    arriving = named.keys() - held.keys()
    held.update((digest, named[digest]) for digest in arriving)
    return bool(arriving)


def _sort(id_type: str, records: bytes) -> list[bytearray]:
    """Return the records of each bucket."""
    buckets = [bytearray() for _ in range(_BUCKETS)]
    for (record,) in iter_unpack(f"{_record_size(id_type)}s", records):
        buckets[record[0]] += record
    return buckets


def drop(transaction: Transaction, holder_id: str) -> None:
    """Forget the holder's set."""
    transaction.connection.execute("DELETE FROM packed_identifiers WHERE holder_id = ?", (holder_id,))


def members(transaction: Transaction, holder_id: str) -> Iterator[tuple[str, str]]:
    """Yield every identifier as its type and its hash in lower-case hexadecimal."""
    for id_type, records in _records(transaction, holder_id):
        for digest in _unpack(id_type, records):
            yield id_type, digest.hex()


def count_identifiers(transaction: Transaction, holder_id: str) -> int:
    """Return how many identifiers the holder's set has."""
    return sum(len(records) // _record_size(id_type) for id_type, records in _records(transaction, holder_id))


def count_users(transaction: Transaction, holder_id: str) -> int:
    """Return how many users have at least one identifier in the holder's set."""
    # A user's identifiers lie in different buckets: sorted anew, by user, one bucket at a time fits in memory.
    by_user = [bytearray() for _ in range(_BUCKETS)]
    for user in _users(transaction, holder_id):
        by_user[user[0]] += user
    return sum(len(set(iter_unpack(f"{USER_SIZE}s", users))) for users in by_user)


def has_users(transaction: Transaction, holder_id: str, at_least: int) -> bool:
    """Return whether so many users have an identifier in the holder's set, reading no more than it takes to tell."""
    seen: set[bytes] = set()
    for user in _users(transaction, holder_id):
        seen.add(user)
        if len(seen) >= at_least:
            return True
    return False


def _users(transaction: Transaction, holder_id: str) -> Iterator[bytes]:
    for id_type, records in _records(transaction, holder_id):
        for (user,) in iter_unpack(f"{hash_size(id_type)}x{USER_SIZE}s", records):
            yield user


def _records(transaction: Transaction, holder_id: str) -> Iterator[tuple[str, bytes]]:
    """Yield the type and the content of one bucket after the other."""
    yield from transaction.connection.execute(
        "SELECT id_type, records FROM packed_identifiers WHERE holder_id = ?", (holder_id,)
    )


def _read(transaction: Transaction, holder_ids: Sequence[str], id_type: str, bucket: int) -> dict[bytes, bytes]:
    marks = ",".join("?" * len(holder_ids))
    found: dict[bytes, bytes] = {}
    for (records,) in transaction.connection.execute(
        f"SELECT records FROM packed_identifiers WHERE id_type = ? AND bucket = ? AND holder_id IN ({marks})",
        (id_type, bucket, *holder_ids),
    ):
        found |= _unpack(id_type, records)
    return found


def _write(transaction: Transaction, holder_id: str, id_type: str, bucket: int, users: Mapping[bytes, bytes]) -> None:
    place = (holder_id, id_type, bucket)
    if users:
        transaction.connection.execute(
            "INSERT OR REPLACE INTO packed_identifiers VALUES (?, ?, ?, ?)",
            (*place, b"".join(chain.from_iterable(users.items()))),
        )
    else:
        transaction.connection.execute(
            "DELETE FROM packed_identifiers WHERE holder_id = ? AND id_type = ? AND bucket = ?", place
        )


def _unpack(id_type: str, records: bytes | bytearray) -> dict[bytes, bytes]:
    """Return the user of every identifier, the first one where it has several."""
    return dict(reversed(tuple(iter_unpack(f"{hash_size(id_type)}s{USER_SIZE}s", records))))


def _record_size(id_type: str) -> int:
    return hash_size(id_type) + USER_SIZE
