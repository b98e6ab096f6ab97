"""What a person with a million customers relies on: a laptop is enough."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import duckdb
import pytest

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
@pytest.mark.skipif(sys.platform == "win32", reason="os.wait4 tells a child's peak memory on Unix alone")
def test_planning_a_million_people_with_two_identifiers_each_stays_under_a_gigabyte(tmp_path: Path) -> None:
    rows = f"SELECT 4000000000000 + i AS mpid, uuid() AS idfa, upper(uuid()::VARCHAR) AS gaid FROM range({PEOPLE}) t(i)"
    duckdb.sql(f"COPY ({rows}) TO '{tmp_path / 'people.parquet'}' (FORMAT parquet)")
    (tmp_path / "audiences.yaml").write_text(CONFIG, encoding="utf-8")
    out = tmp_path / "plan.txt"
    arguments = [sys.executable, "-m", "reconciler", "plan", "--sandbox", "-c", str(tmp_path / "audiences.yaml")]
    with out.open("wb") as stdout:
        child = os.posix_spawn(
            sys.executable, arguments, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, stdout.fileno(), 1)]
        )
        _, status, used = os.wait4(child, 0)
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    assert os.waitstatus_to_exitcode(status) == 0
    assert "+2,000,000 identifiers, 1,000,000 people" in out.read_text(encoding="utf-8")
    assert peak < LIMIT_BYTES, f"peak memory was {peak / (1 << 20):.0f} MB"
