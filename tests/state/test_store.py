"""What every store promises, held against a directory and against an object store's client."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.state.store import Store


def test_what_was_put_is_got(store: Store) -> None:
    store.put("sets/a.parquet", b"bytes")
    found = store.get("sets/a.parquet")
    assert found is not None
    assert found.content == b"bytes"


def test_an_object_that_is_not_there_is_none(store: Store) -> None:
    assert store.get("state.json") is None
    assert not store.has("state.json")


def test_putting_again_replaces(store: Store) -> None:
    store.put("a", b"a long first content")
    store.put("a", b"short")
    found = store.get("a")
    assert found is not None
    assert found.content == b"short"


def test_a_file_is_put_by_its_bytes(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(range(256)) * 10_000)
    store.put("sets/a.parquet", source)
    found = store.get("sets/a.parquet")
    assert found is not None
    assert found.content == source.read_bytes()


def test_creating_succeeds_once(store: Store) -> None:
    assert store.swap("lock.json", b"mine", None) is not None
    assert store.swap("lock.json", b"yours", None) is None
    found = store.get("lock.json")
    assert found is not None
    assert found.content == b"mine"


def test_a_swap_returns_the_version_that_the_next_one_needs(store: Store) -> None:
    first = store.swap("state.json", b"1", None)
    assert first is not None
    second = store.swap("state.json", b"2", first)
    assert second is not None
    assert store.swap("state.json", b"3", second) is not None


def test_a_swap_against_an_older_version_writes_nothing(store: Store) -> None:
    first = store.swap("state.json", b"1", None)
    assert first is not None
    store.swap("state.json", b"2", first)
    assert store.swap("state.json", b"mine", first) is None
    found = store.get("state.json")
    assert found is not None
    assert found.content == b"2"


def test_a_swap_does_not_bring_back_what_was_deleted(store: Store) -> None:
    version = store.swap("state.json", b"1", None)
    store.delete("state.json")
    assert store.swap("state.json", b"2", version) is None
    assert not store.has("state.json")


def test_the_version_read_is_the_version_written(store: Store) -> None:
    version = store.swap("state.json", b"1", None)
    found = store.get("state.json")
    assert found is not None
    assert found.version == version


def test_deleting_says_whether_there_was_anything(store: Store) -> None:
    store.put("a", b"")
    assert store.delete("a")
    assert not store.delete("a")


def test_deleting_by_version_spares_what_changed(store: Store) -> None:
    old = store.swap("a", b"old", None)
    assert old is not None
    store.swap("a", b"new", old)
    assert not store.delete("a", old)
    assert store.has("a")


def test_names_are_listed_by_prefix_and_sorted(store: Store) -> None:
    for name in ("sets/b", "sets/a", "staged/c", "state.json"):
        store.put(name, b"")
    assert store.names("sets/") == ["sets/a", "sets/b"]


def test_nothing_under_a_prefix_is_an_empty_list(store: Store) -> None:
    assert store.names("sets/") == []


def test_a_fetched_file_has_the_objects_bytes(store: Store, tmp_path: Path) -> None:
    store.put("sets/a.parquet", b"bytes")
    path = store.fetch("sets/a.parquet", tmp_path)
    assert path is not None
    assert path.read_bytes() == b"bytes"


def test_fetching_what_is_not_there_is_none(store: Store, tmp_path: Path) -> None:
    assert store.fetch("sets/a.parquet", tmp_path) is None
