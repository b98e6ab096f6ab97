"""Source to wire

How many people a second go from a Parquet file to a server on the same machine: read, normalised, hashed, made
distinct, counted, compared with the state, planned, stored, encoded and sent. Two device ids and an MPID a person, a
first delivery, the whole of `apply --auto-approve` in a process that has everything imported. Beside it in the same
run a hand-written script that does the same whole job, and DuckDB alone hashing the same file. The server takes its
share of the cores. Medians of several rounds.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.benchmarks import bare, by_hand
from tests.benchmarks.figures import MEGABYTE, Figure
from tests.benchmarks.people import write_people
from tests.benchmarks.project import Project, warm_up
from tests.benchmarks.sink import serving
from tests.benchmarks.stages import Spent, alone, median, timed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tests.benchmarks.figures import Scale

_PEOPLE: Final = 4_000_000
_ROWS: Final = (1_000, 10_000)
"""Rows of a request: the default, and the most a person may ask for."""

_TRIMMED: Final = "DuckDB alone: md5(lower(trim(id)))"
_PLAIN: Final = "DuckDB alone: md5(id)"
_BY_HAND: Final = "by hand: PyArrow, hashlib, sets, orjson, httpx; 1,000 rows a request"


@dataclass(frozen=True, slots=True)
class Applied:
    """An apply: all of it, and the part after the plan."""

    whole: Spent[None]
    delivering: float


def measure(scale: Scale) -> list[Figure]:
    """Take every measurement once a round, so that all of them see the same weather."""
    people = scale.people_or(_PEOPLE)
    source = scale.folder / "people.parquet"
    alone(write_people, source, people)
    taken: dict[str, list[Spent[object]]] = defaultdict(list)
    delivering: dict[str, list[float]] = defaultdict(list)
    with serving(counts_rows=False) as sink:
        works: Mapping[str, Callable[[Path], Spent[object]]] = {
            _TRIMMED: lambda _: alone(bare.hash_trimmed, source),
            _PLAIN: lambda _: alone(bare.hash_plain, source),
            _BY_HAND: lambda folder: alone(
                by_hand.deliver, source, folder / "snapshot.parquet", sink.base_url, "7300000000000000000", "7"
            ),
        }
        for number in range(scale.rounds):
            folder = scale.folder / f"round-{number}"
            folder.mkdir()
            for name, work in works.items():
                taken[name].append(work(folder))
            for rows in _ROWS:
                applied = alone(apply, source, folder / f"rows-{rows}", sink.base_url, rows).outcome
                taken[_ours(rows)].append(applied.whole)
                delivering[_ours(rows)].append(applied.delivering)
            shutil.rmtree(folder)
    return _figures(people, taken, delivering)


def apply(source: Path, folder: Path, base_url: str, rows_per_request: int) -> Applied:
    """Plan and apply a first delivery of everybody in `source`."""
    warm_up(folder, base_url)
    project = Project(folder / "project", base_url)
    project.declare(source, rows_per_request=rows_per_request)
    spent = timed(lambda: project.run("apply", "--auto-approve"))
    return Applied(Spent(spent.seconds, spent.peak, None), spent.outcome["seconds"])


def _ours(rows: int) -> str:
    return f"reconciler: {rows:,} rows a request"


def _figures(
    people: int, taken: Mapping[str, Sequence[Spent[object]]], delivering: Mapping[str, Sequence[float]]
) -> list[Figure]:
    rates = {name: people / median(spent) for name, spent in taken.items()}
    figures = [Figure(name, rate, "people/s", _remark(people, taken[name])) for name, rate in rates.items()]
    for rows in _ROWS:
        ours = rates[_ours(rows)]
        figures += [
            Figure(f"{rows:,} rows a request, beside by hand", ours / rates[_BY_HAND], "×"),
            Figure(f"{rows:,} rows a request, of bare DuckDB", 100 * ours / rates[_TRIMMED], "%", "lower(trim(id))"),
            Figure(
                f"{rows:,} rows a request, of bare DuckDB", 100 * ours / rates[_PLAIN], "%", "the ids as they stand"
            ),
            Figure(f"{rows:,} rows a request, after the plan", min(delivering[_ours(rows)]), "s", "the fastest round"),
        ]
    return figures


def _remark(people: int, spent: Sequence[Spent[object]]) -> str:
    seconds = ", ".join(f"{each.seconds:.2f}" for each in spent)
    return f"{people:,} people in {seconds} s; peak {max(each.peak for each in spent) / MEGABYTE:,.0f} MB"
