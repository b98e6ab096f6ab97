"""The files of a delivery: uploaded as many at a time as one call takes, and once more where they have expired.

Uploading alone changes no audience, so nothing here is written down, and a kill costs no more than the time it took.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

from reconciler.apply.window import Window
from reconciler.tiktok import files
from reconciler.tiktok.errors import FileRefusedError
from reconciler.tiktok.file_text import ROWS, parts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    import pyarrow as pa

    from reconciler.apply.workbench import Workbench
    from reconciler.identity.model import Direction
    from reconciler.identity.sets.route import Route
    from reconciler.plan.model import Action
    from reconciler.tiktok.file_text import Layout, Part

T = TypeVar("T")

AT_ONCE: Final = 4
"""Files under way at once: what is in memory is one more of up to 49 MB."""

MOST_UPLOADS: Final = 5
"""Of one file: TikTok does not say when it expires, and it may have to wait for hours until an audience is editable."""


@dataclass(frozen=True, slots=True)
class Load:
    """The files of one call, uploaded.

    Attributes:
        paths: By which TikTok knows them.
        rows: People in them, where a person's identifiers stand in one row.
        identifiers: Identifiers in them.
    """

    paths: tuple[str, ...]
    rows: int
    identifiers: int


class Uploads:
    """The files of a route in one direction, load by load. A load is uploaded by `advance` and used by `offer`.

    Args:
        bench: What to work with.
        action: What the files are for.
        route: From what is there to what is wanted.
        direction: What is to be done with the people in the files.
        layout: Of the audience.
    """

    def __init__(self, bench: Workbench, action: Action, route: Route, direction: Direction, layout: Layout) -> None:
        self._bench = bench
        self._action = action
        self._route = route
        self._direction = direction
        self._layout = layout
        self._parts = self._from_the_start()
        self._loads = 0
        self._load = Load((), 0, 0)

    @property
    def layout(self) -> Layout:
        """How the files are written."""
        return self._layout

    @property
    def load(self) -> Load:
        """The files that `advance` has uploaded last."""
        return self._load

    async def advance(self) -> bool:
        """Upload the files of the next call; tell whether there were any.

        Raises:
            TikTokError: TikTok refused one, or could not be reached.
            ReconcilerError: The files cannot be made.
        """
        self._load = await self._upload(self._parts, lambda more: self._bench.progress.delivered(self._action, more))
        self._loads += 1
        return bool(self._load.paths)

    async def offer(self, call: Callable[[Sequence[str]], Awaitable[T]]) -> T:
        """Make a call with the paths of the load; where they have expired, upload the files again and repeat it.

        Raises:
            FileRefusedError: TikTok does not take a file, or lets them all expire again and again.
        """
        for _ in range(MOST_UPLOADS - 1):
            try:
                return await call(self._load.paths)
            except FileRefusedError as refused:
                if not refused.has_expired:
                    raise
            self._bench.progress.said(self._action, "uploaded files have expired; uploading them again")
            again = islice(self._from_the_start(), (self._loads - 1) * files.MOST_FILES, None)
            self._load = await self._upload(again, lambda _: None)
        return await call(self._load.paths)

    async def _upload(self, following: Iterator[Part], arrived: Callable[[int], None]) -> Load:
        session = self._bench.sessions.acting_for(self._action.advertiser_id)
        paths: list[str] = []
        rows = identifiers = 0

        async def carry(part: Part) -> None:
            paths.append(await files.upload(session, self._action.advertiser_id, part.text, self._layout))

        async with Window[int](AT_ONCE, arrived) as window:
            for _ in range(files.MOST_FILES):
                part = await _next(following)
                if part is None:
                    break
                rows += part.rows
                identifiers += part.identifiers
                await window.add(carry(part), part.identifiers)
        return Load(tuple(paths), rows, identifiers)

    def _from_the_start(self) -> Iterator[Part]:
        return parts(_rows(self._route, self._direction), self._layout)


async def _next(following: Iterator[Part]) -> Part | None:
    """Write the next file in a thread; whoever is cancelled meanwhile leaves no thread behind that still reads sets."""
    writing = asyncio.create_task(asyncio.to_thread(next, following, None))
    try:
        return await asyncio.shield(writing)
    finally:
        await asyncio.gather(writing, return_exceptions=True)


def _rows(route: Route, direction: Direction) -> Iterator[pa.RecordBatch]:
    for partition in range(route.partitions):
        for mappings in route.batches(partition, size=ROWS):
            if mappings.direction == direction:
                yield mappings.rows
