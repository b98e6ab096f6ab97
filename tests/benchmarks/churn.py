"""The difference between two sets

Two sets that share 95 % of their people: counting what changed, as a plan does, and reading the rows that change it,
as an apply does, nothing encoded or sent. Beside it the rows of a first delivery, which has nothing to compare with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.benchmarks.figures import MEGABYTE, Figure
from tests.benchmarks.people import write_people
from tests.benchmarks.sets import build_set, count_delta, read_route
from tests.benchmarks.stages import alone

if TYPE_CHECKING:
    from tests.benchmarks.figures import Scale
    from tests.benchmarks.stages import Spent

_PEOPLE: Final = 10_000_000


def measure(scale: Scale) -> list[Figure]:
    """Compare a set with itself after churn."""
    people = scale.people_or(_PEOPLE)
    before, after = (
        alone(build_set, alone(write_people, scale.folder / f"{name}.parquet", people, churned=churned).outcome, folder)
        for name, churned, folder in (
            ("before", False, scale.folder / "set-before"),
            ("after", True, scale.folder / "set-after"),
        )
    )
    counting = alone(count_delta, before.outcome, after.outcome)
    changes = alone(read_route, before.outcome, after.outcome)
    everything = alone(read_route, None, after.outcome)
    delta = counting.outcome
    what = f"{people:,} people against {people:,}"
    return [
        _figure(f"counting the delta, {what}", counting, f"{delta.add:,} to add, {delta.remove:,} to remove"),
        _figure(f"reading the delta's rows, {what}", changes, f"{changes.outcome:,} rows"),
        _figure(f"reading the rows of a first delivery, {people:,} people", everything, f"{everything.outcome:,} rows"),
    ]


def _figure(name: str, spent: Spent[object] | Spent[int], remark: str) -> Figure:
    return Figure(name, spent.seconds, "s", f"{remark}; peak {spent.peak / MEGABYTE:,.0f} MB")
