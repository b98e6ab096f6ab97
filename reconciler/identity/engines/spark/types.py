"""The types Spark is to read Parquet columns in.

It is told them, because what it finds out by itself fails on whole files: a UUID, a time of day or nanoseconds in a
column nobody asks for are enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pyspark.sql.types import DataType


def column_types(path: str | Path) -> Mapping[str, DataType | None]:
    """Return the type of each column of a Parquet file; None where Spark has none that holds its values.

    UUIDs are read as their bytes, nanoseconds as whole numbers.
    """
    from pyspark.sql.types import TimestampType

    with pq.ParquetFile(path) as file:
        legacy = {
            column.path
            for column in map(file.schema.column, range(len(file.schema)))
            if column.physical_type == "INT96"
        }
        return {
            field.name: TimestampType() if field.name in legacy else _spark_type(field.type)
            for field in file.schema_arrow
        }


def _spark_type(dtype: pa.DataType) -> DataType | None:
    from pyspark.sql import types

    if pa.types.is_dictionary(dtype):
        return _spark_type(dtype.value_type)
    if pa.types.is_list(dtype) or pa.types.is_large_list(dtype):
        elements = _spark_type(dtype.value_type)
        return None if elements is None else types.ArrayType(elements)
    if pa.types.is_decimal128(dtype):
        return types.DecimalType(dtype.precision, dtype.scale)
    if pa.types.is_timestamp(dtype):
        return (
            types.LongType() if dtype.unit == "ns" else types.TimestampType() if dtype.tz else types.TimestampNTZType()
        )
    if isinstance(dtype, pa.BaseExtensionType) or pa.types.is_fixed_size_binary(dtype):
        return types.BinaryType()
    return _plain_type(dtype)


def _plain_type(dtype: pa.DataType) -> DataType | None:
    from pyspark.sql import types

    plain: dict[pa.DataType, DataType] = {
        pa.string(): types.StringType(),
        pa.large_string(): types.StringType(),
        pa.string_view(): types.StringType(),
        pa.binary(): types.BinaryType(),
        pa.large_binary(): types.BinaryType(),
        pa.bool_(): types.BooleanType(),
        pa.int8(): types.ByteType(),
        pa.int16(): types.ShortType(),
        pa.int32(): types.IntegerType(),
        pa.int64(): types.LongType(),
        pa.uint8(): types.ShortType(),
        pa.uint16(): types.IntegerType(),
        pa.uint32(): types.LongType(),
        pa.uint64(): types.DecimalType(20, 0),
        pa.float32(): types.FloatType(),
        pa.float64(): types.DoubleType(),
        pa.date32(): types.DateType(),
        # A column of nulls alone is stored as numbers.
        pa.null(): types.IntegerType(),
    }
    return plain.get(dtype)
