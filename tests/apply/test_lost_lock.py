"""A run whose lock was taken away sends nothing more, however long it had been waiting to."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final

import pytest

from reconciler.apply.lockwatch import SECONDS, LockWatch
from reconciler.apply.model import Applied, OutcomeStatus
from reconciler.config import Delivery
from reconciler.state.errors import LockLostError
from reconciler.state.model import Lock
from tests.apply.wire import CREATE, MAPPING, Wire, at
from tests.apply.world import World, outcome_of

UPDATE: Final = "custom_audience/update/"
LOCK: Final = Lock("5f0c2c0e-7d5c-4d0a-9d6b-2f4f5e0f6a11", "ana", "here", datetime(2026, 3, 1, tzinfo=UTC), "apply")


def unlock_at(world: World, path: str, number: int = 1) -> None:
    """Let a person unlock the state while a request is on its way."""

    def unlock() -> None:
        lock = world.state_store.read_lock()
        assert lock is not None
        world.state_store.unlock(lock.id)

    Wire(world, path, before=at(number, unlock))


def assert_stopped(applied: Applied) -> None:
    outcome = outcome_of(applied, "buyers")
    assert outcome.status is OutcomeStatus.FAILED
    assert "lock" in outcome.message


@pytest.mark.parametrize("fault", ["rate_limit", "write_conflict", "drop_before"])
def test_a_create_that_waits_for_its_next_try_is_not_sent(world: World, fault: str) -> None:
    world.declare("buyers", range(30))
    world.sandbox.controls.add_fault(fault, path=CREATE)
    unlock_at(world, CREATE)

    assert_stopped(world.apply())
    assert len(world.requests(CREATE)) == 1
    assert [each.address for each in world.state.pending] == ["audience.buyers"], "the next run looks for it"


@pytest.mark.parametrize("fault", ["rate_limit", "server_error", "drop_before"])
def test_people_who_wait_for_their_next_try_are_not_sent(world: World, fault: str) -> None:
    world.declare("buyers", range(5))  # one request
    world.sandbox.controls.add_fault(fault, path=MAPPING, times=2)
    unlock_at(world, MAPPING)

    assert_stopped(world.apply())
    assert len(world.requests(MAPPING)) == 1


def test_files_that_wait_for_tiktok_to_process_those_before_are_not_used(world: World) -> None:
    world.declare("buyers", range(2000), delivery=Delivery.FILE)
    assert world.apply().succeeded
    world.sandbox.controls.advance(48)
    world.declare("buyers", range(2100), delivery=Delivery.FILE)
    world.sandbox.controls.add_fault("not_ready", path=UPDATE)
    unlock_at(world, UPDATE)

    assert_stopped(world.apply())
    assert len(world.requests(UPDATE)) == 1


def test_one_look_holds_for_a_moment_and_no_longer() -> None:
    class Looks:
        looks = 0

        def require_lock(self) -> None:
            self.looks += 1

    async def work() -> None:
        state = Looks()
        watch = LockWatch(state)  # type: ignore[arg-type]  # stands in for the one in a store
        await asyncio.gather(*(watch.still_ours() for _ in range(50)))
        assert state.looks == 1
        await asyncio.sleep(SECONDS * 1.1)
        await watch.still_ours()
        assert state.looks == 2

    asyncio.run(work())


def test_a_look_that_found_the_lock_lost_holds_for_nothing() -> None:
    class Lost:
        def require_lock(self) -> None:
            raise LockLostError(LOCK, None)

    async def work() -> None:
        watch = LockWatch(Lost())  # type: ignore[arg-type]  # stands in for the one in a store
        for _ in range(2):
            with pytest.raises(LockLostError):
                await watch.still_ours()

    asyncio.run(work())
