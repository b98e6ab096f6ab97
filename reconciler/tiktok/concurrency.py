"""Several calls at once, and many ids in few calls."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Iterator, Sequence

T = TypeVar("T")


async def together(calls: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Await `calls` concurrently and return their results in order.

    The first failure cancels the rest and is raised as itself, not inside an exception group: callers tell errors
    apart by class.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in calls]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


def chunks(ids: Sequence[str], size: int) -> Iterator[list[str]]:
    """Yield `ids` in order, `size` at a time."""
    for start in range(0, len(ids), size):
        yield list(ids[start : start + size])
