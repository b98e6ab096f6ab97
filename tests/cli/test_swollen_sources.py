"""A source that is made to swell: it is read or refused in as little memory as any other."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Mapping
from itertools import repeat
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.measured import can_measure, measured

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, can_measure]

LIMIT_BYTES: Final = 640 << 20
"""What DuckDB may hold, and the process beside it; each source is of 400 MB or more once it is read."""
ID: Final = "0bfb14a7-8b38-4a3b-9f8b-97f3e4d4a1f2"
CELL: Final = b"a" * 10_000_000
ROWS: Final = 40

CONFIG: Final = """\
version: 1
advertisers: {{acme: {{advertiser_id: "7000000000000000001"}}}}
sources: {{people: {{path: {name}, identities: {{mpid: mpid, idfa: idfa}}}}}}
audiences: {{everyone: {{advertiser: acme, source: people}}}}
"""

_Swollen = Mapping[str, Callable[[], Iterable[bytes]]]
READ: Final[_Swollen] = {
    "notes.jsonl": lambda: (b'{"mpid":%d,"idfa":"%s","note":"%s"}\n' % (i, ID.encode(), CELL) for i in range(ROWS)),
    "ids.jsonl": lambda: (b'{"mpid":%d,"idfa":"%s"}\n' % (i, CELL) for i in range(ROWS)),
}
REFUSED: Final[_Swollen] = {
    "cells.csv": lambda: (b"mpid,idfa\n", *(b"%d,%s\n" % (i, CELL) for i in range(ROWS))),
    "quoted.csv": lambda: (b"mpid,idfa,note\n", *repeat(b'1,%s,"%s"\n' % (ID.encode(), CELL[:-1] + b"\n"), ROWS)),
    "open.csv": lambda: (b'mpid,idfa\n1,"', *repeat((ID.encode() + b"\n") * 280_000, ROWS)),
    "line.csv": lambda: repeat(CELL, ROWS),
    "nested.jsonl": lambda: repeat(b"[[[[" * 2_500_000, ROWS),
    "object.jsonl": lambda: (b'{"mpid":1,"idfa":"%s","x":[' % ID.encode(), *repeat(b"1," * 5_000_000, ROWS), b"1]}\n"),
    "columns.csv": lambda: (b"mpid,idfa", *(b",c%d" % i for i in range(100_000)), b"\n1,%s\n" % ID.encode()),
}


def _write(path: Path, content: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(content)
    (path.parent / "audiences.yaml").write_text(CONFIG.format(name=path.name), encoding="utf-8")


def _assert_bounded(peak: int) -> None:
    assert peak < LIMIT_BYTES, f"peak memory was {peak / (1 << 20):.0f} MB"


@pytest.mark.parametrize("name", READ)
def test_cells_of_ten_megabytes_are_read(tmp_path: Path, name: str) -> None:
    _write(tmp_path / name, READ[name]())
    planned = measured(tmp_path, "plan", "--sandbox")
    assert planned.code == 0, planned.err
    assert f"{ROWS if name.startswith('notes') else 0} people" in planned.out
    assert CELL[:100].decode() not in planned.out + planned.err
    _assert_bounded(planned.peak)


def test_a_parquet_file_that_is_hundreds_of_times_its_size_is_read(tmp_path: Path) -> None:
    path = tmp_path / "cells.parquet"
    schema = pa.schema([("mpid", pa.int64()), ("idfa", pa.string()), ("note", pa.string())])
    _write(path, ())
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for number in range(ROWS):
            writer.write_table(pa.table({"mpid": [number], "idfa": [ID], "note": [CELL.decode()]}, schema))
    planned = measured(tmp_path, "plan", "--sandbox")
    assert planned.code == 0, planned.err
    _assert_bounded(planned.peak)


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_export_looks_like_is_refused(tmp_path: Path, name: str) -> None:
    _write(tmp_path / name, REFUSED[name]())
    planned = measured(tmp_path, "plan", "--sandbox")
    assert planned.code == 1
    assert name in planned.err
    assert "something unexpected" not in planned.err
    assert max(map(len, planned.err.splitlines())) < 400
    _assert_bounded(planned.peak)


def test_what_swells_as_it_is_decompressed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    _write(path, ())
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(b"mpid,idfa\n")
        for _ in range(100):
            file.write(b"0" * len(CELL))
    assert path.stat().st_size < 2 << 20
    planned = measured(tmp_path, "plan", "--sandbox")
    assert planned.code == 1
    assert "bomb.csv.gz" in planned.err
    _assert_bounded(planned.peak)
