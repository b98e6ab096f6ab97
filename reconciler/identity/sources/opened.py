"""A source that has been opened: what every kind of source can be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reconciler.identifiers import MappedColumn
    from reconciler.identity.hashing import Layout


@dataclass(frozen=True, slots=True)
class Hashed:
    """Hashed rows that were landed.

    Attributes:
        layout: Which column is what.
        apart: Whether they lie apart, in parts of their persons.
    """

    layout: Layout
    apart: bool


class Opened(Protocol):
    """A source, its rows not read yet."""

    def columns(self) -> Mapping[str, str]:
        """Return its columns with their types, as DuckDB spells them, in their order."""

    def check_where(self, where: str) -> None:
        """Check that `where` fits its columns, without reading its rows."""

    def land(self, columns: Sequence[MappedColumn], wheres: Sequence[str | None], folder: Path) -> Hashed:
        """Read its rows once and keep them hashed in the new `folder`.

        Args:
            columns: What the source maps, and is used of it.
            wheres: For each selection which rows it wants; None for all.
            folder: Where; nothing raw is written there.
        """

    def explain(self, columns: Sequence[MappedColumn], wheres: Sequence[str | None]) -> str:
        """Return the SQL that `land` runs, and where it runs, as comments and statements."""
