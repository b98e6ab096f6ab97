"""Reading SQL that people wrote, with sqlglot: its parser stumbles over some texts that are no SQL.

It is told to stop at the first thing that it does not understand. One that goes on collects more complaints, from a
tree with holes in it, which its own code then falls into.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlglot.errors import ParseError, SqlglotError

if TYPE_CHECKING:
    from collections.abc import Iterator

_STUMBLES: Final = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""How a parser fails that did not expect what it met; memory that runs out and nesting are other matters."""


@contextmanager
def reading() -> Iterator[None]:
    """Let the reading of any text in the block fail as sqlglot says it does.

    Raises:
        SqlglotError: The text is not what was to be read.
        RecursionError: It is nested too deeply.
    """
    try:
        yield
    except SqlglotError:
        raise
    except _STUMBLES:
        raise ParseError("the parser stumbled over it") from None
