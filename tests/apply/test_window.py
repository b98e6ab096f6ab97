"""Several sends at once: a place is passed only when everything before it has arrived."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply.window import Window
from tests.virtual_time import instantly


class RefusedByTikTok(Exception):  # noqa: N818  # a stand-in
    """What a send fails with here."""


@given(delays=st.lists(st.integers(0, 9), max_size=30), limit=st.integers(1, 8))
def test_ends_are_seen_in_the_order_of_beginnings_and_never_more_run_than_allowed(
    delays: list[int], limit: int
) -> None:
    running, most, arrived = 0, 0, list[int]()

    async def send(delay: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(delay)
        running -= 1

    async def work() -> None:
        async with Window[int](limit, arrived.append) as window:
            for place, delay in enumerate(delays):
                await window.add(send(delay), place)

    instantly(work())

    assert arrived == list(range(len(delays)))
    assert most <= limit
    assert running == 0


@given(delays=st.lists(st.integers(0, 9), min_size=1, max_size=30), limit=st.integers(1, 8), fails=st.integers(0, 29))
def test_a_failure_passes_nothing_behind_it_and_leaves_nothing_running(
    delays: list[int], limit: int, fails: int
) -> None:
    fails %= len(delays)
    running, arrived = set[int](), list[int]()

    async def send(place: int, delay: int) -> None:
        running.add(place)
        try:
            await asyncio.sleep(delay)
            if place == fails:
                raise RefusedByTikTok
        finally:
            running.discard(place)

    async def work() -> None:
        async def deliver() -> None:
            async with Window[int](limit, arrived.append) as window:
                for place, delay in enumerate(delays):
                    await window.add(send(place, delay), place)

        with pytest.raises(RefusedByTikTok):
            await deliver()
        assert not running
        assert asyncio.all_tasks() == {asyncio.current_task()}

    instantly(work())

    assert arrived == list(range(fails))


def test_an_error_inside_the_block_abandons_what_is_under_way() -> None:
    arrived: list[str] = []

    async def work() -> None:
        async def deliver() -> None:
            async with Window[str](4, arrived.append) as window:
                await window.add(asyncio.sleep(60), "never")
                raise RefusedByTikTok

        with pytest.raises(RefusedByTikTok):
            await deliver()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    instantly(work())

    assert arrived == []


def test_cancelling_keeps_what_has_been_seen_to_end_and_abandons_the_rest() -> None:
    arrived: list[int] = []

    async def deliver() -> None:
        async with Window[int](2, arrived.append) as window:
            for seconds in (1, 2, 60, 60):
                await window.add(asyncio.sleep(seconds), seconds)

    async def work() -> None:
        delivery = asyncio.create_task(deliver())
        await asyncio.sleep(10)
        delivery.cancel()
        with pytest.raises(asyncio.CancelledError):
            await delivery
        assert asyncio.all_tasks() == {asyncio.current_task()}

    instantly(work())

    assert arrived == [1, 2]


def test_whoever_notes_an_end_may_stop_everything() -> None:
    def refuse(_: int) -> None:
        raise RefusedByTikTok

    async def work() -> None:
        async def deliver() -> None:
            async with Window[int](8, refuse) as window:
                await window.add(asyncio.sleep(1), 1)
                await window.add(asyncio.sleep(60), 2)

        with pytest.raises(RefusedByTikTok):
            await deliver()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    instantly(work())
