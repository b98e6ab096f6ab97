"""Rate limits, kept for the one developer app this TikTok knows. Off unless a tier is set through the controls.

Windows are fixed: a second, a minute and a day of the virtual clock, each counted from its own start. A
request over a limit is answered with 40100 (and HTTP 200), and counts all the same: a minute's limit is 60
times a second's, so only a caller that goes on in spite of refusals ever meets it.
Source of the figures and of the recovery: Marketing API v1.3, rate limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.sandbox.envelope import Code, Refusal

if TYPE_CHECKING:
    from reconciler.sandbox.database import Transaction

_SECOND, _MINUTE, _DAY = 1, 60, 86_400

STOP_AFTER_MINUTE = 300
"""Seconds of rest after going over the limit of a minute."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much may be done in a second, a minute and a day of UTC."""

    per_second: int
    per_minute: int
    per_day: int


@dataclass(frozen=True, slots=True)
class Tier:
    """What an app of this tier may do: requests, and rows streamed by ``/segment/mapping/``.

    Reading the streaming figures as rows is the stricter reading; the vendor does not say.
    """

    control: Allowance
    streaming: Allowance


TIERS = {
    "basic": Tier(Allowance(10, 600, 864_000), Allowance(10_000, 600_000, 864_000_000)),
    "advanced": Tier(Allowance(20, 1_200, 1_728_000), Allowance(20_000, 1_200_000, 1_728_000_000)),
    "premium": Tier(Allowance(30, 1_800, 2_592_000), Allowance(30_000, 1_800_000, 2_592_000_000)),
    "ultimate": Tier(Allowance(50, 3_000, 4_320_000), Allowance(50_000, 3_000_000, 4_320_000_000)),
}
"""By name."""


def count(transaction: Transaction, *, is_streaming: bool, rows: int) -> None:
    """Count a request against the app's limits, or refuse it with 40100.

    Args:
        transaction: Where the windows are kept.
        is_streaming: Whether `rows` are counted against the streaming limits, not the request against the others.
        rows: Rows in the request; an empty one counts as a single row.
    """
    tier = TIERS.get(str(transaction.setting("tier")))
    if tier is None:
        return
    quota, allowance, amount = ("control", tier.control, 1)
    if is_streaming:
        quota, allowance, amount = ("streaming", tier.streaming, max(1, rows))
    if transaction.now < _stopped_until(transaction, quota):
        raise _too_frequent("the limit of a minute was exceeded less than 5 minutes ago")
    used = {seconds: _use(transaction, quota, seconds, amount) for seconds in (_SECOND, _MINUTE, _DAY)}
    if used[_DAY] > allowance.per_day:
        raise _too_frequent(f"over {allowance.per_day} a day, until 00:00 UTC")
    if used[_MINUTE] > allowance.per_minute:
        transaction.connection.execute(
            "UPDATE rate_windows SET stopped_until = ? WHERE quota = ? AND seconds = ?",
            (transaction.now + STOP_AFTER_MINUTE, quota, _MINUTE),
        )
        raise _too_frequent(f"over {allowance.per_minute} a minute, stop for 5 minutes")
    if used[_SECOND] > allowance.per_second:
        raise _too_frequent(f"over {allowance.per_second} a second")


def _use(transaction: Transaction, quota: str, seconds: int, amount: int) -> int:
    """Count `amount` in the window that is open now, a new one where the last has passed; return what it holds."""
    row: tuple[int] = transaction.connection.execute(
        """
        INSERT INTO rate_windows VALUES (:quota, :seconds, :start, :amount, 0)
        ON CONFLICT DO UPDATE SET
            used = CASE WHEN started_at = :start THEN used ELSE 0 END + :amount, started_at = :start
        RETURNING used
        """,
        {
            "quota": quota,
            "seconds": seconds,
            "start": transaction.now - transaction.now % seconds,
            "amount": amount,
        },
    ).fetchone()
    return row[0]


def _stopped_until(transaction: Transaction, quota: str) -> int:
    row: tuple[int] = transaction.connection.execute(
        "SELECT coalesce(max(stopped_until), 0) FROM rate_windows WHERE quota = ?", (quota,)
    ).fetchone()
    return row[0]


def _too_frequent(why: str) -> Refusal:
    return Refusal(Code.TOO_FREQUENT, f"Requests made too frequently: {why}.")
