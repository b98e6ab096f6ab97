"""What a person with a million customers relies on: a laptop is enough."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import pytest

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = 1_000_000
LIMIT_BYTES = 1 << 30

# A process counts the memory of the one that started it as its own peak, and the process of many tests holds much. So
# one that holds little starts the one that is measured.
MEASURE = """\
import os, sys
started = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(started, 0)
print(used.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""

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
    arguments = [sys.executable, "-m", "reconciler", "plan", "--sandbox", "-c", str(tmp_path / "audiences.yaml")]
    planned = subprocess.run([sys.executable, "-c", MEASURE, *arguments], capture_output=True, text=True, check=True)
    peak = int(planned.stderr.splitlines()[-1]) * (1 if sys.platform == "darwin" else 1024)
    assert "+2,000,000 identifiers, 1,000,000 people" in planned.stdout
    assert peak < LIMIT_BYTES, f"peak memory was {peak / (1 << 20):.0f} MB"
