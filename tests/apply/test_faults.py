"""However any one request of an apply fails, applying again ends where the first apply was to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from reconciler.tiktok.errors import TikTokError
from tests.apply.faulty import HARMLESS, Failing, Faulty
from tests.apply.matrix import Matrix, assert_done, go_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.apply.world import World

FEW: Final = 5
FOREVER: Final = 1_000_000
FEWEST_REQUESTS: Final = 30
"""Of an apply that does everything."""

ONCE: Final = tuple(Failing)
BURSTS: Final = (Failing.TOO_FREQUENT, Failing.HTTP_503, Failing.TIMEOUT_AFTER)
OUTAGES: Final = (Failing.TOO_FREQUENT, Failing.SERVICE_FAULT, Failing.DROP_BEFORE, Failing.DROP_AFTER)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ONCE)
def test_a_call_that_fails_once_is_made_good(
    again: Callable[[], World], matrix: Matrix, faults: Callable[[int], None], kind: Failing
) -> None:
    faults(strike(again, matrix, kind, times=1))


@pytest.mark.slow
@pytest.mark.parametrize("kind", BURSTS)
def test_calls_that_fail_in_a_row_are_made_good(
    again: Callable[[], World], matrix: Matrix, faults: Callable[[int], None], kind: Failing
) -> None:
    faults(strike(again, matrix, kind, times=FEW))


@pytest.mark.slow
@pytest.mark.parametrize("kind", OUTAGES)
def test_an_outage_from_any_request_on_is_made_good(
    again: Callable[[], World], matrix: Matrix, faults: Callable[[int], None], kind: Failing
) -> None:
    faults(strike(again, matrix, kind, times=FOREVER))


def strike(again: Callable[[], World], matrix: Matrix, kind: Failing, times: int) -> int:
    """Let requests of an apply fail, from each one on in turn; return from how many."""
    number = 0
    while True:
        world = again()
        network, number = world.transport, number + 1
        wire = Faulty(world, kind, number, times)
        done = tried(world, matrix)
        if wire.asked < number:
            break
        world.transport = network
        when = f"{kind}, {times} times from request {number} on"
        assert done or kind not in HARMLESS, when
        if not done:
            go_on(world, matrix.plan)
        assert_done(world, matrix, when)
    assert number > FEWEST_REQUESTS
    return number - 1


def tried(world: World, matrix: Matrix) -> bool:
    """Return whether the apply was done whole; where not even the accounts could be read it raises, as it should."""
    try:
        return world.apply(matrix.plan).succeeded
    except TikTokError:
        return False
