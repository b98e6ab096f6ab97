"""Tables taken apart by their digests: nobody is lost between two parts, however many there are."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reconciler.identity.engines.duckdb import Limits, connect
from reconciler.identity.sets import ownership

if TYPE_CHECKING:
    from pathlib import Path

DIGESTS = sorted(hashlib.sha256(str(number).encode()).digest() for number in range(300))


@pytest.mark.parametrize("at_once", [1_000, 30, 5, 1], ids=["whole", "ranges", "halves-of-sixteenths", "single-bytes"])
def test_every_row_is_in_one_part_and_parts_follow_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(ownership, "_AT_ONCE", at_once)
    for side, digests in (("some", DIGESTS[::7]), ("all", DIGESTS)):
        (tmp_path / side).mkdir()
        pq.write_table(pa.table({"hash": digests[::-1]}), tmp_path / side / "a.parquet")
    some: list[bytes] = []
    every: list[bytes] = []
    with connect(Limits(tmp_path, "256MB", 1)) as backend:
        tables = [backend.landed(tmp_path / side) for side in ("some", "all")]
        for parts in ownership.apart(backend, tables, "hash", len(DIGESTS), tmp_path / "apart"):
            for part, found in zip(parts, (some, every), strict=True):
                found.extend(sorted(row for batch in backend.batches(part) for row in batch.column(0).to_pylist()))
    assert every == DIGESTS
    assert some == DIGESTS[::7]


def test_a_file_that_another_of_its_name_replaced_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "landed" / "a.parquet"
    path.parent.mkdir()
    with connect(Limits(tmp_path, "256MB", 1)) as backend:
        for digest in DIGESTS[:40]:
            path.unlink(missing_ok=True)
            pq.write_table(pa.table({"hash": [digest]}), path)
            table = backend.landed(path.parent)
            from_there = table.filter(table["hash"] >= ibis.literal(digest[:1], "binary"))
            assert [row for batch in backend.batches(from_there) for row in batch.column(0).to_pylist()] == [digest]
