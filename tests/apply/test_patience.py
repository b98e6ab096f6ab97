"""The patience for one call is spent once: an outage that outlasts it stops the apply, whatever is still to be done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import httpx
import pytest

from reconciler.apply.model import OutcomeStatus
from reconciler.tiktok.retry import PATIENCE_SECONDS
from tests.apply.world import EU, US, outcome_of

if TYPE_CHECKING:
    from tests.apply.world import World

RENAME: Final = "custom_audience/update/"
FOREVER: Final = 1_000_000
KEYS: Final = ("a", "b", "c", "d", "e")


class Watch(httpx.AsyncBaseTransport):
    """Remembers when the last request went out, and answers as a test says."""

    def __init__(self, world: World, refused: str = "", code: int = 0) -> None:
        self._inner = world.transport
        self._refused = refused
        self._code = code
        self.last = 0.0
        world.transport = self

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.last = asyncio.get_running_loop().time()
        if self._refused and RENAME in request.url.path and self._refused in (await request.aread()).decode():
            return httpx.Response(200, json={"code": self._code, "message": "later", "request_id": "r", "data": {}})
        return await self._inner.handle_async_request(request)


@pytest.fixture
def world(world: World) -> World:
    """Audiences in two accounts that are all to be renamed."""
    for key in KEYS:
        world.declare(key, range(10), advertiser="eu" if key in "de" else "us")
    assert world.apply().succeeded
    for key in KEYS:
        world.declare(key, range(10), advertiser="eu" if key in "de" else "us", name=f"New {key}")
    return world


@pytest.mark.parametrize("fault", ["server_error", "http_500", "rate_limit"])
def test_an_outage_that_outlasts_it_stops_the_apply_which_can_be_gone_on_with(world: World, fault: str) -> None:
    plan, watch = world.plan(), Watch(world)
    world.sandbox.controls.add_fault(fault, path=RENAME, times=FOREVER)

    applied = world.apply(plan)

    first, *rest = applied.outcomes
    assert watch.last < PATIENCE_SECONDS + 60
    assert first.status is OutcomeStatus.FAILED
    assert "as long as `patience`" in first.way_out
    assert "Apply again" in first.way_out
    assert {each.status for each in rest} == {OutcomeStatus.SKIPPED}
    assert {each.message for each in rest} == {f"not begun: {first.message}"}
    world.sandbox.controls.clear_faults()
    assert world.apply(plan).succeeded
    assert sorted(world.audiences(US).values()) == ["New a", "New b", "New c"]


def test_a_fault_that_is_over_in_time_stops_nothing(world: World) -> None:
    world.sandbox.controls.add_fault("server_error", path=RENAME, times=5)

    assert world.apply().succeeded


@pytest.mark.parametrize(("code", "why"), [(40202, "changing the same object"), (40000, "Change what")])
def test_what_concerns_one_audience_leaves_the_others_alone(world: World, code: int, why: str) -> None:
    plan = world.plan()
    Watch(world, world.id_of("b"), code)

    applied = world.apply(plan)

    assert applied.statuses[OutcomeStatus.DONE] == len(KEYS) - 1
    assert outcome_of(applied, "b").status is OutcomeStatus.FAILED
    assert why in outcome_of(applied, "b").way_out
    assert "patience" not in outcome_of(applied, "b").way_out


def test_too_many_calls_for_one_account_end_the_work_in_it_alone(world: World) -> None:
    plan = world.plan()
    watch = Watch(world, US, 40133)

    applied = world.apply(plan)

    assert watch.last < PATIENCE_SECONDS + 60
    assert [outcome_of(applied, key).status for key in KEYS] == [
        OutcomeStatus.FAILED,
        OutcomeStatus.SKIPPED,
        OutcomeStatus.SKIPPED,
        OutcomeStatus.DONE,
        OutcomeStatus.DONE,
    ]
    assert sorted(world.audiences(EU).values()) == ["New d", "New e"]
