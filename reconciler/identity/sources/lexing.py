"""Whether a database finds the same words in a query as are found in it here.

A query is checked by its parse. That holds for the database only where both begin and end texts, comments and names at
the same places, and databases differ in that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sqlglot import TokenType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlglot import Token

_QUOTED: Final = frozenset(
    {
        *(TokenType.STRING, TokenType.RAW_STRING, TokenType.HEREDOC_STRING, TokenType.BYTE_STRING),
        *(TokenType.NATIONAL_STRING, TokenType.NATIONAL_RAW_STRING, TokenType.UNICODE_STRING, TokenType.IDENTIFIER),
    }
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_PLAIN_HINT: Final = re.compile(r"/\*\+[\w\s(),.@=]*\*/")


def unreadable(query: str, tokens: Sequence[Token]) -> str | None:
    """Return the first character that the database may read otherwise than it is read here, or None.

    Databases differ in which characters end a line, and with it a comment, which are a space, and which belong to a
    name. Control characters are looked for everywhere, others that nobody sees only where they are not quoted.

    Args:
        query: The query as it was written.
        tokens: What it consists of.
    """
    if control := _CONTROL.search(query):
        return control[0]
    unquoted = (character for piece in _unquoted(query, tokens) for character in piece)
    return next((each for each in unquoted if not each.isprintable() and each not in "\t\r\n"), None)


def _unquoted(query: str, tokens: Sequence[Token]) -> Iterator[str]:
    end = 0
    for token in tokens:
        if token.token_type in _QUOTED:
            yield query[end : token.start]
            end = token.end + 1
    yield query[end:]


def parameter(tokens: Iterable[Token], dialect: str) -> str | None:
    """Return the first parameter of a query to SQLite, or None.

    Nobody gives it a value; and SQLite ends one elsewhere than sqlglot does: ``$a::b('),…,$c(')`` holds two of them.
    """
    return next((each.text for each in tokens if dialect == "sqlite" and _begins_a_parameter(each)), None)


def _begins_a_parameter(token: Token) -> bool:
    return token.token_type not in _QUOTED and token.text.startswith(("$", "@", "#", ":", "?"))


def hides_in_comment(query: str, tokens: Sequence[Token]) -> bool:
    r"""Return whether a comment may be none to the database, or end elsewhere.

    MySQL runs ``/*! … */``, and begins a comment in the middle of ``{# … #}``, which is one to sqlglot. Whether a
    comment within a comment ends where that ends is told differently everywhere. To Spark a ``--`` comment goes on
    behind a backslash at a line's end, and a hint ``/*+ … */`` holds texts and comments of its own.
    """
    if any("{#" in piece for piece in _unquoted(query, tokens)):
        return True
    hints = (query[each.start : each.end + 1] for each in tokens if each.token_type is TokenType.HINT)
    if not all(map(_PLAIN_HINT.fullmatch, hints)):
        return True
    return any(
        "/*" in comment or "\\" in comment or comment.lstrip().lower().startswith(("!", "m!"))
        for comment in _comments(tokens)
    )


def _comments(tokens: Iterable[Token]) -> Iterator[str]:
    for token in tokens:
        yield from token.comments
