"""Spark, as an engine: the same expressions as on DuckDB, in as many processes as there are."""

from __future__ import annotations

import itertools
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import ibis
import pyarrow.parquet as pq

from reconciler.identity.columns import unhex
from reconciler.identity.engines.spark.dialect import speaking, strings_of_json
from reconciler.identity.engines.spark.types import column_types
from reconciler.identity.nested import SPARK, without_fields
from reconciler.identity.sources.where import enclosed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import ibis.expr.types as ir
    import pyarrow as pa
    from pyspark.sql import DataFrame
    from pyspark.sql.types import DataType

    from reconciler.identifiers import Hash
    from reconciler.identity.engines.spark.session import Session

_BATCH: Final = 1 << 17


class SparkBackend:
    """A session, as a `reconciler.identity.engines.protocol.Backend`.

    What is landed lies in files that this process and all of Spark's see under the same path.

    Attributes:
        ibis: The same as an Ibis backend, for what reads sources.
        session: The same as Spark knows it.
    """

    def __init__(self, session: Session, scratch: Path) -> None:
        """Start work.

        Args:
            session: Where it is done.
            scratch: A folder for what Spark hands over to this process.
        """
        self.ibis = speaking(session)
        self.session = session
        self._scratch = scratch
        self._frames = itertools.count(1)
        self._statements: list[str] = []

    def named(self, name: str, expression: ir.Table) -> ir.Table:
        """Return a table that stands for `expression`."""
        self._statements.append(
            f"CREATE OR REPLACE TEMPORARY VIEW {name} AS\n{self.ibis.compile(expression, pretty=True)}"
        )
        return self.ibis.create_view(name, expression, overwrite=True)

    def digest(self, text: ir.StringValue, hash_: Hash) -> ir.StringValue:
        """Return the digest of text."""
        return text.hexdigest(hash_.value)

    def json_list(self, text: ir.StringValue) -> ir.ArrayValue:
        """Return the strings of a JSON array."""
        strings = strings_of_json(text)
        itself = text.isnull().ifelse(ibis.null("array<string>"), ibis.array([text]))
        return strings.isnull().ifelse(itself, strings)

    def key(self, hexadecimal: ir.StringValue, _hash: Hash) -> ir.Value:
        """Return the bytes of a digest."""
        return unhex(hexadecimal)

    def binary(self, key: ir.Value) -> ir.BinaryValue:
        """Return a key as it is: binary."""
        return key

    def land(self, expression: ir.Table, folder: Path, *, by: str | None = None) -> None:
        """Compute `expression` once, into Parquet files."""
        folder.mkdir(mode=0o700, parents=True)
        writer = self.session.sql(self.ibis.compile(expression)).write.mode("append").option("compression", "none")
        (writer.partitionBy(by) if by else writer).parquet(f"file://{folder}")

    def landed(self, folder: Path, *, by: str | None = None) -> ir.Table:
        """Return what was landed in `folder`."""
        within = folder if by is None else next(folder.glob(f"*={by}"))
        return self.read_parquet([str(within)], self._types(next(within.rglob("*.parquet"))))

    def parts(self, folder: Path) -> tuple[str, ...]:
        """Return the values that `folder` was landed apart by."""
        return tuple(sorted(each.name.split("=", maxsplit=1)[1] for each in folder.glob("*=*")))

    def drop(self, folder: Path) -> None:
        """Remove what was landed in `folder`."""
        shutil.rmtree(folder, ignore_errors=True)

    def sets(self, files: Sequence[Path]) -> ir.Table:
        """Return the rows of set files."""
        return self.read_parquet([str(file) for file in files], self._types(files[0]))

    def batches(self, expression: ir.Table) -> Iterator[pa.RecordBatch]:
        """Yield the rows of `expression`, from files that Spark writes one after the other in their order."""
        folder = Path(tempfile.mkdtemp(prefix="rows-", dir=self._scratch)) / "files"
        try:
            self.land(expression, folder)
            for path in sorted(folder.glob("part-*.parquet")):
                with pq.ParquetFile(path) as file:
                    yield from file.iter_batches(_BATCH)
        finally:
            shutil.rmtree(folder.parent, ignore_errors=True)

    def row(self, expression: ir.Table) -> dict[str, int]:
        """Return the only row of `expression`."""
        rows = [row for batch in self.batches(expression) for row in batch.to_pylist()]
        only: dict[str, int] = rows[0]
        return only

    def read_parquet(self, files: Sequence[str], types: Mapping[str, DataType]) -> ir.Table:
        """Return the columns of Parquet files that have a type among `types`.

        Args:
            files: Paths, each of one file or a folder that is read with the folders in it.
            types: What to read the columns as; those that are not named are left out.
        """
        from pyspark.sql.types import StructField, StructType

        reader = self.session.read.option("recursiveFileLookup", "true")
        columns = StructType([StructField(name, dtype) for name, dtype in types.items()])
        return self.table(reader.schema(columns).parquet(*map(literally, files)))

    def table(self, frame: DataFrame) -> ir.Table:
        """Return a table that stands for a data frame."""
        name = f"frame_{next(self._frames)}"
        frame.createOrReplaceTempView(name)
        return self.ibis.table(name)

    def judging(self, table: ir.Table, verdicts: Mapping[str, str]) -> ir.Table:
        """Return a table with further columns.

        Args:
            table: A table or view of its own.
            verdicts: The columns' names, each with its expression in Spark's SQL.
        """
        judged = ", ".join(f"{enclosed(where)} AS `{name}`" for name, where in verdicts.items())
        select = f"SELECT *, {judged} FROM {table.get_name()}"
        self._statements.append(select)
        return self.table(self.session.sql(select))

    def explain(self, expression: ir.Table) -> str:
        """Return the statements that computing `expression` runs, nested types without fields."""
        statements = [*self._statements, self.ibis.compile(expression, pretty=True)]
        return without_fields(";\n\n".join(statements), SPARK)

    def _types(self, file: Path) -> dict[str, DataType]:
        """Return the types of a file of ours, every one of which Spark has."""
        return {name: dtype for name, dtype in column_types(file).items() if dtype is not None}


def literally(path: str) -> str:
    """Return a glob that matches exactly `path`: Spark takes every path for a glob."""
    return "file://" + re.sub(r"([\[\]{}*?\\])", r"\\\1", path)
