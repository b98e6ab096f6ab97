"""Time and memory of plan and apply

`reconciler plan --out` and `reconciler apply` as people run them, each a process of its own whose start counts: a first
delivery, a plan with nothing changed, and plan and apply with 5 % of the people replaced. Two device ids and an MPID a
person, 1,000 rows a request, the server on the same machine, no rate limit.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.benchmarks.figures import MEGABYTE, Figure
from tests.benchmarks.people import write_people
from tests.benchmarks.project import Project
from tests.benchmarks.sink import serving
from tests.benchmarks.stages import alone

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.benchmarks.figures import Scale
    from tests.benchmarks.sink import Sink
    from tests.benchmarks.stages import Spent

_MILLION: Final = 1_000_000
_USUAL: Final = (1 * _MILLION, 10 * _MILLION)
_LONG: Final = (50 * _MILLION,)


@dataclass(frozen=True, slots=True)
class Step:
    """One command and what the server saw of it."""

    name: str
    spent: Spent[None]
    rows: int


def measure(scale: Scale) -> list[Figure]:
    """Measure every size, the smallest first: the others are compared with it."""
    sizes = (scale.people,) if scale.people else (*_USUAL, *(_LONG if scale.full else ()))
    figures: list[Figure] = []
    per_person: dict[str, float] = {}
    for people in sizes:
        folder = scale.folder / f"people-{people}"
        folder.mkdir()
        with serving() as sink:
            steps = _run(people, folder, sink)
        shutil.rmtree(folder)
        figures += _figures(people, steps, per_person)
    return figures


def _run(people: int, folder: Path, sink: Sink) -> list[Step]:
    source = folder / "people.parquet"
    project = Project(folder, sink.base_url)
    project.declare(source)
    plan = str(folder / "plan.json")
    steps: list[Step] = []

    def step(name: str, *line: str) -> None:
        sink.reset()
        spent = project.spawn(*line)
        steps.append(Step(name, spent, sink.tally().rows))

    alone(write_people, source, people)
    step("plan, first", "plan", "--out", plan)
    step("apply, first", "apply", plan)
    step("plan, nothing changed", "plan")
    alone(write_people, source, people, churned=True)
    step("plan, 5 % churned", "plan", "--out", plan)
    step("apply, 5 % churned", "apply", plan)
    return steps


def _figures(people: int, steps: Sequence[Step], per_person: dict[str, float]) -> list[Figure]:
    """Return the figures of one size; `per_person` holds seconds by step at the smallest size, once that is known."""
    millions = f"{people / _MILLION:g} M"
    figures = [
        Figure(
            f"{millions}: {each.name}",
            each.spent.seconds,
            "s",
            f"peak {each.spent.peak / MEGABYTE:,.0f} MB; {each.rows:,} rows sent",
        )
        for each in steps
    ]
    first = sum(each.spent.seconds for each in steps[:2]) / people
    smallest = per_person.setdefault("first", first)
    return [
        *figures,
        Figure(f"{millions}: highest memory", max(each.spent.peak for each in steps) / MEGABYTE, "MB"),
        Figure(
            f"{millions}: plan and apply, first", 1 / first, "people/s", f"{first / smallest:.2f} × the time a person"
        ),
    ]
