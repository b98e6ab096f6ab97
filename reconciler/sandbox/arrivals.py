"""What was streamed and is not yet part of its audience's set.

A large audience arrives in thousands of requests. Each is written down as it came, a blob or a few, and what has
gathered is folded into the set before anything looks at it: the set is then read and written once for many
requests. Every request keeps its time, so that nobody can tell when the folding was done.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from reconciler.sandbox import packed_sets
from reconciler.sandbox.packed_sets import Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.sandbox.batches import Mapping
    from reconciler.sandbox.database import Transaction
    from reconciler.sandbox.packed_sets import Change

MOST_BYTES = 64 << 20
"""What may wait to be folded: it is done in memory."""


def note(transaction: Transaction, action: Change, mappings: Iterable[Mapping]) -> None:
    """Write down identifiers that are put into audiences, or taken out of them."""
    arrived = 0
    for mapping in mappings:
        arrived += len(mapping.records) * len(mapping.audience_nos)
        transaction.connection.executemany(
            "INSERT INTO arrivals VALUES (NULL, ?, ?, ?, ?, ?)",
            [(each, mapping.id_type, action, transaction.now, mapping.records) for each in mapping.audience_nos],
        )
    transaction.set_setting("arrived_bytes", _waiting_bytes(transaction) + arrived)


def fold(transaction: Transaction) -> Iterator[tuple[int, int]]:
    """Make everything that waits a part of the audiences' sets.

    Yields:
        The number of each audience that was changed, and when it last was, in seconds since 1970.
    """
    if not _waiting_bytes(transaction):
        return
    waiting: list[tuple[int, str]] = transaction.connection.execute(
        "SELECT audience_no, audience_id FROM audiences WHERE audience_no IN (SELECT audience_no FROM arrivals)"
    ).fetchall()
    for audience_no, audience_id in waiting:
        changed_at = _fold_into(transaction, audience_no, audience_id)
        if changed_at is not None:
            yield audience_no, changed_at
    transaction.connection.execute("DELETE FROM arrivals")
    transaction.set_setting("arrived_bytes", None)


def are_due(transaction: Transaction, seconds: int) -> bool:
    """Return whether too much waits for one more request, or something has waited for so many seconds."""
    if _waiting_bytes(transaction) > MOST_BYTES:
        return True
    first: tuple[int] | None = transaction.connection.execute(
        "SELECT arrived_at FROM arrivals ORDER BY arrival_no LIMIT 1"
    ).fetchone()
    return first is not None and first[0] + seconds <= transaction.now


def _fold_into(transaction: Transaction, audience_no: int, audience_id: str) -> int | None:
    rows: list[tuple[str, int, Change, bytes]] = transaction.connection.execute(
        "SELECT id_type, arrived_at, action, records FROM arrivals WHERE audience_no = ? ORDER BY id_type, arrival_no",
        (audience_no,),
    ).fetchall()
    steps: dict[str, list[Step]] = {}
    # Requests of one second that did the same are one step: it is their number that takes time, not their size.
    for (id_type, at, action), some in groupby(rows, key=itemgetter(0, 1, 2)):
        steps.setdefault(id_type, []).append(Step(at, action, b"".join(row[3] for row in some)))
    changes = [packed_sets.replay(transaction, audience_id, *each) for each in steps.items()]
    return max((each for each in changes if each is not None), default=None)


def _waiting_bytes(transaction: Transaction) -> int:
    return int(transaction.setting("arrived_bytes") or 0)
