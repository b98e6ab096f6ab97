"""Rows out of a database: one SELECT, read as Arrow columns, with the work done there that can be done there."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import ibis
import ibis.expr.operations as ops
from ibis.common.exceptions import IbisError, UnsupportedOperationError
from sqlglot import exp

from reconciler.identity.errors import IdentityError, SourceError
from reconciler.identity.sources import dialects
from reconciler.identity.sources.checking import checked
from reconciler.identity.sources.drivers.failures import Doing, telling
from reconciler.identity.sources.drivers.kinds import driver_for
from reconciler.identity.sources.drivers.model import Column, Resources, Url, converted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import ibis.expr.types as ir
    import pyarrow as pa

    from reconciler.identifiers import MappedColumn
    from reconciler.identity.sources.dialects import Functions, Leaning
    from reconciler.identity.sources.drivers.model import Driver, Session
    from reconciler.origin import QueryOrigin

SOURCE: Final = "source"
"""The name that the query's result has in the SQL that runs."""
_PLAIN: Final = "plain"
"""The name of a text that has no column's collation, but the database's."""


@dataclass(frozen=True, slots=True)
class Database:
    """The result of a query, not read yet.

    Attributes:
        driver: What kind of database it is.
        place: Where it is, for people; no password in it.
        query: The SELECT.
        columns: Its columns.
        verdicts: Further columns, of truth values, each with its SQL.
    """

    driver: Driver
    place: str
    query: str
    columns: tuple[Column, ...]
    session: Session = field(repr=False)
    verdicts: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What people call it: ``PostgreSQL at db.example.com:5432``."""
        return f"{self.driver.name} at {self.place}"

    @property
    def dialect(self) -> str:
        """Its SQL, as Ibis calls it."""
        return self.driver.dialect

    @property
    def functions(self) -> Functions | None:
        """What its SQL can hash with, if anything."""
        return dialects.functions_for(self.dialect)

    @property
    def judges(self) -> bool:
        """Whether a translated `where` chooses the rows here that it would choose in DuckDB."""
        return dialects.judges(self.dialect)

    @property
    def table(self) -> ir.Table:
        """The result as an Ibis table, to make expressions of; bound to no backend."""
        types = {column.name: column.type for column in self.columns}
        return ibis.table({**types, **dict.fromkeys(self.verdicts, "boolean")}, name=SOURCE)

    def judging(self, verdicts: Mapping[str, str]) -> Database:
        """Return the same rows with a column more for each of `verdicts`: whether its condition holds, never null.

        Args:
            verdicts: Conditions in this database's SQL, by the names of their columns.

        Raises:
            SourceError: The database does not take a condition.
        """
        judging = replace(self, verdicts={**self.verdicts, **verdicts})
        with telling(self.driver.name, self.place, Doing.DESCRIBING, judging.query):
            self.session.describe(judging.sql(judging.table))
        return judging

    def can_hash(self, columns: Sequence[MappedColumn]) -> bool:
        """Return whether the rules of `columns`, computed here, give what they give in DuckDB.

        Asked by a query of constants, because servers differ: in their encoding, their idea of lower case, their
        regular expressions.
        """
        functions = self.functions
        if functions is None:
            return False
        text, number = ibis.dtype("string"), ibis.dtype("int64")
        raw = (Column("place", number), Column("raw", text))
        constants = replace(self, query=dialects.samples(self.dialect), columns=raw, verdicts={})
        answers = _answers(constants, dialects.judged(constants.table, columns, functions))
        return answers == dialects.expected(columns)

    def reads_alike(self, leaning: Leaning, columns: Collection[str]) -> bool:
        """Return whether what `leaning` names, the order of texts for example, is here what it is in DuckDB.

        Asked by a query of constants as well. They are put under the query's own text columns, of which no row is
        read, and so take on a collation that a column has for itself.

        Args:
            leaning: What of texts.
            columns: In which of the query's columns; those that hold no text do not matter.
        """
        held = [each.name for each in self.columns if each.type.is_string() and each.name in columns]
        asked = [_PLAIN, *(f"text_{i}" for i in range(len(held)))]
        sources = ["0", "''", *map(self._quoted, held)]
        names = map(self._quoted, ["place", *asked])
        no_row = ", ".join(f"{source} AS {name}" for source, name in zip(sources, names, strict=True))
        # In a union of a column and constants, the column's own collation is the one that stays.
        query = (
            f"(SELECT {no_row} FROM (\n{self._typed()}\n) AS {self._quoted('read')} LIMIT 0)\n"
            f"UNION ALL\n{dialects.texts(self.dialect, asked)}"
        )
        text, number = ibis.dtype("string"), ibis.dtype("int64")
        texts = (Column("place", number), *(Column(name, text) for name in asked))
        constants = replace(self, query=query, columns=texts, verdicts={})
        answers = _answers(constants, dialects.read(constants.table, asked, leaning))
        return answers == dialects.read_rightly(asked, leaning)

    def accepts(self, expression: ir.Table) -> bool:
        """Return whether `expression` compiles for this database and the database would run it; reads no row."""
        try:
            with telling(self.driver.name, self.place, Doing.DESCRIBING, self.query):
                self.session.describe(self.sql(expression))
        except (IdentityError, IbisError):
            return False
        return True

    def sql(self, expression: ir.Table) -> str:
        """Return the SQL of an expression over `table`; the query stands in it as it was written.

        Raises:
            IbisError: The database's SQL has nothing for it.
        """
        if expression.op().find(ops.TryCast) and not dialects.casts_to_null(self.dialect):
            raise UnsupportedOperationError(f"a value that does not convert fails in {self.driver.name}")
        compiled = dialects.stepwise(str(ibis.to_sql(expression, dialect=self.dialect)), self.dialect)
        # An expression's own WITH joins ours.
        rest = f", {compiled.removeprefix('WITH ')}" if compiled.startswith("WITH ") else f" {compiled}"
        return f"WITH {self._quoted(SOURCE)} AS (\n{self._source()}\n){rest}"

    def batches(self, expression: ir.Table) -> Iterator[pa.RecordBatch]:
        """Yield the rows of an expression over `table` as they come, with its columns and types.

        Raises:
            SourceError: The connection broke, or a row did not compute. No message holds a value of a row.
        """
        schema = expression.schema()
        with telling(self.driver.name, self.place, Doing.READING, self.query):
            for batch in self.session.batches(self.sql(expression), schema):
                if batch.num_rows:
                    yield converted(batch, schema.to_pyarrow())

    def _source(self) -> str:
        """Return the query in its casts and verdicts. A condition has lines of its own: it may end in a comment."""
        source = self._typed()
        if self.verdicts:
            verdicts = ", ".join(
                f"CASE WHEN (\n{condition}\n) THEN TRUE ELSE FALSE END AS {self._quoted(name)}"
                for name, condition in self.verdicts.items()
            )
            source = f"SELECT *, {verdicts} FROM (\n{source}\n) AS {self._quoted('judged')}"
        return source

    def _typed(self) -> str:
        if not any(column.cast for column in self.columns):
            return self.query
        columns = ", ".join(map(self._cast, self.columns))
        return f"SELECT {columns} FROM (\n{self.query}\n) AS {self._quoted('found')}"

    def _cast(self, column: Column) -> str:
        name = self._quoted(column.name)
        return f"CAST({name} AS {column.cast}) AS {name}" if column.cast else name

    def _quoted(self, name: str) -> str:
        return exp.to_identifier(name, quoted=True).sql(dialects.sqlglot_name(self.dialect))


def _answers(constants: Database, asked: ir.Table) -> list[dict[str, object]] | None:
    """Return what a database answers, or None where it does not take the question."""
    try:
        return [row for batch in constants.batches(asked) for row in batch.to_pylist()]
    except (IdentityError, IbisError):
        return None


@contextmanager
def connect(origin: QueryOrigin, *, scratch: Path | None = None, memory: str = "512MB") -> Iterator[Database]:
    """Connect to the database of `origin` and look at the columns of its query; close the connection at the end.

    Args:
        origin: The connection's URL and the query, one SELECT.
        scratch: Where a database that runs in this process (a DuckDB file) spills; None for the system's folder.
        memory: What such a database may hold.

    Raises:
        SourceError: No such kind of database, its driver is not installed, it does not answer or refuses the user, or
            the query is no SELECT or does not run. The message holds neither the password nor a value of a row.
    """
    url = Url.parse(origin.connection.reveal())
    driver = driver_for(url.scheme)
    query = checked(origin.query, driver)
    driver.require()
    with (
        telling(driver.name, url.place, Doing.CONNECTING),
        driver.open(url, Resources(scratch or Path(tempfile.gettempdir()), memory)) as session,
    ):
        with telling(driver.name, url.place, Doing.DESCRIBING, query):
            columns = session.describe(query)
        _check_names(columns)
        yield Database(driver, url.place, query, columns, session)


def _check_names(columns: Sequence[Column]) -> None:
    seen: set[str] = set()
    for column in columns:
        if column.name.casefold() in seen:
            raise SourceError(
                f'the query has the column "{column.name}" twice',
                hint="Rename one with AS; upper and lower case do not tell columns apart.",
            )
        seen.add(column.name.casefold())
