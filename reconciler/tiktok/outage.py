"""Tells a person that TikTok is being waited for: once an outage, however many calls meet it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.tiktok.errors import TikTokError

WORTH_TELLING_SECONDS: Final = 5.0
"""An outage shorter than this is over before anybody has read of it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """TikTok is being waited for.

    Attributes:
        error: What it did last.
        since_seconds: How long ago that began.
        left_seconds: For how long more it is tried; after that the command stops.
    """

    error: TikTokError
    since_seconds: float
    left_seconds: float


class Outage:
    """What all calls of one client know together about TikTok not doing its work.

    Args:
        tell: Called once an outage, after `WORTH_TELLING_SECONDS`.
    """

    def __init__(self, tell: Callable[[Waiting], None] = lambda _: None) -> None:
        self._tell = tell
        self._since: float | None = None
        self._is_told = False

    def failed(self, error: TikTokError, left: float, *, waits: float = 0.0) -> None:
        """Note that a call failed and will be tried again.

        Args:
            error: How it failed.
            left: Seconds it will still be tried for.
            waits: Seconds until it is tried again, where that is known.
        """
        now = asyncio.get_running_loop().time()
        if self._since is None:
            self._since = now
        if not self._is_told and now + waits - self._since >= WORTH_TELLING_SECONDS:
            self._is_told = True
            self._tell(Waiting(error, now - self._since, left))

    def answered(self) -> None:
        """Note that a call was answered: whatever was wrong is over."""
        self._since = None
        self._is_told = False
