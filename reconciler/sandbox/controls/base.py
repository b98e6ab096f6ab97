"""What every group of controls stands on."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.sandbox import audiences, population
from reconciler.sandbox.envelope import Refusal
from reconciler.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from reconciler.sandbox.audiences import Audience
    from reconciler.sandbox.database import Database, Transaction

BY_HAND = "local.operator@example.com"
"""The editor of a change made through the controls, where no other is named."""


class ControlGroup:
    """Controls over one database. Each is one transaction, seen at once by every process that has the file open."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def _transaction(self) -> Iterator[Transaction]:
        """Begin a transaction; what TikTok would refuse a person too becomes a SandboxError."""
        try:
            with self._database.acting() as transaction:
                population.settle(transaction)
                yield transaction
        except Refusal as refusal:
            raise SandboxError(refusal.message, hint="TikTok would refuse this too.") from refusal


def require_account(transaction: Transaction, advertiser_id: str) -> None:
    """Raise SandboxError where the account does not exist."""
    row = transaction.connection.execute(
        "SELECT 1 FROM advertisers WHERE advertiser_id = ?", (advertiser_id,)
    ).fetchone()
    if row is None:
        raise SandboxError(
            f"the local TikTok has no advertiser {advertiser_id}",
            hint="Check the id: only accounts that were made here exist.",
        )


def require_audience(transaction: Transaction, audience_id: str) -> Audience:
    """Return the audience, or raise SandboxError where it does not exist."""
    audience = audiences.find(transaction, audience_id)
    if audience is None:
        raise SandboxError(
            f"the local TikTok has no audience {audience_id}",
            hint="Check the id: it may have been deleted, or belong to the real TikTok.",
        )
    return audience


def require_choice(noun: str, value: str, choices: Collection[str]) -> None:
    """Raise SandboxError where the value is none of `choices`."""
    if value not in choices:
        raise SandboxError(f"there is no {noun} {value}", hint=f"Use one of {', '.join(choices)}.")


def in_seconds(moment: datetime) -> int:
    """Return a time in seconds since 1970, or raise SandboxError where it does not say its zone."""
    if moment.tzinfo is None:
        raise SandboxError(f"{moment} is a time of no zone", hint="Give it one, such as datetime.UTC.")
    return round(moment.timestamp())
