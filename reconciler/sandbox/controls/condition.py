"""Controls over what becomes of an audience without anybody's hand: TikTok matches, expires, fails and re-types it.

None of this leaves a line in the audience's history, for nobody did it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox import audiences
from reconciler.sandbox.controls.base import ControlGroup, in_seconds, require_audience, require_choice
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.file_contents import CALCULATE_TYPES

if TYPE_CHECKING:
    from datetime import datetime


class ConditionControls(ControlGroup):
    """Matches, expiry, failures and types."""

    def set_matched(self, audience_id: str, people: int) -> None:
        """Let TikTok have matched so many people at once, whatever the audience holds; 0 empties it.

        A count of its members that is still to come is given up; the next change of members brings a new one.
        """
        if people < 0:
            raise SandboxError(f"nobody matches {people} people", hint="Use 0 or a positive number.")
        with self._transaction() as transaction:
            audiences.set_matched(transaction, require_audience(transaction, audience_id), people)

    def set_expiry(self, audience_id: str, when: datetime) -> None:
        """Let the audience expire at a moment of the virtual clock, past or to come.

        It becomes as old as that takes, so whatever renews an audience renews it: without a retention any change or
        application, with one nothing.

        Args:
            audience_id: The audience.
            when: An aware time, no later than its whole life (365 days, or its retention) from now.
        """
        with self._transaction() as transaction:
            audiences.expire_at(transaction, require_audience(transaction, audience_id), in_seconds(when))

    def set_error(self, audience_id: str, message: str) -> None:
        """Let something have gone wrong with the audience, which is not valid until the message is "" again."""
        self._set(audience_id, "error_msg", message)

    def set_kind(self, audience_id: str, kind: str) -> None:
        """Let the audience be of another type: ``Customer File Audience``, ``Website Audience`` …"""
        require_choice("audience type", kind, audiences.AUDIENCE_TYPES)
        self._set(audience_id, "audience_type", kind)

    def set_calculate_type(self, audience_id: str, calculate_type: str) -> None:
        """Let the files of the audience be of another type: ``IDFA_MD5``, ``MULTIPLE_TYPES`` …"""
        require_choice("calculate_type", calculate_type, CALCULATE_TYPES)
        self._set(audience_id, "calculate_type", calculate_type)

    def _set(self, audience_id: str, column: str, value: str) -> None:
        with self._transaction() as transaction:
            audience = require_audience(transaction, audience_id)
            transaction.connection.execute(
                f"UPDATE audiences SET {column} = ? WHERE audience_no = ?", (value, audience.audience_no)
            )
