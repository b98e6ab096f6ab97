"""What lies between two values of a document: comments and blank lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.config.canonical.model import Lines

BREAKS: Final = "\n\r\x85\u2028\u2029"
"""What ends a line, and so a comment (YAML 1.1, section 4.2)."""

_COMMENT: Final = re.compile(f"#[^{BREAKS}]*")


@dataclass(frozen=True, slots=True)
class Trivia:
    """A comment, or a blank line.

    Attributes:
        text: The comment from its ``#`` on; "" for a blank line.
        column: Where it begins, from 0.
        on_its_own: Whether it has a line to itself.
    """

    text: str
    column: int
    on_its_own: bool = True


BLANK: Final = Trivia("", 0)


def gap(text: str, start: int, end: int) -> tuple[list[Trivia], int]:
    """Return what lies in ``text[start:end]``, and where it ends: at `end`, or before at an indicator (``-?:``)."""
    found: list[Trivia] = []
    at = start
    is_fresh = start == 0 or text[start - 1] in BREAKS
    while at < end:
        if text[at] in " \t":
            at += 1
        elif text[at] in BREAKS:
            if is_fresh:
                found.append(BLANK)
            is_fresh = True
            at += 2 if text.startswith("\r\n", at) else 1
        elif text[at] == "#":
            comment = _COMMENT.match(text, at)
            written = comment[0] if comment else ""
            found.append(Trivia(written.rstrip(), column_of(text, at), is_fresh))
            is_fresh = False
            at += len(written)
        else:
            break
    return found, min(at, end)


def column_of(text: str, at: int) -> int:
    """Return how far into its line the character at `at` stands, from 0."""
    start = at
    while start and text[start - 1] not in BREAKS:
        start -= 1
    return at - start


def comments(trivia: Iterable[Trivia]) -> Lines:
    """Return the comments in `trivia`, without blank lines."""
    return tuple(each.text for each in trivia if each.text)


def lines(trivia: Iterable[Trivia]) -> Lines:
    """Return `trivia` as lines, a blank one for each that is blank."""
    return tuple(each.text for each in trivia)


def tidied(written: Iterable[str], *, after_blank: bool = False) -> list[str]:
    """Return lines with one blank line for several, and none in front where `after_blank`."""
    kept: list[str] = []
    for line in written:
        if line or not (kept[-1] == "" if kept else after_blank):
            kept.append(line)
    return kept
