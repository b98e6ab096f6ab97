"""Answers that are not as documented, to any request of a plan or an apply: an error, and never a wrong write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
from hypothesis import given, note
from hypothesis import strategies as st

from reconciler.errors import ReconcilerError
from tests.apply.matrix import assert_done, go_on, plan_anew
from tests.apply.world import US, members
from tests.fuzz.cases import cases
from tests.mutation import mutated

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.apply.matrix import Matrix
    from tests.apply.world import World

FOREVER = 1_000_000


class Liar(httpx.AsyncBaseTransport):
    """Changes the answers to some requests.

    Args:
        world: Whose wire it is; put in place at once.
        first: The first request whose answer is changed, from 1.
        times: How many are.
        seed: How they are.
    """

    def __init__(self, world: World, first: int, times: int, seed: int) -> None:
        self._inner = world.transport
        self._first = first
        self._times = times
        self._seed = seed
        self._number = 0
        self._world = world
        world.transport = self

    def go(self) -> None:
        """Tell the truth from now on."""
        self._world.transport = self._inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        await answer.aread()
        self._number += 1
        if not self._first <= self._number < self._first + self._times:
            return answer
        changed = mutated(answer, self._seed + self._number)
        note(f"{request.method} {request.url.path}: {changed.told}")
        return changed.answer


seeds = st.integers(0, 2**32)
times = st.sampled_from([1, 1, 2, 5, FOREVER])


@cases(120)
@given(first=st.integers(1, 40), times=times, seed=seeds)
def test_an_apply_among_answers_that_are_not_as_documented_ends_or_stops_and_can_be_gone_on_with(
    again: Callable[[], World], matrix: Matrix, first: int, times: int, seed: int
) -> None:
    world = again()
    liar = Liar(world, first, times, seed)
    try:
        world.apply(matrix.plan)
    except ReconcilerError as stopped:
        note(stopped.message)
    liar.go()
    assert_nothing_wrong_was_written(world, matrix)
    go_on(world, matrix.plan)
    assert_done(world, matrix, "after answers that were not as documented")


@cases(60)
@given(first=st.integers(1, 12), times=times, seed=seeds)
def test_a_plan_from_answers_that_are_not_as_documented_is_refused_or_does_no_harm(
    again: Callable[[], World], matrix: Matrix, first: int, times: int, seed: int
) -> None:
    world = again()
    liar = Liar(world, first, times, seed)
    try:
        plan = world.plan()
    except ReconcilerError as refused:
        note(refused.message)
        plan = None
    liar.go()
    if plan is not None and not plan.errors:
        world.apply(plan, skip_blocked=True)
    assert_nothing_wrong_was_written(world, matrix)
    plan_anew(world)
    assert_done(world, matrix, "after a plan from answers that were not as documented")


def assert_nothing_wrong_was_written(world: World, matrix: Matrix) -> None:
    """Check that nothing is gone that had to stay, and that nobody came to or went from where we have no business."""
    there = {each: account for account in matrix.wanted for each in world.audiences(account)}
    assert matrix.kept <= there.keys()
    names = {name: audience_id for audience_id, name in world.audiences(US).items()}
    for name in ("Foreign", "Handed", "Steady"):
        assert world.people_in(names[name]) == matrix.wanted[US][name], name
    everybody = members(range(1, 1100))
    for audience_id in there:
        assert world.people_in(audience_id) <= everybody | members([0])
