"""Files, read by Spark.

What Spark would read otherwise than DuckDB is settled in this process, by DuckDB and the same code: what columns there
are and of what type, whether text is whole, UTF-8 and of one width, and whether a `where` fits. So text files are
looked through here once more; Parquet, which is what a cluster should be given, is only read by Spark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from reconciler.identity.cells import Column, Rows, cells_of
from reconciler.identity.engines.spark.failures import reading_source
from reconciler.identity.engines.spark.reading import read_columns
from reconciler.identity.hashing import PART, Layout, hash_rows, keyed
from reconciler.identity.sources.files import most_rows, read_header
from reconciler.identity.sources.opened import Hashed
from reconciler.identity.sources.reading import detect_schema, digits_for, own_name, read_rows, resolve, text_schema
from reconciler.identity.sources.translation import translate
from reconciler.origin import Format

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import ibis.expr.types as ir

    from reconciler.identifiers import MappedColumn
    from reconciler.identity.engines.spark.backend import SparkBackend
    from reconciler.identity.sources.files import Files
    from reconciler.identity.sources.reading import FileSource, Found


@dataclass(frozen=True, slots=True)
class SparkSource:
    """The rows of files.

    Attributes:
        here: The same files in the DuckDB of this process.
        engine: Gives the Spark that reads them, always the same one, and starts it the first time.
        url: Where that is.
    """

    here: FileSource
    engine: Callable[[], SparkBackend]
    url: str

    def columns(self) -> Mapping[str, str]:
        """Return the files' columns with their types, as DuckDB spells them."""
        return self.here.columns()

    def check_where(self, where: str) -> None:
        """Check that `where` fits the files' columns, and that Spark would judge by it as DuckDB does."""
        self.here.check_where(where)
        translate(where, "pyspark", self._schema.names)

    def land(self, columns: Sequence[MappedColumn], wheres: Sequence[str | None], folder: Path) -> Hashed:
        """Read the files once and keep their rows hashed in `folder`."""
        rows = self._rows(columns, wheres, validate=True)
        layout, digits = Layout.of(rows), digits_for(most_rows(self.files))
        spark = self.engine()
        with reading_source(self.files):
            spark.land(keyed(spark, hash_rows(spark, rows), layout, digits=digits), folder, by=PART if digits else None)
        return Hashed(layout, apart=digits > 0)

    def explain(self, columns: Sequence[MappedColumn], wheres: Sequence[str | None]) -> str:
        """Return the views and the statement that Spark runs."""
        rows = self._rows(columns, wheres, validate=False)
        spark = self.engine()
        hashed = keyed(spark, hash_rows(spark, rows), Layout.of(rows), digits=0)
        return f"-- Spark ({self.url}) reads {self.files.path}\n{spark.explain(hashed)}"

    @property
    def files(self) -> Files:
        """The files."""
        return self.here.files

    @property
    def _schema(self) -> ibis.Schema:
        if self.files not in self.here.schemas:
            self.here.schemas[self.files] = detect_schema(self.here.backend.ibis, self.files)
        return self.here.schemas[self.files]

    def _rows(self, columns: Sequence[MappedColumn], wheres: Sequence[str | None], *, validate: bool) -> Rows:
        untyped = self.files.format is Format.CSV and not any(wheres)
        schema = text_schema(read_header(self.files)) if untyped else self._schema
        found = resolve(columns, schema, self.files.path, as_text=self.files.format is not Format.PARQUET)
        for where in filter(None, wheres):
            self.here.check_where(where)
        if validate and self.files.format is not Format.PARQUET:
            self._look_through(schema, columns)
        spark = self.engine()
        with reading_source(self.files):
            table, copies = read_columns(spark, self.files, schema, found, list(filter(None, wheres)))
            return choose(spark, table, found, wheres, copies)

    def _look_through(self, schema: ibis.Schema, columns: Sequence[MappedColumn]) -> None:
        """Read identifiers of text files in this process, for the errors that Spark would not raise."""
        rows = read_rows(self.here.backend, self.files, schema, columns, ())
        self.here.backend.row(rows.table.aggregate(**{f"cell_{i}": c.value.count() for i, c in enumerate(rows.cells)}))


def choose(
    spark: SparkBackend,
    table: ir.Table,
    found: Sequence[Found],
    wheres: Sequence[str | None],
    copies: Mapping[str, str],
) -> Rows:
    """Judge rows by every `where`, each checked before; as `sources.reading.choose` does in DuckDB."""
    columns = [name for name in table.columns if name not in copies.values()]
    verdicts = {where: own_name(table.schema(), f"where{i}") for i, where in enumerate(dict.fromkeys(wheres)) if where}
    if verdicts:
        table = spark.judging(table, {name: translate(w, "pyspark", columns) for w, name in verdicts.items()})
        if None not in wheres:
            table = table.filter(ibis.or_(*(table[verdict] for verdict in verdicts.values())))
    chosen = [None if where is None else verdicts[where] for where in wheres]
    within = [
        Column(each.mapped, table[copies.get(each.name, each.name)], table[each.type_name] if each.type_name else None)
        for each in found
    ]
    return Rows(table, cells_of(spark, table, within), tuple(chosen))
