"""Requests and bytes

What goes over the wire for each million people, two device ids a person: a first delivery, 5 % of the people replaced,
and a plan with nothing changed. Bytes on the wire are those of HTTP without TLS, heads included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.benchmarks import by_hand
from tests.benchmarks.figures import Figure
from tests.benchmarks.people import write_people
from tests.benchmarks.project import Project
from tests.benchmarks.sink import serving
from tests.benchmarks.stages import alone

if TYPE_CHECKING:
    from tests.benchmarks.figures import Scale
    from tests.benchmarks.sink import Sink

_MILLION: Final = 1_000_000


def measure(scale: Scale) -> list[Figure]:
    """Count with 1,000 and 10,000 rows a request, and for the hand-written script."""
    people = scale.people_or(_MILLION)
    before, after = scale.folder / "before.parquet", scale.folder / "after.parquet"
    alone(write_people, before, people)
    alone(write_people, after, people, churned=True)
    figures: list[Figure] = []
    with serving() as sink:
        for rows in (1_000, 10_000):
            project = Project(scale.folder / f"rows-{rows}", sink.base_url)
            for name, source in (("first", before), ("nothing changed", before), ("5 % churned", after)):
                sink.reset()
                project.declare(source, rows_per_request=rows)
                project.spawn("apply", "--auto-approve")
                figures += _figures(f"{rows:,} rows a request, {name}", people, sink)
        for name, source in (("first", before), ("5 % churned", after)):
            sink.reset()
            snapshot = scale.folder / "snapshot.parquet"
            alone(by_hand.deliver, source, snapshot, sink.base_url, "7300000000000000000", "7000000000000000001")
            figures += _figures(f"by hand, {name}", people, sink)
    return figures


def _figures(name: str, people: int, sink: Sink) -> list[Figure]:
    tally = sink.tally()
    share = _MILLION / people
    return [
        Figure(name, tally.requests * share, "requests", f"{tally.rows * share:,.0f} rows, a million people"),
        Figure(name, tally.wire_bytes * share, "bytes", f"{tally.body_bytes / people:.1f} bytes of body a person"),
    ]
