"""Whether a ``where`` is one true-or-false expression over a row, told before any engine sees it.

Only the form is looked at here, in DuckDB's dialect. Whether its columns exist, and what type it has in the
end, is for the engine to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import TokenType, exp
from sqlglot.dialects import DuckDB
from sqlglot.errors import ParseError, SqlglotError

from reconciler.config.wording import quoted
from reconciler.sql import reading

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

MAX_LENGTH = 20_000
"""Longest expression read, in characters."""

_REFUSED: tuple[tuple[tuple[type, ...], str, str], ...] = (
    (
        (exp.Query, exp.Exists, exp.From, exp.Values, exp.Table),
        "holds a subquery",
        "It sees one row of the source at a time; prepare what it needs as a column of the source.",
    ),
    (
        (exp.Window,),
        "holds a window function",
        "It sees one row at a time; prepare the value as a column of the source.",
    ),
    (
        (exp.AggFunc, exp.Filter),
        "holds an aggregate",
        "It sees one row at a time; prepare the value as a column of the source.",
    ),
    (
        (exp.UDTF, exp.Explode),
        "makes several rows of one",
        "Compare a list with list_contains or list_has_any instead.",
    ),
    ((exp.Star, exp.Columns), "holds *", "Name the columns it is about."),
    (
        (exp.Placeholder, exp.Parameter),
        "holds a parameter",
        "Write the value, or take it from the environment: ${NAME}.",
    ),
)
_VALUES = (
    exp.Literal, exp.Interval, exp.Tuple, exp.Array, exp.Struct, exp.Neg, exp.DPipe,
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod,
)  # fmt: skip
_ONLY_EXPRESSION = "Write one condition over the source's columns, for example: country = 'US' and ltv >= 100"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with an expression, or remarkable about it.

    Attributes:
        summary: What is wrong, to follow the word ``where``; empty where nothing is.
        detail: What to do.
        near: The piece of the expression where reading stopped, or "". It repeats the expression's own text.
        constant: True for an expression that is the same for every row.
    """

    summary: str = ""
    detail: str = ""
    near: str = ""
    constant: bool = False


def judge(where: str) -> Verdict:
    """Return what is to be said about the expression `where`."""
    if len(where) > MAX_LENGTH:
        return Verdict("is too long", f"At most {MAX_LENGTH:,} characters are read.")
    if any(not (each.isprintable() or each in "\t\r\n") for each in where):
        return Verdict("holds a control character", "Take it out.")
    try:
        with reading():
            return _read(where)
    except RecursionError:
        return Verdict("is nested too deeply", "Split it, or prepare the value as a column of the source.")
    except ParseError as problem:
        return Verdict("cannot be read as an expression", _ONLY_EXPRESSION, _highlight(problem))
    except SqlglotError:  # the tokenizer's: a quote or comment that stays open
        return Verdict("cannot be read as an expression", "A quote or a comment in it is never closed.")


def _read(where: str) -> Verdict:
    dialect = DuckDB()
    if any(token.token_type is TokenType.SEMICOLON for token in dialect.tokenize(where)):
        return Verdict("is more than one expression", "Take the semicolon out; join conditions with and / or.")
    match dialect.parse_into(exp.Condition, where):
        case [exp.Expression() as expression]:
            return _judge_expression(expression)
        case _:
            return Verdict("is blank", "Write a condition, or take the key out to have all rows.")


def _judge_expression(expression: Expression) -> Verdict:
    nodes = list(expression.walk())
    for kinds, summary, detail in _REFUSED:
        if any(isinstance(node, kinds) for node in nodes):
            return Verdict(summary, detail)
    if isinstance(expression.unnest(), _VALUES):
        return Verdict("is a value, not a condition", "Compare it with something: ltv >= 100, not ltv + 100.")
    # sqlglot counts and / or among the functions.
    varying = [
        node for node in nodes if isinstance(node, exp.Column | exp.Func) and not isinstance(node, exp.Connector)
    ]
    return Verdict(constant=not varying)


def _highlight(problem: ParseError) -> str:
    found = problem.errors[0].get("highlight") if problem.errors else None
    return quoted(found) if found else ""
