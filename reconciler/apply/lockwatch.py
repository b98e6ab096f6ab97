"""Looks at the lock before anything is written to TikTok: a run that was unlocked by hand sends nothing more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from reconciler.state.repository import OpenState

SECONDS: Final = 0.5
"""For how long a look holds: no longer than the shortest wait before a request is tried again."""


class LockWatch:
    """Stands before every write of an apply.

    Writes follow each other by the hundred in a second, and a look at a store elsewhere is a request; so one holds for
    a moment. For whatever has waited longer, for its turn or to be tried again, it is looked anew.

    Args:
        state: The state, open under the lock.
    """

    def __init__(self, state: OpenState) -> None:
        self._state = state
        self._looked_at: float | None = None
        self._turn = asyncio.Lock()

    async def still_ours(self) -> None:
        """Return while the lock is ours.

        Raises:
            LockLostError: It is another's by now, or nobody's.
            StoreError: The store does not tell.
        """
        async with self._turn:
            now = asyncio.get_running_loop().time()
            if self._looked_at is not None and now - self._looked_at < SECONDS:
                return
            await asyncio.to_thread(self._state.require_lock)
            self._looked_at = now
