"""A person's `where`: checked to be one boolean expression over the source's columns, and bound to them."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from reconciler.identity.columns import listed, may_be_shown
from reconciler.identity.errors import WhereError
from reconciler.identity.nested import shown_type, without_fields
from reconciler.identity.sources.reach import check_reach
from reconciler.redaction import strike
from reconciler.sql import reading

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

_VERDICT: Final = "where_verdict"
_NULLS: Final = "where_nulls"
_LONGEST: Final = 20_000
"""Characters of a `where`, the same as in the files people write."""


def check(backend: Backend, source: str, where: str, columns: tuple[str, ...]) -> None:
    """Check that `where` judges the rows of the table `source`, without reading them.

    The text of `where` goes to DuckDB as it was written, the one place where SQL is not made by Ibis.

    Args:
        backend: Where the table is.
        source: The table.
        where: What a person wrote.
        columns: The columns a person knows of, for messages.

    Raises:
        WhereError: `where` is no boolean expression, names a column or function that does not exist, or could reach
            beyond its row.
    """
    parsed(where)
    bound = enclosed(where)
    check_reach(backend.con, bound)
    failure: duckdb.Error | None = None
    try:
        backend.raw_sql(f'CREATE OR REPLACE TEMP VIEW {_VERDICT} AS SELECT {bound} AS verdict FROM "{source}"')
        verdict = backend.table(_VERDICT).schema()["verdict"]
        # Judging a row of nulls brings out what fails on every row, a date misspelled in `where` for example, while
        # there is no value of anybody that a message could quote.
        _create_row_of_nulls(backend, source)
        backend.raw_sql(f"SELECT * FROM {_NULLS} WHERE {bound}").fetchall()
    except duckdb.Error as error:
        failure = error
    if failure is not None:
        raise _explained(str(failure), columns)
    if not verdict.is_boolean():
        raise WhereError(
            f"where gives {_article(shown_type(verdict))} for each row, not true or false",
            hint="Compare it with something.",
        )


def enclosed(where: str) -> str:
    """Return `where` in parentheses, on lines of its own: a comment at its end must not swallow what follows."""
    return f"(\n{where}\n)"


def _create_row_of_nulls(backend: Backend, source: str) -> None:
    nothing = backend.table(source).limit(0)
    nulls = nothing.aggregate(**{name: nothing[name].max() for name in nothing.columns})
    backend.create_view(_NULLS, nulls, overwrite=True)


def parsed(where: str) -> exp.Condition:
    """Return the tree of `where`; rows may only be judged by their own columns.

    Raises:
        WhereError: It is not one expression, or holds a query of its own.
    """
    if len(where) > _LONGEST:
        raise WhereError(f"where is longer than {_LONGEST:,} characters", hint="Prepare a column that tells it.")
    try:
        with reading():
            tree = sqlglot.parse_one(where, dialect="duckdb")
    except (SqlglotError, RecursionError):
        raise WhereError(
            "where is not a complete SQL expression", hint="For example: where: country = 'US' and orders > 2"
        ) from None
    if tree.find(exp.Query, exp.Subquery, exp.Table) is not None:
        raise WhereError(
            "where holds a query of its own; it may only use the source's columns",
            hint="Put the join or subquery into what exports the source.",
        )
    if not isinstance(tree, exp.Condition):
        raise WhereError(
            "where is not one boolean expression", hint="For example: where: country = 'US' and orders > 2"
        )
    return tree


def _explained(message: str, columns: tuple[str, ...]) -> WhereError:
    """Turn DuckDB's complaint about `where` into one a person reads; no row has been read when it is made.

    It quotes the columns' types all the same, and the keys of people's objects are part of those.
    """
    message = without_fields(message)
    if match := re.search(r'column "([^"]+)" not found', message):
        return _unknown("column", match[1], columns)
    if match := re.search(r"Function with name (\S+) (?:does not exist|is not in the catalog)", message):
        close = re.search(r'Did you mean "([^"]+)"', message)
        return WhereError(
            f"where calls an unknown function {match[1]}",
            hint=f"Did you mean {close[1]}?" if close else "DuckDB's functions can be used.",
        )
    said = message.split("\n\nLINE ", maxsplit=1)[0].split("\n", maxsplit=1)[0]
    reason = strike(said.split(" Error: ", maxsplit=1)[-1].rstrip(".! "), of_people=True)
    return WhereError(f"where does not fit the source: {reason}", hint=f"The columns are {listed(columns)}.")


def _unknown(kind: str, name: str, columns: tuple[str, ...]) -> WhereError:
    close = get_close_matches(name.casefold(), [column.casefold() for column in columns], n=3)
    suggested = [each for each in columns if each.casefold() in close and may_be_shown(each)]
    guess = f"Did you mean {' or '.join(suggested)}? " if suggested else ""
    return WhereError(
        f'where names an unknown {kind} "{name}"',
        hint=f"{guess}The columns are {listed(columns)}. Text takes single quotes: '{name}'.",
    )


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"
