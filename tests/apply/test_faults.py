"""Whatever TikTok does to any one request of an apply, applying again ends where the first apply was to end."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox import FaultKind
from reconciler.tiktok.errors import TikTokError
from tests.apply.matrix import Matrix, assert_done, go_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.apply.world import World

FOREVER = 1_000_000


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(FaultKind))
def test_a_fault_at_any_request_is_made_good(
    again: Callable[[], World], matrix: Matrix, points: Callable[[str], None], kind: FaultKind
) -> None:
    for number in count(1):
        world = again()
        world.sandbox.controls.clear_requests()
        world.sandbox.controls.add_fault(kind, skip=number - 1)
        done = tried(world, matrix)
        if len(world.sandbox.controls.requests()) < number:
            break
        if not done:
            go_on(world, matrix.plan)
        assert_done(world, matrix, f"{kind} at request {number}")
    points(f"{kind} at each of {number - 1} requests")
    assert number > 30


@pytest.mark.slow
@pytest.mark.parametrize("kind", [FaultKind.SERVER_ERROR, FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER])
def test_an_outage_from_any_request_on_is_made_good(
    again: Callable[[], World], matrix: Matrix, points: Callable[[str], None], kind: FaultKind
) -> None:
    for number in count(1):
        world = again()
        world.sandbox.controls.add_fault(kind, skip=number - 1, times=FOREVER)
        if tried(world, matrix):
            break
        world.sandbox.controls.clear_faults()
        go_on(world, matrix.plan)
        assert_done(world, matrix, f"{kind} from request {number} on")
    points(f"{kind} from each of {number - 1} requests on")
    assert number > 30


def tried(world: World, matrix: Matrix) -> bool:
    """Return whether the apply was done whole; where not even the accounts could be read it raises, as it should."""
    try:
        return world.apply(matrix.plan).succeeded
    except TikTokError:
        return False
