"""Rows on their way to TikTok."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from reconciler.identity.model import Direction


@dataclass(frozen=True, slots=True)
class Mappings:
    """Rows that travel together, all to be added or all to be removed; at least one.

    Attributes:
        direction: ``add`` or ``remove``.
        rows: A column for each `IdType` value there is: 16 or 32 bytes, or null. Each row is of one person and holds
            at least one identifier.
        legs: The same columns and rows as 64-bit unsigned numbers: bit *i* set where the identifier goes to leg *i*
            of the route. None where every identifier goes to leg 0, the only one.
    """

    direction: Direction
    rows: pa.RecordBatch
    legs: pa.RecordBatch | None = None
