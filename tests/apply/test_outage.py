"""Ten minutes without TikTok in the middle of a delivery: waited out, or a clean stop, as the config says."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from reconciler.sandbox import BASE_PATH
from reconciler.tiktok.client import TikTok
from tests.apply.wire import MAPPING
from tests.apply.world import assert_one

if TYPE_CHECKING:
    from reconciler.tiktok.outage import Waiting
    from tests.apply.world import World

OUTAGE_SECONDS = 600.0
POINTS = [1, 2, 3]


class Outage(httpx.AsyncBaseTransport):
    """Nobody answers for ten minutes, from a request of people on."""

    def __init__(self, world: World, number: int) -> None:
        self._inner = world.transport
        self._left = number
        self._until: float | None = None
        world.transport = self

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        now = asyncio.get_running_loop().time()
        self._left -= MAPPING in request.url.path
        if self._left <= 0 and self._until is None:
            self._until = now + OUTAGE_SECONDS
        if self._until is not None and now < self._until:
            raise httpx.ConnectError("Connection refused")
        return await self._inner.handle_async_request(request)


def with_patience(world: World, seconds: float, monkeypatch: pytest.MonkeyPatch) -> list[Waiting]:
    """Let the world's client be as patient; return what it tells of waiting."""
    told: list[Waiting] = []

    def tiktok(**how: Any) -> TikTok:
        url, transport = f"http://local.tiktok{BASE_PATH}", world.transport
        return TikTok(url, tier="ultimate", transport=transport, patience_seconds=seconds, tell=told.append, **how)

    monkeypatch.setattr(world, "tiktok", tiktok)
    return told


@pytest.mark.parametrize("number", POINTS)
def test_an_outage_shorter_than_the_patience_is_waited_out(
    world: World, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    world.declare("buyers", range(60))
    plan, network = world.plan(), world.transport
    told = with_patience(world, 900, monkeypatch)
    Outage(world, number)

    assert world.apply(plan).succeeded
    assert len(told) == 1
    assert told[0].since_seconds + told[0].left_seconds == pytest.approx(900, abs=60)
    world.transport = network
    assert_one(world, people=range(60))


@pytest.mark.parametrize("number", POINTS)
def test_an_outage_longer_than_the_patience_stops_cleanly_and_is_gone_on_with(
    world: World, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    world.declare("buyers", range(60))
    plan, network = world.plan(), world.transport
    told = with_patience(world, 120, monkeypatch)
    Outage(world, number)

    applied = world.apply(plan)

    assert not applied.succeeded
    assert len(told) == 1
    assert "cannot be reached" in applied.outcomes[0].message
    assert applied.outcomes[0].way_out
    world.transport = network
    assert world.apply(plan).succeeded
    assert_one(world, people=range(60))
