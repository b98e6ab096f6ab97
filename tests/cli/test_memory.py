"""What a person with a million customers relies on: a laptop is enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.cli.measured import can_measure, measured

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = 1_000_000
LIMIT_BYTES = 1 << 30

CONFIG = """\
version: 1
advertisers: {acme: {advertiser_id: "7000000000000000001"}}
sources: {people: {path: people.parquet, identities: {mpid: mpid, idfa: idfa, gaid: gaid}}}
audiences: {everyone: {advertiser: acme, source: people}}
"""


@pytest.mark.slow
@can_measure
def test_planning_a_million_people_with_two_identifiers_each_stays_under_a_gigabyte(tmp_path: Path) -> None:
    rows = f"SELECT 4000000000000 + i AS mpid, uuid() AS idfa, upper(uuid()::VARCHAR) AS gaid FROM range({PEOPLE}) t(i)"
    duckdb.sql(f"COPY ({rows}) TO '{tmp_path / 'people.parquet'}' (FORMAT parquet)")
    (tmp_path / "audiences.yaml").write_text(CONFIG, encoding="utf-8")
    planned = measured(tmp_path, "plan", "--sandbox")
    assert planned.code == 0, planned.err
    assert "+2,000,000 identifiers, 1,000,000 people" in planned.out
    assert planned.peak < LIMIT_BYTES, f"peak memory was {planned.peak / (1 << 20):.0f} MB"
