"""What may be tried again, and when. Source of the waits: Marketing API v1.3, rate limits and return codes."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING

import stamina

from reconciler.tiktok.errors import (
    RateLimitedError,
    ServiceFaultError,
    TikTokError,
    UnreachableError,
    UnreadableAnswerError,
    WriteConflictError,
)

if TYPE_CHECKING:
    from reconciler.tiktok.limits import Pace
    from reconciler.tiktok.outage import Outage

log = logging.getLogger(__name__)

# `Retry` tells of each repetition itself, with the reason. Stamina's own notices say less, and go to the standard
# output wherever structlog happens to be installed.
stamina.instrumentation.set_on_retry_hooks(())

PATIENCE_SECONDS = 600.0
"""How long one call is tried for while TikTok says: later. Long enough for one five-minute stop and what follows."""

SILENCE_SECONDS = 60.0
"""How long one call is tried for while nothing answers: that may as well be a mistake on this side."""

_SECONDS_OVER_QPS = (1.0, 1.0, 2.0, 4.0)
_SECONDS_OVER_QPM = 300.0


class Retry:
    """Decides about one call: a backoff hook for stamina.

    Only errors that a repetition is allowed for get here as what they are; a write that may have happened arrives as
    an `UncertainWriteError` and ends the call.

    Args:
        patience: Seconds to try for, whatever is wrong; None for `PATIENCE_SECONDS`, and `SILENCE_SECONDS` where
            nothing answers.
        pace: What the call is paced by.
        outage: Told of every failure, so that a person can be.
    """

    def __init__(self, patience: float | None, pace: Pace, outage: Outage) -> None:
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()
        self._patience = PATIENCE_SECONDS if patience is None else patience
        self._patience_in_silence = SILENCE_SECONDS if patience is None else patience
        self._pace = pace
        self._outage = outage
        self._refusals = 0

    def __call__(self, error: Exception) -> bool | float:
        """Return False to give up, True to back off as usual, or the seconds to wait."""
        if isinstance(error, RateLimitedError):
            return self._after_refusal(error)
        self._refusals = 0
        if isinstance(error, (ServiceFaultError, WriteConflictError)):
            return self._within(self._patience, logging.INFO, error)
        if isinstance(error, (UnreachableError, UnreadableAnswerError)) and error.passing:
            return self._within(self._patience_in_silence, logging.WARNING, error)
        return False

    def _after_refusal(self, error: RateLimitedError) -> bool | float:
        """Wait out a refusal for speed, and where it concerns the whole app make every other call wait as well.

        Which limit was passed is not said. The second's is over within the second; refusals in a row mean the
        minute's, which asks for a stop of five minutes.
        """
        over_second = self._refusals < len(_SECONDS_OVER_QPS)
        wait = _SECONDS_OVER_QPS[self._refusals] if over_second else _SECONDS_OVER_QPM
        wait += random.uniform(0, 1)  # noqa: S311 - jitter, not cryptography
        self._refusals += 1
        if self._elapsed() + wait > self._patience:
            error.outlasted = True
            return False
        self._outage.failed(error, self._patience - self._elapsed(), waits=wait)
        if error.concerns_app:
            self._pace.hold(self._clock(), wait)
        log.log(logging.INFO if over_second else logging.WARNING, "%s; trying again in %.0f seconds", error, wait)
        return wait

    def _within(self, seconds: float, level: int, error: TikTokError) -> bool:
        go_on = self._elapsed() < seconds
        if go_on:
            self._outage.failed(error, seconds - self._elapsed())
            log.log(level, "%s; trying again", error)
        else:
            error.outlasted = True
        return go_on

    def _elapsed(self) -> float:
        return self._clock() - self._began
