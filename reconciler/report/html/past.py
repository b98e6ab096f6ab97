"""The past of an audience: a line of the people TikTok matched, a stair of the people delivered, the last deliveries.

A page may hold hundreds of these, so each line is one path in whole numbers of a small grid, relative from place to
place, at about four bytes each; and of many places only those are kept that a small chart can show.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING, Final

from reconciler.report.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.plan.timeline import Point

WIDTH: Final = 300
HEIGHT: Final = 60
"""The grid of a chart, about as fine as the pixels it is drawn in."""

MOST_PLACES: Final = 32
"""Places of a line beyond which it is thinned, to about as many."""

MOST_DELIVERIES: Final = 10

_Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery: when, identifiers it added and took out, and the people there were from then on."""

    at: str
    added: str
    removed: str
    people: str


@dataclass(frozen=True, slots=True)
class Line:
    """A number of people over time: its `name`, its `path`, and the first and last of it in words."""

    name: str
    path: str
    told: str


@dataclass(frozen=True, slots=True)
class Past:
    """What a page shows of an audience's past.

    Attributes:
        lines: Delivered people first, then matched ones; a line of which no number is known is left out.
        spans_time: Whether there is more than one moment, so that a chart says something.
        top: The number of people at the upper edge; the lower one is 0.
        first: Day of the first point.
        last: Day of the last one; "" where it is the same.
        deliveries: The last ones, newest first.
        caption: What the table of deliveries holds.
    """

    lines: tuple[Line, ...]
    spans_time: bool
    top: str
    first: str
    last: str
    deliveries: tuple[Delivery, ...]
    caption: str


def past_of(points: Sequence[Point]) -> Past | None:
    """Return the past of an audience from its points, oldest first; None where there is none."""
    if not points:
        return None
    delivered, matched = [point.users for point in points], [point.matched for point in points]
    top = max((number for number in (*delivered, *matched) if number is not None), default=0)
    across = _across(points)
    lines = (
        _line("Delivered", delivered, [_stair(run) for run in _runs(across, delivered, top)]),
        _line("Matched", matched, [_slope(run) for run in _runs(across, matched, top)]),
    )
    deliveries = [point for point in points if point.added or point.removed]
    first, last = f"{points[0].at:%Y-%m-%d}", f"{points[-1].at:%Y-%m-%d}"
    return Past(
        lines=tuple(line for line in lines if line.path),
        spans_time=across[0] < across[-1],
        top=count(top, "person"),
        first=first,
        last="" if first == last else last,
        deliveries=tuple(map(_delivery, reversed(deliveries[-MOST_DELIVERIES:]))),
        caption=_caption(len(deliveries)),
    )


def _line(name: str, numbers: Iterable[int | None], paths: Iterable[str]) -> Line:
    known = [number for number in numbers if number is not None]
    ends = dict.fromkeys(f"{number:,}" for number in (*known[:1], *known[-1:]))
    return Line(name, "".join(paths), " → ".join(ends))


def _across(points: Sequence[Point]) -> list[int]:
    """Return how far right each point is, by time; a single moment stands in the middle."""
    start = points[0].at
    span = (points[-1].at - start).total_seconds()
    return [round(WIDTH * (point.at - start).total_seconds() / span) if span else WIDTH // 2 for point in points]


def _runs(across: Sequence[int], numbers: Iterable[int | None], top: int) -> Iterator[list[_Place]]:
    """Yield each unbroken run of known numbers as places on the grid, whose y counts from the top."""
    run: list[_Place] = []
    for x, number in zip(across, numbers, strict=True):
        if number is None:
            if run:
                yield run
            run = []
        else:
            run.append((x, round(HEIGHT * (1 - number / top)) if top else HEIGHT))
    if run:
        yield run


def _thinned(run: Sequence[_Place]) -> Sequence[_Place]:
    """Return a run with so few places that a small chart shows them all: of each stretch its highest and lowest."""
    if len(run) <= MOST_PLACES:
        return run
    size = ceil(2 * len(run) / MOST_PLACES)
    kept = [run[0]]
    for start in range(0, len(run), size):
        stretch = range(start, min(start + size, len(run)))
        ends = {min(stretch, key=lambda each: run[each][1]), max(stretch, key=lambda each: run[each][1])}
        kept += (run[each] for each in sorted(ends))
    return [*kept, run[-1]]


def _slope(run: Sequence[_Place]) -> str:
    """Return a run as a line from place to place; of a single one, a dot."""
    strokes: list[_Place] = []
    for (x, y), (next_x, next_y) in pairwise(_thinned(run)):
        dx, dy = next_x - x, next_y - y
        if strokes and not dy and not strokes[-1][1]:
            strokes[-1] = (strokes[-1][0] + dx, 0)
        elif dx or dy:
            strokes.append((dx, dy))
    return f"M{_joined(run[0])}l{_joined(each for stroke in strokes or [(0, 0)] for each in stroke)}"


def _stair(run: Sequence[_Place]) -> str:
    """Return a run as a stair, on which each number holds until the next one; of a single place, a dot."""
    here, level = run[0]
    strokes = ""
    for x, y in _thinned(run)[1:]:
        if y != level:
            strokes += f"h{x - here}v{y - level}"
            here, level = x, y
    rest = run[-1][0] - here
    return f"M{_joined(run[0])}{strokes}{f'h{rest}' if rest or not strokes else ''}"


def _joined(numbers: Iterable[int]) -> str:
    """Return numbers as a path takes them: a minus sign parts two of them, a space where there is none."""
    return " ".join(map(str, numbers)).replace(" -", "-")


def _delivery(point: Point) -> Delivery:
    people = "" if point.users is None else f"{point.users:,}"
    return Delivery(f"{point.at:%Y-%m-%d %H:%M}", f"{point.added:,}", f"{point.removed:,}", people)


def _caption(deliveries: int) -> str:
    counted = count(deliveries, "delivery")
    return counted if deliveries <= MOST_DELIVERIES else f"Last {MOST_DELIVERIES} of {counted}"
