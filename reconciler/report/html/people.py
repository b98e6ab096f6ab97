"""How many people an action finds and how many it leaves, and the bars that show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.plan.model import ActionKind
from reconciler.report.html.pieces import signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.plan.model import Action
    from reconciler.plan.timeline import Point

SHOWN_AT_ONCE: Final = 12
"""Bars that are not folded away."""

_SLACK: Final = 3
"""So few bars more are not worth a fold."""

_THINNEST: Final = 0.3
"""Percent of the width that a bar of even one person has."""

_UNKNOWN: Final = "?"


@dataclass(frozen=True, slots=True)
class People:
    """People in one audience.

    Attributes:
        before: As delivered so far, or None where nobody knows.
        after: When the action is done, or None where it leaves people alone or they were not looked at.
    """

    before: int | None
    after: int | None

    @property
    def difference(self) -> int | None:
        """How many more there will be, or None where one side is not known."""
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def shown(self) -> str:
        """Both sides as text: ``18,220 → 19,114``, one number where they are the same, nothing where none is known."""
        if self.after is None:
            return ""
        if self.before == self.after:
            return f"{self.after:,}"
        return f"{_number(self.before)} → {self.after:,}"

    @property
    def shown_difference(self) -> str:
        """The difference with its sign; nothing where there is none, or it is not known."""
        return signed(self.difference) if self.difference else ""


@dataclass(frozen=True, slots=True)
class Total:
    """People in all audiences of which both sides are known.

    Attributes:
        before: Their sum before.
        after: Their sum after.
        difference: With its sign.
        left_out: Audiences that are not in the sums, as one side is not known.
    """

    before: str
    after: str
    difference: str
    left_out: int


@dataclass(frozen=True, slots=True)
class Bar:
    """The people of one audience before and after, as numbers and as parts of the longest bar, in percent."""

    address: str
    anchor: str
    before: str
    after: str
    difference: str
    before_width: str
    after_width: str


@dataclass(frozen=True, slots=True)
class BarChart:
    """Audiences by how much they grow or shrink: the `first` at once, the `rest` folded."""

    first: tuple[Bar, ...]
    rest: tuple[Bar, ...]


def people_of(action: Action, past: Sequence[Point]) -> People:
    """Return the people of the audience an action is about; where the plan does not say, the past may."""
    last = next((point.users for point in reversed(past) if point.users is not None), None)
    if action.kind is ActionKind.DELETE:
        return People(last, 0)
    if action.members is None or action.kind is ActionKind.FORGET:
        return People(last, None)
    if action.kind is ActionKind.CREATE:
        return People(0, action.members.users)
    before = action.members.users_before
    return People(last if before is None else before, action.members.users)


def total_of(found: Sequence[People]) -> Total | None:
    """Return the sums, or None where nothing is known of anyone."""
    counted = [each for each in found if each.difference is not None]
    if not counted:
        return None
    before, after = (sum(number or 0 for number in side) for side in zip(*map(_sides, counted), strict=True))
    unknown = sum(each.difference is None and each.after is not None for each in found)
    return Total(f"{before:,}", f"{after:,}", signed(after - before), unknown)


def bar_chart(audiences: Sequence[tuple[str, str, People]]) -> BarChart | None:
    """Return the chart of these audiences, each an address, an anchor on the page and its people, or None of none.

    The biggest difference comes first; where nothing is known of the time before, all that comes counts as new.
    """
    drawn = [each for each in audiences if each[2].after is not None and max(_sides(each[2])) > 0]
    if not drawn:
        return None
    longest = max(max(_sides(people)) for _, _, people in drawn)
    drawn.sort(key=lambda each: (-abs(_sides(each[2])[1] - _sides(each[2])[0]), -max(_sides(each[2])), each[0]))
    bars = tuple(_bar(address, anchor, people, longest) for address, anchor, people in drawn)
    cut = len(bars) if len(bars) <= SHOWN_AT_ONCE + _SLACK else SHOWN_AT_ONCE
    return BarChart(bars[:cut], bars[cut:])


def _bar(address: str, anchor: str, people: People, longest: int) -> Bar:
    before, after = _sides(people)
    return Bar(
        address,
        anchor,
        before=_number(people.before),
        after=_number(people.after),
        difference=_UNKNOWN if people.difference is None else signed(people.difference),
        before_width=_width(before, longest),
        after_width=_width(after, longest),
    )


def _sides(people: People) -> tuple[int, int]:
    return people.before or 0, people.after or 0


def _width(number: int, longest: int) -> str:
    return f"{max(100 * number / longest, _THINNEST if number else 0):.1f}".removesuffix(".0")


def _number(known: int | None) -> str:
    return _UNKNOWN if known is None else f"{known:,}"
