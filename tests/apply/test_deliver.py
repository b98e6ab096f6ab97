"""Whatever was begun and stopped before, a delivery ends with exactly the wanted people, and sends little twice."""

from __future__ import annotations

import signal
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.apply import deliver
from reconciler.apply.model import OutcomeStatus
from reconciler.apply.progress import Silent
from reconciler.plan.model import ActionKind
from reconciler.state.model import PendingDelivery, Place
from tests.apply.death import Killed
from tests.apply.matrix import stream
from tests.apply.wire import MAPPING, Wire, at
from tests.apply.world import BATCH, STREAMING, US, World, action_at, members, outcome_of

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.plan.model import Action, Plan
    from tests.apply.remembering import RememberingEngine

FOREVER = 1_000_000
BEFORE, AFTER = range(100), range(60, 200)
ADDS, REMOVES = 100, 60
REQUESTS = ADDS // BATCH + REMOVES // BATCH


@pytest.fixture
def world(world: World) -> World:
    """An audience of `BEFORE`, delivered, that is to hold `AFTER`."""
    world.declare("buyers", BEFORE)
    world.apply()
    world.declare("buyers", AFTER)
    world.sandbox.controls.clear_requests()
    return world


def fail_from(world: World, request: int) -> None:
    """Let TikTok refuse every delivery from that request on, for good."""
    world.sandbox.controls.add_fault("not_ready", path=MAPPING, skip=request - 1, times=FOREVER)


def pending(world: World) -> PendingDelivery:
    (only,) = world.state.pending
    assert isinstance(only, PendingDelivery)
    return only


def place(world: World) -> Place:
    reached = pending(world).place
    assert reached is not None
    return reached


def rows_certain(world: World) -> int:
    """Return how many rows the state says have arrived: the additions are one partition, the removals another."""
    return place(world).partition * ADDS + place(world).rows


def arrived(world: World) -> int:
    """Return how many rows TikTok took since the log was last cleared."""
    return sum(each.rows for each in world.requests(MAPPING) if each.code == 0)


def assert_holds(world: World, people: range | set[int], key: str = "buyers") -> None:
    assert world.people_in(world.id_of(key)) == members(people)
    assert world.state.pending == ()


def test_additions_and_removals_are_counted(world: World) -> None:
    applied = world.apply()

    assert (applied.added, applied.removed, applied.rows, applied.requests) == (ADDS, REMOVES, ADDS + REMOVES, REQUESTS)
    assert_holds(world, AFTER)


def test_additions_go_before_removals(world: World) -> None:
    fail_from(world, ADDS // BATCH + 1)
    world.apply()

    assert world.people_in(world.id_of("buyers")) == members(range(200))


@pytest.mark.parametrize("request_number", range(1, REQUESTS + 1))
def test_the_same_plan_goes_on_where_it_was_stopped(world: World, request_number: int) -> None:
    plan = world.plan()
    fail_from(world, request_number)
    assert outcome_of(world.apply(plan), "buyers").status is OutcomeStatus.FAILED
    assert rows_certain(world) == arrived(world) == (request_number - 1) * BATCH
    world.sandbox.controls.clear_faults()

    assert world.apply(plan).succeeded
    assert arrived(world) == ADDS + REMOVES
    assert_holds(world, AFTER)


@pytest.mark.parametrize("request_number", range(1, REQUESTS + 1))
def test_a_fresh_plan_goes_on_where_the_other_was_stopped(world: World, request_number: int) -> None:
    fail_from(world, request_number)
    world.apply()
    world.sandbox.controls.clear_faults()
    plan = world.plan()

    assert action_at(plan, "buyers").reason == "goes on with an interrupted delivery"
    assert world.apply(plan).succeeded
    assert arrived(world) == ADDS + REMOVES
    assert_holds(world, AFTER)


def test_a_fault_that_passes_sends_nothing_twice_but_what_it_hit(world: World) -> None:
    world.sandbox.controls.add_fault("drop_after", path=MAPPING, skip=2)

    assert world.apply().succeeded
    assert len(world.requests(MAPPING)) == REQUESTS + 1


def test_the_state_says_where_it_goes_before_the_first_row_leaves(world: World) -> None:
    seen: list[PendingDelivery] = []
    Wire(world, MAPPING, at(1, lambda: seen.append(pending(world))))
    plan = world.plan()
    world.apply(plan)

    (before,) = seen
    members_wanted = action_at(plan, "buyers").members
    assert members_wanted is not None
    assert before.place is not None
    assert (before.target, before.plan_id) == (members_wanted.set_digest, plan.plan_id)
    assert (before.place.partition, before.place.rows) == (0, 0)


def test_nobody_to_send_is_no_request_and_still_a_delivery(world: World) -> None:
    world.declare("nobody_yet", ())
    assert world.apply(world.plan(targets=["audience.nobody_yet"])).succeeded

    delivered = world.state.resources["audience.nobody_yet"].members
    assert delivered is not None
    assert delivered.identifiers == 0
    assert world.requests(MAPPING) == []
    assert_holds(world, set(), "nobody_yet")


def test_a_rename_sends_nobody(world: World) -> None:
    world.declare("buyers", BEFORE, name="Customers")

    assert world.apply().succeeded
    assert world.requests(MAPPING) == []
    assert list(world.audiences().values()) == ["Customers"]


def test_who_was_in_an_imported_audience_stays(world: World) -> None:
    found = world.sandbox.controls.add_audience(US, "Found", STREAMING)
    stream(world, US, found, range(500, 510))
    world.declare("found", range(505, 520), import_id=found)

    assert world.apply().succeeded
    assert_holds(world, range(500, 520), "found")


def test_a_delivery_turned_back_half_way_ends_where_it_began(world: World) -> None:
    fail_from(world, 7)
    world.apply()
    world.sandbox.controls.clear_faults()
    world.declare("buyers", BEFORE)

    assert world.apply().succeeded
    assert_holds(world, BEFORE)


def test_a_delivery_begun_a_second_time_after_another_starts_anew(world: World) -> None:
    """The other has taken out what the first had brought: no row of the first may be taken for done."""
    for wanted, request_number in ((AFTER, 7), (range(300, 400), 12)):
        world.declare("buyers", wanted)
        fail_from(world, request_number)
        world.apply()
        world.sandbox.controls.clear_faults()
    world.declare("buyers", AFTER)

    assert world.apply().succeeded
    assert_holds(world, AFTER)


def test_a_delivery_begun_a_third_time_after_another_was_begun_twice_starts_anew(world: World) -> None:
    """Its own second start has taken out what the other had brought, whose place is nevertheless still on record."""
    other = range(300, 400)
    for wanted, request_number in ((AFTER, 7), (other, 12), (AFTER, 12)):
        world.declare("buyers", wanted)
        fail_from(world, request_number)
        world.apply()
        world.sandbox.controls.clear_faults()
    world.declare("buyers", other)

    assert world.apply().succeeded
    assert_holds(world, other)


def test_an_interrupted_delivery_to_what_is_gone_does_not_shorten_the_next(world: World) -> None:
    fail_from(world, 4)
    world.apply()
    world.sandbox.controls.clear_faults()
    world.sandbox.controls.delete(world.id_of("buyers"))

    assert world.apply().succeeded
    assert_holds(world, AFTER)


def test_an_interrupted_delivery_does_not_shorten_the_filling_of_what_replaces_it(world: World) -> None:
    fail_from(world, 4)
    world.apply()
    world.sandbox.controls.clear_faults()
    world.declare("buyers", AFTER, advertiser="eu")

    assert world.apply().succeeded
    assert_holds(world, AFTER)


class TestCtrlC:
    """A real SIGINT, while requests are under way."""

    UNDER_WAY = 2

    @pytest.fixture
    def world(self, world: World, monkeypatch: pytest.MonkeyPatch) -> World:
        monkeypatch.setattr(deliver, "IN_FLIGHT", self.UNDER_WAY)
        world.declare("later", range(20), advertiser="eu")
        return world

    @staticmethod
    def interrupt(world: World, request: int) -> Plan:
        plan, untouched = world.plan(), world.transport
        Wire(world, MAPPING, at(request, lambda: signal.raise_signal(signal.SIGINT)), seconds=1)
        applied = world.apply(plan)
        world.transport = untouched

        assert applied.interrupted
        assert outcome_of(applied, "buyers").status is OutcomeStatus.INTERRUPTED
        return plan

    @pytest.mark.parametrize("request_number", range(1, REQUESTS + 1))
    def test_the_same_plan_goes_on_and_sends_again_what_was_under_way_at_most(
        self, world: World, request_number: int
    ) -> None:
        plan = self.interrupt(world, request_number)
        assert rows_certain(world) <= arrived(world)
        assert world.apply(plan).succeeded

        twice = arrived(world) - ADDS - REMOVES - len(range(20))
        assert 0 <= twice <= self.UNDER_WAY * BATCH
        assert_holds(world, AFTER)
        assert_holds(world, range(20), "later")

    def test_a_person_is_told_how_far_it_was(self, world: World) -> None:
        told: list[str] = []

        class Listening(Silent):
            def said(self, action: Action, message: str) -> None:
                told.append(f"{action.address}: {message}")

        plan = self.interrupt(world, REQUESTS)
        rows = place(world).rows
        world.progress = Listening()
        assert world.apply(plan).succeeded

        assert told == [f"audience.buyers: going on after {rows:,} rows of part 2 of 2 that have arrived"]

    def test_what_arrived_is_counted_and_written_down(self, world: World) -> None:
        untouched = world.transport
        Wire(world, MAPPING, at(REQUESTS, lambda: signal.raise_signal(signal.SIGINT)))
        outcome = outcome_of(world.apply(), "buyers")
        world.transport = untouched

        assert outcome.added + outcome.removed == rows_certain(world) > 0

    def test_no_other_account_is_begun(self, world: World) -> None:
        untouched = world.transport
        Wire(world, MAPPING, at(1, lambda: signal.raise_signal(signal.SIGINT)))
        outcome = outcome_of(world.apply(), "later")
        world.transport = untouched

        assert (outcome.status, outcome.message) == (OutcomeStatus.SKIPPED, "not filled: interrupted")
        assert world.people_in(world.id_of("later")) == set()


folder_numbers = count()
few = st.sampled_from([set(range(20)), set(range(10, 60)), set(range(30, 80))])  # the same ones, again and again
people = few | st.sets(st.integers(0, 79), min_size=1, max_size=80)
interruptions = st.tuples(people, st.integers(0, 5), st.booleans())


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=people, interrupted=st.lists(interruptions, max_size=3), last=people)
def test_after_deliveries_stopped_anywhere_exactly_the_last_people_are_there(
    tmp_path: Path,
    engine: RememberingEngine,
    first: set[int],
    interrupted: list[tuple[set[int], int, bool]],
    last: set[int],
) -> None:
    folder = tmp_path / f"example_{next(folder_numbers)}"
    folder.mkdir()
    world = World.at(folder, engine)
    world.declare("buyers", first)
    world.apply()
    for wanted, requests, killed in interrupted:
        world.declare("buyers", wanted)
        stop_after(world, requests, killed=killed)
    world.declare("buyers", last)
    plan = world.plan()
    if plan.has_changes:
        assert action_at(plan, "buyers").kind is ActionKind.UPDATE
        assert world.apply(plan).succeeded

    assert_holds(world, last)
    world.close()


def stop_after(world: World, requests: int, *, killed: bool) -> None:
    """Apply, but fail or die after so many requests of a delivery, should there be so many."""
    plan, untouched = world.plan(), world.transport
    if not plan.has_changes:
        return

    def die() -> None:
        raise Killed

    if killed:
        Wire(world, MAPPING, at(requests + 1, die))
    else:
        fail_from(world, requests + 1)
    with suppress(Killed):
        world.apply(plan)
    world.transport = untouched
    world.sandbox.controls.clear_faults()
