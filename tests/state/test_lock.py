"""One writer at a time: who is kept out, who may take over, and what a person can do."""

from __future__ import annotations

import json
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.state import lock
from reconciler.state.errors import DamagedLockError, LockedError, LockLostError, NotLockedError, WrongLockError
from reconciler.state.local import LocalStore
from reconciler.state.repository import open_state
from reconciler.state.store import StoredObject

if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import Popen

    from reconciler.state.lock import Held
    from reconciler.state.model import Lock
    from reconciler.state.repository import StateStore
    from reconciler.state.store import Store

    Spawn = Callable[..., tuple[str, Popen[str]]]

# Holds the lock, says its id, and ends when its standard input does.
HOLD = """
import sys
from reconciler.state.repository import open_state

with open_state(sys.argv[1]).lock("apply of plan 3f2a", who="ana") as held:
    print(held.lock.id, flush=True)
    sys.stdin.read()
"""


def kill(process: Popen[str]) -> None:
    """End it as ``kill -9`` and the out-of-memory killer do: without a chance to clean up."""
    process.kill()
    process.wait()


def test_the_lock_stands_while_it_is_held_and_goes_after(state_store: StateStore) -> None:
    with state_store.lock("apply of plan 3f2a", who="ana") as held:
        assert state_store.read_lock() == held.lock
    assert state_store.read_lock() is None


def test_the_lock_says_who_where_since_when_and_why(state_store: StateStore) -> None:
    before = datetime.now(UTC)
    with state_store.lock("apply of plan 3f2a", who="ana") as held:
        assert (held.lock.who, held.lock.why) == ("ana", "apply of plan 3f2a")
        assert socket.gethostname() in held.lock.where
        assert str(os.getpid()) in held.lock.where
        assert before <= held.lock.since <= before + timedelta(minutes=1)


def test_the_lock_names_the_user_of_the_process_by_default(
    state_store: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "ben")
    with state_store.lock("apply") as held:
        assert held.lock.who == "ben"


def test_a_user_without_a_name_can_lock_too(state_store: StateStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr("getpass.getuser", nameless)
    with state_store.lock("apply") as held:
        assert held.lock.who


def test_a_lock_that_was_free_was_taken_over_from_nobody(state_store: StateStore) -> None:
    with state_store.lock("apply") as held:
        assert held.taken_over_from is None


def test_the_lock_goes_when_the_run_fails(state_store: StateStore) -> None:
    with pytest.raises(RuntimeError), state_store.lock("apply"):
        raise RuntimeError("TikTok is down")
    assert state_store.read_lock() is None


def test_a_second_run_is_told_who_holds_it_and_the_way_out(store: Store) -> None:
    with lock.hold(store, "apply of plan 3f2a", "ana") as held:
        with pytest.raises(LockedError) as caught, lock.hold(store, "another apply", "ben"):
            pass
        assert caught.value.lock == held.lock
        for part in ("ana", socket.gethostname(), f"{held.lock.since:%Y-%m-%d %H:%M:%S}", "apply of plan 3f2a"):
            assert part in caught.value.message
        assert f"reconciler state unlock {held.lock.id}" in (caught.value.hint or "")
        assert lock.read(store) == held.lock


def test_another_process_that_lives_keeps_everyone_out(root: Path, spawn: Spawn) -> None:
    lock_id, _ = spawn(HOLD, str(root))
    with pytest.raises(LockedError) as caught, open_state(str(root)).lock("apply"):
        pass
    assert (caught.value.lock.id, caught.value.lock.who) == (lock_id, "ana")


def test_another_process_that_ended_keeps_nobody_out(root: Path, spawn: Spawn) -> None:
    _, process = spawn(HOLD, str(root))
    process.communicate()
    assert process.returncode == 0
    with open_state(str(root)).lock("apply") as held:
        assert held.taken_over_from is None


def test_the_lock_of_a_killed_process_is_taken_over_and_reported(root: Path, spawn: Spawn) -> None:
    lock_id, process = spawn(HOLD, str(root))
    kill(process)
    state_store = open_state(str(root))
    with state_store.lock("apply") as held:
        assert held.taken_over_from is not None
        assert (held.taken_over_from.id, held.taken_over_from.who) == (lock_id, "ana")
        assert state_store.read_lock() == held.lock
    assert state_store.read_lock() is None


def test_a_takeover_leaves_nothing_of_the_dead_behind(root: Path, spawn: Spawn, temporary_directory: Path) -> None:
    _, process = spawn(HOLD, str(root))
    kill(process)
    with open_state(str(root)).lock("apply"):
        pass
    assert [path for path in temporary_directory.rglob("*") if path.is_file()] == []


def test_of_many_runs_that_find_a_dead_one_exactly_one_takes_over(root: Path, spawn: Spawn) -> None:
    _, process = spawn(HOLD, str(root))
    kill(process)
    start, end = Barrier(6), Barrier(6)

    def attempt(_: int) -> Held | None:
        start.wait()
        try:
            with lock.hold(LocalStore(root), "apply") as held:
                end.wait()
                return held
        except LockedError:
            end.wait()
            return None

    with ThreadPoolExecutor(6) as threads:
        outcomes = list(threads.map(attempt, range(6)))
    held = [each for each in outcomes if each is not None]
    assert len(held) == 1
    assert held[0].taken_over_from is not None


def elsewhere(store: Store, *, since: str = "2026-03-01T09:30:00Z") -> str:
    """Leave the lock of a run on another machine, which no process here has proof about; return its id."""
    lock_id = "0b8f0f5e-45a3-4d0c-9b60-0d7a2f7c9a11"
    document = {"id": lock_id, "who": "ana", "where": "build-7 (process 1)", "since": since, "why": "apply"}
    store.put("lock.json", json.dumps(document).encode())
    return lock_id


def test_a_lock_from_another_machine_is_never_taken_over(store: Store) -> None:
    elsewhere(store, since="2001-01-01T00:00:00Z")
    with pytest.raises(LockedError, match=r"build-7 \(process 1\)"), lock.hold(store, "apply"):
        pass


def test_a_lost_lock_is_left_to_its_new_holder(store: Store) -> None:
    with lock.hold(store, "apply") as held:
        lock.unlock(store, held.lock.id)
        other = elsewhere(store)
    found = lock.read(store)
    assert found is not None
    assert found.id == other


def test_a_run_that_was_unlocked_notices(store: Store) -> None:
    with lock.hold(store, "apply") as held:
        lock.unlock(store, held.lock.id)
        with pytest.raises(LockLostError, match="someone unlocked"):
            lock.require(store, held.lock)


def test_a_run_whose_lock_is_anothers_notices(store: Store) -> None:
    with lock.hold(store, "apply") as held:
        elsewhere(store)
        with pytest.raises(LockLostError, match="ana on build-7"):
            lock.require(store, held.lock)


def test_unlock_removes_the_lock_of_that_id_and_returns_it(store: Store) -> None:
    lock_id = elsewhere(store)
    assert lock.unlock(store, lock_id).who == "ana"
    assert lock.read(store) is None


def test_unlock_refuses_a_wrong_id_and_names_the_right_one(store: Store) -> None:
    lock_id = elsewhere(store)
    with pytest.raises(WrongLockError, match=lock_id):
        lock.unlock(store, "5f0c2c0e-7d5c-4d0a-9d6b-2f4f5e0f6a11")
    assert lock.read(store) is not None


def test_unlock_of_what_is_not_locked_says_so(store: Store) -> None:
    with pytest.raises(NotLockedError):
        lock.unlock(store, "5f0c2c0e-7d5c-4d0a-9d6b-2f4f5e0f6a11")


def test_unlocking_a_killed_run_leaves_nothing_behind(root: Path, spawn: Spawn, temporary_directory: Path) -> None:
    lock_id, process = spawn(HOLD, str(root))
    kill(process)
    open_state(str(root)).unlock(lock_id)
    assert [path for path in temporary_directory.rglob("*") if path.is_file()] == []


@given(
    st.binary(max_size=50)
    | st.dictionaries(
        st.sampled_from(["id", "who", "where", "since", "why"]), st.none() | st.integers() | st.text(max_size=9)
    ).map(lambda tree: json.dumps(tree).encode())
)
def test_a_lock_nobody_can_read_keeps_everyone_out_and_says_so(content: bytes) -> None:
    class Damaged(LocalStore):
        def get(self, name: str, /) -> StoredObject:
            return StoredObject(content, "1")

    with pytest.raises(DamagedLockError, match=r"/srv/state/lock\.json"):
        lock.read(Damaged(Path("/srv/state")))


def test_a_lock_whose_answer_was_lost_is_ours(root: Path) -> None:
    class LostAnswer(LocalStore):
        """A store whose client asks again after it heard nothing, and meets its own object."""

        def swap(self, name: str, content: bytes, expected: str | None, /) -> str | None:
            super().swap(name, content, expected)
            return super().swap(name, content, expected)

    store = LostAnswer(root)
    with lock.hold(store, "apply") as held:
        assert held.taken_over_from is None
        assert lock.read(store) == held.lock


def test_a_lock_let_go_between_two_looks_is_taken(root: Path) -> None:
    class LetGoMeanwhile(LocalStore):
        def get(self, name: str, /) -> StoredObject | None:
            found = super().get(name)
            if found is not None and b"build-7" in found.content:
                self.delete(name)
                return None
            return found

    store = LetGoMeanwhile(root)
    elsewhere(store)
    with lock.hold(store, "apply") as held:
        assert lock.read(store) == held.lock


def test_an_unlock_that_comes_too_late_says_so(root: Path) -> None:
    class LetGoMeanwhile(LocalStore):
        def delete(self, name: str, expected: str | None = None, /) -> bool:
            super().delete(name)
            return super().delete(name, expected)

    store = LetGoMeanwhile(root)
    with pytest.raises(NotLockedError):
        lock.unlock(store, elsewhere(store))


@pytest.mark.parametrize("off", [timedelta(days=-3650), timedelta(hours=-9), timedelta(hours=9), timedelta(days=3650)])
def test_whose_clock_is_elsewhere_holds_the_lock_all_the_same(store: Store, off: timedelta) -> None:
    since = (datetime.now(UTC) + off).replace(microsecond=0)
    document = {
        "id": "5f0c2c0e-7d5c-4d0a-9d6b-2f4f5e0f6a11",
        "who": "ana",
        "where": "another machine (process 7)",
        "since": since.isoformat().replace("+00:00", "Z"),
        "why": "apply",
    }
    store.swap(lock.LOCK_NAME, json.dumps(document).encode(), None)
    with pytest.raises(LockedError, match=f"by ana on another machine .* since {since:%Y-%m-%d %H:%M:%S} UTC"):
        lock.hold(store, "apply").__enter__()
    assert lock.unlock(store, document["id"]).since == since
    with lock.hold(store, "apply"):
        pass


def test_waiting_ends_where_the_lock_does_not_come_and_whose_it_is_was_told_once(store: Store) -> None:
    told: list[Lock] = []
    with lock.hold(store, "apply of plan 3f2a", who="ana"):
        with pytest.raises(LockedError, match="by ana"), lock.hold(store, "apply", patience=0.6, waits_for=told.append):
            pytest.fail("two at once")
        assert [each.who for each in told] == ["ana"]
    with lock.hold(store, "apply", patience=0.6, waits_for=told.append):
        assert len(told) == 1
