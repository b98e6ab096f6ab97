"""What Ibis lacks for this room: functions that DuckDB and Spark both have, a union of any number of tables, names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import ibis
from ibis.backends.sql.datatypes import DuckDBType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import ibis.expr.datatypes as dt
    import ibis.expr.types as ir

_SHOWN: Final = 50
_LONGEST: Final = 80
_DIGITS: Final = 6
"""So many digits are no name that must be read in a message."""
_LIKE_A_VALUE: Final = re.compile(r"(?i)@|[0-9a-f]{8}-[0-9a-f]{4}|[0-9a-f]{32}|^[^a-z]*(?:[0-9][^a-z]*){7}$")
"""An email address, a device id, a digest, a phone number or a person's number: no name that people give a column."""


def is_like_a_value(name: str) -> bool:
    """Return whether a column's name is somebody's identifier, for want of a header."""
    return _LIKE_A_VALUE.search(name) is not None


def may_be_shown(name: str) -> bool:
    """Return whether a column's name is fit for a message: it might be a value, or what damage has left of one."""
    return not is_like_a_value(name) and sum(map(str.isdigit, name)) < _DIGITS


def listed(names: Iterable[str]) -> str:
    """Return columns for a message: of many the first, of long names the beginning, and none that may be a value."""
    every = list(names)
    shown = [name[:_LONGEST] if may_be_shown(name) else "…" for name in every[:_SHOWN]]
    return ", ".join(shown + (["…"] if len(every) > _SHOWN else []))


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
