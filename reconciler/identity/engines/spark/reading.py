"""The columns of files as Spark reads them, in the types that DuckDB found in them."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import ibis.expr.datatypes as dt
from sqlglot import exp

from reconciler.identity.columns import hexadecimal, stacked
from reconciler.identity.engines.spark.backend import literally
from reconciler.identity.engines.spark.dialect import micros
from reconciler.identity.engines.spark.types import column_types
from reconciler.identity.errors import SourceUnreadableError
from reconciler.identity.nested import shown_type
from reconciler.identity.sources.files import read_header
from reconciler.identity.sources.reading import own_name
from reconciler.identity.sources.where import parsed
from reconciler.origin import Format

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis
    import ibis.expr.types as ir
    from pyspark.sql.types import DataType

    from reconciler.identity.engines.spark.backend import SparkBackend
    from reconciler.identity.sources.files import Files
    from reconciler.identity.sources.reading import Found

_TYPED: Final = "source_typed"
_CSV: Final[Mapping[str, Any]] = {
    "header": True,
    "quote": '"',
    "escape": '"',
    "multiLine": True,  # a quoted value may hold line ends
    "mode": "FAILFAST",
    "encoding": "UTF-8",
    "columnPruning": False,
}


def read_columns(
    spark: SparkBackend, files: Files, schema: ibis.Schema, found: Sequence[Found], wheres: Sequence[str]
) -> tuple[ir.Table, Mapping[str, str]]:
    """Return the rows of `files`, and which column holds an identifier's text where its own column is typed.

    Args:
        spark: What reads them.
        files: The files; text has been looked through before.
        schema: Their columns, as DuckDB sees them.
        found: The identifiers wanted.
        wheres: What rows will be judged by; the columns in there are read as well.

    Raises:
        SourceUnreadableError: Spark cannot read them.
    """
    for path in files.paths:
        if Path(path).name.startswith(("_", ".")):
            raise SourceUnreadableError(
                f"Spark passes over {path}: its name begins with {Path(path).name[0]}", hint="Rename it."
            )
    told = _told(schema, found, wheres)
    used = dict.fromkeys([*(each.name for each in found), *told])
    if files.format is Format.PARQUET:
        return spark.named(_TYPED, _parquet(spark, files, schema, list(used))), {}
    text = _csv(spark, files, list(used)) if files.format is Format.CSV else _json(spark, files, schema, list(used))
    plain = [name for name in dict.fromkeys(each.name for each in found) if not schema[name].is_array()]
    copies = {name: own_name(schema, f"text{i}") for i, name in enumerate(plain) if name in told}
    typed = text.mutate(**{copy: text[name] for name, copy in copies.items()})
    typed = typed.mutate(**{name: _cast(typed[name], schema[name]) for name in told})
    return spark.named(_TYPED, typed), copies


def _told(schema: ibis.Schema, found: Sequence[Found], wheres: Sequence[str]) -> list[str]:
    """Return the columns whose values decide: those in a `where`, and those that tell the types of a long table."""
    spellings = {name.casefold(): name for name in reversed(schema.names)}
    judged = {column.name.casefold() for where in wheres for column in parsed(where).find_all(exp.Column)}
    told_by = [each.type_name for each in found if each.type_name]
    return list(dict.fromkeys([*(name for folded, name in spellings.items() if folded in judged), *told_by]))


def _parquet(spark: SparkBackend, files: Files, schema: ibis.Schema, used: Sequence[str]) -> ir.Table:
    """Return columns of Parquet files; files of one kind are read together, as columns may differ in type."""
    kinds: dict[tuple[tuple[str, DataType], ...], list[str]] = defaultdict(list)
    for path in files.paths:
        kinds[_kind(path, files, schema, used)].append(path)
    tables = [spark.read_parquet(paths, dict(kind)) for kind, paths in kinds.items()]
    return stacked([each.select(**{name: _from_parquet(each[name], schema[name]) for name in used}) for each in tables])


def _kind(path: str, files: Files, schema: ibis.Schema, used: Sequence[str]) -> tuple[tuple[str, DataType], ...]:
    there = {name.casefold(): dtype for name, dtype in column_types(path).items()}
    kind = []
    for name in used:
        if name.casefold() not in there:
            raise SourceUnreadableError(
                f'{path} lacks the column "{name}" that other files have',
                hint="Give all files of a source the same columns.",
            )
        dtype = there[name.casefold()]
        if dtype is None:
            raise _no_type(name, schema[name], files)
        kind.append((name, dtype))
    return tuple(kind)


def _from_parquet(column: ir.Value, wanted: dt.DataType) -> ir.Value:
    if wanted.is_array():
        return (
            column.map(lambda each: _from_parquet(each, wanted.value_type)) if wanted.value_type.is_uuid() else column
        )
    if wanted.is_uuid():
        return _uuid(column)
    if wanted.is_timestamp() and column.type().is_integer():
        column = micros(column)
    if wanted.is_unsigned_integer() or column.type() == wanted:
        return column
    return column.cast(dt.Timestamp(wanted.timezone) if wanted.is_timestamp() else wanted)


def _uuid(column: ir.BinaryValue) -> ir.StringValue:
    digits = hexadecimal(column)
    groups = [digits.substr(start, length) for start, length in ((0, 8), (8, 4), (12, 4), (16, 4), (20, 12))]
    return groups[0] + "-" + groups[1] + "-" + groups[2] + "-" + groups[3] + "-" + groups[4]


def _csv(spark: SparkBackend, files: Files, used: Sequence[str]) -> ir.Table:
    from pyspark.sql.types import StringType, StructField, StructType

    header = read_header(files)
    columns = StructType([StructField(name, StringType()) for name in header.columns])
    reader = spark.session.read.schema(columns).options(sep=header.delimiter, **_CSV)
    table = spark.table(reader.csv([literally(path) for path in files.paths]))
    return table.select(**{name: table[name].nullif("") for name in used})


def _json(spark: SparkBackend, files: Files, schema: ibis.Schema, used: Sequence[str]) -> ir.Table:
    from pyspark.sql.types import ArrayType, StringType, StructField, StructType

    text = StringType()
    columns = StructType([StructField(n, ArrayType(text) if schema[n].is_array() else text) for n in used])
    reader = spark.session.read.schema(columns).option("mode", "FAILFAST")
    return spark.table(reader.json([literally(path) for path in files.paths]))


def _cast(text: ir.Value, wanted: dt.DataType) -> ir.Value:
    """Return text as the type that DuckDB found all of a column to be of; of nested types it stays text."""
    if wanted.is_string() or wanted.is_nested() or wanted.is_json() or wanted.is_time():
        return text
    if wanted.is_timestamp():
        return text.cast(dt.Timestamp(wanted.timezone))
    return text.cast(dt.Decimal(38, 0) if wanted.is_unsigned_integer() else wanted)


def _no_type(name: str, dtype: dt.DataType, files: Files) -> SourceUnreadableError:
    return SourceUnreadableError(
        f'Spark has no type for the column "{name}" of {files.path}, which is {shown_type(dtype)}',
        hint="Export it as text, or use engine: duckdb.",
    )
