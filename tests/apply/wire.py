"""A wire between client and TikTok that a test can touch while an apply runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import orjson

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.apply.world import World

MAPPING = "segment/mapping/"
CREATE = "segment/audience/"
LIST = "custom_audience/list/"


class Wire(httpx.AsyncBaseTransport):
    """Does something right before requests, or changes their answers.

    Args:
        world: Whose wire it is; put in place at once.
        path: Which requests: a part of their path.
        before: Told the number of each such request, from 1, before it goes; may raise.
        answered: Given each answer to such a request, may return another.
        seconds: How long each such request takes.
    """

    def __init__(
        self,
        world: World,
        path: str,
        before: Callable[[int], None] = lambda _: None,
        answered: Callable[[httpx.Response], httpx.Response] = lambda answer: answer,
        seconds: float = 0,
    ) -> None:
        self._inner = world.transport
        self._path = path
        self._before = before
        self._answered = answered
        self._seconds = seconds
        self._number = 0
        world.transport = self

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._path not in request.url.path:
            return await self._inner.handle_async_request(request)
        self._number += 1
        self._before(self._number)
        await asyncio.sleep(self._seconds)
        answer = await self._inner.handle_async_request(request)
        await answer.aread()
        return self._answered(answer)


def at(number: int, what: Callable[[], object]) -> Callable[[int], None]:
    """Do `what` before the request of that number."""

    def before(this: int) -> None:
        if this == number:
            what()

    return before


def overlook(world: World, lists: int) -> None:
    """Let as many lists, from the first create on, show an account as empty: TikTok is late in showing what it made."""

    def answered(answer: httpx.Response) -> httpx.Response:
        nonlocal lists
        if lists == 0 or not world.requests(CREATE):
            return answer
        lists -= 1
        envelope = orjson.loads(answer.content)
        envelope["data"]["list"] = []
        envelope["data"]["page_info"] |= {"total_number": 0, "total_page": 0}
        return httpx.Response(200, json=envelope)

    Wire(world, LIST, answered=answered)
