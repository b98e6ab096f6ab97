"""Databases whose driver speaks Arrow (ADBC): rows are columns from the socket on."""

from __future__ import annotations

from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Final, Protocol

import ibis
import ibis.expr.datatypes as dt
import pyarrow as pa

from reconciler.identity.errors import SourceError
from reconciler.identity.sources.drivers.model import Column, closing_batches, module, without_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.identity.sources.drivers.model import Resources, Session, Url

_BATCH_BYTES: Final = 4 << 20
_MANY_DIGITS: Final = 38
"""Digits of the widest decimal that Arrow's 128 bits hold."""
_READ_ALIKE: Final = {"standard_conforming_strings": "on", "backslash_quote": "off", "client_encoding": "UTF8"}
"""What PostgreSQL must go by to find in a query what was found in it before it was sent: where texts end."""


class Statement(Protocol):
    """What is used of an ADBC statement."""

    def set_options(self, **options: str) -> None:
        """Set what only one driver knows."""
        ...


class Cursor(Protocol):
    """What is used of an ADBC cursor."""

    @property
    def adbc_statement(self) -> Statement:
        """The statement that the cursor runs."""
        ...

    def execute(self, operation: str) -> object:
        """Run a statement; its rows are then waiting."""
        ...

    def adbc_execute_schema(self, operation: str) -> pa.Schema:
        """Return a statement's columns without running it."""
        ...

    def fetch_record_batch(self) -> pa.RecordBatchReader:
        """Return the rows that wait, to be read as they come."""
        ...

    def close(self) -> None:
        """Give the cursor back."""
        ...


class _Connection(Protocol):
    def cursor(self) -> Cursor: ...


class _PostgreSQL:
    """Each statement runs in a read-only transaction of its own, which an error cannot leave behind half dead.

    How a text is written is settled in it as well: the server, the user's role and the URL's ``options`` may have other
    settings, with which a query that was seen to call nothing would call something.
    """

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    def describe(self, query: str) -> tuple[Column, ...]:
        # Run, and not only prepared: PostgreSQL looks at permissions when it runs.
        with self._reading() as cursor:
            cursor.execute(without_rows(query))
            with closing(cursor.fetch_record_batch()) as reader:
                return tuple(_postgres_column(each) for each in reader.schema)

    def batches(self, query: str, _: ibis.Schema) -> Iterator[pa.RecordBatch]:
        with self._reading() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(_BATCH_BYTES)})
            cursor.execute(query)
            yield from closing_batches(cursor.fetch_record_batch())

    @contextmanager
    def _reading(self) -> Iterator[Cursor]:
        with closing(self._connection.cursor()) as cursor:
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            try:
                settings = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in _READ_ALIKE.items())
                cursor.execute(f"SELECT {settings}")
                yield cursor
            finally:
                # Where the connection broke there is nothing to roll back, and the first error is the one to tell.
                with suppress(Exception), closing(self._connection.cursor()) as last:
                    last.execute("ROLLBACK")


@contextmanager
def open_postgres(url: Url, _: Resources) -> Iterator[Session]:
    """Open PostgreSQL, or what speaks its protocol: ``postgresql://user:password@host:5432/database?sslmode=require``.

    The URL goes to libpq as it is, so that everything libpq knows works: ``PGPASSWORD``, ``~/.pgpass``, sockets.
    """
    libpq = f"postgresql://{url.text.split('://', maxsplit=1)[1]}"
    with closing(module("adbc_driver_postgresql.dbapi").connect(libpq, autocommit=True)) as connection:
        yield _PostgreSQL(connection)


def _postgres_column(field: pa.Field) -> Column:
    own = (field.metadata or {}).get(b"POSTGRESQL:type", b"").decode()
    if own == "numeric":
        return _postgres_number(field)
    if own == "bpchar":
        # char(n) comes padded with spaces, which only PostgreSQL's own comparisons overlook; as text it has none.
        return Column(field.name, dt.string, cast="text")
    if isinstance(field.type, pa.BaseExtensionType) or pa.types.is_interval(field.type):
        # Of a type that only PostgreSQL has, or one that a `where` sees as text in files too: UUID, JSON.
        return Column(field.name, dt.string, cast="text")
    return Column(field.name, _type(field))


def _postgres_number(field: pa.Field) -> Column:
    # PostgreSQL's typmod of a numeric: precision and scale in 16 bits each, and 4 more; -1 for neither.
    modifier = int(field.metadata.get(b"POSTGRESQL:typmod", b"-1")) - 4
    precision, scale = modifier >> 16, modifier & 0x7FF
    if 0 < precision <= _MANY_DIGITS and scale <= precision:
        return Column(field.name, dt.Decimal(precision, scale))
    return Column(field.name, dt.Decimal(_MANY_DIGITS, 9), cast=f"numeric({_MANY_DIGITS}, 9)")


class _Warehouse:
    """Snowflake and BigQuery know no read-only session: what may be read is the business of the user's role."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    def describe(self, query: str) -> tuple[Column, ...]:
        with closing(self._connection.cursor()) as cursor:
            return tuple(Column(each.name, _type(each)) for each in cursor.adbc_execute_schema(query))

    def batches(self, query: str, _: ibis.Schema) -> Iterator[pa.RecordBatch]:
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(query)
            yield from closing_batches(cursor.fetch_record_batch())


@contextmanager
def open_snowflake(url: Url, _: Resources) -> Iterator[Session]:
    """Open Snowflake: ``snowflake://user:password@account/database/schema?warehouse=w&role=r``.

    Further options go to the driver under its own names, e.g. ``adbc.snowflake.sql.auth_type=auth_jwt``.
    """
    options = snowflake_options(url)
    with closing(module("adbc_driver_snowflake.dbapi").connect(db_kwargs=options)) as connection:
        yield _Warehouse(connection)


def snowflake_options(url: Url) -> dict[str, str]:
    """Return the driver's options for a URL, as the driver's documentation names them."""
    database, _, schema = url.path.partition("/")
    options = {
        "username": url.user,
        "password": url.password,
        "adbc.snowflake.sql.account": url.host,
        "adbc.snowflake.sql.db": database,
        "adbc.snowflake.sql.schema": schema,
    }
    named = {
        f"adbc.snowflake.sql.{name}" if name in {"warehouse", "role", "auth_type"} else name: value
        for name, value in url.options.items()
    }
    return {name: value for name, value in options.items() if value} | named


@contextmanager
def open_bigquery(url: Url, _: Resources) -> Iterator[Session]:
    """Open BigQuery: ``bigquery://project/dataset``.

    Credentials are Google's default ones (``GOOGLE_APPLICATION_CREDENTIALS``, ``gcloud auth application-default
    login``, the machine's own), or ``?credentials_path=`` a service account's key file.
    """
    options = bigquery_options(url)
    with closing(module("adbc_driver_bigquery.dbapi").connect(db_kwargs=options)) as connection:
        yield _Warehouse(connection)


def bigquery_options(url: Url) -> dict[str, str]:
    """Return the driver's options for a URL, as the driver's documentation names them.

    Raises:
        SourceError: The URL names no project, or asks for the legacy SQL, by which no query is checked.
    """
    if not url.host:
        raise SourceError("the BigQuery URL names no project", hint="Write bigquery://project/dataset.")
    options = {"adbc.bigquery.sql.project_id": url.host}
    if url.path:
        options["adbc.bigquery.sql.dataset_id"] = url.path
    for name, value in url.options.items():
        if name.endswith("use_legacy_sql"):
            raise SourceError(
                "a query is not read in BigQuery's legacy SQL", hint=f"Take {name} out of the connection URL."
            )
        if name == "credentials_path":
            options["adbc.bigquery.sql.auth_type"] = "adbc.bigquery.sql.auth_type.json_credential_file"
            options["adbc.bigquery.sql.auth_credentials"] = value
        else:
            options[f"adbc.bigquery.sql.{name}" if name == "location" else name] = value
    return options


def _type(field: pa.Field) -> dt.DataType:
    dtype: dt.DataType = ibis.Schema.from_pyarrow(pa.schema([field]))[field.name]
    return dtype
