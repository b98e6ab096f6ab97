"""Members, and the users TikTok matches them to, some hours later.

TikTok counts users, not identifiers. Here every row, of a mapping or of a file, is one user, known by the row's
first identifier; an identifier that comes again in another row stays with the user it already has in the audience.
`cover_num` is the number of distinct users with at least one identifier in it.

Source of the delay: Marketing API v1.3 says 1 to 48 hours, by kind of audience; here it is always 24.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.sandbox import arrivals, audiences, packed_sets
from reconciler.sandbox.history import remember_streaming

if TYPE_CHECKING:
    from reconciler.sandbox.database import Transaction

POPULATION_HOURS = 24
"""How long after the last change of members `cover_num` follows, on the virtual clock."""

_POPULATION_SECONDS = POPULATION_HOURS * 3600


def settle(transaction: Transaction) -> None:
    """Make every change of members a part of its audience, and visible in `cover_num` where its hours have passed.

    Runs before anything else in a transaction that looks at audiences or changes their members otherwise than by
    streaming, so that what became visible before a change is counted without it.
    """
    for audience_no, changed_at in arrivals.fold(transaction):
        then = replace(transaction, now=changed_at)
        recount_later(then, audience_no)
        audiences.touch(then, audience_no)
        remember_streaming(then, audience_no)
    due: list[tuple[int, str]] = transaction.connection.execute(
        "SELECT audience_no, audience_id FROM audiences WHERE recount_at <= ?", (transaction.now,)
    ).fetchall()
    for audience_no, audience_id in due:
        transaction.connection.execute(
            "UPDATE audiences SET recount_at = NULL, cover_num = ? WHERE audience_no = ?",
            (packed_sets.count_users(transaction, audience_id), audience_no),
        )


def settle_what_is_due(transaction: Transaction) -> None:
    """Do the same before members are streamed, but only where it cannot wait for somebody to look.

    That is where a count falls due, which the members to come must not be in, and where too much has gathered.
    """
    is_count_due = transaction.connection.execute(
        "SELECT 1 FROM audiences WHERE recount_at <= ?", (transaction.now,)
    ).fetchone()
    if is_count_due or arrivals.are_due(transaction, _POPULATION_SECONDS):
        settle(transaction)


def recount_later(transaction: Transaction, audience_no: int) -> None:
    """Let `cover_num` follow the members as they are now, when `POPULATION_HOURS` have passed."""
    transaction.connection.execute(
        "UPDATE audiences SET recount_at = ? WHERE audience_no = ?",
        (transaction.now + _POPULATION_SECONDS, audience_no),
    )
