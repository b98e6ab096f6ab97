"""Many audiences over one source

What 1 to 20 audiences cost that hold 60 % of a source's people each, so that any two share 60 % of theirs: applied
together, where people travel once for all the audiences they join, and one by one, each in an apply of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.benchmarks.figures import MEGABYTE, Figure
from tests.benchmarks.people import write_people
from tests.benchmarks.project import Project, warm_up
from tests.benchmarks.sink import serving
from tests.benchmarks.stages import Spent, alone, timed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.benchmarks.figures import Scale
    from tests.benchmarks.sink import Sink

_PEOPLE: Final = 500_000
_COUNTS: Final = (1, 2, 5, 10, 20)


def measure(scale: Scale) -> list[Figure]:
    """Apply audiences together and one by one."""
    people = scale.people_or(_PEOPLE)
    source = scale.folder / "people.parquet"
    alone(write_people, source, people, segments=max(_COUNTS))
    figures: list[Figure] = []
    with serving() as sink:
        singly = [_applied(source, scale.folder / f"only-{i}", sink, [i]) for i in range(max(_COUNTS))]
        for count in _COUNTS:
            rows, spent = _applied(source, scale.folder / f"together-{count}", sink, range(count))
            rows_alone = sum(each for each, _ in singly[:count])
            seconds_alone = sum(each.seconds for _, each in singly[:count])
            audiences = f"{count} audience{'s' if count > 1 else ''}"
            figures += [
                Figure(
                    f"{audiences}: mapping rows together",
                    rows,
                    "rows",
                    f"{rows_alone:,} one by one: {100 * rows / rows_alone:.1f} %",
                ),
                Figure(
                    f"{audiences}: seconds together",
                    spent.seconds,
                    "s",
                    f"{seconds_alone:.2f} s one by one; peak {spent.peak / MEGABYTE:,.0f} MB",
                ),
            ]
    return figures


def _applied(source: Path, folder: Path, sink: Sink, segments: Iterable[int]) -> tuple[int, Spent[None]]:
    """Apply audiences of `segments`; return how many rows the server saw, and what it took."""
    return alone(apply, source, folder, sink, list(segments)).outcome


def apply(source: Path, folder: Path, sink: Sink, segments: list[int]) -> tuple[int, Spent[None]]:
    """Plan and apply a first delivery to an audience for each of `segments`; return rows and what it took."""
    warm_up(folder, sink.base_url)
    project = Project(folder / "project", sink.base_url)
    project.declare(source, segments=segments)
    sink.reset()
    spent = timed(lambda: project.run("apply", "--auto-approve"))
    return sink.tally().rows, Spent(spent.seconds, spent.peak, None)
