"""Reading a source: its columns and their types, and its rows as one table with identifiers as text.

Parquet carries its types. Text does not, so:

* Identifiers are read as text, whatever they look like: ``12345e10`` is the end of a device id, not a number.
* The other columns are typed only for a `where`, by looking at every row; from a sample, DuckDB would round a later
  ``1.5`` to 2 in silence. Dates count as dates in ISO 8601 form only: what 01/02/2020 means would be a guess.
* CSV is read strictly: a header, UTF-8, one width. A row that does not fit is an error and never skipped.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import duckdb
import ibis
import ibis.expr.datatypes as dt
import pyarrow.parquet as pq
from ibis.backends.sql.datatypes import DuckDBType
from sqlglot.errors import SqlglotError

from reconciler.identifiers import Identity
from reconciler.identity.cells import Column, Rows, cells_of
from reconciler.identity.columns import listed, may_be_shown, type_name
from reconciler.identity.engines.duckdb import reading_files
from reconciler.identity.errors import ColumnMissingError, ColumnTypeError, SourceUnreadableError
from reconciler.identity.failures import reading_source
from reconciler.identity.hashing import PART, Layout, hash_rows, keyed
from reconciler.identity.nested import shown_type
from reconciler.identity.sources.files import (
    MOST_COLUMNS,
    Files,
    Header,
    check_footer,
    check_names,
    has_rows,
    most_rows,
    read_header,
)
from reconciler.identity.sources.opened import Hashed
from reconciler.identity.sources.where import check, enclosed
from reconciler.origin import Format
from reconciler.sql import reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from reconciler.identifiers import MappedColumn
    from reconciler.identity.engines.duckdb import DuckDB

_ONE_PART: Final = 2_000_000
"""Rows that are made into sets at once. More are taken apart by the first hexadecimal digit of their persons, …"""
_SIXTEEN_PARTS: Final = 64_000_000
"""… more than these by two."""
_LINES: Final[dict[str, str | int | bool]] = {"format": "newline_delimited"}
_RAW: Final = "source_raw"
_TYPED: Final = "source_typed"
_JUDGED: Final = "source_judged"
_MANY: Final = 1_000_000
"""More files than a source has: types are read off all of them."""


@dataclass(frozen=True, slots=True)
class FileSource:
    """The rows of files, read by `backend`. `schemas` remembers what looking at every row of text has found."""

    files: Files
    backend: DuckDB
    schemas: dict[Files, ibis.Schema]

    def columns(self) -> Mapping[str, str]:
        """Return the files' columns with their types, as DuckDB spells them."""
        return type_names(self._schema)

    def check_where(self, where: str) -> None:
        """Check that `where` fits the files' columns."""
        read_rows(self.backend, self.files, self._schema, (), (where,))

    def land(self, columns: Sequence[MappedColumn], wheres: Sequence[str | None], folder: Path) -> Hashed:
        """Read the files once and keep their rows hashed in `folder`."""
        rows, most = self._rows(columns, wheres), most_rows(self.files)
        layout, digits = Layout.of(rows), digits_for(most)
        hashed = keyed(self.backend, hash_rows(self.backend, rows), layout, digits=digits)
        self.backend.land(hashed, folder, by=PART if digits else None)
        if self.files.format is Format.PARQUET and None in wheres:
            self._require_all(folder, most)
        return Hashed(layout, apart=digits > 0)

    def _require_all(self, folder: Path, most: int) -> None:
        """Check that as many rows were landed as the footers count: DuckDB reads some damaged pages as shorter ones."""
        landed = sum(pq.read_metadata(each).num_rows for each in folder.rglob("*.parquet"))
        if landed != most:
            raise SourceUnreadableError(
                f"{self.files.path} is damaged: {landed:,} of the {most:,} rows that it counts can be read",
                hint="Copy or export it again.",
            )

    def explain(self, columns: Sequence[MappedColumn], wheres: Sequence[str | None]) -> str:
        """Return the views and the statement that DuckDB runs."""
        rows = self._rows(columns, wheres)
        hashed = keyed(self.backend, hash_rows(self.backend, rows), Layout.of(rows), digits=0)
        return f"-- DuckDB reads {self.files.path} in this process\n{self.backend.explain(hashed)}"

    def _rows(self, columns: Sequence[MappedColumn], wheres: Sequence[str | None]) -> Rows:
        untyped = self.files.format is Format.CSV and not any(wheres)
        schema = text_schema(read_header(self.files)) if untyped else self._schema
        return read_rows(self.backend, self.files, schema, columns, wheres)

    @property
    def _schema(self) -> ibis.Schema:
        if self.files not in self.schemas:
            with reading_source(self.files):
                self.schemas[self.files] = detect_schema(self.backend.ibis, self.files)
        return self.schemas[self.files]


def detect_schema(backend: Backend, files: Files) -> ibis.Schema:
    """Return the columns of `files` and their types; those of text by looking at every row."""
    if files.format is Format.PARQUET:
        check_footer(files)
        with _understanding(files):
            return _schema_of(backend, reading_files("read_parquet", files.paths))
    if files.format is Format.JSON_LINES:
        return _json_schema(backend, files)
    header = read_header(files)
    types = _csv_types(backend, files, header)
    if len(types) != len(header.columns):
        # Detection does not say which line is wrong; reading does, and raises.
        backend.raw_sql(f"SELECT count(*) FROM ({_csv(files, header, text_schema(header))})").fetchone()
        raise SourceUnreadableError(f"{files.path} is not readable CSV", hint="Are all rows as wide as the header?")
    return ibis.schema(dict(zip(header.columns, types, strict=True)))


def _csv_types(backend: Backend, files: Files, header: Header) -> tuple[dt.DataType, ...]:
    """Return what every row of each column converts to; not one for each column where the rows do not fit."""
    options: dict[str, str | int | bool] = {
        **_dialect(header),
        "auto_detect": True,
        "sample_size": -1,
        "files_to_sniff": -1,
        "dateformat": "%Y-%m-%d",
        "timestampformat": "%Y-%m-%d %H:%M:%S",
    }
    try:
        detected = _schema_of(backend, reading_files("read_csv", files.paths, options))
    except duckdb.Error:
        return ()
    types: tuple[dt.DataType, ...] = detected.types
    return types


def _schema_of(backend: Backend, select: str) -> ibis.Schema:
    return backend.sql(select).schema()


def digits_for(rows: int) -> int:
    """Return how many hexadecimal digits of their persons so many rows are taken apart by."""
    return 0 if rows <= _ONE_PART else 1 if rows <= _SIXTEEN_PARTS else 2


def text_schema(header: Header) -> ibis.Schema:
    """Return CSV columns untyped: enough where no `where` asks for more."""
    return ibis.schema(dict.fromkeys(header.columns, "string"))


def type_names(schema: ibis.Schema) -> Mapping[str, str]:
    """Return the types as DuckDB spells them, by column."""
    return {name: type_name(dtype) for name, dtype in schema.items()}


@dataclass(frozen=True, slots=True)
class Found:
    """A mapped column and what the source calls it; in a long table also the column that tells types."""

    mapped: MappedColumn
    name: str
    type_name: str | None = None


def resolve(
    columns: Sequence[MappedColumn], schema: ibis.Schema, source: str, *, as_text: bool = False
) -> tuple[Found, ...]:
    """Return the source's own spelling of each mapped column; upper and lower case do not tell columns apart.

    Args:
        columns: What the source maps.
        schema: What it has.
        source: What it is, for messages.
        as_text: Whether it is text, so that every value that is not nested can be read as text.

    Raises:
        ColumnMissingError: There is no such column.
        ColumnTypeError: Its type holds no identifiers.
    """
    found = []
    for mapped in columns:
        name = _spelling(mapped.column, f"{mapped.identity}", schema, source)
        _check_type(mapped, schema[name], source, as_text=as_text)
        told_by = None
        if mapped.when:
            told_by = _spelling(mapped.when.column, f"the type of {mapped.identity}", schema, source)
        found.append(Found(mapped, name, told_by))
    return tuple(found)


def _spelling(wanted: str, purpose: str, schema: ibis.Schema, source: str) -> str:
    spellings: dict[str, str] = {name.casefold(): name for name in reversed(schema.names)} | {
        name: name for name in schema.names
    }
    name = spellings.get(wanted) or spellings.get(wanted.casefold())
    if name is None:
        close = get_close_matches(wanted.casefold(), spellings, n=1)
        close = [each for each in close if may_be_shown(each)]
        guess = f'Did you mean "{spellings[close[0]]}"? ' if close else ""
        raise ColumnMissingError(
            f'no column "{wanted}" for {purpose} in {source}', hint=f"{guess}It has: {listed(schema.names)}."
        )
    return name


def read_rows(
    backend: DuckDB,
    files: Files,
    schema: ibis.Schema,
    columns: Sequence[MappedColumn],
    wheres: Sequence[str | None],
) -> Rows:
    """Return the rows that at least one of `wheres` lets through, and the identifiers in them.

    Raises:
        ColumnMissingError: A mapped column is not there.
        ColumnTypeError: A mapped column's type holds no identifiers.
        WhereError: One of `wheres` does not fit the columns.
    """
    found = resolve(columns, schema, files.path, as_text=files.format is not Format.PARQUET)
    if files.format is Format.PARQUET:
        table = backend.reading(_RAW, reading_files("read_parquet", files.paths))
        return choose(backend, table, found, wheres)
    filtered = any(wheres)
    text = _read_text(backend, files, schema, found, typed=filtered)
    if not filtered:
        return choose(backend, text, found, wheres)
    # For `where` an identifier has the type its values have, as any column; beside it goes its text, under a name
    # longer than every column's and so nobody else's.
    names = _as_text(schema, found)
    copies = {name: own_name(schema, f"text{index}") for index, name in enumerate(names)}
    typed = text.mutate(**{copy: text[name] for name, copy in copies.items()})
    typed = typed.mutate(**{name: typed[name].cast(schema[name]) for name in names})
    is_empty = files.format is Format.CSV and not has_rows(files)
    view = backend.named(_TYPED, _untyped(typed, copies) if is_empty else typed)
    return choose(backend, view, found, wheres, copies)


def choose(
    backend: DuckDB,
    table: ir.Table,
    found: Sequence[Found],
    wheres: Sequence[str | None],
    copies: Mapping[str, str] = MappingProxyType({}),
    *,
    checked: bool = False,
) -> Rows:
    """Judge rows by every `where`.

    Args:
        backend: Where the table is.
        table: The rows, a table or view of its own there.
        found: The identifiers.
        wheres: For each selection which rows it wants; None for all.
        copies: The columns that hold an identifier's text, where its own column is typed.
        checked: Whether each `where` has been checked; else it is, for which the rows must be readable twice.
    """
    columns = tuple(name for name in table.columns if name not in copies.values())
    for where in dict.fromkeys(wheres):
        if where is not None and not checked:
            check(backend.ibis, _own(table), where, columns)
    schema = table.schema()
    verdicts = {where: own_name(schema, f"where{i}") for i, where in enumerate(dict.fromkeys(wheres)) if where}
    if verdicts:
        judging = ", ".join(f'{enclosed(where)} AS "{verdict}"' for where, verdict in verdicts.items())
        backend.ibis.raw_sql(f'CREATE OR REPLACE TEMP VIEW {_JUDGED} AS SELECT *, {judging} FROM "{_own(table)}"')
        table = backend.ibis.table(_JUDGED)
    chosen = [None if where is None else verdicts[where] for where in wheres]
    if wheres and None not in wheres:
        table = table.filter(ibis.or_(*(table[verdict] for verdict in verdicts.values())))
    if len(verdicts) == 1 and None not in wheres:
        chosen = [None] * len(wheres)  # there is one `where`, and what it lets through is all that is left
    within = [
        Column(each.mapped, table[copies.get(each.name, each.name)], table[each.type_name] if each.type_name else None)
        for each in found
    ]
    return Rows(table, cells_of(backend, table, within), tuple(chosen))


def _own(table: ir.Table) -> str:
    """Return the name of a table or view, without the database and schema that Ibis puts before a temporary one's."""
    name: str = table.op().name
    return name


def own_name(schema: ibis.Schema, purpose: str) -> str:
    """Return a column name that is longer than every column's and so nobody else's."""
    return f"{purpose}{'_' * max((len(name) for name in schema.names), default=0)}"


def _as_text(schema: ibis.Schema, found: Sequence[Found]) -> tuple[str, ...]:
    """Return the columns that are read as text: all with identifiers, but arrays."""
    return tuple(dict.fromkeys(each.name for each in found if not schema[each.name].is_array()))


def _read_text(backend: DuckDB, files: Files, schema: ibis.Schema, found: Sequence[Found], *, typed: bool) -> ir.Table:
    as_text = dict.fromkeys(_as_text(schema, found), dt.string)
    if files.format is Format.JSON_LINES:
        wanted = {each.name for each in found} | {each.type_name for each in found if each.type_name}
        columns = {**{name: dtype for name, dtype in schema.items() if typed or name in wanted}, **as_text}
        types = type_names(ibis.schema(columns))
        return backend.reading(_RAW, reading_files("read_json_auto", files.paths, _LINES, columns=types))
    return backend.reading(_RAW, _csv(files, read_header(files), ibis.schema({**schema, **as_text})))


def _csv(files: Files, header: Header, schema: ibis.Schema) -> str:
    options = {**_dialect(header), "auto_detect": False}
    return reading_files("read_csv", files.paths, options, columns=type_names(schema))


def _dialect(header: Header) -> dict[str, str | int | bool]:
    """Everything about CSV that DuckDB would otherwise guess, comments and skipped lines among them."""
    return {
        "header": True,
        "delim": header.delimiter,
        "quote": '"',
        "escape": '"',
        "comment": "",
        "strict_mode": True,
        "null_padding": False,
        "ignore_errors": False,
    }


def _json_schema(backend: Backend, files: Files) -> ibis.Schema:
    options = {
        **_LINES,
        # Whole objects: to give a table columns takes DuckDB time by the square of their number.
        "records": "false",
        "sample_size": -1,
        "maximum_sample_files": _MANY,
        "map_inference_threshold": -1,
    }
    try:
        (found,) = backend.con.sql(reading_files("read_json_auto", files.paths, options)).types
    except duckdb.NotImplementedException:
        raise _ambiguous(backend, files) from None
    if found.id != "struct":
        raise SourceUnreadableError(f"{files.path} holds no objects", hint="Was its export cut off?")
    fields = {name: field for name, field in found.children if name}
    check_names(list(fields), files.path)
    with _understanding(files):
        types = {name: DuckDBType.from_string(str(field)) for name, field in fields.items()}
    # What looks like a UUID is text: in a `where` it must behave as it does in CSV.
    return ibis.schema({name: dt.string if dtype.is_uuid() else dtype for name, dtype in types.items()})


def _ambiguous(backend: Backend, files: Files) -> SourceUnreadableError:
    """Return what is wrong with objects whose keys DuckDB cannot tell apart."""
    objects = reading_files("read_ndjson_objects", files.paths)
    keys = backend.con.sql(f"SELECT DISTINCT unnest(json_keys(json)) FROM ({objects}) LIMIT {MOST_COLUMNS}").fetchall()
    try:
        check_names(sorted(key for (key,) in keys), files.path)
    except SourceUnreadableError as twice:
        return twice
    return SourceUnreadableError(
        f"{files.path} has objects within objects, with keys that differ in upper and lower case alone",
        hint="Rename one, or export what is nested as text.",
    )


@contextmanager
def _understanding(files: Files) -> Iterator[None]:
    """Tell of columns whose types Ibis cannot spell: those with a nested field that has no name."""
    try:
        with reading():
            yield
    except SqlglotError:
        raise SourceUnreadableError(
            f"{files.path} has a column with a nested field that has no name",
            hint="Name it, or export what is nested as text.",
        ) from None


def _untyped(table: ir.Table, copies: Mapping[str, str]) -> ir.Table:
    """Return a rowless table whose columns are of no type: a header alone must not fail a `where` for its types."""
    nothing = {name: ibis.null() for name in table.columns if name not in copies.values()}
    return table.mutate(**nothing).limit(0)


def _check_type(mapped: MappedColumn, dtype: dt.DataType, source: str, *, as_text: bool) -> None:
    value = dtype.value_type if dtype.is_array() and mapped.identity is not Identity.MPID else dtype
    # A column of nulls alone has no type of its own.
    text = value.is_string() or value.is_uuid() or value.is_null() or (as_text and not value.is_nested())
    number = value.is_numeric() and not value.is_boolean()
    if text or (number and mapped.identity is Identity.MPID):
        return
    kinds = "text or whole numbers" if mapped.identity is Identity.MPID else "text"
    raise ColumnTypeError(
        f'column "{mapped.column}" of {source} is {shown_type(dtype)}, which holds no {mapped.identity}',
        hint=f"Export it as {kinds}.",
    )
