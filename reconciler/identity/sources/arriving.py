"""Rows that arrive as Arrow columns from elsewhere and are judged and hashed on this side, in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.identifiers import Form
from reconciler.identity.hashing import PART, Layout, hash_rows, keyed
from reconciler.identity.sources.opened import Hashed
from reconciler.identity.sources.reading import choose, digits_for, resolve, type_names
from reconciler.identity.sources.where import check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import ibis
    import pyarrow as pa

    from reconciler.identifiers import MappedColumn
    from reconciler.identity.engines.duckdb import DuckDB
    from reconciler.identity.sources.reading import Found

_ROWS: Final = "rows_from_there"
_MANY: Final = 50_000_000
"""Rows that a source may have which does not say how many it has."""


@dataclass(frozen=True, slots=True)
class ArrivingSource:
    """Rows that `read` brings into `backend`.

    Attributes:
        name: Where they come from, for messages.
        schema: Their columns.
        read: Columns → all rows with these columns, in this order.
        backend: Where they are judged and hashed.
        rows: How many there are, or None where nobody knows before.
    """

    name: str
    schema: ibis.Schema
    read: Callable[[Sequence[str]], Iterator[pa.RecordBatch]]
    backend: DuckDB
    rows: int | None = None

    def columns(self) -> Mapping[str, str]:
        """Return the columns with their types, as DuckDB spells them."""
        return type_names(self.schema)

    def check_where(self, where: str) -> None:
        """Check that `where` fits the columns."""
        empty = self.backend.empty("source", self.schema)
        check(self.backend.ibis, empty.get_name(), where, tuple(self.schema.names))

    def land(self, columns: Sequence[MappedColumn], wheres: Sequence[str | None], folder: Path) -> Hashed:
        """Read the rows once and keep them hashed in `folder`."""
        for where in filter(None, dict.fromkeys(wheres)):
            self.check_where(where)
        found = resolve(columns, self.schema, self.name)
        needed = self.needed(found, wheres)
        schema = self.schema.__class__({name: self.schema[name] for name in needed})
        table = self.backend.arriving(_ROWS, schema, self.read(needed))
        if any(is_list(each, self.schema) for each in found):
            table = self.backend.held(_ROWS, table)  # arrays are measured before they are taken apart
        rows = choose(self.backend, table, found, wheres, checked=True)
        layout = Layout.of(rows)
        digits = digits_for(_MANY if self.rows is None else self.rows)
        hashed = keyed(self.backend, hash_rows(self.backend, rows), layout, digits=digits)
        self.backend.land(hashed, folder, by=PART if digits else None)
        return Hashed(layout, apart=digits > 0)

    def explain(self, columns: Sequence[MappedColumn], wheres: Sequence[str | None]) -> str:
        """Say what is read, and that the rest is done on this side."""
        needed = self.needed(resolve(columns, self.schema, self.name), wheres)
        return f"-- {self.name} is read with the columns {', '.join(needed)}; DuckDB judges and hashes in this process"

    def needed(self, found: Sequence[Found], wheres: Sequence[str | None]) -> list[str]:
        """Return the columns that are read: all where a `where` is judged, since it may name any."""
        if any(wheres):
            return list(self.schema.names)
        return list(dict.fromkeys(name for each in found for name in (each.name, each.type_name) if name))


def is_list(found: Found, schema: ibis.Schema) -> bool:
    """Return whether a column holds several identifiers a row."""
    return found.mapped.form is Form.JSON_ARRAY or bool(schema[found.name].is_array())
