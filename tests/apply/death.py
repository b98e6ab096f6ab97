"""The death of a process, at any chosen moment: after it nothing is written any more, neither here nor on TikTok.

Between two writes it makes no difference when a process dies, so the moments are those right after each write, to the
state or to TikTok, before the process learns that it was done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.state.store import Store, StoredObject
    from tests.apply.world import World


class Killed(BaseException):
    """The process is dead. No `except` for errors may catch it, and whatever still runs on the way out is in vain."""


class Death:
    """Strikes at one of the moments.

    Args:
        at: Which one, from 1; 0 for none of them.

    Attributes:
        moments: How many there were.
    """

    def __init__(self, at: int = 0) -> None:
        self._at = at
        self.moments = 0
        self.struck = False

    def written(self) -> None:
        """Live on, or die."""
        self.moments += 1
        if self.moments == self._at:
            self.struck = True
            raise Killed

    def alive(self) -> None:
        """Let nothing happen after death."""
        if self.struck:
            raise Killed

    def threaten(self, world: World) -> None:
        """Come between the world's apply and everything it writes to."""
        world.store = MortalStore(world.store, self)
        world.transport = MortalTransport(world.transport, self)


class MortalTransport(httpx.AsyncBaseTransport):
    """Requests that death may come right after."""

    def __init__(self, inner: httpx.AsyncBaseTransport, death: Death) -> None:
        self._inner = inner
        self._death = death

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._death.alive()
        response = await self._inner.handle_async_request(request)
        if request.method == "POST":
            self._death.written()
        return response


class MortalStore:
    """A store whose writes death may come right after."""

    def __init__(self, inner: Store, death: Death) -> None:
        self._inner = inner
        self._death = death

    @property
    def url(self) -> str:
        return self._inner.url

    def get(self, name: str, /) -> StoredObject | None:
        self._death.alive()
        return self._inner.get(name)

    def swap(self, name: str, content: bytes, expected: str | None, /) -> str | None:
        self._death.alive()
        version = self._inner.swap(name, content, expected)
        self._death.written()
        return version

    def put(self, name: str, content: bytes | Path, /) -> None:
        self._death.alive()
        self._inner.put(name, content)
        self._death.written()

    def delete(self, name: str, expected: str | None = None, /) -> bool:
        self._death.alive()
        was_there = self._inner.delete(name, expected)
        self._death.written()
        return was_there

    def names(self, prefix: str, /) -> list[str]:
        return self._inner.names(prefix)

    def has(self, name: str, /) -> bool:
        return self._inner.has(name)

    def fetch(self, name: str, scratch: Path, /) -> Path | None:
        return self._inner.fetch(name, scratch)

    def tidy(self) -> None:
        self._inner.tidy()
