"""How fast people go through the pipeline, beside bare DuckDB hashing the same file, and how much memory it takes.

    python tests/benchmarks/bench_pipeline.py --people 1000000

Each stage runs in a process of its own, so that its peak memory is its own. Measures only; asserts nothing.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb

from reconciler.identifiers import Identity, MappedColumn
from reconciler.identity import Delivered, Engine

if TYPE_CHECKING:
    from collections.abc import Callable

_COLUMNS: Final = (
    MappedColumn(Identity.MPID, "mpid"),
    MappedColumn(Identity.IDFA, "ios_idfa"),
    MappedColumn(Identity.GAID, "gaid"),
)
_SENT: Final = (Identity.IDFA, Identity.GAID)
_MEGABYTE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Measured:
    """What a stage took: seconds of wall clock, and the peak resident memory of its process in bytes."""

    stage: str
    seconds: float
    peak: int


def generate(folder: Path, people: int) -> None:
    """Write two sources of `people` rows, two device ids each; in the second every 20th person is another."""
    dashed = r"regexp_replace({0}, '(.{{8}})(.{{4}})(.{{4}})(.{{4}})(.{{12}})', '\1-\2-\3-\4-\5')"
    with duckdb.connect() as connection:
        for name, moved in (("before", 0), ("after", people)):
            connection.execute(
                f"""
                COPY (
                    WITH persons AS (
                        SELECT CASE WHEN i % 20 = 0 THEN i + {moved} ELSE i END AS person FROM range({people}) AS r(i)
                    ), hashed AS (
                        SELECT person, md5('idfa' || person) AS a, md5('gaid' || person) AS b FROM persons
                    )
                    SELECT
                        person + 7300000000000000000 AS mpid,
                        upper({dashed.format("a")}) AS ios_idfa,
                        {dashed.format("b")} AS gaid
                    FROM hashed
                ) TO '{folder / name}.parquet' (FORMAT parquet)
                """
            )


def bare(folder: Path) -> None:
    """Hash and count the same identifiers with DuckDB alone: no rules, no persons, no set kept."""
    with duckdb.connect() as connection:
        connection.execute(
            "SELECT count(DISTINCT md5(lower(ios_idfa))), count(DISTINCT md5(lower(gaid))), count(DISTINCT mpid) "
            f"FROM '{folder / 'before.parquet'}'"
        ).fetchall()


def build_before(folder: Path) -> None:
    """Build the set that is taken for delivered later."""
    _build(folder, "before")


def build_after(folder: Path) -> None:
    """Build the wanted set, one person in twenty of which is new."""
    _build(folder, "after")


def delta_to_nothing(folder: Path) -> None:
    """Compare with nothing delivered yet."""
    with Engine(folder / "scratch") as engine:
        engine.delta(Delivered(), folder / "after.set")


def delta_to_snapshot(folder: Path) -> None:
    """Compare with a snapshot that shares 95 % of the people."""
    with Engine(folder / "scratch") as engine:
        engine.delta(Delivered(folder / "before.set"), folder / "after.set")


def plan(folder: Path) -> None:
    """Do what a plan does in one process: build, and compare with nothing and with a snapshot."""
    _build(folder, "after")
    delta_to_nothing(folder)
    delta_to_snapshot(folder)


def rows_of_everything(folder: Path) -> None:
    """Stream every row of a first delivery."""
    with Engine(folder / "scratch") as engine:
        for _batch in engine.rows(Delivered(), folder / "after.set", "add"):
            pass


def _build(folder: Path, name: str) -> None:
    with Engine(folder / "scratch") as engine:
        engine.build(str(folder / f"{name}.parquet"), _COLUMNS, _SENT, None, folder / f"{name}.set")


def measure(stage: Callable[[Path], None], folder: Path) -> Measured:
    """Run `stage` in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        seconds, peak = pool.apply(_timed, (stage, folder))
    return Measured(stage.__name__.replace("_", " "), seconds, peak)


def _timed(stage: Callable[[Path], None], folder: Path) -> tuple[float, int]:
    begun = time.perf_counter()
    stage(folder)
    taken = time.perf_counter() - begun
    # Kilobytes on Linux, bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    return taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    """Measure every stage and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1_000_000, help="how many people, two identifiers each")
    people = parser.parse_args().people
    with tempfile.TemporaryDirectory(prefix="bench-pipeline-") as temporary:
        folder = Path(temporary)
        generate(folder, people)
        stages = (bare, build_before, build_after, delta_to_nothing, delta_to_snapshot, plan, rows_of_everything)
        measured = [measure(stage, folder) for stage in stages]
    sys.stdout.write(f"{people:,} people, two identifiers each\n\n")
    sys.stdout.write(f"{'stage':<20}{'seconds':>9}{'people/s':>13}{'of bare':>9}{'peak MB':>9}\n")
    for each in measured:
        speed, ratio = people / each.seconds, each.seconds / measured[0].seconds
        sys.stdout.write(
            f"{each.stage:<20}{each.seconds:>9.2f}{speed:>13,.0f}{ratio:>8.1f}x{each.peak / _MEGABYTE:>9,.0f}\n"
        )


if __name__ == "__main__":
    main()
