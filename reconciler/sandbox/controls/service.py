"""Controls over the service itself: its clock, its faults, its rate limits and its log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.sandbox import faults, requests
from reconciler.sandbox.controls.base import ControlGroup
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.faults import Fault, FaultKind
from reconciler.sandbox.limits import TIERS

if TYPE_CHECKING:
    from reconciler.sandbox.requests import LoggedRequest

MOST_HOURS = 10 * 366 * 24
"""Ten years: longer than anything on TikTok lasts."""
_END = datetime(2200, 1, 1, tzinfo=UTC)


class ServiceControls(ControlGroup):
    """The clock, faults, rate limits and the log."""

    def now(self) -> datetime:
        """Return the virtual time, in UTC."""
        with self._transaction() as transaction:
            return datetime.fromtimestamp(transaction.now, UTC)

    def advance(self, hours: float) -> None:
        """Move the virtual time forward; populations, expiry and rate limits follow."""
        if not 0 <= hours <= MOST_HOURS:
            hint = f"Use a number of hours from 0 to {MOST_HOURS:,}."
            raise SandboxError(f"the clock cannot be moved by {hours:g} hours", hint=hint)
        if self.now() > _END:
            raise SandboxError(f"the clock stands at {self.now():%Y} already", hint="Empty the local TikTok.")
        self._database.advance(round(hours * 3600))

    def add_fault(
        self, kind: str, *, method: str = "", path: str = "", body: str = "", times: int = 1, skip: int = 0
    ) -> None:
        """Put a fault at the end of the queue.

        Args:
            kind: ``rate_limit`` (40100), ``server_error`` (50000), ``http_500`` (an HTML page),
                ``write_conflict`` (40202), ``not_ready`` (40201), ``drop_before`` (the connection breaks and
                nothing was done) or ``drop_after`` (the work was done and the connection breaks).
            method: ``GET`` or ``POST``; empty matches both.
            path: A part of the path, ``segment/mapping``; empty matches every path.
            body: A part of the request's body, such as an id; empty matches every body.
            times: How many matching requests meet it.
            skip: How many matching requests pass before.
        """
        if kind not in set(FaultKind):
            raise SandboxError(f"there is no fault {kind}", hint=f"Use one of {', '.join(FaultKind)}.")
        with self._transaction() as transaction:
            faults.add(transaction, Fault(FaultKind(kind), method, path, body, skip, times))

    def clear_faults(self) -> None:
        """Forget every fault that has not happened yet."""
        with self._transaction() as transaction:
            faults.clear(transaction)

    def set_tier(self, tier: str | None) -> None:
        """Keep to the rate limits of a tier (``basic``, ``advanced``, ``premium``, ``ultimate``), or to none."""
        if tier is not None and tier not in TIERS:
            raise SandboxError(f"there is no rate tier {tier}", hint=f"Use one of {', '.join(TIERS)}, or none.")
        with self._transaction() as transaction:
            transaction.set_setting("tier", tier)

    def set_processing(self, seconds: int | None) -> None:
        """Let files that come from now on be processed that long, on the virtual clock; None for the usual time.

        Until then every update of their audience is refused with "Audience is not editable"; 0 never refuses one.
        """
        if seconds is not None and seconds < 0:
            raise SandboxError(f"nothing is processed in {seconds} seconds", hint="Use 0 or a positive number.")
        with self._transaction() as transaction:
            transaction.set_setting("processing_seconds", seconds)

    def requests(self) -> tuple[LoggedRequest, ...]:
        """Return every request since the log was last cleared, in order."""
        with self._transaction() as transaction:
            return requests.logged(transaction)

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        with self._transaction() as transaction:
            requests.clear(transaction)
