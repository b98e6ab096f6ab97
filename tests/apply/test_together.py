"""Audiences of one account are filled together: who joins or leaves several of them travels once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.apply import run
from reconciler.apply.model import OutcomeStatus
from reconciler.state import change
from reconciler.state.earlier import UNKNOWN_ROUTE
from reconciler.state.model import PendingDelivery, Place
from tests.apply.wire import CREATE, MAPPING, Wire, at
from tests.apply.world import BATCH, EU, US, World, members, outcome_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.state.model import State

FOREVER = 1_000_000
WANTED: Mapping[str, range] = {"a": range(100), "b": range(50, 150), "c": range(120)}
ROWS = 150
ROWS_ALONE = 100 + 100 + 120


@pytest.fixture
def world(world: World) -> World:
    """Audiences that share most of their people, to be made."""
    for key, people in WANTED.items():
        world.declare(key, people)
    return world


def fail_from(world: World, request: int) -> None:
    """Let TikTok refuse every delivery from that request on, for good."""
    world.sandbox.controls.add_fault("not_ready", path=MAPPING, skip=request - 1, times=FOREVER)


def go_on(world: World) -> int:
    """Apply a fresh plan, with nothing in the way; return how many rows TikTok took from it."""
    world.sandbox.controls.clear_faults()
    world.sandbox.controls.clear_requests()
    assert world.apply().succeeded
    return rows_taken(world)


def rows_taken(world: World) -> int:
    return sum(each.rows for each in world.requests(MAPPING) if each.code == 0)


def places(world: World) -> set[Place | None]:
    return {each.place for each in world.state.pending if isinstance(each, PendingDelivery)}


def assert_holds(world: World, wanted: Mapping[str, range]) -> None:
    for key, people in wanted.items():
        assert world.people_in(world.id_of(key)) == members(people), key
    assert world.state.pending == ()


def test_who_joins_several_travels_once(world: World) -> None:
    applied = world.apply()

    assert (applied.rows, applied.rows_saved) == (ROWS, ROWS_ALONE - ROWS)
    assert rows_taken(world) == ROWS
    assert_holds(world, WANTED)


def test_who_leaves_several_travels_once(world: World) -> None:
    world.apply()
    for key, people in WANTED.items():
        world.declare(key, range(people.start, people.stop - 40))
    applied = world.apply()

    assert (applied.added, applied.removed) == (0, 120)
    assert applied.rows == len({*range(60, 100), *range(110, 150), *range(80, 120)})
    assert_holds(world, {key: range(people.start, people.stop - 40) for key, people in WANTED.items()})


def test_who_joins_one_and_leaves_another_does_both(world: World) -> None:
    world.apply()
    turned = {"a": range(50, 150), "b": range(100), "c": range(120)}
    for key, people in turned.items():
        world.declare(key, people)
    applied = world.apply()

    assert [(each.added, each.removed) for each in applied.outcomes] == [(50, 50), (50, 50)]
    assert_holds(world, turned)


def test_each_outcome_tells_its_own_people(world: World) -> None:
    applied = world.apply()

    assert {each.address: each.added for each in applied.outcomes} == {
        f"audience.{key}": len(people) for key, people in WANTED.items()
    }


def test_the_requests_that_sharing_saved_are_told(world: World) -> None:
    applied = world.apply()

    alone = sum(-(-len(people) // BATCH) for people in WANTED.values())
    assert applied.requests == -(-ROWS // BATCH)
    assert applied.requests_saved == alone - applied.requests


def test_one_alone_saves_nothing(world: World) -> None:
    applied = world.apply(world.plan(targets=["audience.a"]))

    assert (applied.rows, applied.rows_saved, applied.requests_saved) == (100, 0, 0)


def test_everything_is_made_and_renamed_before_anybody_travels(world: World) -> None:
    world.apply()
    world.declare("a", range(10, 100), name="A renamed")
    world.declare("d", range(10))
    world.sandbox.controls.clear_requests()
    world.apply()

    assert [each.path for each in world.sandbox.controls.requests() if each.method == "POST"][:3] == [
        "/dmp/custom_audience/update/",
        "/segment/audience/",
        "/segment/mapping/",
    ]


def test_nothing_is_deleted_before_everybody_has_arrived(world: World) -> None:
    world.apply()
    world.undeclare("a")
    world.declare("b", range(200))
    fail_from(world, 3)
    world.apply()

    paths = [each.path for each in world.sandbox.controls.requests() if each.method == "POST"]
    assert paths.index("/dmp/custom_audience/delete/") > max(
        place for place, path in enumerate(paths) if path == "/segment/mapping/"
    )


def test_accounts_do_not_mix(world: World) -> None:
    world.declare("elsewhere", range(100), advertiser="eu")
    applied = world.apply()

    sent = Counter[str | None]()
    for each in world.requests(MAPPING):
        sent[each.advertiser_id] += each.rows
    assert applied.rows == ROWS + 100
    assert sent == {US: ROWS, EU: 100}
    assert_holds(world, {**WANTED, "elsewhere": range(100)})


def test_what_fails_those_who_travel_together_leaves_other_accounts_alone(world: World) -> None:
    world.declare("elsewhere", range(100), advertiser="eu")
    world.sandbox.controls.add_fault("not_ready", path=MAPPING, body=US, times=FOREVER)
    applied = world.apply()

    messages = {outcome_of(applied, key).message for key in WANTED}
    assert {outcome_of(applied, key).status for key in WANTED} == {OutcomeStatus.FAILED}
    assert len(messages) == 1
    assert "The task is not ready" in messages.pop()
    assert outcome_of(applied, "elsewhere").is_done


def test_an_audience_that_tiktok_refuses_fails_alone(world: World) -> None:
    world.apply()
    turned = {"a": range(50, 150), "b": range(100), "c": range(90)}
    for key, people in turned.items():
        world.declare(key, people)
    gone = world.id_of("b")
    Wire(world, MAPPING, at(2, lambda: world.sandbox.controls.delete(gone)))
    applied = world.apply()

    assert {key: outcome_of(applied, key).status for key in turned} == {
        "a": OutcomeStatus.DONE,
        "b": OutcomeStatus.FAILED,
        "c": OutcomeStatus.DONE,
    }
    assert world.people_in(world.id_of("a")) == members(turned["a"])
    assert world.people_in(world.id_of("c")) == members(turned["c"])
    assert {each.address for each in world.state.pending} == {"audience.b"}

    assert world.apply().succeeded
    assert_holds(world, turned)


def test_what_fails_before_it_travels_leaves_those_who_would_have_shared_alone(world: World) -> None:
    world.sandbox.controls.add_fault("not_ready", path=CREATE, body='"B"')
    applied = world.apply()

    assert {each.address: each.is_done for each in applied.outcomes} == {
        "audience.a": True,
        "audience.b": False,
        "audience.c": True,
    }
    assert applied.rows == 120


def test_more_than_a_request_can_name_go_in_several_rounds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "MOST_LEGS", 2)
    applied = world.apply()

    assert applied.succeeded
    assert applied.rows == ROWS + len(WANTED["c"])
    assert_holds(world, WANTED)


def test_a_round_that_fails_leaves_the_next_one_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "MOST_LEGS", 2)
    world.apply(world.plan(skip_members=True))
    world.sandbox.controls.add_fault("not_ready", path=MAPPING, body=world.id_of("a"), times=FOREVER)
    applied = world.apply()

    assert [each.is_done for each in applied.outcomes] == [False, False, True]


def test_what_one_request_may_carry_is_the_persons_to_say(world: World) -> None:
    applied = world.apply()

    assert max(each.rows for each in world.requests(MAPPING)) == BATCH
    assert applied.requests == len(world.requests(MAPPING))


class TestStopped:
    """All have one place, and it holds as long as they are the same."""

    STOPPED_AT = 5
    CERTAIN = 4 * BATCH

    @pytest.fixture
    def world(self, world: World) -> World:
        fail_from(world, self.STOPPED_AT)
        world.apply()
        return world

    def test_they_go_on_together(self, world: World) -> None:
        (place,) = places(world)
        assert place is not None
        assert place.rows == self.CERTAIN

        assert go_on(world) == ROWS - self.CERTAIN
        assert_holds(world, WANTED)

    def test_the_outcome_tells_what_arrived_now_and_what_sharing_saved_of_it(self, world: World) -> None:
        world.sandbox.controls.clear_faults()
        applied = world.apply()

        assert applied.rows == ROWS - self.CERTAIN
        assert applied.rows_alone == pytest.approx(ROWS_ALONE * (ROWS - self.CERTAIN) / ROWS, abs=1)

    def test_one_that_wants_others_by_now_makes_all_start_anew(self, world: World) -> None:
        world.declare("b", range(60, 150))

        assert go_on(world) >= ROWS
        assert_holds(world, {**WANTED, "b": range(60, 150)})

    def test_one_that_joins_makes_all_start_anew(self, world: World) -> None:
        world.declare("d", range(30, 40))

        assert go_on(world) == ROWS
        assert_holds(world, {**WANTED, "d": range(30, 40)})

    def test_one_that_is_gone_makes_the_others_start_anew(self, world: World) -> None:
        world.undeclare("b")

        assert go_on(world) == 120
        assert_holds(world, {"a": WANTED["a"], "c": WANTED["c"]})

    def test_one_that_ended_alone_makes_the_others_start_anew(self, world: World) -> None:
        world.sandbox.controls.clear_faults()
        world.apply(world.plan(targets=["audience.b"]))

        assert go_on(world) == 120
        assert_holds(world, WANTED)

    def test_one_that_was_tried_alone_makes_all_start_anew(self, world: World) -> None:
        world.sandbox.controls.clear_faults()
        fail_from(world, 2)
        world.apply(world.plan(targets=["audience.b"]))
        assert len(places(world)) == 2

        assert go_on(world) == ROWS
        assert_holds(world, WANTED)

    def test_a_place_that_nobody_can_make_sense_of_makes_all_start_anew(self, world: World) -> None:
        def forget(state: State) -> State:
            for each in state.pending:
                assert isinstance(each, PendingDelivery)
                state = change.with_pending(state, replace(each, place=Place(UNKNOWN_ROUTE)))
            return state

        world.mend(forget)
        assert go_on(world) == ROWS
        assert_holds(world, WANTED)
