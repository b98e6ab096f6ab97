"""What is too long for its kind is as damaged as what is of another kind, and is not read to find that out."""

from __future__ import annotations

import os
import tracemalloc
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import repeat
from typing import TYPE_CHECKING, Final

import obstore
import pytest

from reconciler.state import lock, moved, sizes, transfer
from reconciler.state.errors import (
    DamagedLockError,
    DamagedStateError,
    OversizedObjectError,
    OversizedWriteError,
    PushRefusedError,
    StateError,
    UnusableHistoryError,
)
from reconciler.state.history_model import History
from reconciler.state.journal import UnusableRecordError
from reconciler.state.journal_model import RunRecord, RunStatus
from reconciler.state.local import LocalStore
from reconciler.state.model import State
from reconciler.state.remote.opening import open_bucket
from reconciler.state.repository import StateStore
from tests.state.test_remote import Quiet, answering

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.state.store import Store
    from tests.state.conftest import Bucket

HUGE: Final = 3 << 30
MEGABYTE: Final = 1 << 20
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
LINEAGE: Final = "0b9d9e5c-3c0e-4a51-9d6e-0f7a3c1d2e4b"
RECORD: Final = "runs/20260101T000000000000Z-0f.json"
OF_THEIR_KIND: Final[dict[str, type[StateError]]] = {
    "state.json": DamagedStateError,
    "history.json": UnusableHistoryError,
    "lock.json": DamagedLockError,
    RECORD: UnusableRecordError,
    "moved.json": OversizedObjectError,
    "staged/a.json": OversizedObjectError,
}


def sparse(path: Path, size: int = HUGE) -> Path:
    """Make a file of zeros that takes no room on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)
    return path


@contextmanager
def in_little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * MEGABYTE, f"{peak / MEGABYTE:.0f} MB"


@pytest.fixture
def local(root: Path) -> StateStore:
    return StateStore(LocalStore(root))


@pytest.mark.parametrize("name", OF_THEIR_KIND)
def test_what_is_too_long_is_not_read_and_told_as_damage_to_its_kind(root: Path, name: str) -> None:
    sparse(root / name)
    with in_little_memory(), pytest.raises(OF_THEIR_KIND[name]) as refused:
        LocalStore(root).get(name)
    limit = {"history.json": "256 MB", "lock.json": "64 kB", "moved.json": "64 kB"}.get(name, "64 MB")
    assert f"{root}/{name}" in refused.value.message
    assert f"larger than {limit}" in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize("name", ["lock.json", "moved.json"])
def test_the_last_byte_that_fits_is_read_and_the_next_is_not(store: Store, tmp_path: Path, name: str) -> None:
    store.put(name, sparse(tmp_path / "fits", sizes.NOTE))
    found = store.get(name)
    assert found is not None
    assert len(found.content) == sizes.NOTE
    store.put(name, sparse(tmp_path / "too long", sizes.NOTE + 1))
    with pytest.raises(OF_THEIR_KIND[name], match="larger than 64 kB"):
        store.get(name)


def test_a_state_that_is_too_long_is_damaged(local: StateStore, root: Path) -> None:
    sparse(root / "state.json")
    with in_little_memory():
        with pytest.raises(DamagedStateError, match=r"state\.json is damaged: it is larger than 64 MB"):
            local.read()
        with pytest.raises(DamagedStateError):
            transfer.pull(local)


def test_a_state_that_is_too_long_is_pushed_over_by_force_alone(local: StateStore, root: Path) -> None:
    sparse(root / "state.json")
    with in_little_memory(), local.lock("push"):
        with pytest.raises(PushRefusedError, match="damaged"):
            transfer.open_for(local, State(LINEAGE, 7), force=False, now=NOW)
        made = transfer.open_for(local, State(LINEAGE, 7), force=True, now=NOW)
        made.standing.save(made.state)
    assert local.read().state.serial > 1_000_000


def test_force_does_not_push_over_what_changed_meanwhile(local: StateStore, root: Path) -> None:
    sparse(root / "state.json")
    with local.lock("push"):
        standing = transfer.open_for(local, State(LINEAGE), force=True, now=NOW).standing
        sparse(root / "state.json", HUGE + 1)
        with pytest.raises(DamagedStateError):
            standing.save(State(LINEAGE))
    assert (root / "state.json").stat().st_size == HUGE + 1


def test_a_history_that_is_too_long_is_told_of_and_replaced(local: StateStore, root: Path) -> None:
    sparse(root / "history.json")
    warnings: list[UnusableHistoryError] = []
    with in_little_memory(), local.lock("apply"):
        begun = local.history(LINEAGE, warn=warnings.append)
        local.record(begun)
    assert begun == History(LINEAGE)
    assert "larger than 256 MB" in warnings[0].message
    assert local.history(LINEAGE, warn=lambda why: pytest.fail(why.message)) == begun


def test_a_lock_that_is_too_long_keeps_everyone_out(local: StateStore, root: Path) -> None:
    sparse(root / "lock.json")
    with in_little_memory():
        with pytest.raises(DamagedLockError, match="larger than 64 kB"), local.lock("apply"):
            pytest.fail("it was locked")
        with pytest.raises(DamagedLockError):
            local.read_lock()
        with pytest.raises(DamagedLockError):
            local.unlock("any")


def test_a_lock_in_a_bucket_that_is_too_long_keeps_everyone_out(store: Store, tmp_path: Path) -> None:
    store.put("lock.json", sparse(tmp_path / "long", sizes.NOTE + 1))
    with pytest.raises(DamagedLockError, match="larger than 64 kB"), lock.hold(store, "apply"):
        pytest.fail("it was locked")


def test_a_record_that_is_too_long_is_told_of_and_the_others_are_read(local: StateStore, root: Path) -> None:
    at = datetime(2025, 1, 1, tzinfo=UTC)
    whole = RunRecord("0e", "apply", (), "me", "here", "1.0", at, RunStatus.DONE)
    local.journal.keep(whole)
    sparse(root / RECORD)
    warnings: list[UnusableRecordError] = []
    with in_little_memory():
        assert list(local.journal.newest_first(warn=warnings.append)) == [whole]
    assert [RECORD in each.message and "larger than 64 MB" in each.message for each in warnings] == [True]


def test_a_mark_that_is_too_long_lets_nobody_go_on(local: StateStore, root: Path) -> None:
    sparse(root / moved.MOVED_NAME)
    with in_little_memory(), pytest.raises(OversizedObjectError, match=r"moved\.json cannot be read"):
        local.read()


def test_a_staged_record_that_is_too_long_keeps_no_set_alive(local: StateStore, root: Path) -> None:
    staged = sparse(root / "staged" / "a.json")
    with in_little_memory(), local.lock("apply"):
        local.sweep(State(LINEAGE))
    assert not staged.exists()


@pytest.mark.parametrize("name", ["lock.json", "moved.json"])
def test_what_could_not_be_read_again_is_not_written(store: Store, name: str) -> None:
    version = store.swap(name, b"stands", None)
    too_long = b" " * (sizes.NOTE + 1)
    with pytest.raises(OversizedWriteError, match=f"{name} would be larger than 64 kB"):
        store.swap(name, too_long, version)
    with pytest.raises(OversizedWriteError):
        store.put(name, too_long)
    found = store.get(name)
    assert found is not None
    assert found.content == b"stands"


def test_a_state_that_could_not_be_read_again_is_not_written(
    local: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with local.lock("apply"):
        standing = local.open()
        standing.save(standing.state)
        monkeypatch.setattr(sizes, "DOCUMENT", 10)
        with pytest.raises(OversizedWriteError) as refused:
            standing.save(standing.state)
        monkeypatch.undo()
    assert "state.url of its own" in (refused.value.hint or "")
    assert local.read().state == standing.state


@pytest.mark.skipif(os.name == "nt", reason="Windows has no /dev/zero")
def test_a_file_that_is_longer_than_it_says_is_left_at_the_limit(root: Path) -> None:
    root.mkdir()
    (root / "lock.json").symlink_to("/dev/zero")  # which says that it is empty
    with in_little_memory(), pytest.raises(DamagedLockError):
        LocalStore(root).get("lock.json")


def test_of_an_object_that_is_too_long_next_to_nothing_is_fetched(s3_bucket: Bucket) -> None:
    sent = 0

    class Endless(Quiet):
        def do_GET(self) -> None:  # noqa: N802  # the server asks for this name
            nonlocal sent
            self.send_response(200)
            self.send_header("ETag", '"a"')
            self.send_header("Last-Modified", "Mon, 02 Mar 2026 09:30:00 GMT")
            self.send_header("Content-Length", str(HUGE))
            self.end_headers()
            try:
                while sent < HUGE:
                    sent += self.wfile.write(b"\0" * MEGABYTE)
            except OSError:
                self.close_connection = True

    with answering(Endless) as endpoint:
        store = open_bucket(f"{s3_bucket.url}?endpoint={endpoint}")
        with pytest.raises(DamagedStateError, match="larger than 64 MB") as refused:
            store.get("state.json")
        assert store.url in refused.value.message
    assert sent < sizes.DOCUMENT


def test_an_object_that_is_longer_than_it_says_is_left_at_the_limit(
    s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Longer:
        meta = {"size": 1, "e_tag": "a"}  # noqa: RUF012  # as obstore has it

        def stream(self, *, min_chunk_size: int) -> Iterator[bytes]:
            assert min_chunk_size > 0
            return repeat(b"\0" * 1_000)

    monkeypatch.setattr(obstore, "get", lambda *_: Longer())
    with pytest.raises(DamagedLockError, match="larger than 64 kB"):
        open_bucket(s3_bucket.url).get("lock.json")
