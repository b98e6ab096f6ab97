"""Text from strangers, made harmless: what a terminal would act on or hide is spelled out instead.

Names on TikTok, names of files and messages from outside may hold line breaks, terminal escapes, marks that
turn the reading direction, and characters that show as nothing. Everything printed passes through here.
"""

from __future__ import annotations

from typing import Final

_BLANK_LETTERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and symbols by category that every font draws as nothing: two names that differ by one look the same."""


def visible(text: str) -> str:
    r"""Return `text` as one line in which every character shows; the others become escapes: a line break, ``\n``."""
    return "".join(each if _shows(each) else _escaped(each) for each in text)


def visible_lines(text: str) -> str:
    """Return a message of several lines, each of them visible; for words of our own with names in them."""
    return "\n".join(visible(line) for line in text.split("\n"))


def quoted(text: str) -> str:
    """Return `text` in quotes, so that no two texts look the same: quotes and backslashes in it are escaped too."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{visible(escaped)}"'


def _shows(character: str) -> bool:
    return character.isprintable() and character not in _BLANK_LETTERS


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
