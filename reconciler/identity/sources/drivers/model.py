"""What every driver gives: the columns of a query without its rows, and its rows as Arrow columns."""

from __future__ import annotations

import importlib
import importlib.util
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.identity.errors import SourceError, SourceMissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from types import ModuleType

    import ibis
    import ibis.expr.datatypes as dt


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a query's result.

    Attributes:
        name: Its name, as the database spells it.
        type: Its type.
        cast: A type of the database's own that the column is cast to before anything else sees it, because Arrow or
            Ibis has none like it; None for as it is.
    """

    name: str
    type: dt.DataType
    cast: str | None = None


@dataclass(frozen=True, slots=True)
class Url:
    """A connection URL in its parts, percent-decoded.

    Attributes:
        scheme: The database, lower-case, without a driver: ``postgresql`` of ``postgresql+psycopg://``.
        host: Host name or address, or None.
        port: Port, or None.
        user: User name, or None.
        password: Password, or None; never shown.
        path: The path without its first slash: the database's name, or a file.
        options: What stands behind the question mark.
        text: The URL itself, with its password; never shown.
    """

    scheme: str
    host: str | None = None
    port: int | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    path: str = ""
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    text: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str) -> Url:
        """Take a URL apart.

        Raises:
            SourceError: It is none. The message does not quote it, because it holds a password.
        """
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise SourceError(
                "the connection is not a URL that can be read",
                hint="A password with / ? # @ or : in it must be percent-encoded, for example %40 for @.",
            ) from None
        scheme, _, _ = parts.scheme.partition("+")
        return cls(
            scheme=scheme,
            host=parts.hostname,
            port=port,
            user=_decoded(parts.username),
            password=_decoded(parts.password),
            path=unquote(parts.path.removeprefix("/")),
            options=dict(parse_qsl(parts.query, keep_blank_values=True)),
            text=text,
        )

    @property
    def place(self) -> str:
        """Where the database is, for people: ``db.example.com:5432``."""
        host = self.host or self.options.get("host") or self.path or "this machine"
        return f"{host}:{self.port}" if self.port else host


@dataclass(frozen=True, slots=True)
class Resources:
    """What a database that runs in this process may take.

    Attributes:
        scratch: Where it spills.
        memory: How much memory, as DuckDB writes it: ``512MB``.
    """

    scratch: Path
    memory: str


class Session(Protocol):
    """An open connection that reads, and cannot write where the database has a way to forbid it."""

    def describe(self, query: str) -> tuple[Column, ...]:
        """Return the columns of `query`, reading no row of it."""
        ...

    def batches(self, query: str, schema: ibis.Schema) -> Iterator[pa.RecordBatch]:
        """Yield the rows of `query`, never all of them in memory.

        Args:
            query: A SELECT.
            schema: Its columns. What is yielded has as many, in that order, and converts to their types.
        """
        ...


@dataclass(frozen=True, slots=True)
class Driver:
    """One kind of database.

    Attributes:
        name: Its name, for people.
        dialect: Its SQL, as Ibis and sqlglot call it.
        open: Opens a session.
        modules: The Python modules it takes.
        extra: The optional dependency of this package that brings them.
    """

    name: str
    dialect: str
    open: Callable[[Url, Resources], AbstractContextManager[Session]]
    modules: tuple[str, ...] = ()
    extra: str = ""

    def require(self) -> None:
        """Check that this driver is installed.

        Raises:
            SourceError: It is not; the hint says what to run.
        """
        for name in self.modules:
            if not is_installed(name):
                raise SourceError(
                    f"reading from {self.name} takes a driver that is not installed",
                    hint=f'In a checkout of reconciler, run: pip install ".[{self.extra}]"',
                )


def module(name: str) -> ModuleType:
    """Import an optional module; `Driver.require` has seen that it is there."""
    return importlib.import_module(name)


def without_rows(query: str) -> str:
    """Return a query of the same columns that has no rows."""
    return f"SELECT * FROM (\n{query}\n) AS described LIMIT 0"


def closing_batches(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """Yield a reader's batches and close it, however the reading ends."""
    with closing(reader):
        yield from reader


def converted(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return a batch under the names and types of `schema`, by position; ArrowInvalid where a value does not fit."""
    columns = [
        pc.cast(column.storage if isinstance(column, pa.ExtensionArray) else column, type_)
        for column, type_ in zip(batch.columns, schema.types, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _decoded(text: str | None) -> str | None:
    return None if text is None else unquote(text)


def is_installed(name: str) -> bool:
    """Return whether a module can be imported, without importing it."""
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # a parent package is missing
        return False


def local_file(url: Url) -> Path:
    """Return the file that a URL names: ``sqlite:///relative.db``, ``sqlite:////absolute.db``.

    Some tools read three slashes as the beginning of an absolute path, so that is tried too.

    Raises:
        SourceMissingError: There is no such file. Nothing is ever created.
    """
    named = f"{url.host or ''}/{url.path}".removeprefix("/") if url.host else url.path
    for path in (Path(named).expanduser(), Path("/") / named):
        if path.is_file():
            return path.resolve()
    raise SourceMissingError(
        f"there is no file {named}",
        hint=f"An absolute path takes four slashes, {url.scheme}:////folder/file, a relative one three.",
    )
