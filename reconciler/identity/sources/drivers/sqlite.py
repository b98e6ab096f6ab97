"""SQLite by ADBC, with the types that SQLite itself does not insist on.

A SQLite column holds values of any type, whatever it is declared as. Here a column has the type it is declared with;
one without a declaration, such as an expression, has the narrowest type that all of its values share. ADBC would guess
types from the first rows, so each query begins with a row of known types, which is taken off again.
"""

from __future__ import annotations

import re
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final, Protocol
from uuid import uuid4

import ibis.expr.datatypes as dt

from reconciler.identity.errors import SourceError
from reconciler.identity.sources.drivers.model import Column, closing_batches, local_file, module

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ibis
    import pyarrow as pa

    from reconciler.identity.sources.drivers.adbc import Cursor
    from reconciler.identity.sources.drivers.model import Resources, Session, Url

_BATCH_ROWS: Final = 1 << 16
_MEMORY: Final = re.compile(r"(\d+) ?([KMGT])(I?)B", re.IGNORECASE)


class _Connection(Protocol):
    def cursor(self) -> Cursor: ...


class _SQLite:
    def __init__(self, connection: _Connection, memory: str) -> None:
        self._connection = connection
        self._memory = memory

    def describe(self, query: str) -> tuple[Column, ...]:
        with _within(self._memory), closing(self._connection.cursor()) as cursor, _view(cursor, query) as view:
            declared = _rows(cursor, f"PRAGMA table_info({view})")
            return tuple(
                Column(str(each["name"]), _declared(str(each["type"])) or _held(cursor, view, str(each["name"])))
                for each in declared
            )

    def batches(self, query: str, schema: ibis.Schema) -> Iterator[pa.RecordBatch]:
        with _within(self._memory), closing(self._connection.cursor()) as cursor:
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(_BATCH_ROWS)})
            cursor.execute(_led_by_types(query, schema))
            leading = 1
            for batch in closing_batches(cursor.fetch_record_batch()):
                yield batch.slice(leading)
                leading = 0


@contextmanager
def open_sqlite(url: Url, resources: Resources) -> Iterator[Session]:
    """Open a SQLite file, read-only: ``sqlite:///relative.db`` or ``sqlite:////absolute.db``.

    What SQLite holds is limited for all of a process at once, and the limit only ever goes down.
    """
    connect = module("adbc_driver_sqlite.dbapi").connect
    with closing(connect(f"{local_file(url).as_uri()}?mode=ro", autocommit=True)) as connection:
        # The file is opened read-only; this keeps any other that a statement might attach as it is.
        with closing(connection.cursor()) as cursor:
            cursor.execute("PRAGMA query_only = ON")
            cursor.execute(f"PRAGMA hard_heap_limit = {_bytes(resources.memory)}")
        yield _SQLite(connection, resources.memory)


def _bytes(memory: str) -> int:
    """Return an amount of memory that is written as DuckDB writes it: ``512MB``, ``1GiB``."""
    match = _MEMORY.fullmatch(memory)
    if match is None:
        raise ValueError(memory)
    number, unit, binary = match.groups()
    return int(number) * int((1024 if binary else 1000) ** (1 + "KMGT".index(unit.upper())))


@contextmanager
def _within(memory: str) -> Iterator[None]:
    """Say what to do where a query takes more memory than SQLite may hold."""
    try:
        yield
    except module("adbc_driver_manager").Error as error:
        if "out of memory" not in str(error):
            raise
        raise SourceError(
            f"SQLite takes more than {memory} of memory for the query",
            hint="Look for what makes long texts or holds all rows, as group_concat and a recursive WITH do; or "
            "compute it once, into a table of the file, and read the table.",
        ) from None


@contextmanager
def _view(cursor: Cursor, query: str) -> Iterator[str]:
    """Give `query` a name for a moment. A temporary view lives in memory: the file stays untouched."""
    name = f"view_{uuid4().hex}"
    _change(cursor, f"CREATE TEMP VIEW {name} AS {query}")
    try:
        yield name
    finally:
        _change(cursor, f"DROP VIEW {name}")


def _change(cursor: Cursor, statement: str) -> None:
    """Run a statement about a temporary view, which a connection that only reads does not take."""
    cursor.execute("PRAGMA query_only = OFF")
    try:
        cursor.execute(statement)
    finally:
        cursor.execute("PRAGMA query_only = ON")


def _declared(type_: str) -> dt.DataType | None:
    """Return the type that a declaration stands for, by SQLite's own rules and the names of dates and truth values."""
    declared = type_.upper()
    if "BOOL" in declared:
        return dt.boolean
    if "DATETIME" in declared or "TIMESTAMP" in declared:
        return dt.Timestamp()
    if declared == "DATE":
        return dt.date
    if "INT" in declared:
        return dt.int64
    if any(each in declared for each in ("CHAR", "CLOB", "TEXT", "UUID", "JSON")):
        return dt.string
    if any(each in declared for each in ("REAL", "FLOA", "DOUB", "NUM", "DEC")):
        return dt.float64
    return None


def _held(cursor: Cursor, view: str, column: str) -> dt.DataType:
    """Return the type of a column without a declared one, by looking at every value."""
    name = _quoted(column)
    kinds = {row["kind"] for row in _rows(cursor, f"SELECT DISTINCT typeof({name}) AS kind FROM {view}")} - {"null"}
    if kinds == {"integer"}:
        return dt.int64
    if kinds == {"blob"}:
        return dt.binary
    return dt.float64 if kinds and kinds <= {"integer", "real"} else dt.string


def _led_by_types(query: str, schema: ibis.Schema) -> str:
    """Return `query` with a first row that shows the type of each column: SQLite yields a UNION ALL in order."""
    examples = ", ".join(f"{_example(dtype)} AS {_quoted(name)}" for name, dtype in schema.items())
    values = ", ".join(
        f"CAST({_quoted(name)} AS TEXT)" if _example(dtype) == "''" else _quoted(name) for name, dtype in schema.items()
    )
    return f"SELECT {examples} UNION ALL SELECT {values} FROM (\n{query}\n)"


def _example(dtype: dt.DataType) -> str:
    if dtype.is_integer() or dtype.is_boolean():
        return "0"
    if dtype.is_floating():
        return "0.0"
    return "x''" if dtype.is_binary() else "''"


def _rows(cursor: Cursor, statement: str) -> list[dict[str, object]]:
    cursor.execute(statement)
    rows: list[dict[str, object]] = cursor.fetch_record_batch().read_all().to_pylist()
    return rows


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
