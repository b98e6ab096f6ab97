"""Reading a source: its columns and their types, and its rows as one table with identifiers as text.

Parquet carries its types. Text does not, so:

* Identifiers are read as text, whatever they look like: ``12345e10`` is the end of a device id, not a number.
* The other columns are typed only for a `where`, by looking at every row; from a sample, DuckDB would round a later
  ``1.5`` to 2 in silence. Dates count as dates in ISO 8601 form only: what 01/02/2020 means would be a guess.
* CSV is read strictly: a header, UTF-8, one width. A row that does not fit is an error and never skipped.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

import duckdb
import ibis
import ibis.expr.datatypes as dt

from reconciler.identifiers import Identity
from reconciler.identity.columns import type_name
from reconciler.identity.connection import literally
from reconciler.identity.errors import ColumnMissingError, ColumnTypeError, SourceUnreadableError
from reconciler.identity.files import Files, Format, Header, read_header
from reconciler.identity.where import choose

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from reconciler.identifiers import MappedColumn

_RAW: Final = "source_raw"
_TYPED: Final = "source_typed"
_MANY: Final = 1_000_000
"""More files than a source has: types are read off all of them."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to be turned into members; nothing is read yet.

    Attributes:
        table: The rows that `where` lets through.
        identifiers: The values of each mapped column, in the order asked for: text, or a number for the person key.
    """

    table: ir.Table
    identifiers: tuple[ir.Value, ...] = ()


def detect_schema(backend: Backend, files: Files) -> ibis.Schema:
    """Return the columns of `files` and their types; those of text by looking at every row."""
    if files.format is Format.PARQUET:
        return backend.read_parquet(_patterns(files)).schema()
    if files.format is Format.JSON_LINES:
        return _json_schema(backend, files)
    header = read_header(files)
    types = _csv_types(backend, files, header)
    if len(types) != len(header.columns):
        # Detection does not say which line is wrong; reading does, and raises.
        backend.to_pyarrow(_read_csv(backend, files, header, text_schema(header)).count())
        raise SourceUnreadableError(f"{files.path} is not readable CSV", hint="Are all rows as wide as the header?")
    return ibis.schema(dict(zip(header.columns, types, strict=True)))


def _csv_types(backend: Backend, files: Files, header: Header) -> tuple[dt.DataType, ...]:
    """Return what every row of each column converts to; not one for each column where the rows do not fit."""
    try:
        detected = backend.read_csv(
            _patterns(files),
            **_dialect(header),
            sample_size=-1,
            files_to_sniff=-1,
            dateformat="%Y-%m-%d",
            timestampformat="%Y-%m-%d %H:%M:%S",
        )
    except duckdb.Error:
        return ()
    types: tuple[dt.DataType, ...] = detected.schema().types
    return types


def _patterns(files: Files) -> list[str]:
    return [literally(path) for path in files.paths]


def text_schema(header: Header) -> ibis.Schema:
    """Return CSV columns untyped: enough where no `where` asks for more."""
    return ibis.schema(dict.fromkeys(header.columns, "string"))


def type_names(schema: ibis.Schema) -> Mapping[str, str]:
    """Return the types as DuckDB spells them, by column."""
    return {name: type_name(dtype) for name, dtype in schema.items()}


def resolve(columns: Sequence[MappedColumn], schema: ibis.Schema, files: Files) -> tuple[str, ...]:
    """Return the source's own spelling of each mapped column; upper and lower case do not tell columns apart.

    Raises:
        ColumnMissingError: There is no such column.
        ColumnTypeError: Its type holds no identifiers.
    """
    spellings = {name.casefold(): name for name in reversed(schema.names)} | {name: name for name in schema.names}
    found = []
    for mapped in columns:
        name = spellings.get(mapped.column) or spellings.get(mapped.column.casefold())
        if name is None:
            close = get_close_matches(mapped.column.casefold(), spellings, n=1)
            guess = f'Did you mean "{spellings[close[0]]}"? ' if close else ""
            raise ColumnMissingError(
                f'no column "{mapped.column}" for {mapped.identity} in {files.path}',
                hint=f"{guess}It has: {', '.join(schema.names)}.",
            )
        _check_type(mapped, schema[name], files)
        found.append(name)
    return tuple(found)


def read_rows(
    backend: Backend, files: Files, schema: ibis.Schema, columns: Sequence[MappedColumn], where: str | None
) -> Rows:
    """Return the rows that `where` lets through, and the identifiers in them.

    Raises:
        ColumnMissingError: A mapped column is not there.
        ColumnTypeError: A mapped column's type holds no identifiers.
        WhereError: `where` does not fit the columns.
    """
    names = resolve(columns, schema, files)
    if files.format is Format.PARQUET:
        table = backend.read_parquet(_patterns(files), table_name=_RAW)
        chosen = table if where is None else choose(backend, _RAW, where, tuple(schema.names))
        return Rows(chosen, tuple(chosen[name] for name in names))
    text = _read_text(backend, files, schema, names, typed=where is not None)
    if where is None:
        return Rows(text, tuple(text[name] for name in names))
    # For `where` an identifier has the type its values have, as any column; beside it goes its text, under a name
    # longer than every column's and so nobody else's.
    copies = {name: f"text{'_' * max(map(len, schema.names))}{index}" for index, name in enumerate(names)}
    typed = text.mutate(**{copy: text[name] for name, copy in copies.items()})
    typed = typed.mutate(**{name: typed[name].cast(schema[name]) for name in names})
    backend.create_view(_TYPED, _untyped(typed, copies) if _is_empty(backend, files, text) else typed)
    chosen = choose(backend, _TYPED, where, tuple(schema.names))
    return Rows(chosen, tuple(chosen[copies[name]] for name in names))


def _read_text(
    backend: Backend, files: Files, schema: ibis.Schema, identifiers: tuple[str, ...], *, typed: bool
) -> ir.Table:
    as_text = dict.fromkeys(identifiers, dt.string)
    if files.format is Format.JSON_LINES:
        columns = {**schema, **as_text} if typed else as_text
        return backend.read_json(
            _patterns(files), table_name=_RAW, format="newline_delimited", columns=type_names(ibis.schema(columns))
        )
    header = read_header(files)
    return _read_csv(backend, files, header, ibis.schema({**schema, **as_text}))


def _read_csv(backend: Backend, files: Files, header: Header, schema: ibis.Schema) -> ir.Table:
    return backend.read_csv(_patterns(files), table_name=_RAW, columns=type_names(schema), **_dialect(header))


def _dialect(header: Header) -> dict[str, str | bool]:
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
    schema = backend.read_json(
        _patterns(files),
        format="newline_delimited",
        records="true",
        sample_size=-1,
        maximum_sample_files=_MANY,
        map_inference_threshold=-1,
    ).schema()
    if schema == ibis.schema({"json": "json"}):
        raise SourceUnreadableError(f"{files.path} holds no objects", hint="Was its export cut off?")
    # What looks like a UUID is text: in a `where` it must behave as it does in CSV.
    return ibis.schema({name: dt.string if dtype.is_uuid() else dtype for name, dtype in schema.items()})


def _is_empty(backend: Backend, files: Files, table: ir.Table) -> bool:
    return files.format is Format.CSV and backend.to_pyarrow(table.limit(1)).num_rows == 0


def _untyped(table: ir.Table, copies: Mapping[str, str]) -> ir.Table:
    """Return a rowless table whose columns are of no type: a header alone must not fail a `where` for its types."""
    nothing = {name: ibis.null() for name in table.columns if name not in copies.values()}
    return table.mutate(**nothing).limit(0)


def _check_type(mapped: MappedColumn, dtype: dt.DataType, files: Files) -> None:
    text = dtype.is_string() or dtype.is_uuid()
    number = dtype.is_numeric() and not dtype.is_boolean()
    if files.format is Format.CSV or text or (number and mapped.identity is Identity.MPID):
        return
    if files.format is Format.JSON_LINES and not dtype.is_nested():
        return
    kinds = "text or whole numbers" if mapped.identity is Identity.MPID else "text"
    raise ColumnTypeError(
        f'column "{mapped.column}" of {files.path} is {type_name(dtype)}, which holds no {mapped.identity}',
        hint=f"Export it as {kinds}.",
    )
