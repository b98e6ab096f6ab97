"""How fast TikTok may be called, kept on this side so that a refusal for speed stays the exception.

Numbers: Marketing API v1.3, rate limits; per developer app, so one `Pace` serves every token. TikTok sends no headers
about them. The minute's and the day's allowance are the second's times 60 and 86,400, so who keeps to the second keeps
to all three.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SHARE = 0.95
"""How much of the allowance is used. The rest absorbs the uneven time that requests take to arrive."""


@dataclass(frozen=True, slots=True)
class Rate:
    """An allowance: units a second, a minute and a day."""

    per_second: int
    per_minute: int
    per_day: int


@dataclass(frozen=True, slots=True)
class Tier:
    """What TikTok grants a developer app.

    Attributes:
        control: In requests, for every endpoint but the streaming one.
        streaming: For ``segment/mapping/``, in rows: the vendor does not say what it counts, and rows are the
            stricter reading.
    """

    control: Rate
    streaming: Rate


TIERS: Mapping[str, Tier] = {
    "basic": Tier(Rate(10, 600, 864_000), Rate(10_000, 600_000, 864_000_000)),
    "advanced": Tier(Rate(20, 1_200, 1_728_000), Rate(20_000, 1_200_000, 1_728_000_000)),
    "premium": Tier(Rate(30, 1_800, 2_592_000), Rate(30_000, 1_800_000, 2_592_000_000)),
    "ultimate": Tier(Rate(50, 3_000, 4_320_000), Rate(50_000, 3_000_000, 4_320_000_000)),
}


UNPACED: Final = Rate(10**9, 60 * 10**9, 86_400 * 10**9)
"""For a TikTok that limits nobody: more than any machine sends."""


class Pace:
    """Spreads requests evenly, first come, first served, and never lets `per_second` be passed in any second.

    Two rules decide when a request may go. It waits until the one before has used up its time, at `SHARE` of the
    allowance: without bursts, requests that arrive late cannot pile up in one of the server's seconds. And no window
    of ``1 / SHARE`` seconds holds more than `per_second` units, whatever their sizes: the even spread alone would let
    a full batch follow into a second that small ones have nearly filled.

    Times are planned ahead by arithmetic, so a late wake-up of one request costs the next ones nothing.
    """

    def __init__(self, per_second: int) -> None:
        self.per_second = per_second
        self._window = 1 / SHARE
        self._granted: deque[tuple[float, int]] = deque()
        self._granted_units = 0
        self._free_at = float("-inf")
        self._held_until = float("-inf")
        self._holds = 0

    def reserve(self, now: float, units: int = 1) -> float:
        """Return when a request of `units` may go, in seconds on the clock of `now`, and count it as gone then.

        Raises:
            ValueError: A request of so many units can never go.
        """
        if units > self.per_second:
            msg = f"{units:,} units in one request, where {self.per_second:,} a second are allowed"
            raise ValueError(msg)
        start = max(now, self._free_at)
        while self._granted and (
            self._granted[0][0] <= start - self._window or self._granted_units + units > self.per_second
        ):
            gone_at, gone_units = self._granted.popleft()
            self._granted_units -= gone_units
            start = max(start, gone_at + self._window)
        self._granted.append((start, units))
        self._granted_units += units
        self._free_at = start + units * self._window / self.per_second
        return start

    def hold(self, now: float, seconds: float) -> None:
        """Let nothing go before `now` + `seconds`, what waits already included: TikTok has refused for speed."""
        self._held_until = max(self._held_until, now + seconds)
        self._free_at = self._held_until
        self._granted.clear()
        self._granted_units = 0
        self._holds += 1

    async def admit(self, units: int = 1) -> None:
        """Return when a request of `units` may go.

        Raises:
            ValueError: A request of so many units can never go.
        """
        loop = asyncio.get_running_loop()
        admitted = False
        while not admitted:
            holds = self._holds
            wait = self.reserve(loop.time(), units) - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            admitted = holds == self._holds


class Paces:
    """The two allowances of one developer app; without a tier, none."""

    def __init__(self, tier: str | None) -> None:
        if tier is not None and tier not in TIERS:
            msg = f'unknown rate tier "{tier}"; TikTok has {", ".join(TIERS)}'
            raise ValueError(msg)
        granted = Tier(UNPACED, UNPACED) if tier is None else TIERS[tier]
        self._control = Pace(granted.control.per_second)
        self._streaming = Pace(granted.streaming.per_second)

    def meant_for(self, rows: int) -> Pace:
        """Return the pace of a request that streams `rows` rows: with none it is a control request."""
        return self._streaming if rows else self._control
