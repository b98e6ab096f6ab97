"""A DuckDB file, opened read-only and shut off from every other file."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

import duckdb
import ibis.expr.datatypes as dt
from ibis.backends.sql.datatypes import DuckDBType
from sqlglot.errors import SqlglotError

from reconciler.identity.sources.drivers.model import Column, closing_batches, local_file
from reconciler.sql import reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ibis
    import pyarrow as pa

    from reconciler.identity.sources.drivers.model import Resources, Session, Url

_BATCH_ROWS: Final = 1 << 16


class _DuckDB:
    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def describe(self, query: str) -> tuple[Column, ...]:
        with closing(self._connection.cursor()) as cursor:
            described = cursor.execute(f"DESCRIBE {query}").fetchall()
        return tuple(_column(name, _type(type_)) for name, type_, *_ in described)

    def batches(self, query: str, _: ibis.Schema) -> Iterator[pa.RecordBatch]:
        with closing(self._connection.cursor()) as cursor:
            yield from closing_batches(cursor.execute(query).to_arrow_reader(_BATCH_ROWS))


def _type(name: str) -> dt.DataType:
    try:
        with reading():
            return DuckDBType.from_string(name)
    except SqlglotError:  # of a row whose fields have no names, for example
        return dt.unknown


def _column(name: str, dtype: dt.DataType) -> Column:
    # What looks like a UUID is text in a `where` elsewhere too; Arrow has no JSON, and Ibis not all that DuckDB has.
    as_text = dtype.is_uuid() or dtype.is_json() or dtype.is_unknown()
    return Column(name, dt.string, cast="VARCHAR") if as_text else Column(name, dtype)


@contextmanager
def open_duckdb(url: Url, resources: Resources) -> Iterator[Session]:
    """Open a DuckDB file: ``duckdb:///relative.duckdb`` or ``duckdb:////absolute.duckdb``.

    What it spills is encrypted, as in `reconciler.identity.connection`, and not put beside the person's file.
    """
    spill = tempfile.mkdtemp(prefix="spill-", dir=resources.scratch)
    try:
        with closing(duckdb.connect(str(local_file(url)), read_only=True)) as connection:
            for setting, value in (
                ("memory_limit", resources.memory),
                ("temp_directory", spill),
                ("temp_file_encryption", True),
                ("force_mbedtls_unsafe", True),
                ("autoinstall_known_extensions", False),
                ("autoload_known_extensions", False),
                ("allow_community_extensions", False),
                ("enable_external_access", False),
                ("lock_configuration", True),
            ):
                connection.execute(f"SET {setting} = {value!r}")
            yield _DuckDB(connection)
    finally:
        shutil.rmtree(spill, ignore_errors=True)
