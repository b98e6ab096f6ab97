"""The rate limit

A long first delivery to a server that enforces the basic tier's streaming allowance, 10,000 rows a second and 600,000 a
minute, in fixed windows of its own clock, in which what it refuses counts as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.benchmarks.figures import Figure
from tests.benchmarks.people import write_people
from tests.benchmarks.project import Project
from tests.benchmarks.sink import serving
from tests.benchmarks.stages import alone
from tests.benchmarks.tally import ROWS_A_SECOND

if TYPE_CHECKING:
    from pathlib import Path

    from tests.benchmarks.figures import Scale

_PEOPLE: Final = 650_000
"""More than a minute's worth."""

_STARTING_SECONDS: Final = 5.0


def measure(scale: Scale) -> list[Figure]:
    """Deliver at the pace the basic tier allows."""
    people = scale.people_or(_PEOPLE)
    source = scale.folder / "people.parquet"
    alone(write_people, source, people)
    with serving(enforces=True) as sink:
        alone(apply, source, scale.folder / "work", sink.base_url)
        tally = sink.tally()
    # The first and the last second are not whole ones.
    whole_seconds = [tally.by_second.get(second, 0) for second in range(min(tally.by_second) + 1, max(tally.by_second))]
    rate = sum(whole_seconds) / max(1, len(whole_seconds))
    late = [each for each in tally.refused_after if each > _STARTING_SECONDS]
    return [
        Figure("rate kept", rate, "rows/s", f"mean of {len(whole_seconds)} whole seconds"),
        Figure("of the allowance", 100 * rate / ROWS_A_SECOND, "%"),
        Figure("the busiest second", max(whole_seconds, default=0), "rows"),
        Figure("refused for speed (40100), in all", len(tally.refused_after), "requests"),
        Figure("refused for speed (40100), after the first 5 s", len(late), "requests"),
    ]


def apply(source: Path, folder: Path, base_url: str) -> None:
    """Plan and apply at the basic tier's pace."""
    project = Project(folder, base_url, paced=True)
    project.declare(source)
    project.run("apply", "--auto-approve")
