"""Databases whose driver is one of Python's DB API (PEP 249): MySQL, Trino, Databricks.

Databricks hands out Arrow. MySQL and Trino send rows, which become columns batch by batch, each at one go.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

import ibis
import ibis.expr.datatypes as dt
import pyarrow as pa
from ibis.backends.sql.datatypes import TrinoType

from reconciler.identity.errors import SourceError
from reconciler.identity.sources.drivers.model import Column, module, without_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.identity.sources.drivers.model import Resources, Session, Url

_BATCH_ROWS: Final = 10_000
_MANY_DIGITS: Final = 38
_MYSQL_TYPES: Final[dict[int, dt.DataType]] = {
    **dict.fromkeys((1, 2, 3, 8, 9, 13), dt.int64),  # TINYINT, SMALLINT, INT, BIGINT, MEDIUMINT, YEAR
    **dict.fromkeys((4, 5), dt.float64),
    10: dt.date,
    **dict.fromkeys((7, 12), dt.Timestamp()),
}
"""MySQL's field types by their numbers in the protocol; what is not here is text."""
_MYSQL_DECIMALS: Final = (0, 246)
_MYSQL_TIME: Final = 11
_MYSQL_OTHER_QUOTES: Final = frozenset(
    {
        *("ANSI_QUOTES", "NO_BACKSLASH_ESCAPES"),
        *("ANSI", "DB2", "MAXDB", "MSSQL", "ORACLE", "POSTGRESQL"),  # each brings ANSI_QUOTES
    }
)
"""Modes of MySQL and MariaDB in which a text ends elsewhere than it was found to end before the query was sent."""
_DATABRICKS_SETTINGS: Final = frozenset({"session_configuration"})
"""Parameters that could change how texts and names are quoted, as spark.sql.parser.escapedStringLiterals does."""


class _Cursor(Protocol):
    @property
    def description(self) -> Sequence[Sequence[Any]] | None: ...
    def execute(self, operation: str) -> object: ...
    def fetchmany(self, size: int) -> Sequence[Sequence[object]]: ...
    def close(self) -> None: ...


class _ArrowCursor(_Cursor, Protocol):
    def fetchmany_arrow(self, size: int) -> pa.Table: ...


class _Rows:
    """A connection whose cursors fetch rows; `columns` reads a cursor's description."""

    def __init__(
        self, cursor: Callable[[], _Cursor], columns: Callable[[Sequence[Sequence[Any]]], tuple[Column, ...]]
    ) -> None:
        self._cursor = cursor
        self._columns = columns

    def describe(self, query: str) -> tuple[Column, ...]:
        with closing(self._cursor()) as cursor:
            cursor.execute(without_rows(query))
            # Trino describes a result only once a page of it has come.
            cursor.fetchmany(1)
            return self._columns(cursor.description or ())

    def batches(self, query: str, schema: ibis.Schema) -> Iterator[pa.RecordBatch]:
        types = schema.to_pyarrow()
        with closing(self._cursor()) as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(_BATCH_ROWS):
                yield pa.RecordBatch.from_arrays(
                    [
                        pa.array(values, type_)
                        for values, type_ in zip(zip(*rows, strict=True), types.types, strict=True)
                    ],
                    schema=types,
                )


class _Arrow:
    def __init__(self, cursor: Callable[[], _ArrowCursor]) -> None:
        self._cursor = cursor

    def describe(self, query: str) -> tuple[Column, ...]:
        with closing(self._cursor()) as cursor:
            cursor.execute(without_rows(query))
            schema = ibis.Schema.from_pyarrow(cursor.fetchmany_arrow(1).schema)
            return tuple(Column(name, dtype) for name, dtype in schema.items())

    def batches(self, query: str, _: ibis.Schema) -> Iterator[pa.RecordBatch]:
        with closing(self._cursor()) as cursor:
            cursor.execute(query)
            while (table := cursor.fetchmany_arrow(_BATCH_ROWS)).num_rows:
                yield from table.to_batches()


@contextmanager
def open_mysql(url: Url, _: Resources) -> Iterator[Session]:
    """Open MySQL or MariaDB: ``mysql://user:password@host:3306/database?ssl_ca=ca.pem``.

    Rows are fetched as they are read (an unbuffered cursor), so memory stays small.
    """
    connect = module("pymysql").connect
    unbuffered = module("pymysql.cursors").SSCursor
    with closing(connect(**mysql_options(url), cursorclass=unbuffered)) as connection:
        with closing(connection.cursor()) as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
            cursor.execute("SET SESSION time_zone = '+00:00'")
            # The server's other modes stay: the query was written for them.
            cursor.execute("SELECT @@SESSION.sql_mode")
            ((modes,),) = cursor.fetchall()
            cursor.execute(f"SET SESSION sql_mode = '{mysql_modes(modes)}'")
        yield _Rows(connection.cursor, _mysql_columns)


def mysql_options(url: Url) -> dict[str, object]:
    """Return PyMySQL's options for a URL."""
    return {
        "host": url.host or "localhost",
        "port": url.port or 3306,
        "user": url.user,
        "password": url.password or "",
        "database": url.path or None,
        "charset": "utf8mb4",
        "autocommit": True,
        "local_infile": False,
        **{name: value for name, value in url.options.items() if name.startswith("ssl_")},
    }


def mysql_modes(modes: str) -> str:
    """Return an ``sql_mode`` without what changes where a text ends."""
    return ",".join(mode for mode in modes.split(",") if mode.upper() not in _MYSQL_OTHER_QUOTES)


def _mysql_columns(description: Sequence[Sequence[Any]]) -> tuple[Column, ...]:
    return tuple(_mysql_column(name, code, scale) for name, code, _, _, _, scale, _ in description)


def _mysql_column(name: str, code: int, scale: int) -> Column:
    if code in _MYSQL_DECIMALS:
        return Column(name, dt.Decimal(_MANY_DIGITS, scale))
    return Column(name, _MYSQL_TYPES.get(code, dt.string), cast="CHAR" if code == _MYSQL_TIME else None)


@contextmanager
def open_trino(url: Url, _: Resources) -> Iterator[Session]:
    """Open Trino: ``trino://user@host:8080/catalog/schema``; with a password by HTTPS.

    ``?http_scheme=https`` asks for HTTPS without one.
    """
    options = trino_options(url)
    if url.password is not None:
        options["auth"] = module("trino.auth").BasicAuthentication(url.user, url.password)
    with closing(module("trino.dbapi").connect(**options)) as connection:
        yield _Rows(connection.cursor, _trino_columns)


def trino_options(url: Url) -> dict[str, object]:
    """Return the Trino client's options for a URL, the password aside."""
    catalog, _, schema = url.path.partition("/")
    scheme = url.options.get("http_scheme", "http" if url.password is None else "https")
    if url.password is not None and scheme != "https":
        raise SourceError("Trino takes a password by HTTPS only", hint="Leave http_scheme out of the URL.")
    return {
        "host": url.host or "localhost",
        "port": url.port or (443 if scheme == "https" else 8080),
        "user": url.user or "reconciler",
        "catalog": catalog or None,
        "schema": schema or None,
        "http_scheme": scheme,
        "source": "reconciler",
        "timezone": "UTC",
    }


def _trino_columns(description: Sequence[Sequence[Any]]) -> tuple[Column, ...]:
    return tuple(_trino_column(name, TrinoType.from_string(type_)) for name, type_, *_ in description)


def _trino_column(name: str, dtype: dt.DataType) -> Column:
    plain = dtype.is_numeric() or dtype.is_string() or dtype.is_date() or dtype.is_timestamp() or dtype.is_array()
    return Column(name, dtype) if plain else Column(name, dt.string, cast="VARCHAR")


@contextmanager
def open_databricks(url: Url, _: Resources) -> Iterator[Session]:
    """Open Databricks: ``databricks://token:<access token>@host/schema?http_path=/sql/1.0/warehouses/…&catalog=c``."""
    with closing(module("databricks.sql").connect(**databricks_options(url))) as connection:
        yield _Arrow(connection.cursor)


def databricks_options(url: Url) -> dict[str, object]:
    """Return the Databricks connector's options for a URL.

    Raises:
        SourceError: The URL names no warehouse, or has settings for the session.
    """
    if "http_path" not in url.options:
        raise SourceError(
            "the Databricks URL names no SQL warehouse",
            hint="Add ?http_path=/sql/1.0/warehouses/…, from the warehouse's connection details.",
        )
    if changed := _DATABRICKS_SETTINGS & url.options.keys():
        raise SourceError(
            "the Databricks URL may not change the session's settings: a query is checked as the usual ones read it",
            hint=f"Take {', '.join(sorted(changed))} out of the URL.",
        )
    return {"server_hostname": url.host, "access_token": url.password, "schema": url.path or None, **url.options}
