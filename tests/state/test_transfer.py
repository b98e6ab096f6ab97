"""A state on its way between stores is whole in one of them at every moment, and no run goes on with what it left."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import pytest

from reconciler.state import moved
from reconciler.state.change import with_resource
from reconciler.state.document import dump
from reconciler.state.errors import (
    DamagedSetError,
    ForkedStateError,
    LockedError,
    MissingSetsError,
    MovedStateError,
    NoStateError,
    PushRefusedError,
    SameStoreError,
)
from reconciler.state.local import LocalStore
from reconciler.state.model import Members, Resource, State
from reconciler.state.remote.opening import open_bucket
from reconciler.state.repository import StateStore
from reconciler.state.transfer import edited, migrate, open_for, pull

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.state.store import Store
    from tests.state.conftest import Bucket

NOW: Final = datetime(2026, 1, 2, tzinfo=UTC)
OTHER: Final = "00000000-0000-4000-8000-000000000000"
"""A lineage."""

RECORD: Final = "runs/20260101T000000000000Z-ab.json"


class Killed(BaseException):
    """The process ended here."""


class Dying:
    """A store that works for so many writes and then takes the process with it."""

    def __init__(self, store: Store, budget: list[int]) -> None:
        self._store, self._budget = store, budget

    def __getattr__(self, name: str) -> object:
        if name in {"put", "swap", "delete"}:
            self._budget[0] -= 1
            if self._budget[0] < 0:
                raise Killed
        return getattr(self._store, name)


def owned(address: str, members: Members | None = None) -> Resource:
    return Resource(
        address, "7000000000000000001", "7300000000000000042", "Name", "streaming", ("idfa",), members=members
    )


@pytest.fixture
def source(root: Path, tmp_path: Path) -> StateStore:
    """A state with a delivered set, a set of a saved plan, one nobody needs, a history and a run."""
    store = StateStore(LocalStore(root))
    with store.lock("apply"):
        state = store.open()
        digests = []
        for name in ("delivered", "staged", "old"):
            (tmp_path / name).write_bytes(name.encode())
            digests.append(store.put_set(tmp_path / name))
        members = Members(digests[0], 1, 1, datetime(2026, 1, 1, tzinfo=UTC))
        state.save(with_resource(state.state, owned("audience.buyers", members)))
        store.stage("a-plan", state.state.lineage, state.state.serial, [digests[1]])
        store.record(store.history(state.state.lineage))
        store.objects.put(RECORD, b"a run")
    return store


def moved_whole(source: StateStore, target: StateStore) -> None:
    """Everything that is needed stands in `target`, as it stood in `source`."""
    for folder in ("staged/", "runs/"):
        assert target.objects.names(folder) == source.objects.names(folder) != []
    names = ["state.json", "history.json", *target.objects.names("staged/"), *target.objects.names("runs/")]
    sets = target.objects.names("sets/")
    assert len(sets) == 2
    for name in [*names, *sets]:
        there, here = target.objects.get(name), source.objects.get(name)
        assert there is not None
        assert here is not None
        assert there.content == here.content, name


def test_a_state_moves_to_a_bucket_and_back(source: StateStore, bucket: Bucket, tmp_path: Path, root: Path) -> None:
    there = StateStore(open_bucket(bucket.url))
    with source.lock("state migrate"):
        migrated = migrate(source, there, tmp_path)
    assert (migrated.serial, migrated.sets) == (1, 2)
    moved_whole(source, there)
    assert there.read_lock() is None
    with there.lock("apply"):
        state = there.open()
        state.save(with_resource(state.state, owned("audience.others")))
    with there.lock("state migrate"):
        migrate(there, source, tmp_path)
    assert StateStore(LocalStore(root)).read().state.resources.keys() == {"audience.buyers", "audience.others"}
    with pytest.raises(MovedStateError, match=str(root)):
        there.read()


def test_whoever_still_runs_on_the_old_store_is_told_where_the_state_is(source: StateStore, tmp_path: Path) -> None:
    target = StateStore(LocalStore(tmp_path / "new"))
    with source.lock("state migrate"):
        migrate(source, target, tmp_path)
    with pytest.raises(MovedStateError, match=str(tmp_path / "new")):
        source.read()
    with pytest.raises(MovedStateError), source.lock("apply"):
        pass
    assert source.read_lock() is None
    with pytest.raises(MovedStateError):
        pull(source)


def test_a_mark_that_is_damaged_still_keeps_runs_away(source: StateStore, tmp_path: Path) -> None:
    moved.mark(source.objects, str(tmp_path / "new"))
    whole = source.objects.get(moved.MOVED_NAME)
    assert whole is not None
    for at in range(len(whole.content)):
        spoilt = whole.content[:at] + bytes([whole.content[at] ^ 1]) + whole.content[at + 1 :]
        source.objects.put(moved.MOVED_NAME, spoilt)
        with pytest.raises(MovedStateError) as refused:
            source.read()
        assert refused.value.to == "another store"


def test_a_copy_leaves_the_old_store_usable(source: StateStore, tmp_path: Path) -> None:
    target = StateStore(LocalStore(tmp_path / "new"))
    with source.lock("state migrate"):
        migrate(source, target, tmp_path, keep=True)
    assert source.read().state == target.read().state
    moved_whole(source, target)


def test_killed_at_any_write_it_is_done_again_and_the_state_is_never_in_neither(
    source: StateStore, tmp_path: Path
) -> None:
    before = source.read().state
    for survived in range(100):
        target = StateStore(LocalStore(tmp_path / f"new{survived}"))
        budget = [survived]
        dying_source, dying_target = (
            StateStore(Dying(each.objects, budget))  # type: ignore[arg-type]  # a store in all its operations
            for each in (source, target)
        )
        try:
            migrate(dying_source, dying_target, tmp_path)
        except Killed:
            lock = target.read_lock()
            if lock is not None:
                target.unlock(lock.id)
            assert moved.moved_to(source.objects) in {None, target.url}
        else:
            break
        if moved.moved_to(source.objects) is None:
            assert source.read().state == before
            migrate(source, target, tmp_path)
        moved_whole(source, target)
        assert target.read().state == before
        moved.unmark(source.objects)
    assert survived > 8


@pytest.mark.parametrize("serial", [1, 7])
def test_a_target_that_is_ahead_or_forked_is_left_alone(source: StateStore, tmp_path: Path, serial: int) -> None:
    target = StateStore(LocalStore(tmp_path / "new"))
    other = dump(replace(source.read().state, serial=serial, resources={}))
    target.objects.put("state.json", other)
    with source.lock("state migrate"), pytest.raises(ForkedStateError, match=f"serial {serial}"):
        migrate(source, target, tmp_path)
    found = target.objects.get("state.json")
    assert found is not None
    assert found.content == other
    assert source.read().exists


def test_a_target_with_another_state_is_left_alone(source: StateStore, tmp_path: Path) -> None:
    target = StateStore(LocalStore(tmp_path / "new"))
    with target.lock("apply"):
        target.open(lineage=OTHER).save(State(OTHER))
    with source.lock("state migrate"), pytest.raises(ForkedStateError, match=f"lineage {OTHER}"):
        migrate(source, target, tmp_path)
    assert target.read().state.lineage == OTHER


def test_a_target_that_somebody_holds_is_left_alone(source: StateStore, tmp_path: Path) -> None:
    target = StateStore(LocalStore(tmp_path / "new"))
    with target.lock("apply"), source.lock("state migrate"), pytest.raises(LockedError):
        migrate(source, target, tmp_path)
    assert not target.read().exists


def test_there_is_no_way_to_the_same_store_or_from_none(source: StateStore, tmp_path: Path, root: Path) -> None:
    with pytest.raises(SameStoreError):
        migrate(source, StateStore(LocalStore(root)), tmp_path)
    with pytest.raises(NoStateError):
        migrate(StateStore(LocalStore(tmp_path / "empty")), source, tmp_path)


def test_a_set_that_is_damaged_stops_a_migration_before_the_state_moves(
    source: StateStore, root: Path, tmp_path: Path
) -> None:
    members = source.read().state.resources["audience.buyers"].members
    assert members is not None
    (root / "sets" / f"{members.snapshot}.parquet").write_bytes(b"something else")
    target = StateStore(LocalStore(tmp_path / "new"))
    with source.lock("state migrate"), pytest.raises(DamagedSetError):
        migrate(source, target, tmp_path)
    assert not target.read().exists
    assert source.read().exists


def pushed(store: StateStore, change: Callable[[State], State], *, force: bool = False) -> State:
    state = change(store.read().state)
    with store.lock("state push"):
        made = open_for(store, state, force=force, now=NOW)
        made.standing.save(made.state)
    return store.read().state


def test_what_was_pulled_is_pushed_at_a_serial_no_plan_was_made_at(source: StateStore) -> None:
    state, by_hand = edited(pull(source), "pulled.json")
    assert not by_hand
    assert pushed(source, lambda _: state).serial == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda state: replace(state, serial=0), "serial 0"),
        (lambda state: replace(state, lineage=OTHER), f"lineage {OTHER}"),
    ],
)
def test_an_older_state_or_another_takes_its_place_by_force_alone(
    source: StateStore, change: Callable[[State], State], reason: str
) -> None:
    with pytest.raises(PushRefusedError, match=reason):
        pushed(source, change)
    assert source.read().state.serial == 1
    assert pushed(source, change, force=True).serial == 2


def test_a_damaged_state_is_replaced_by_force_alone_and_every_plan_made_from_it_is_stale(
    source: StateStore, root: Path
) -> None:
    good, _ = edited(pull(source), "pulled.json")
    (root / "state.json").write_bytes(b"{")
    for force in (False, True):
        with source.lock("state push"):
            if not force:
                with pytest.raises(PushRefusedError, match="damaged"):
                    open_for(source, good, force=False, now=NOW)
                continue
            made = open_for(source, good, force=True, now=NOW)
            made.standing.save(made.state)
    assert source.read().state.serial > 1_000_000
    assert made.difference.added == ("audience.buyers",)
    assert made.is_blind


def test_a_state_that_points_at_a_set_that_is_not_there_is_refused_even_by_force(source: StateStore) -> None:
    members = Members("ab" * 32, 1, 1, datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(MissingSetsError, match=r"abababababab of audience\.others"):
        pushed(source, lambda state: with_resource(state, owned("audience.others", members)), force=True)


def test_what_was_changed_by_hand_is_taken_and_known_to_be(source: StateStore) -> None:
    changed = pull(source).replace(b'"Name"', b'"Another name"')
    state, by_hand = edited(changed, "pulled.json")
    assert by_hand
    assert state.resources["audience.buyers"].name == "Another name"
