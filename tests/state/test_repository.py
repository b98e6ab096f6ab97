"""The state as a whole: what a run relies on, whatever the store, and whatever happens to the process."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from reconciler.state import change
from reconciler.state.document import parse
from reconciler.state.errors import (
    DamagedStateError,
    LockedError,
    LockLostError,
    NotLockedError,
    StateConflictError,
    StateError,
    UnsupportedStoreError,
    UnwritableStateError,
)
from reconciler.state.local import LocalStore
from reconciler.state.model import PendingDelivery, Place, Resource, Run
from reconciler.state.repository import StateStore, open_state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import Popen

    from reconciler.state.store import Store

    Spawn = Callable[..., tuple[str, Popen[str]]]

A = Resource("audience.a", "7000000000000000001", "7300000000000000042", "a", "streaming", ("idfa",))
B = replace(A, address="audience.b", audience_id="7300000000000000043", name="b")


def write(state_store: StateStore, resource: Resource = A) -> None:
    with state_store.lock("test"):
        opened = state_store.open()
        opened.save(change.with_resource(opened.state, resource))


def test_a_store_without_a_state_gives_a_newborn_one(state_store: StateStore) -> None:
    stored = state_store.read()
    assert not stored.exists
    assert (stored.state.serial, stored.state.resources, stored.state.pending) == (0, {}, ())


def test_every_newborn_state_has_a_lineage_of_its_own(state_store: StateStore) -> None:
    assert state_store.read().state.lineage != state_store.read().state.lineage


def test_what_was_written_is_read(state_store: StateStore) -> None:
    write(state_store)
    stored = state_store.read()
    assert stored.exists
    assert stored.state.resources == {"audience.a": A}


def test_the_lineage_stays_and_the_serial_counts_writes(state_store: StateStore) -> None:
    write(state_store)
    first = state_store.read().state
    write(state_store, B)
    second = state_store.read().state
    assert (first.serial, second.serial) == (1, 2)
    assert first.lineage == second.lineage


def test_what_write_returns_is_what_stands(state_store: StateStore) -> None:
    with state_store.lock("test"):
        stored = state_store.read()
        written = state_store.write(change.with_resource(stored.state, A), stored)
        assert written == state_store.read()


def test_many_writes_follow_each_other_without_a_read_between(state_store: StateStore) -> None:
    with state_store.lock("test"):
        opened = state_store.open()
        for rows in range(20):
            place = Place("ef" * 32, rows=rows)
            pending = PendingDelivery("audience.a", "8", "ab" * 32, place, "plan-1", datetime(2026, 3, 1, tzinfo=UTC))
            opened.save(change.with_pending(opened.state, pending))
        assert opened.state == state_store.read().state
        assert opened.state.serial == 20


def test_the_serial_a_caller_made_up_does_not_count(state_store: StateStore) -> None:
    with state_store.lock("test"):
        opened = state_store.open()
        opened.save(replace(opened.state, serial=99))
        assert opened.state.serial == 1


def test_a_write_over_another_write_is_refused_with_both_serials(state_store: StateStore) -> None:
    write(state_store)
    mine = state_store.read()
    write(state_store, B)
    with state_store.lock("test"), pytest.raises(StateConflictError) as caught:
        state_store.write(mine.state, mine)
    assert (caught.value.expected_serial, caught.value.found_serial) == (1, 2)
    assert "serial 1" in caught.value.message
    assert "serial 2" in caught.value.message
    assert set(state_store.read().state.resources) == {"audience.a", "audience.b"}


def test_a_first_write_over_anothers_first_write_is_refused(state_store: StateStore) -> None:
    mine = state_store.read()
    write(state_store)
    theirs = state_store.read()
    with state_store.lock("test"), pytest.raises(StateConflictError):
        state_store.write(mine.state, mine)
    assert state_store.read() == theirs


def test_a_write_after_the_state_was_deleted_is_refused(store: Store) -> None:
    state_store = StateStore(store)
    write(state_store)
    mine = state_store.read()
    store.delete("state.json")
    with state_store.lock("test"), pytest.raises(StateConflictError) as caught:
        state_store.write(mine.state, mine)
    assert caught.value.found_serial is None
    assert not state_store.read().exists


def test_a_write_whose_answer_was_lost_counts_once(root: Path) -> None:
    class LostAnswer(LocalStore):
        """A store whose client asks again after it heard nothing, and meets its own object."""

        def swap(self, name: str, content: bytes, expected: str | None, /) -> str | None:
            super().swap(name, content, expected)
            return super().swap(name, content, expected)

    state_store = StateStore(LostAnswer(root))
    write(state_store)
    write(state_store, B)
    assert state_store.read().state.serial == 2


def test_a_state_of_another_lineage_is_never_mixed_in(state_store: StateStore) -> None:
    with state_store.lock("test"):
        stored = state_store.read()
        with pytest.raises(ValueError, match="lineage"):
            state_store.write(replace(stored.state, lineage="5f0c2c0e-7d5c-4d0a-9d6b-2f4f5e0f6a11"), stored)


def test_what_could_not_be_read_back_is_refused_and_the_old_state_stands(state_store: StateStore) -> None:
    write(state_store)
    before = state_store.read()
    with state_store.lock("test"), pytest.raises(UnwritableStateError):
        state_store.write(change.with_run(before.state, Run("not a plan id", 0)), before)
    assert state_store.read() == before


def test_without_the_lock_nothing_is_written_or_swept(state_store: StateStore) -> None:
    stored = state_store.read()
    with pytest.raises(NotLockedError):
        state_store.write(stored.state, stored)
    with pytest.raises(NotLockedError):
        state_store.open()
    with pytest.raises(NotLockedError):
        state_store.sweep(stored.state)
    assert not state_store.read().exists


def test_the_lock_of_another_run_is_not_ours_to_write_under(store: Store) -> None:
    mine, theirs = StateStore(store), StateStore(store)
    stored = mine.read()
    with theirs.lock("their apply"), pytest.raises(NotLockedError):
        mine.write(stored.state, stored)


def test_a_lock_lost_in_the_middle_stops_every_write(state_store: StateStore) -> None:
    with state_store.lock("test") as held:
        opened = state_store.open()
        opened.save(change.with_resource(opened.state, A))
        state_store.unlock(held.lock.id)
        with pytest.raises(LockLostError):
            opened.save(change.with_resource(opened.state, B))
        with pytest.raises(LockLostError):
            state_store.sweep(opened.state)
        assert set(opened.state.resources) == {"audience.a"}
    assert set(state_store.read().state.resources) == {"audience.a"}


def test_reading_needs_no_lock(store: Store) -> None:
    with StateStore(store).lock("someone's apply"):
        assert not StateStore(store).read().exists


def test_a_damaged_state_is_neither_read_nor_overwritten(store: Store) -> None:
    store.put("state.json", b"{ half")
    state_store = StateStore(store)
    with state_store.lock("test"), pytest.raises(DamagedStateError, match=r"state\.json"):
        state_store.open()
    found = store.get("state.json")
    assert found is not None
    assert found.content == b"{ half"


def test_sets_are_staged_kept_and_swept_through_the_state_store(state_store: StateStore, tmp_path: Path) -> None:
    members = tmp_path / "members"
    members.write_bytes(b"members")
    state = state_store.read().state
    digest = state_store.put_set(members)
    state_store.stage("plan-1", state.lineage, state.serial, [digest])
    with state_store.lock("test"):
        assert state_store.sweep(state) == 0
        assert state_store.has_set(digest)
        assert state_store.set_path(digest, tmp_path).read_bytes() == b"members"
        state_store.unstage("plan-1")
        assert state_store.sweep(state) == 1


# Counts up under the lock for ever, each serial said once it is written.
WRITE_FOR_EVER = """
import sys
from dataclasses import replace
from reconciler.state import change
from reconciler.state.model import Resource
from reconciler.state.repository import open_state

store = open_state(sys.argv[1])
with store.lock("apply"):
    opened = store.open()
    state = opened.state
    for number in range(200):
        resource = Resource(f"audience.a{number}", "7", str(number), "n" * 100, "streaming", ())
        state = change.with_resource(state, resource)
    while True:
        opened.save(state)
        print(opened.state.serial, flush=True)
"""


def test_a_run_killed_in_the_middle_of_a_write_leaves_a_whole_state_and_no_lock(root: Path, spawn: Spawn) -> None:
    said = 0
    for lines in (1, 2, 3, 5, 8):
        line, process = spawn(WRITE_FOR_EVER, str(root))
        assert process.stdout is not None
        for _ in range(lines):
            line = process.stdout.readline()
        process.kill()
        rest = process.stdout.read().split()
        process.wait()
        said = max(said, int(rest[-1] if rest else line))
        state = parse((root / "state.json").read_bytes())
        assert said <= state.serial <= said + 1
        assert len(state.resources) == 200
        said = state.serial


def test_a_reader_never_sees_half_a_state(root: Path) -> None:
    write(open_state(str(root)))
    done = threading.Event()

    def keep_writing() -> None:
        state_store = open_state(str(root))
        with state_store.lock("test"):
            opened = state_store.open()
            for number in range(60):
                opened.save(change.with_resource(opened.state, replace(A, name="n" * number)))
        done.set()

    writer = threading.Thread(target=keep_writing)
    writer.start()
    serials = []
    while not done.is_set():
        serials.append(open_state(str(root)).read().state.serial)
    writer.join()
    assert serials == sorted(serials)


# Adds one to the serial as often as it is told, waiting for the lock whenever another has it.
COUNT = """
import sys
from reconciler.state.errors import LockedError
from reconciler.state.repository import open_state

print("ready", flush=True)
sys.stdin.readline()
written = 0
while written < int(sys.argv[2]):
    store = open_state(sys.argv[1])
    try:
        with store.lock("count"):
            opened = store.open()
            opened.save(opened.state)
            written += 1
    except LockedError:
        pass
"""


def test_processes_that_take_turns_lose_no_write(root: Path, spawn: Spawn) -> None:
    processes = [spawn(COUNT, str(root), "15")[1] for _ in range(3)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    assert open_state(str(root)).read().state.serial == 45


def test_two_openers_of_one_directory_share_its_lock(root: Path) -> None:
    with open_state(str(root)).lock("apply"), pytest.raises(LockedError), open_state(str(root)).lock("apply"):
        pass


def test_a_path_and_a_file_url_are_the_same_store(root: Path) -> None:
    spaced = root / "with space"
    write(open_state(str(spaced)))
    assert open_state(spaced.as_uri()).read().state.resources == {"audience.a": A}
    assert open_state(spaced.as_uri().replace("file://", "file://localhost")).read().exists


def test_opening_makes_nothing(root: Path) -> None:
    open_state(str(root)).read()
    assert not root.exists()


@pytest.mark.parametrize("scheme", ["ftp", "https", "memory"])
def test_other_stores_are_refused_by_their_scheme_alone(scheme: str) -> None:
    with pytest.raises(UnsupportedStoreError, match=f"{scheme}://.* not available in this version") as caught:
        open_state(f"{scheme}://key:hunter2@bucket/state?sig=hunter2")
    assert "hunter2" not in str(caught.value) + (caught.value.hint or "")


@pytest.mark.parametrize("url", ["state", "./state", "", "file://state/relative", "file://"])
def test_a_relative_path_is_refused(url: str) -> None:
    with pytest.raises(StateError, match="not an absolute path"):
        open_state(url)
