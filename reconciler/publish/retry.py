"""What may be tried again, and when. Sources: REST API best practices of GitHub; rate limits of GitLab."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import stamina

from reconciler.publish.errors import (
    BrokenOffError,
    ForgeFaultError,
    ThrottledError,
    UnreachableForgeError,
)

log = logging.getLogger(__name__)

# `Retry` tells of each repetition itself, with the reason.
stamina.instrumentation.set_on_retry_hooks(())

PATIENCE_SECONDS: Final = 180.0
"""How long one call is tried for where the forge asks to wait: long enough for one of GitHub's secondary limits."""

SILENCE_SECONDS: Final = 45.0
"""How long one call is tried for while nothing useful answers."""

UNSAID_WAIT_SECONDS: Final = 60.0
"""What GitHub asks to wait where it says to slow down and names no time."""


class Retry:
    """Decides about one call: a backoff hook for stamina.

    A post that may have happened arrives as an `UncertainPostError`, which ends the call.
    """

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()

    def __call__(self, error: Exception) -> bool | float:
        """Return False to give up, True to back off as usual, or the seconds to wait."""
        elapsed = self._clock() - self._began
        if isinstance(error, ThrottledError):
            wait = UNSAID_WAIT_SECONDS if error.wait_seconds is None else max(error.wait_seconds, 1.0)
            again = elapsed + wait <= PATIENCE_SECONDS
            if again:
                log.warning("%s; trying again in %.0f seconds", error, wait)
            return wait if again else False
        passing = isinstance(error, (ForgeFaultError, BrokenOffError)) or (
            isinstance(error, UnreachableForgeError) and error.passing
        )
        if passing and elapsed < SILENCE_SECONDS:
            log.info("%s; trying again", error)
            return True
        return False
