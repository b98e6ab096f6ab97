"""What a benchmark hands back: figures, each with its unit, and how much of everything it was asked to measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

MEGABYTE: Final = 1_000_000
"""Bytes. Limits of memory are meant in these, as DuckDB's are."""

_DECIMALS: Final = {"s": 2, "ms": 3, "×": 2, "%": 1, "bytes": 0, "MB": 0}


class NotMeasuredError(Exception):
    """Something that a benchmark needs is not on this machine; the message says what."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value.

    Attributes:
        name: What was measured.
        value: In `unit`.
        unit: ``people/s``, ``s``, ``MB`` (10^6 bytes), ``×``, ``%`` …
        remark: What it is to be compared with, or how it came about; may be empty.
    """

    name: str
    value: float
    unit: str
    remark: str = ""

    def __str__(self) -> str:
        return f"{self.value:,.{_DECIMALS.get(self.unit, 0)}f} {self.unit}"


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a benchmark is to be.

    Attributes:
        folder: An empty folder of its own; large runs want tens of gigabytes.
        people: How many people, where a person says so; None leaves it to each benchmark.
        full: Whether to go to the sizes that take long.
        rounds: How often a short measurement is taken; its median counts.
    """

    folder: Path
    people: int | None = None
    full: bool = False
    rounds: int = 3

    def people_or(self, usual: int) -> int:
        """Return how many people, `usual` where nobody says so."""
        return self.people or usual
