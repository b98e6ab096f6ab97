"""Killed at any moment, an apply ends where it was to end: by the same plan, by a fresh one, or by other files."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

import pytest

from tests.apply.death import Death, Killed
from tests.apply.matrix import Matrix, assert_done, change_their_minds, go_on, plan_anew

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.apply.world import World


def go_on_with_the_same_plan(world: World, matrix: Matrix) -> Matrix:
    go_on(world, matrix.plan)
    return matrix


def go_on_with_a_fresh_plan(world: World, matrix: Matrix) -> Matrix:
    plan_anew(world)
    return matrix


def go_on_with_other_files(world: World, matrix: Matrix) -> Matrix:
    wanted = change_their_minds(world)
    plan_anew(world)
    return replace(matrix, wanted=wanted)


@pytest.mark.slow
@pytest.mark.parametrize("going_on", [go_on_with_the_same_plan, go_on_with_a_fresh_plan, go_on_with_other_files])
def test_killed_at_any_moment_it_converges(
    again: Callable[[], World],
    matrix: Matrix,
    points: Callable[[str], None],
    going_on: Callable[[World, Matrix], Matrix],
) -> None:
    for moment in count(1):
        world, death = again(), Death(moment)
        if not killed(world, matrix, death):
            break
        when = f"killed at moment {moment}, then {going_on.__name__}"
        assert_done(world, going_on(world, matrix), when)
    points(f"killed after each of {death.moments} writes, then {going_on.__name__}")
    assert death.moments > 40


def killed(world: World, matrix: Matrix, death: Death) -> bool:
    """Apply under the threat of death; return whether it struck. A lock it left is removed, as a person would."""
    untouched = world.store, world.transport
    death.threaten(world)
    try:
        world.apply(matrix.plan)
    except Killed:
        world.store, world.transport = untouched
        if lock := world.state_store.read_lock():
            world.state_store.unlock(lock.id)
    return death.struck
