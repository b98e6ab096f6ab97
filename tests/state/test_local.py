"""What a directory promises beyond what every store does."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from reconciler.state.errors import StoreError
from reconciler.state.local import LocalStore

if TYPE_CHECKING:
    from pathlib import Path


def incoming(root: Path) -> list[Path]:
    return list((root / ".incoming").iterdir())


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_only_the_owner_can_read_anything(root: Path, tmp_path: Path) -> None:
    source = tmp_path / "set"
    source.write_bytes(b"members")
    source.chmod(0o644)
    previous = os.umask(0)
    try:
        store = LocalStore(root / "deeper")
        store.put("sets/a.parquet", source)
        store.put("staged/plan.json", b"{}")
        store.swap("state.json", b"{}", None)
    finally:
        os.umask(previous)
    store_root = root / "deeper"
    modes = {path: path.stat().st_mode & 0o777 for path in (store_root, *store_root.rglob("*"))}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_directory_that_exists_keeps_its_permissions(root: Path) -> None:
    root.mkdir()
    root.chmod(0o750)
    LocalStore(root).put("a", b"")
    assert root.stat().st_mode & 0o777 == 0o750


def test_looking_makes_nothing(root: Path, tmp_path: Path) -> None:
    store = LocalStore(root)
    store.get("state.json")
    store.names("sets/")
    store.fetch("a", tmp_path)
    store.delete("a")
    store.tidy()
    assert not root.exists()


def test_the_directory_is_made_with_its_parents(root: Path) -> None:
    LocalStore(root / "a" / "b").put("x", b"1")
    assert (root / "a" / "b" / "x").read_bytes() == b"1"


def test_a_set_is_read_in_place(root: Path, tmp_path: Path) -> None:
    store = LocalStore(root)
    store.put("sets/a.parquet", b"bytes")
    assert store.fetch("sets/a.parquet", tmp_path) == root / "sets" / "a.parquet"


@pytest.mark.parametrize("interrupted", ["fsync", "replace"])
def test_a_write_that_fails_half_way_leaves_the_old_content_and_no_litter(
    root: Path, monkeypatch: pytest.MonkeyPatch, interrupted: str
) -> None:
    store = LocalStore(root)
    version = store.swap("state.json", b"old", None)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, interrupted, fail)
    with pytest.raises(StoreError, match="No space left on device"):
        store.swap("state.json", b"new", version)
    monkeypatch.undo()
    assert (root / "state.json").read_bytes() == b"old"
    assert incoming(root) == []


def test_a_swap_that_lost_leaves_no_litter(root: Path) -> None:
    store = LocalStore(root)
    store.swap("lock.json", b"mine", None)
    store.swap("lock.json", b"yours", None)
    assert incoming(root) == []


def test_leftovers_of_a_killed_writer_are_tidied_after_a_day(root: Path) -> None:
    store = LocalStore(root)
    store.put("a", b"")
    leftover = root / ".incoming" / "tmp-of-a-killed-run"
    leftover.write_bytes(b"half a set")
    two_days_ago = time.time() - 48 * 3600
    os.utime(leftover, (two_days_ago, two_days_ago))
    store.tidy()
    assert incoming(root) == []


def test_a_file_being_written_is_not_tidied_away(root: Path) -> None:
    store = LocalStore(root)
    store.put("a", b"")
    under_way = root / ".incoming" / "tmp-of-a-live-run"
    under_way.write_bytes(b"half a set")
    store.tidy()
    assert incoming(root) == [under_way]


def test_leftovers_are_not_listed(root: Path) -> None:
    store = LocalStore(root)
    store.put("sets/a", b"")
    (root / ".incoming" / "sets").write_bytes(b"")
    assert store.names("sets/") == ["sets/a"]


def test_of_many_swaps_at_once_exactly_one_succeeds(root: Path) -> None:
    version = LocalStore(root).swap("state.json", b"start", None)
    start = Barrier(8)

    def swap(number: int) -> str | None:
        start.wait()
        return LocalStore(root).swap("state.json", str(number).encode(), version)

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(swap, range(8)))
    won = [number for number, outcome in enumerate(outcomes) if outcome is not None]
    assert len(won) == 1
    assert (root / "state.json").read_text() == str(won[0])


def test_a_path_that_is_no_directory_is_explained(root: Path) -> None:
    root.write_text("a file")
    with pytest.raises(StoreError) as caught:
        LocalStore(root).put("sets/a", b"")
    assert str(root) in caught.value.message
    assert caught.value.hint


def test_a_guard_that_is_never_let_go_is_explained(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.state.local._GUARD_SECONDS", 0)
    store = LocalStore(root)
    store.put("a", b"")
    with FileLock(root / ".guard"), pytest.raises(StoreError, match="busy"):
        store.swap("a", b"", None)
