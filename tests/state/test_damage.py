"""Damage in any single byte of what the state is made of is noticed before anything rests on it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reconciler.state import history
from reconciler.state.document import dump, parse
from reconciler.state.errors import DamagedSetError, DamagedStateError, NewerStateError, UnusableHistoryError
from reconciler.state.history_model import AccountSighting, AudienceHistory, History, Sighting
from reconciler.state.local import LocalStore
from reconciler.state.repository import StateStore

if TYPE_CHECKING:
    from collections.abc import Iterator

NEWEST: Final = max((Path(__file__).parent / "documents").iterdir(), key=lambda each: int(each.stem[1:]))


def damaged(whole: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the content with each byte flipped in a bit, turned into another sign, doubled, lost, and cut off there."""
    for at, byte in enumerate(whole):
        before, after = whole[:at], whole[at + 1 :]
        yield f"bit 0 of byte {at}", before + bytes([byte ^ 1]) + after
        yield f"bit 5 of byte {at}", before + bytes([byte ^ 32]) + after
        yield f"bit 7 of byte {at}", before + bytes([byte ^ 128]) + after
        yield f"byte {at} is a space", before + (b" " if byte != 32 else b"\t") + after
        yield f"byte {at} is a digit", before + (b"7" if byte != 55 else b"3") + after
        yield f"byte {at} twice", before + bytes([byte, byte]) + after
        yield f"byte {at} lost", before + after
        yield f"nothing from byte {at} on", before


def test_a_state_damaged_in_any_byte_is_refused() -> None:
    whole = NEWEST.read_bytes()
    assert dump(parse(whole)) == whole
    for what, content in damaged(whole):
        try:
            parse(content)
        except (DamagedStateError, NewerStateError):
            continue
        pytest.fail(f"taken for a state: {what}")


def test_a_state_with_anything_behind_it_is_refused() -> None:
    for more in (b" ", b"\n", b"\0", b"{}"):
        with pytest.raises(DamagedStateError):
            parse(NEWEST.read_bytes() + more)


def test_a_set_damaged_in_any_byte_is_refused(tmp_path: Path) -> None:
    root, path = tmp_path / "state", tmp_path / "set.parquet"
    pq.write_table(pa.table({"idfa_md5": pa.array([b"0123456789abcdef", b"fedcba9876543210"], pa.binary(16))}), path)
    store = StateStore(LocalStore(root))
    digest = store.put_set(path)
    (kept,) = (root / "sets").iterdir()
    whole = kept.read_bytes()
    kept.chmod(0o600)
    for what, content in damaged(whole):
        kept.write_bytes(content)
        try:
            store.set_path(digest, tmp_path)
        except DamagedSetError:
            continue
        pytest.fail(f"taken for the set: {what}")
    kept.write_bytes(whole)
    assert store.set_path(digest, tmp_path).read_bytes() == whole


def test_a_history_damaged_in_any_byte_is_not_used() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    seen = AudienceHistory(
        "CUSTOMER_FILE", shared=False, uses=None, sightings=(Sighting(at, 5, 7, 1, 0),), sub_type="X"
    )
    accounts = {"7000000000000000001": AccountSighting(at, "STATUS_ENABLE", "Admin")}
    known = History("a-lineage", accounts, {"7300000000000000042": seen})
    whole = history.dump(known)
    assert history.parse(whole, "a-lineage") == known
    for what, content in damaged(whole):
        try:
            history.parse(content, "a-lineage")
        except UnusableHistoryError:
            continue
        pytest.fail(f"taken for a history: {what}")
