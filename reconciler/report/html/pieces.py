"""Small parts that the pages share: a term with its value, a moment, a count, a choice of a filter."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.report.wording import MINUS, account

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from reconciler.report.html.labels import Label


@dataclass(frozen=True, slots=True)
class Fact:
    """A term and what is to be said of it; `is_code` where it is something people copy or type."""

    term: str
    text: str
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time: `shown` to people, and `machine` for programs that read the page."""

    shown: str
    machine: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How many there are of a kind."""

    label: Label
    number: str
    is_none: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a filter: its key, its text, and how many entries it leaves."""

    key: str
    text: str
    number: str


class Accounts:
    """The accounts of a page, each under a number that its entries carry for the filter."""

    __slots__ = ("_numbers",)

    def __init__(self, accounts: Iterable[tuple[str, str]]) -> None:
        """Number `accounts`, each its key in the files and its id, in the order of their keys."""
        self._numbers = {each: number for number, each in enumerate(sorted(set(accounts)))}

    def number(self, advertiser: str, advertiser_id: str) -> int:
        """Return the number of an account."""
        return self._numbers[advertiser, advertiser_id]

    def choices(self, entries: Iterable[tuple[str, str]]) -> tuple[Choice, ...]:
        """Return each account with how many of `entries` are in it."""
        counted = Counter(entries)
        return tuple(
            Choice(str(number), account(*each), f"{counted[each]:,}") for each, number in self._numbers.items()
        )


def moment(at: datetime) -> Moment:
    """Return a time in UTC, to the minute."""
    return Moment(f"{at:%Y-%m-%d %H:%M} UTC", f"{at:%Y-%m-%dT%H:%M:%SZ}")


def tally(label: Label, number: int) -> Tally:
    """Return a count under its label."""
    return Tally(label, f"{number:,}", is_none=not number)


def signed(number: int) -> str:
    """Return a difference with its sign: ``+894``, ``−310``, ``0``."""
    return f"{'+' if number > 0 else MINUS if number < 0 else ''}{abs(number):,}"
