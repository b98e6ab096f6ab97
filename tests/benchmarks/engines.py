"""DuckDB beside Spark

The same set built by both engines from the same file on the same machine. The first set of a session pays for its
start; the second does not. Memory is that of the process and, for Spark, of its JVM.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.identity import Engine, UnsupportedEngineError
from tests.benchmarks.figures import MEGABYTE, Figure, NotMeasuredError
from tests.benchmarks.people import write_people
from tests.benchmarks.sets import build_with
from tests.benchmarks.stages import alone, timed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.benchmarks.figures import Scale

_PEOPLE: Final = 2_000_000
_ENGINES: Final = ("duckdb", "local[2]")


def measure(scale: Scale) -> list[Figure]:
    """Build the same set twice with each engine."""
    people = scale.people_or(_PEOPLE)
    source = scale.folder / "people.parquet"
    alone(write_people, source, people)
    figures: list[Figure] = []
    for url in _ENGINES:
        spent = alone(build_twice, source, scale.folder / url, url)
        first, second = spent.outcome
        peak = f"{people:,} people; peak {spent.peak / MEGABYTE:,.0f} MB"
        figures += [
            Figure(f"{url}: first set, start included", first, "s", peak),
            Figure(f"{url}: second set", second, "s", f"{people / second:,.0f} people/s"),
        ]
    return figures


def build_twice(source: Path, folder: Path, url: str) -> tuple[float, float]:
    """Build the same set twice in one session; return the seconds of each.

    Raises:
        NotMeasuredError: There is no such engine here.
    """

    def start() -> Engine:
        try:
            engine = Engine(folder / "scratch", url=url)
            build_with(engine, source, folder / "first")
        except UnsupportedEngineError as problem:
            raise NotMeasuredError(f"engine {url}: {problem.message}") from None
        return engine

    started = timed(start)
    with started.outcome as engine:
        again = timed(lambda: build_with(engine, source, folder / "second"))
    return started.seconds, again.seconds
