"""What a sink counts, and the limits it may hold its callers to."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final, Self

import orjson

ROWS_A_SECOND: Final = 10_000
ROWS_A_MINUTE: Final = 600_000
"""Marketing API v1.3, rate limits: the basic tier's streaming allowance, read as rows."""


@dataclass(slots=True)
class Tally:
    """What has come in at ``segment/mapping/``.

    Attributes:
        requests: How many, refused ones included.
        rows: Rows in those that were taken; 0 where rows are not counted.
        body_bytes: Of all bodies.
        wire_bytes: Of all requests, heads included.
        by_second: Rows taken in each second of the server's clock, from the first request on.
        refused_after: For each refusal, how many seconds after the first request it came.
    """

    requests: int = 0
    rows: int = 0
    body_bytes: int = 0
    wire_bytes: int = 0
    by_second: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    refused_after: list[float] = field(default_factory=list)

    def dump(self) -> bytes:
        """Return it as JSON."""
        document = {name: getattr(self, name) for name in self.__slots__}
        return orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS)

    @classmethod
    def load(cls, text: bytes) -> Self:
        """Read what `dump` wrote."""
        document = orjson.loads(text)
        by_second = {int(second): rows for second, rows in document.pop("by_second").items()}
        return cls(by_second=by_second, **document)


class Turnstile:
    """Counts requests, and refuses those over the basic tier where it enforces that.

    Windows are fixed: a second and a minute of the server's clock. What is refused counts all the same.

    Args:
        counts_rows: Whether rows are counted, which costs as much as all the rest.
        enforces: Whether it refuses; needs rows to be counted.
    """

    def __init__(self, *, counts_rows: bool = True, enforces: bool = False) -> None:
        self.tally = Tally()
        self._counts_rows = counts_rows or enforces
        self._enforces = enforces
        self._began: float | None = None
        self._windows: dict[int, tuple[int, int]] = {}

    def admit(self, head_bytes: int, body: memoryview) -> bool:
        """Count a request; return whether it is taken.

        Args:
            head_bytes: Length of its head.
            body: Compact JSON, from whose punctuation the rows are counted without reading it.
        """
        now = time.time()
        if self._began is None:
            self._began = now
        rows = bytes(body).count(b"}],[") + 1 if self._counts_rows else 0
        tally = self.tally
        tally.requests += 1
        tally.body_bytes += len(body)
        tally.wire_bytes += head_bytes + len(body)
        if self._enforces and not self._allows(now, rows):
            tally.refused_after.append(now - self._began)
            return False
        tally.rows += rows
        tally.by_second[int(now)] += rows
        return True

    def _allows(self, now: float, rows: int) -> bool:
        allowed = True
        for seconds, most in ((1, ROWS_A_SECOND), (60, ROWS_A_MINUTE)):
            start, used = self._windows.get(seconds, (0, 0))
            current = int(now) - int(now) % seconds
            used = rows + (used if start == current else 0)
            self._windows[seconds] = current, used
            allowed = allowed and used <= most
        return allowed
