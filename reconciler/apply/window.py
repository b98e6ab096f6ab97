"""Several sends under way at once, each seen to end in the order it began."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Generic, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import TracebackType

T = TypeVar("T")


class Window(Generic[T]):
    """Runs up to `limit` coroutines at once and reports each end in order, so a place reached is a place passed.

    Leaving the block waits for what is under way; leaving it with an error abandons it.

    Args:
        limit: How many run at once.
        arrived: Called with the item of each coroutine that ended well, oldest first.
    """

    def __init__(self, limit: int, arrived: Callable[[T], None]) -> None:
        self._limit = limit
        self._arrived = arrived
        self._under_way: deque[tuple[asyncio.Task[None], T]] = deque()

    async def add(self, sending: Coroutine[object, object, None], item: T) -> None:
        """Start a coroutine; waits for the oldest where `limit` are under way."""
        self._under_way.append((asyncio.create_task(sending), item))
        if len(self._under_way) >= self._limit:
            await self._oldest()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            while error is None and self._under_way:
                await self._oldest()
        finally:
            await self._abandon()

    async def _oldest(self) -> None:
        task, item = self._under_way[0]
        await task
        self._under_way.popleft()
        self._arrived(item)

    async def _abandon(self) -> None:
        left = [task for task, _ in self._under_way]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        self._under_way.clear()
