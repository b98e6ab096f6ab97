"""A `where`, written once in DuckDB's SQL, in the SQL of the engine that runs it.

sqlglot knows how each dialect spells a thing, but not whether it then means the same: Snowflake's regular expressions
match whole values where DuckDB's search, PostgreSQL has no cast that gives null, a backslash in LIKE escapes here and
not there. A `where` that chose other people without a word would be worse than one that is refused, so only what is
known to mean the same is translated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError
from sqlglot.optimizer.annotate_types import annotate_types

from reconciler.identity.errors import WhereError
from reconciler.identity.sources import dialects
from reconciler.identity.sources.dialects import Leaning
from reconciler.identity.sources.where import parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

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

_LEANING: Final = {exp.Lower: Leaning.LOWER, exp.Upper: Leaning.UPPER, exp.ILike: Leaning.ILIKE}
_ORDERING: Final = (exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between)
_EQUATING: Final = (
    *(exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ, exp.In, exp.Nullif),
    *(exp.Case, exp.Like, exp.StartsWith, exp.StrPosition),
)
_UNTOLD: Final = (exp.DataType.Type.UNKNOWN, exp.DataType.Type.NULL)
_CLASS: Final = re.compile(r"\\[dws]|\[:")
_NOT_A_DOT: Final = re.compile(r"\\.|\[[^]]*\]", re.DOTALL)


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


@dataclass(frozen=True, slots=True)
class Leans:
    """What a `where` leans on that a database may read otherwise although its SQL is the same.

    Attributes:
        on: What a collation decides for it.
        columns: The columns that it names, as the source spells them.
    """

    on: frozenset[Leaning]
    columns: frozenset[str]


def leans(where: str, columns: Mapping[str, str]) -> Leans:
    """Return what `where` leans on.

    Args:
        where: A boolean expression in DuckDB's SQL, already seen to fit the columns.
        columns: The columns with their types, as DuckDB spells them: texts are ordered by a collation, dates are not.

    Raises:
        WhereError: It is not one expression.
    """
    types = {name.casefold(): type_ for name, type_ in columns.items()}
    tree = parsed(where)
    named = {column.name.casefold() for column in tree.find_all(exp.Column)}
    typed = annotate_types(tree.transform(lambda node: _typed(node, types)), dialect="duckdb")
    on = {leaning for node in typed.walk() for leaning in _leanings(node)}
    return Leans(frozenset(on), frozenset(name for name in columns if name.casefold() in named))


def _typed(node: exp.Expr, types: Mapping[str, str]) -> exp.Expr:
    type_ = types.get(node.name.casefold()) if isinstance(node, exp.Column) else None
    return node if type_ is None else exp.cast(node, exp.DataType.build(type_, dialect="duckdb"))


def _leanings(node: exp.Expr) -> Iterator[Leaning]:
    yield from (leaning for type_, leaning in _LEANING.items() if isinstance(node, type_))
    if isinstance(node, exp.RegexpLike):
        pattern = node.expression.name
        if _CLASS.search(pattern):
            yield Leaning.CLASSES
        if "." in _NOT_A_DOT.sub("", pattern):
            yield Leaning.DOT
    if isinstance(node, (*_ORDERING, *_EQUATING)) and all(map(_may_be_text, _sides(node))):
        yield Leaning.ORDER if isinstance(node, _ORDERING) else Leaning.EQUALITY


def _sides(node: exp.Expr) -> list[exp.Expr | None]:
    if isinstance(node, exp.Case):  # only `case x when y` compares
        return [node.this, *(each.this for each in node.args["ifs"])]
    return list(node.iter_expressions())


def _may_be_text(side: exp.Expr | None) -> bool:
    # A text beside a date or number is converted to one, so a single side that is none decides.
    return side is not None and side.is_type(*exp.DataType.TEXT_TYPES, *_UNTOLD)


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
