"""Types of nested columns as they may be shown: without the names of their fields.

A column's name is a person's choice. The keys of an object are often values: what JSON counts by, e-mail addresses
for example, becomes the fields of a type.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from reconciler.identity.columns import type_name

if TYPE_CHECKING:
    import ibis.expr.datatypes as dt

DUCKDB: Final = re.compile(r"\b(?:STRUCT|ROW|MAP|UNION|ENUM) ?\(")
"""How such a type begins in DuckDB. An enumeration has no fields, but values."""
SPARK: Final = re.compile(r"\b(?:STRUCT|MAP)<")
"""How it begins in Spark, where ``STRUCT(`` calls a function."""
_SIGNS: Final = re.compile(r"\"[^\"]*\"?|'[^']*'?|`[^`]*`?|[()<>]")
"""What counts on the way to its end: quoted names, in which a doubled quote is two next to each other; brackets."""


def shown_type(dtype: dt.DataType) -> str:
    """Return a column's type for a message: as `type_name`, without what a nested one is made of."""
    return without_fields(type_name(dtype))


def without_fields(text: str, beginning: re.Pattern[str] = DUCKDB) -> str:
    """Return `text` with ``STRUCT(…)`` in place of every nested type; of one that does not end nothing is kept.

    Args:
        text: SQL, or what an engine says.
        beginning: `DUCKDB` or `SPARK`.
    """
    kept: list[str] = []
    at = 0
    while begins := beginning.search(text, at):
        end = _end(text, begins.end())
        kept += [text[at : begins.end()], "…", text[end - 1 : end] if end else ""]
        at = end or len(text)
    return "".join([*kept, text[at:]])


def _end(text: str, start: int) -> int | None:
    """Return where the bracket that was opened before `start` has been closed, or None where it is not."""
    opened = text[start - 1]
    steps = {opened: 1, {"(": ")", "<": ">"}[opened]: -1}
    depth = 1
    for sign in _SIGNS.finditer(text, start):
        depth += steps.get(sign[0], 0)
        if depth == 0:
            return sign.end()
    return None
