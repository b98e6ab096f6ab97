"""The people that benchmarks are run on are as the benchmarks say."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from tests.benchmarks.people import write_people

if TYPE_CHECKING:
    from pathlib import Path


def _rows(path: Path) -> set[tuple[object, ...]]:
    table = pq.read_table(path)
    return set(zip(*(column.to_pylist() for column in table.columns), strict=True))


def test_one_in_twenty_is_replaced(before: Path, after: Path) -> None:
    old, new = _rows(before), _rows(after)
    assert len(old - new) == len(new - old) == len(old) // 20


def test_everybody_is_somebody_else(before: Path) -> None:
    table = pq.read_table(before)
    assert [len(set(column.to_pylist())) for column in table.columns] == [table.num_rows] * 3


def test_device_ids_are_spelled_as_devices_do(before: Path) -> None:
    for _mpid, idfa, gaid in _rows(before):
        assert str(uuid.UUID(str(idfa))).upper() == idfa
        assert str(uuid.UUID(str(gaid))) == gaid


def test_any_two_segments_share_six_tenths_of_their_people(tmp_path: Path) -> None:
    table = pq.read_table(write_people(tmp_path / "people.parquet", 10_000, segments=3))
    segments = [
        {mpid for mpid, is_in in zip(table["mpid"].to_pylist(), table[f"in_{i}"].to_pylist(), strict=True) if is_in}
        for i in range(3)
    ]
    for one in segments:
        for other in segments:
            if one is not other:
                assert len(one & other) / len(one) == pytest.approx(0.6, abs=0.03)
