"""A `where`, written once in DuckDB's SQL, in the SQL of the engine that runs it.

sqlglot knows how each dialect spells a thing, but not whether it then means the same: Snowflake's regular expressions
match whole values where DuckDB's search, PostgreSQL has no cast that gives null, a backslash in LIKE escapes here and
not there. A `where` that chose other people without a word would be worse than one that is refused, so only what is
known to mean the same is translated.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from reconciler.identity import dialects
from reconciler.identity.errors import WhereError
from reconciler.identity.where import parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_ENGINES: Final = {
    "pyspark": "Spark",
    "postgres": "PostgreSQL",
    "snowflake": "Snowflake",
    "bigquery": "BigQuery",
    "databricks": "Databricks",
    "trino": "Trino",
    "mysql": "MySQL",
    "sqlite": "SQLite",
}
_PORTABLE: Final = (
    *(exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Tuple, exp.Var, exp.DataTypeParam),
    *(exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.Between),
    *(exp.NullSafeEQ, exp.NullSafeNEQ, exp.Case, exp.If, exp.Coalesce, exp.Nullif),
    *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.Abs),
    *(exp.Lower, exp.Upper, exp.Trim, exp.Length, exp.DPipe, exp.StrPosition),
    *(exp.StartsWith, exp.CurrentDate, exp.CurrentTimestamp, exp.Interval, exp.TimestampTrunc, exp.DateTrunc),
    *(exp.Year, exp.Month, exp.Day),
)
"""What means the same in every engine that a `where` is translated for, whatever its arguments."""
_TYPES: Final = frozenset(
    {
        *exp.DataType.INTEGER_TYPES,
        *exp.DataType.TEXT_TYPES,
        *exp.DataType.REAL_TYPES,
        exp.DataType.Type.BOOLEAN,
        exp.DataType.Type.DATE,
        exp.DataType.Type.TIMESTAMP,
        exp.DataType.Type.TIMESTAMPNTZ,  # what sqlglot calls DuckDB's TIMESTAMP
        exp.DataType.Type.TIMESTAMPTZ,
    }
)
_PARTS: Final = frozenset({"year", "quarter", "month", "day", "hour", "minute"})
_NO_BACKSLASH: Final = re.compile(r"[^\\]*")
_SEARCHING: Final = frozenset({"pyspark", "databricks", "trino", "bigquery", "postgres"})
"""Where a regular expression is searched for, as in DuckDB, and not matched against the whole value."""
_PLAIN_REGEX: Final = re.compile(r"(?:[^\\?]|\\[dws\W]|(?<!\()\?)*", re.DOTALL)
"""Regular expressions that RE2, Java and PostgreSQL read alike: no ``(?…)``, of the escapes only the plainest."""


def translate(where: str, dialect: str, columns: Sequence[str] = ()) -> str:
    """Return `where` in another SQL; a comment in it is left out.

    Args:
        where: A boolean expression in DuckDB's SQL, already seen to fit the columns.
        dialect: The SQL wanted, as Ibis calls it: ``postgres``, ``pyspark``, …
        columns: The columns as the engine spells them. They are found without regard to upper and lower case, as
            DuckDB does, and quoted.

    Raises:
        WhereError: It is not one expression, or holds something that the engine lacks or reads otherwise.
    """
    tree = parsed(where)
    if dialect == "duckdb":
        return where
    if not dialects.judges(dialect):
        raise _untranslatable(tree, dialect)
    for node in tree.walk():
        if not _is_portable(node, dialect):
            raise _untranslatable(node, dialect)
    spellings = {name.casefold(): name for name in columns}
    spelled = tree.transform(lambda node: _spelled(node, spellings))
    try:
        return spelled.sql(dialects.sqlglot_name(dialect), unsupported_level=ErrorLevel.RAISE, comments=False)
    except UnsupportedError:
        raise _untranslatable(tree, dialect) from None


def _is_portable(node: exp.Expr, dialect: str) -> bool:
    rule = _WITH_CARE.get(type(node))
    return isinstance(node, _PORTABLE) if rule is None else rule(node, dialect)


def _searches(node: exp.Expr, dialect: str) -> bool:
    return dialect in _SEARCHING and node.args.get("flag") is None and _is_text_like(node.expression, _PLAIN_REGEX)


def _is_like(node: exp.Expr, _: str) -> bool:
    # A backslash escapes in most engines and not in DuckDB.
    return _is_text_like(node.expression, _NO_BACKSLASH)


def _is_text_like(node: exp.Expr, pattern: re.Pattern[str]) -> bool:
    return isinstance(node, exp.Literal) and node.is_string and pattern.fullmatch(node.name) is not None


def _counts_from_the_left(node: exp.Expr, _: str) -> bool:
    # Below zero DuckDB counts from the other end; others do not.
    return not any(isinstance(each, exp.Neg) for each in node.find_all(exp.Neg))


_WITH_CARE: Final[Mapping[type[exp.Expr], Callable[[exp.Expr, str], bool]]] = {
    exp.TryCast: lambda _, dialect: dialects.casts_to_null(dialect),
    exp.Cast: lambda *_: True,
    exp.DataType: lambda node, _: node.this in _TYPES,
    exp.RegexpLike: _searches,
    exp.Like: _is_like,
    exp.ILike: _is_like,
    exp.Substring: _counts_from_the_left,
    exp.Left: _counts_from_the_left,
    exp.Right: _counts_from_the_left,
    exp.Column: lambda node, _: not node.text("table"),  # no reaching into a struct
    exp.In: lambda node, _: bool(node.args.get("expressions")),  # a list of values, not a list column
    exp.Extract: lambda node, _: node.name.casefold() in _PARTS,
    exp.Anonymous: lambda node, _: _is_now(node),
}


def _is_now(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.casefold() == "now" and not node.expressions


def _spelled(node: exp.Expr, spellings: Mapping[str, str]) -> exp.Expr:
    if isinstance(node, exp.Column) and node.name.casefold() in spellings:
        return exp.column(spellings[node.name.casefold()], quoted=True)
    return exp.CurrentTimestamp() if _is_now(node) else node


def _untranslatable(node: exp.Expr, dialect: str) -> WhereError:
    engine = _ENGINES[dialect]
    way_out = (
        "Compute it in what exports the source."
        if dialect == "pyspark"
        else "Compute it in the source's query, in the database's own SQL, and use that column here."
    )
    said = node.sql("duckdb", comments=False)
    return WhereError(f"where does not translate to {engine}: {said} is not sure to mean the same there", hint=way_out)
