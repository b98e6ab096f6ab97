"""One action's trouble is its own, unless it is everybody's; and a plan is applied to the world it was made for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.apply.deliver import IN_FLIGHT
from reconciler.apply.errors import StalePlanError
from reconciler.apply.model import OutcomeStatus
from reconciler.config import Lifecycle
from reconciler.sandbox import TOKEN
from reconciler.state import change
from tests.apply.wire import CREATE, MAPPING, Wire, at
from tests.apply.world import STREAMING, US, World, action_at, members, outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.apply.model import Applied

UPDATE = "custom_audience/update/"
FOREVER = 1_000_000
DONE, BLOCKED, FAILED, SKIPPED = (
    OutcomeStatus.DONE,
    OutcomeStatus.BLOCKED,
    OutcomeStatus.FAILED,
    OutcomeStatus.SKIPPED,
)


@pytest.fixture
def world(world: World) -> World:
    """Audiences a and b, to be renamed and to hold others; c and d, to be made."""
    world.declare("a", range(30))
    world.declare("b", range(30))
    world.apply()
    world.declare("a", range(10, 40), name="A renamed")
    world.declare("b", range(10, 40), name="B renamed")
    world.declare("c", range(50))
    world.declare("d", range(50))
    world.sandbox.controls.clear_requests()
    return world


def statuses(applied: Applied) -> dict[str, OutcomeStatus]:
    return {each.address.removeprefix("audience."): each.status for each in applied.outcomes}


def writes(world: World) -> int:
    return len(world.requests("", "POST"))


def test_everything_is_told_in_the_order_it_happened(world: World) -> None:
    applied = world.apply()

    assert applied.succeeded
    assert [(each.address, each.added, each.removed) for each in applied.outcomes] == [
        ("audience.a", 10, 10),
        ("audience.b", 10, 10),
        ("audience.c", 50, 0),
        ("audience.d", 50, 0),
    ]
    assert [each.audience_id for each in applied.outcomes] == [world.id_of(key) for key in "abcd"]


class TestOneFails:
    """The others go on; the same plan, applied again, does what is left."""

    def test_the_others_are_done(self, world: World) -> None:
        plan = world.plan()
        world.sandbox.controls.add_fault("not_ready", path=UPDATE, body=world.id_of("a"))
        applied = world.apply(plan)

        assert statuses(applied) == {"a": FAILED, "b": DONE, "c": DONE, "d": DONE}
        assert "The task is not ready" in outcome_of(applied, "a").message
        assert outcome_of(applied, "a").way_out
        assert world.apply(plan).succeeded
        assert sorted(world.audiences().values()) == ["A renamed", "B renamed", "C", "D"]
        assert world.people_in(world.id_of("a")) == members(range(10, 40))

    def test_nothing_that_was_done_is_sent_again(self, world: World) -> None:
        plan = world.plan()
        world.sandbox.controls.add_fault("not_ready", path=UPDATE, body=world.id_of("a"))
        world.apply(plan)
        world.sandbox.controls.clear_requests()
        world.apply(plan)

        assert [each.path for each in world.requests("", "POST")] == [
            "/dmp/custom_audience/update/",
            "/segment/mapping/",
            "/segment/mapping/",
        ]

    def test_a_create_that_is_refused_leaves_the_others_alone(self, world: World) -> None:
        world.sandbox.controls.add_fault("not_ready", path=CREATE, body='"C"')
        applied = world.apply()

        assert statuses(applied) == {"a": DONE, "b": DONE, "c": FAILED, "d": DONE}
        assert world.apply().succeeded
        assert sorted(world.audiences().values()) == ["A renamed", "B renamed", "C", "D"]


class TestNothingCanGoOn:
    """Where the next action would only meet the same, or must not be tried, it is not begun."""

    def test_a_token_that_dies_stops_everything(self, world: World) -> None:
        Wire(world, CREATE, at(1, lambda: world.sandbox.controls.expire_token(TOKEN)))
        applied = world.apply()

        assert statuses(applied) == {"a": SKIPPED, "b": SKIPPED, "c": FAILED, "d": SKIPPED}
        assert "Log in again" in outcome_of(applied, "c").way_out
        assert outcome_of(applied, "a").message.startswith("not filled: ")
        assert outcome_of(applied, "d").message.startswith("not begun: ")

    def test_a_network_that_is_gone_stops_everything(self, world: World) -> None:
        plan = world.plan()
        world.sandbox.controls.add_fault("drop_before", path=UPDATE, times=FOREVER)
        applied = world.apply(plan)

        assert statuses(applied) == {"a": FAILED, "b": SKIPPED, "c": SKIPPED, "d": SKIPPED}
        world.sandbox.controls.clear_faults()
        assert world.apply(plan).succeeded

    @pytest.mark.parametrize("path", [MAPPING, CREATE, UPDATE])
    def test_a_lock_that_is_lost_stops_everything_and_nothing_more_is_written(self, world: World, path: str) -> None:
        stood: list[bytes] = []

        def unlock() -> None:
            lock = world.state_store.read_lock()
            assert lock is not None
            world.state_store.unlock(lock.id)
            stored = world.store.get("state.json")
            assert stored is not None
            stood.append(stored.content)
            world.sandbox.controls.clear_requests()

        Wire(world, path, at(1, unlock))
        applied = world.apply()

        failed = [each for each in applied.outcomes if each.status is FAILED]
        assert failed
        assert all("lost its lock" in each.message for each in failed)
        assert {each.status for each in applied.outcomes} <= {FAILED, SKIPPED}
        assert writes(world) <= IN_FLIGHT, "what was on its way before the state was to be written"
        stored = world.store.get("state.json")
        assert stored is not None
        assert stored.content == stood[0]

    def test_what_another_run_writes_under_its_own_lock_stands(self, world: World) -> None:
        def take_over() -> None:
            lock = world.state_store.read_lock()
            assert lock is not None
            world.state_store.unlock(lock.id)
            world.mend(lambda state: change.without_resource(state, "audience.b"))

        Wire(world, MAPPING, at(1, take_over))
        applied = world.apply()

        assert set(statuses(applied).values()) == {FAILED}
        assert "audience.b" not in world.state.resources


class TestTheWorldChangedSinceThePlan:
    """What no longer fits waits for another plan; the rest is done."""

    def test_an_audience_that_was_renamed_keeps_that_name(self, world: World) -> None:
        plan = world.plan()
        world.sandbox.controls.rename(world.id_of("a"), "Do not touch")
        applied = world.apply(plan)

        assert statuses(applied) == {"a": BLOCKED, "b": DONE, "c": DONE, "d": DONE}
        assert world.audiences()[world.id_of("a")] == "Do not touch"
        assert world.people_in(world.id_of("a")) == members(range(30))

    def test_an_audience_that_vanished_is_not_made_again(self, world: World) -> None:
        plan = world.plan()
        world.sandbox.controls.delete(world.id_of("a"))
        applied = world.apply(plan)

        assert statuses(applied) == {"a": BLOCKED, "b": DONE, "c": DONE, "d": DONE}
        assert sorted(world.audiences().values()) == ["B renamed", "C", "D"]

    def test_a_name_that_was_taken_is_not_taken_twice(self, world: World) -> None:
        plan = world.plan()
        other = world.sandbox.controls.add_audience(US, "C", STREAMING)
        applied = world.apply(plan)

        assert statuses(applied) == {"a": DONE, "b": DONE, "c": BLOCKED, "d": DONE}
        assert [each for each, name in world.audiences().items() if name == "C"] == [other]
        assert world.people_in(other) == set()

    def test_a_role_that_was_taken_away_blocks_what_it_permitted(self, world: World) -> None:
        plan = world.plan()
        world.sandbox.controls.set_role(US, "ANALYST")
        applied = world.apply(plan)

        assert set(statuses(applied).values()) == {BLOCKED}
        assert writes(world) == 0

    @pytest.mark.parametrize(
        "mended",
        [
            lambda state: change.without_resource(state, "audience.a"),
            lambda state: change.moved(state, "audience.a", "audience.z"),
        ],
    )
    def test_what_the_state_gave_away_in_the_middle_is_left_alone(
        self, world: World, mended: Callable[[object], object]
    ) -> None:
        plan, audience_id = world.plan(), world.id_of("a")
        world.sandbox.controls.add_fault("not_ready", path=UPDATE, body=audience_id)
        world.apply(plan)
        world.mend(mended)  # type: ignore[arg-type]  # state in, state out
        applied = world.apply(plan)

        assert statuses(applied) == {"a": BLOCKED, "b": DONE, "c": DONE, "d": DONE}
        assert world.audiences()[audience_id] == "A"


class TestBlocked:
    """What the plan says is blocked is left out."""

    @pytest.fixture
    def world(self, world: World) -> World:
        world.declare("a", range(100, 130), name="A renamed", lifecycle=Lifecycle(max_removal_percent=10))
        return world

    def test_the_rest_is_done_on_request(self, world: World) -> None:
        plan = world.plan()
        applied = world.apply(plan, skip_blocked=True)

        assert action_at(plan, "a").is_blocked
        assert statuses(applied) == {"a": BLOCKED, "b": DONE, "c": DONE, "d": DONE}
        assert not applied.succeeded
        assert world.audiences()[world.id_of("a")] == "A"
        assert world.people_in(world.id_of("a")) == members(range(30))


class TestAgain:
    """Which plan goes on, and which has had its time."""

    def test_a_plan_that_was_applied_is_stale(self, world: World) -> None:
        plan = world.plan()
        world.apply(plan)

        with pytest.raises(StalePlanError):
            world.apply(plan)

    def test_a_plan_that_stopped_half_way_is_stale_once_another_was_applied(self, world: World) -> None:
        plan = world.plan()
        world.sandbox.controls.add_fault("not_ready", path=UPDATE)
        world.apply(plan)
        world.apply()

        with pytest.raises(StalePlanError):
            world.apply(plan)

    def test_a_plan_that_stopped_half_way_is_stale_once_another_was_begun(self, world: World) -> None:
        plan = world.plan()
        world.sandbox.controls.add_fault("not_ready", path=UPDATE, times=2)
        world.apply(plan)
        world.apply()

        with pytest.raises(StalePlanError):
            world.apply(plan)

    def test_after_an_apply_nothing_is_left_to_do(self, world: World) -> None:
        world.apply()

        assert not world.plan().has_changes
