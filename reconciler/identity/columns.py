"""What Ibis lacks for this room: functions that DuckDB and Spark both have, a union of any number of tables, names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis.backends.sql.datatypes import DuckDBType

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.datatypes as dt
    import ibis.expr.types as ir


def _unhex(text: str) -> bytes:
    raise NotImplementedError(text)


def _hex(content: bytes) -> str:
    raise NotImplementedError(content)


# Ibis takes name and types from the signatures; the engine has the bodies.
_unhex_builtin = ibis.udf.scalar.builtin(_unhex, name="unhex")
_hex_builtin = ibis.udf.scalar.builtin(_hex, name="hex")


def unhex(text: ir.StringValue) -> ir.BinaryValue:
    """Return the bytes that hexadecimal text stands for."""
    return _unhex_builtin(text)


def hexadecimal(content: ir.BinaryValue) -> ir.StringValue:
    """Return bytes as lower-case hexadecimal text."""
    return _hex_builtin(content).lower()


def stacked(tables: Sequence[ir.Table]) -> ir.Table:
    """Return the rows of all `tables`, of which there is at least one; doubles stay."""
    return tables[0] if len(tables) == 1 else ibis.union(*tables)


def type_name(dtype: dt.DataType) -> str:
    """Return a column's type as DuckDB spells it, a timestamp's precision aside."""
    if dtype.is_string():
        return "VARCHAR"
    if dtype.is_timestamp():
        return "TIMESTAMP WITH TIME ZONE" if dtype.timezone else "TIMESTAMP"
    name: str = DuckDBType.to_string(dtype)
    return name
