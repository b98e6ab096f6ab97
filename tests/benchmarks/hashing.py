"""Hashing

How many identifiers a second become a set, that is a file that is sorted, counted, distinct and digested, beside
DuckDB alone hashing the same file and keeping nothing. One process each; medians of several rounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.benchmarks import bare
from tests.benchmarks.figures import MEGABYTE, Figure
from tests.benchmarks.people import write_people
from tests.benchmarks.sets import build_set
from tests.benchmarks.stages import Spent, alone, median

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.benchmarks.figures import Scale

_PEOPLE: Final = 4_000_000
_OURS: Final = "reconciler: a set"
_TRIMMED: Final = "DuckDB alone: md5(lower(trim(id)))"


def measure(scale: Scale) -> list[Figure]:
    """Hash the same file in every way."""
    people = scale.people_or(_PEOPLE)
    source = scale.folder / "people.parquet"
    alone(write_people, source, people)
    works: Mapping[str, Callable[[], Spent[object]]] = {
        _TRIMMED: lambda: alone(bare.hash_trimmed, source),
        "DuckDB alone: md5(id)": lambda: alone(bare.hash_plain, source),
        _OURS: lambda: alone(build_set, source, scale.folder / "everybody"),
    }
    taken = {name: [work() for _ in range(scale.rounds)] for name, work in works.items()}
    rates = {name: 2 * people / median(spent) for name, spent in taken.items()}
    return [
        *(
            Figure(name, rate, "identifiers/s", f"peak {max(each.peak for each in taken[name]) / MEGABYTE:,.0f} MB")
            for name, rate in rates.items()
        ),
        Figure("reconciler, of bare DuckDB", 100 * rates[_OURS] / rates[_TRIMMED], "%", "lower(trim(id))"),
    ]
