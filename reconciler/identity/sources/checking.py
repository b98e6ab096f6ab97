"""Whether a query is one SELECT that only reads, and reads nothing but its database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.errors import SqlglotError

from reconciler.identity.errors import SourceError
from reconciler.identity.sources import dialects
from reconciler.identity.sources.calls import file_as_table, format_as_schema, refused_call
from reconciler.identity.sources.lexing import hides_in_comment, parameter, unreadable
from reconciler.sql import reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlglot import Token

    from reconciler.identity.sources.drivers.model import Driver


def checked(query: str, driver: Driver) -> str:
    """Return `query` without a semicolon at its end, having seen that it only reads.

    Raises:
        SourceError: It is not one SELECT in the database's SQL, or calls what may do more than compute.
    """
    dialect = dialects.sqlglot_name(driver.dialect)
    selected = query
    try:
        with reading():
            tokens = sqlglot.tokenize(query, read=dialect)
            if tokens and tokens[-1].token_type is TokenType.SEMICOLON:
                selected = query[: tokens[-1].start]
            (statement,) = sqlglot.parse(selected, dialect=dialect)
    except (SqlglotError, RecursionError):
        raise _not_a_select(driver) from None
    if not isinstance(statement, exp.Query) or statement.find(exp.DML, exp.DDL, exp.Into, exp.Lock, exp.Command):
        raise _not_a_select(driver)
    _check_read_alike(query, tokens, driver)
    _check_reach(statement, driver)
    return selected


def _check_read_alike(query: str, tokens: Sequence[Token], driver: Driver) -> None:
    """Check that the database finds in a query what is found in it here."""
    if character := unreadable(query, tokens):
        raise SourceError(
            f"the query holds the invisible character U+{ord(character):04X}, which {driver.name} could read otherwise "
            "than it is read here",
            hint="Write a plain space or line end instead, also in comments.",
        )
    if hides_in_comment(query, tokens):
        raise SourceError(
            f"{driver.name} could run what stands in a comment of the query",
            hint="Take out comments within comments, those that begin with an exclamation mark or {#, and backslashes "
            "in them; a hint /*+ … */ holds names and numbers only.",
        )
    if left_open := parameter(tokens, driver.dialect):
        raise SourceError(
            f"the query holds a parameter, {left_open}, and nobody gives it a value",
            hint="Write the value itself.",
        )


def _check_reach(statement: exp.Query, driver: Driver) -> None:
    """Check that a query reads tables of the database alone, and calls what only computes."""
    if file := file_as_table(statement):
        raise SourceError(
            f'the query reads "{file}", which is a file and no table of the database',
            hint="Make it a table or a view of the database, or a source of its own with `path:`.",
        )
    if table := format_as_schema(statement, driver.dialect):
        raise SourceError(
            f'the query reads "{table}", which is a file and no table to {driver.name}: the schema has the name of a '
            "file format",
            hint="Write a table of such a schema with its catalog, as catalog.schema.table; or read a view of another "
            "schema.",
        )
    if call := refused_call(statement, driver.dialect):
        raise SourceError(
            f"the query may not call {call}: it is not known to compute and do nothing else",
            hint="Put it into a view of the database, and read the view.",
        )


def _not_a_select(driver: Driver) -> SourceError:
    return SourceError(
        f"the query is not one SELECT in the SQL of {driver.name}",
        hint="Write a single SELECT (WITH … SELECT is fine); nothing that writes or locks.",
    )
