"""Sets of members: named by their content, kept while something needs them, never read when damaged."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.state import sets
from reconciler.state.errors import DamagedSetError, MissingSetError, StateError, StoreError
from reconciler.state.local import LocalStore
from reconciler.state.model import Members, PendingDelivery, Resource, Run, State

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.state.store import Store

MORNING = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
STATE = State("this-lineage", serial=7)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "members.parquet"
    path.write_bytes(bytes(range(256)) * 40)
    return path


def put(store: Store, tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "set"
    path.write_bytes(content)
    return sets.put_set(store, path)


def owning(snapshot: str, state: State = STATE) -> State:
    members = Members(snapshot, 1, 1, MORNING)
    return replace(
        state, resources={"audience.a": Resource("audience.a", "7", "8", "a", "streaming", (), members=members)}
    )


def test_a_set_is_named_by_the_sha256_of_its_bytes(store: Store, file: Path) -> None:
    assert sets.put_set(store, file) == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_set_put_is_there_to_be_read(store: Store, file: Path, tmp_path: Path) -> None:
    digest = sets.put_set(store, file)
    assert sets.has_set(store, digest)
    assert sets.set_path(store, digest, tmp_path).read_bytes() == file.read_bytes()


def test_putting_a_set_twice_keeps_one(store: Store, file: Path) -> None:
    assert sets.put_set(store, file) == sets.put_set(store, file)
    assert len(store.names("sets/")) == 1


def test_a_set_in_the_store_can_be_put_again(root: Path, file: Path, tmp_path: Path) -> None:
    store = LocalStore(root)
    digest = sets.put_set(store, file)
    assert sets.put_set(store, sets.set_path(store, digest, tmp_path)) == digest
    assert sets.set_path(store, digest, tmp_path).read_bytes() == file.read_bytes()


def test_the_file_that_was_put_stays(store: Store, file: Path) -> None:
    before = file.read_bytes()
    sets.put_set(store, file)
    assert file.read_bytes() == before


def test_a_file_that_cannot_be_read_is_explained(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nothing\.parquet"):
        sets.put_set(store, tmp_path / "nothing.parquet")


def test_a_missing_set_says_the_way_out(store: Store, tmp_path: Path) -> None:
    with pytest.raises(MissingSetError) as caught:
        sets.set_path(store, "ab" * 32, tmp_path)
    assert caught.value.digest == "ab" * 32
    assert "plan again" in (caught.value.hint or "")
    assert not sets.has_set(store, "ab" * 32)


@pytest.mark.parametrize("digest", ["../state.json", "", "AB" * 32, "ab" * 32 + "\n"])
def test_what_is_no_digest_is_no_set(store: Store, tmp_path: Path, digest: str) -> None:
    store.put("state.json", b"{}")
    assert not sets.has_set(store, digest)
    with pytest.raises(MissingSetError):
        sets.set_path(store, digest, tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)  # each case writes to a disk
@given(position=st.integers(0, 256 * 40 - 1), flip=st.integers(1, 255))
def test_damage_to_any_byte_is_noticed(root: Path, file: Path, tmp_path: Path, position: int, flip: int) -> None:
    store = LocalStore(root)
    digest = sets.put_set(store, file)
    content = bytearray(file.read_bytes())
    content[position] ^= flip
    store.put(f"sets/{digest}.parquet", bytes(content))
    with pytest.raises(DamagedSetError, match=digest[:12]):
        sets.set_path(store, digest, tmp_path)


@pytest.mark.parametrize("damage", ["cut short", "empty", "longer"])
def test_damage_to_the_length_is_noticed(store: Store, file: Path, tmp_path: Path, damage: str) -> None:
    digest = sets.put_set(store, file)
    content = {"cut short": file.read_bytes()[:-1], "empty": b"", "longer": file.read_bytes() + b"\0"}[damage]
    store.put(f"sets/{digest}.parquet", content)
    with pytest.raises(DamagedSetError):
        sets.set_path(store, digest, tmp_path)


def test_putting_a_damaged_set_again_heals_it(store: Store, file: Path, tmp_path: Path) -> None:
    digest = sets.put_set(store, file)
    store.put(f"sets/{digest}.parquet", b"damaged")
    sets.put_set(store, file)
    assert sets.set_path(store, digest, tmp_path).read_bytes() == file.read_bytes()


def test_a_set_nothing_points_at_is_swept(store: Store, file: Path) -> None:
    digest = sets.put_set(store, file)
    assert sets.sweep(store, STATE) == 1
    assert not sets.has_set(store, digest)


def test_a_snapshot_is_kept(store: Store, file: Path) -> None:
    digest = sets.put_set(store, file)
    assert sets.sweep(store, owning(digest)) == 0
    assert sets.has_set(store, digest)


def test_the_target_of_a_delivery_under_way_is_kept(store: Store, file: Path) -> None:
    digest = sets.put_set(store, file)
    delivery = PendingDelivery("audience.a", "8", digest, None, "plan-1", MORNING)
    assert sets.sweep(store, replace(STATE, pending=(delivery,))) == 0
    assert sets.has_set(store, digest)


def test_the_sets_of_a_plan_made_from_this_state_are_kept(store: Store, file: Path) -> None:
    digest = sets.put_set(store, file)
    sets.stage(store, "plan-1", STATE.lineage, STATE.serial, [digest])
    assert sets.sweep(store, STATE) == 0
    assert sets.has_set(store, digest)


def test_a_plan_may_be_staged_before_its_sets_are_put(store: Store, file: Path) -> None:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    sets.stage(store, "plan-1", STATE.lineage, STATE.serial, [digest])
    sets.put_set(store, file)
    assert sets.sweep(store, STATE) == 0


@pytest.mark.parametrize(("lineage", "serial"), [("this-lineage", 6), ("this-lineage", 8), ("another-lineage", 7)])
def test_the_sets_of_a_plan_made_from_another_state_are_swept(
    store: Store, file: Path, lineage: str, serial: int
) -> None:
    digest = sets.put_set(store, file)
    sets.stage(store, "plan-1", lineage, serial, [digest])
    assert sets.sweep(store, STATE) == 1
    assert not sets.has_set(store, digest)
    assert store.names("staged/") == []


def test_the_sets_of_a_plan_whose_apply_was_interrupted_are_kept(store: Store, file: Path) -> None:
    digest = sets.put_set(store, file)
    sets.stage(store, "plan-1", STATE.lineage, 5, [digest])
    assert sets.sweep(store, replace(STATE, run=Run("plan-1", 5))) == 0
    assert sets.sweep(store, replace(STATE, run=Run("plan-2", 5))) == 1


def test_the_sets_of_an_unstaged_plan_are_swept(store: Store, file: Path) -> None:
    digest = sets.put_set(store, file)
    sets.stage(store, "plan-1", STATE.lineage, STATE.serial, [digest])
    sets.unstage(store, "plan-1")
    assert sets.sweep(store, STATE) == 1


def test_a_set_two_things_point_at_stays_until_both_are_gone(store: Store, file: Path) -> None:
    digest = sets.put_set(store, file)
    sets.stage(store, "plan-1", STATE.lineage, STATE.serial, [digest])
    sets.unstage(store, "plan-1")
    assert sets.sweep(store, owning(digest)) == 0
    assert sets.sweep(store, STATE) == 1


def test_only_what_is_needless_is_swept(store: Store, tmp_path: Path) -> None:
    kept, staged, needless = (put(store, tmp_path, content) for content in (b"kept", b"staged", b"needless"))
    sets.stage(store, "plan-1", STATE.lineage, STATE.serial, [staged])
    assert sets.sweep(store, owning(kept)) == 1
    assert [sets.has_set(store, each) for each in (kept, staged, needless)] == [True, True, False]


def test_a_file_that_is_no_set_is_not_ours_to_sweep(store: Store) -> None:
    store.put("sets/README.txt", b"do not touch")
    assert sets.sweep(store, STATE) == 0
    assert store.has("sets/README.txt")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"plan_id": 1, "serial": "x"}', b"\xff"])
def test_a_record_nobody_can_read_keeps_nothing_alive(store: Store, file: Path, content: bytes) -> None:
    sets.put_set(store, file)
    store.put("staged/plan-1.json", content)
    assert sets.sweep(store, STATE) == 1
    assert store.names("staged/") == []


def test_a_record_says_what_a_plan_needs(store: Store) -> None:
    before = datetime.now(UTC)
    staged = sets.stage(store, "plan-1", "this-lineage", 7, ["cd" * 32, "ab" * 32, "cd" * 32])
    assert (staged.plan_id, staged.lineage, staged.serial) == ("plan-1", "this-lineage", 7)
    assert staged.digests == ("ab" * 32, "cd" * 32)
    assert staged.created_at >= before


@pytest.mark.parametrize("plan_id", ["../../state", "", "a/b", "a" * 65])
def test_a_plan_id_that_leads_elsewhere_is_refused(store: Store, plan_id: str) -> None:
    with pytest.raises(StateError, match="is not the id of a plan"):
        sets.stage(store, plan_id, "this-lineage", 7, [])
    with pytest.raises(StateError, match="is not the id of a plan"):
        sets.unstage(store, plan_id)


def test_sweeping_a_store_nobody_wrote_to_makes_nothing(root: Path) -> None:
    assert sets.sweep(LocalStore(root), STATE) == 0
    assert not root.exists()
