"""What an apply works with, handed to each step, and the tallies of what arrived."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.apply.progress import Progress, Silent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from reconciler.identity import Engine
    from reconciler.refresh.accounts import Sessions
    from reconciler.state.repository import OpenState


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Tally:
    """What has certainly arrived. Grows while an apply runs.

    Attributes:
        added: Identifiers added.
        removed: Identifiers removed.
        rows: Rows of people.
        requests: Requests that carried them.
        rows_alone: Rows it would have taken, had each audience travelled alone.
        requests_alone: Requests likewise, by estimate.
    """

    added: int = 0
    removed: int = 0
    rows: int = 0
    requests: int = 0
    rows_alone: int = 0
    requests_alone: int = 0

    def count(self, *, added: int, removed: int, rows: int) -> None:
        """Count one request for one audience."""
        self.added += added
        self.removed += removed
        self.rows += rows
        self.requests += 1
        self.rows_alone += rows
        self.requests_alone += 1


@dataclass(frozen=True, slots=True)
class Workbench:
    """What an apply works with.

    Attributes:
        sessions: Who acts for which account.
        state: The state, open under its lock.
        engine: What makes rows of the difference between sets.
        locate: Digest → local file of a set in the store.
        progress: Told what is happening.
        tally: Counts what has arrived.
        rows_per_request: Rows of one streaming request.
        longest_call: How long one call may be tried for, until it has certainly ended.
        pause: Waits so many seconds.
        now: The time, UTC.
    """

    sessions: Sessions
    state: OpenState
    engine: Engine
    locate: Callable[[str], Path]
    progress: Progress = field(default_factory=Silent)
    tally: Tally = field(default_factory=Tally)
    rows_per_request: int = 1000
    longest_call: timedelta = timedelta(hours=1)
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    now: Callable[[], datetime] = _utc_now
