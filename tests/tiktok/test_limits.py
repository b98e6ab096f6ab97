"""No second ever holds more than TikTok allows, and hardly less is used."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.secret import Secret
from reconciler.tiktok.limits import TIERS, Pace, Paces

if TYPE_CHECKING:
    from tests.tiktok.conftest import FakeTikTok

JITTER = 0.05
"""Seconds by which arrivals may spread without passing the limit."""


def most_in_a_window(granted: list[tuple[float, int]], seconds: float) -> int:
    """Return the most units that any window of `seconds` holds, each window starting at a request."""
    return max(sum(units for at, units in granted[i:] if at < start + seconds) for i, (start, _) in enumerate(granted))


@pytest.mark.parametrize("tier", TIERS)
def test_who_keeps_to_the_second_keeps_to_the_minute_and_the_day(tier: str) -> None:
    for rate in (TIERS[tier].control, TIERS[tier].streaming):
        assert rate.per_minute == rate.per_second * 60
        assert rate.per_day == rate.per_second * 86_400


@given(
    sizes=st.lists(st.integers(1, 10_000), min_size=1, max_size=60),
    pauses=st.lists(st.floats(0, 3), max_size=60),
    per_second=st.sampled_from([10_000, 20_000, 50_000]),
)
def test_requests_of_any_sizes_at_any_times_stay_below_the_limit(
    sizes: list[int], pauses: list[float], per_second: int
) -> None:
    pace = Pace(per_second)
    now = 0.0
    granted = []
    for size, pause in zip(sizes, [*pauses, *[0.0] * len(sizes)], strict=False):
        now += pause
        granted.append((pace.reserve(now, size), size))

    assert most_in_a_window(granted, 1 + JITTER) <= per_second
    assert [at for at, _ in granted] == sorted(at for at, _ in granted)


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("rows", [0, 1000])
def test_nine_tenths_of_the_allowance_are_used_when_there_is_enough_to_do(tier: str, rows: int) -> None:
    pace = Paces(tier).meant_for(rows)
    units = rows or 1
    starts = [pace.reserve(0.0, units) for _ in range(20 * pace.per_second // units)]

    assert len(starts) * units / starts[-1] >= 0.9 * pace.per_second


def test_control_requests_are_spread_evenly_so_that_late_ones_do_not_pile_up() -> None:
    pace = Paces("basic").meant_for(rows=0)
    starts = [pace.reserve(0.0) for _ in range(100)]

    assert min(after - before for before, after in pairwise(starts)) > 0.1


def test_streamed_rows_and_control_requests_do_not_slow_each_other() -> None:
    paces = Paces("basic")
    assert paces.meant_for(rows=1000) is not paces.meant_for(rows=0)
    assert paces.meant_for(rows=1) is paces.meant_for(rows=1000)


def test_a_request_larger_than_a_second_allows_is_a_defect_not_an_endless_wait() -> None:
    with pytest.raises(ValueError, match="10,001 units"):
        Pace(10_000).reserve(0.0, 10_001)


def test_an_unknown_tier_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="basic, advanced, premium, ultimate"):
        Paces("platinum")


async def test_waiting_requests_go_in_the_order_they_came() -> None:
    pace = Pace(10_000)
    went: list[int] = []

    async def request(number: int, units: int) -> None:
        await pace.admit(units)
        went.append(number)

    await asyncio.gather(*(request(number, 1000 if number % 2 else 1) for number in range(30)))

    assert went == list(range(30))


async def test_a_hold_stops_also_those_that_wait_already_and_lets_them_out_one_by_one() -> None:
    clock = asyncio.get_running_loop().time
    pace = Pace(10)
    went: list[float] = []

    async def request() -> None:
        await pace.admit()
        went.append(clock())

    async with asyncio.TaskGroup() as group:
        for _ in range(30):
            group.create_task(request())
        await asyncio.sleep(0.5)
        before = len(went)
        pace.hold(clock(), 300)

    assert before == 5
    after = [(at, 1) for at in went[before:]]
    assert min(after)[0] >= 300.5
    assert most_in_a_window(after, 1) <= 10
    assert max(after)[0] < 300.5 + 3


async def test_a_short_hold_does_not_shorten_a_long_one() -> None:
    clock = asyncio.get_running_loop().time
    pace = Pace(10)
    pace.hold(clock(), 300)
    pace.hold(clock(), 1)
    await pace.admit()

    assert clock() >= 300


async def test_one_session_does_not_pass_the_limit_that_another_one_has_used(fake: FakeTikTok) -> None:
    fake.answers({})
    tiktok = fake.client(tier="basic")
    sessions = [tiktok.acting_with(Secret("one")), tiktok.acting_with(Secret("two"))]
    await asyncio.gather(*(sessions[number % 2].get("user/info/", {}) for number in range(95)))

    assert 9 < asyncio.get_running_loop().time() < 10.5


def test_without_a_tier_nothing_waits() -> None:
    paces = Paces(None)
    assert [paces.meant_for(0).reserve(0.0) for _ in range(100)][-1] < 0.001
    assert [paces.meant_for(1000).reserve(0.0, 1000) for _ in range(1000)][-1] < 0.01
