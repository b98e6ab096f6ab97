"""Ibis for Spark, where it says less than Ibis for DuckDB, or something else."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, ClassVar, Final

import duckdb
import ibis
import ibis.expr.operations as ops
from ibis.backends.pyspark import Backend as PySparkBackend
from ibis.backends.sql.compilers.pyspark import PySparkCompiler

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from sqlglot import exp

    from reconciler.identity.engines.spark.session import Session

LOWERED: Final = "lowered"
_LOWERED: Final = """
    CREATE OR REPLACE TEMPORARY FUNCTION {name}(text STRING) RETURNS STRING
    RETURN IF(octet_length(text) = length(text), lower(text), translate(text, '{upper}', '{lower}'))
"""
"""Lower as DuckDB does. What a lower case is depends on the Unicode version, which in Spark comes with its release, and
on the rest of the word. Only within ASCII all agree, and there Spark's own is the fastest."""
_JSON_STRINGS: Final = r"""
    CREATE OR REPLACE TEMPORARY FUNCTION json_strings(text STRING) RETURNS ARRAY<STRING>
    RETURN from_json(
        concat('{"v":', regexp_replace(text, r'([^\[,\s])\s*,\s*\]\s*$', '$1]'), '}'),
        'v array<string>',
        map('allowSingleQuotes', 'false')
    ).v
"""
"""Read an array as DuckDB does. Spark reads a JSON value up to its end and takes no notice of what comes after; inside
an object, it has to. DuckDB lets a comma stand before the end."""
_LETTERS: Final = """
    SELECT string_agg(chr(i::INTEGER), '' ORDER BY i), string_agg(lower(chr(i::INTEGER)), '' ORDER BY i)
    FROM range(1, 1114112) AS letters(i)
    WHERE i NOT BETWEEN 55296 AND 57343 AND lower(chr(i::INTEGER)) <> chr(i::INTEGER)
"""


@cache
def letters() -> tuple[str, str]:
    """Return every letter that has a lower case, and these lower cases, as DuckDB knows them."""
    with duckdb.connect(":memory:") as connection:
        row = connection.execute(_LETTERS).fetchone()
    if row is None:
        raise ValueError("an aggregate has one row")
    upper, lower = row
    return upper, lower


class _Compiler(PySparkCompiler):  # type: ignore[misc]  # Ibis is untyped
    """Spark's SQL, meaning what DuckDB's means."""

    __slots__ = ()
    SIMPLE_OPS: ClassVar = {ops.BitOr: "bit_or"}

    def visit_Lowercase(self, _op: ops.Lowercase, *, arg: exp.Expression) -> exp.Expression:  # noqa: N802  # Ibis' name
        """Lower as DuckDB does; see `speaking`."""
        called: exp.Expression = self.f.anon[LOWERED](arg)
        return called


class Ibis(PySparkBackend):  # type: ignore[misc]  # Ibis is untyped
    """Ibis' backend for Spark, with that compiler."""

    compiler = _Compiler()


def speaking(session: Session) -> Ibis:
    """Return the backend that runs in `session`, and teach the session the functions that Spark lacks."""
    ibis.pyspark  # noqa: B018  # Ibis learns of a backend's options where it is first named
    backend = Ibis()
    backend.do_connect(session)
    upper, lower = letters()
    session.sql(_LOWERED.format(name=LOWERED, upper=upper, lower=lower))
    session.sql(_JSON_STRINGS)
    return backend


def strings_of_json(text: ir.StringValue) -> ir.ArrayValue:
    """Return the strings of a JSON array; null where text is none."""
    return _json_strings(text)


def micros(nanoseconds: ir.IntegerValue) -> ir.TimestampValue:
    """Return the time that nanoseconds since 1970 stand for."""
    return _timestamp_micros((nanoseconds / 1000).floor().cast("int64"))


def _json_strings_of(text: str) -> list[str]:
    raise NotImplementedError(text)


def _timestamp_micros_of(micros: int) -> None:
    raise NotImplementedError(micros)


# Ibis takes name and types from the signatures; Spark has the bodies.
_json_strings = ibis.udf.scalar.builtin(_json_strings_of, name="json_strings")
_timestamp_micros = ibis.udf.scalar.builtin(
    _timestamp_micros_of, name="timestamp_micros", signature=(("int64",), "timestamp('UTC')")
)
