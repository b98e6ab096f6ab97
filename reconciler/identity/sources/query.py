"""Rows of a database, as a source.

Where the database can judge and hash as DuckDB does, it does both, and only digests leave it. What it cannot do is
done on this side: then raw values travel to this process, are hashed in its memory, and are kept nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.identity.cells import Column, Rows, cells_of
from reconciler.identity.hashing import PART, Layout, hash_rows, keyed
from reconciler.identity.sources.arriving import ArrivingSource, is_list
from reconciler.identity.sources.opened import Hashed
from reconciler.identity.sources.reading import own_name, resolve, type_names
from reconciler.identity.sources.translation import leans, translate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import ibis
    import ibis.expr.types as ir
    import pyarrow as pa

    from reconciler.identifiers import Hash, MappedColumn
    from reconciler.identity.engines.duckdb import DuckDB
    from reconciler.identity.sources.databases import Database
    from reconciler.identity.sources.dialects import Functions, Leaning
    from reconciler.identity.sources.reading import Found
    from reconciler.origin import QueryOrigin

_DIGITS: Final = 1
"""How many rows a query gives nobody knows before, so its people are always taken apart."""
_HASHED: Final = "hashed_there"


@dataclass(frozen=True, slots=True)
class _There:
    """What hashing asks of a database: its own functions, and no views, for it must not be written to."""

    functions: Functions

    def named(self, _name: str, expression: ir.Table) -> ir.Table:
        return expression

    def digest(self, text: ir.StringValue, hash_: Hash) -> ir.StringValue:
        return self.functions.digest(text, hash_)

    def json_list(self, text: ir.StringValue) -> ir.ArrayValue:
        raise NotImplementedError(text)


@dataclass(frozen=True, slots=True)
class _Pushed:
    """What the database is asked for where it hashes."""

    database: Database
    hashed: ir.Table
    layout: Layout


@dataclass(frozen=True, slots=True)
class QuerySource:
    """The rows of a query, read through `database` into `backend`."""

    origin: QueryOrigin
    database: Database
    backend: DuckDB

    def columns(self) -> Mapping[str, str]:
        """Return the query's columns with their types, as DuckDB spells them."""
        return type_names(self._schema)

    def check_where(self, where: str) -> None:
        """Check that `where` fits the query's columns, here and in the database if it runs there."""
        self._here.check_where(where)
        if self._why_judged_here((where,)) is None:
            self._judged((where,))

    def land(self, columns: Sequence[MappedColumn], wheres: Sequence[str | None], folder: Path) -> Hashed:
        """Read the query's rows once and keep them hashed in `folder`."""
        found = resolve(columns, self._schema, str(self.origin))
        pushed, _ = self._pushed(found, wheres)
        if pushed is None:
            return self._here.land(columns, wheres, folder)
        batches = pushed.database.batches(pushed.hashed)
        arriving = self.backend.arriving(_HASHED, pushed.hashed.schema(), batches)
        self.backend.land(keyed(self.backend, arriving, pushed.layout, digits=_DIGITS), folder, by=PART)
        return Hashed(pushed.layout, apart=True)

    def explain(self, columns: Sequence[MappedColumn], wheres: Sequence[str | None]) -> str:
        """Return the SQL that the database runs, and say what runs on this side."""
        found = resolve(columns, self._schema, str(self.origin))
        pushed, why_here = self._pushed(found, wheres)
        if pushed is not None:
            where = f"-- {self.database.name} judges and hashes; only digests leave it"
            return f"{where}\n{pushed.database.sql(pushed.hashed)}"
        where = f"-- {self.database.name} gives raw values, which this process hashes in memory: {why_here}"
        return f"{where}\n{self.database.sql(self.database.table.select(*self._here.needed(found, wheres)))}"

    @property
    def _schema(self) -> ibis.Schema:
        return self.database.table.schema()

    @property
    def _here(self) -> ArrivingSource:
        """The same rows, as they leave the database, to be judged and hashed on this side."""

        def read(columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
            return self.database.batches(self.database.table.select(*columns))

        return ArrivingSource(str(self.origin), self._schema, read, self.backend)

    @property
    def _there(self) -> _There:
        functions = self.database.functions
        if functions is None:
            raise ValueError(f"{self.database.name} cannot hash")
        return _There(functions)

    def _pushed(self, found: Sequence[Found], wheres: Sequence[str | None]) -> tuple[_Pushed | None, str]:
        """Return the rows as the database will judge and hash them; or None, and why it will not."""
        for where in filter(None, dict.fromkeys(wheres)):
            self._here.check_where(where)
        if why_here := self._why_judged_here(wheres):
            return None, why_here
        if any(is_list(each, self._schema) for each in found):
            return None, "arrays are taken apart on this side"
        if not self.database.can_hash([each.mapped for each in found]):
            return None, "it cannot hash, or not as the rules ask"
        pushed = self._hashed(found, wheres)
        if not pushed.database.accepts(pushed.hashed):
            return None, "it does not take the query that hashes"
        return pushed, ""

    def _why_judged_here(self, wheres: Sequence[str | None]) -> str | None:
        """Return why the database does not judge `wheres`, or None where it does."""
        judged = list(filter(None, dict.fromkeys(wheres)))
        if judged and not self.database.judges:
            return "its SQL may choose other rows than DuckDB's"
        leaning_columns: dict[Leaning, set[str]] = {}
        for each in (leans(where, self.columns()) for where in judged):
            for leaning in each.on:
                leaning_columns.setdefault(leaning, set()).update(each.columns)
        for leaning, columns in sorted(leaning_columns.items(), key=lambda each: each[0].name):
            if not self.database.reads_alike(leaning, columns):
                return f"where leans on {leaning.value}, and there it is not DuckDB's"
        return None

    def _hashed(self, found: Sequence[Found], wheres: Sequence[str | None]) -> _Pushed:
        database, verdicts = self._judged(wheres)
        table = database.table
        if verdicts and None not in wheres:
            table = table.filter(_any(table, list(verdicts.values())))
        columns = [Column(f.mapped, table[f.name], table[f.type_name] if f.type_name else None) for f in found]
        rows = Rows(table, cells_of(self.backend, table, columns), tuple(w and verdicts[w] for w in wheres))
        return _Pushed(database, hash_rows(self._there, rows), Layout.of(rows))

    def _judged(self, wheres: Sequence[str | None]) -> tuple[Database, dict[str, str]]:
        """Return the database with a column for each `where`, and the columns' names."""
        names = {where: own_name(self._schema, f"where{i}") for i, where in enumerate(dict.fromkeys(wheres)) if where}
        if not names:
            return self.database, {}
        dialect, columns = self.database.dialect, self._schema.names
        return self.database.judging({name: translate(w, dialect, columns) for w, name in names.items()}), names


def _any(table: ir.Table, columns: Sequence[str]) -> ir.BooleanValue:
    wanted = table[columns[0]]
    for name in columns[1:]:
        wanted |= table[name]
    return wanted
