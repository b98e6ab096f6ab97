"""Values over several lines: what of their indentation is content, and what is layout."""

from __future__ import annotations

import re
from typing import Final

from reconciler.config.canonical.model import Literal, Spread

# The other two that YAML 1.1 knows (U+2028, U+2029) are content of the text they break.
_BREAK: Final = re.compile("\r\n|[\n\r\x85]")
_HEADER: Final = re.compile(r"(?P<style>[|>])(?P<first>[-+]?)(?P<indent>[1-9]?)(?P<second>[-+]?)(?P<rest>.*)")
_DOCUMENT_MARKS: Final = ("---", "...")
_INDENT: Final = 2


def spread(source: str, column: int, *, on_its_own: bool, is_scalar: bool) -> Spread:
    """Return the lines of a value that is no block scalar, relative to its key.

    Args:
        source: The value as written.
        column: Column of its key, or dash; its own where it begins on a line of its own.
        on_its_own: Whether it does.
        is_scalar: Text has to stand deeper than its key; braces need not.
    """
    first, *others = _BREAK.split(source)
    shift = (_INDENT if on_its_own else 0) - column
    floor = _INDENT if is_scalar else 0
    written = [_stripped(first)]
    for line in others:
        content = _stripped(line.lstrip(" \t"))
        indent = max(len(line) - len(line.lstrip(" \t")) + shift, floor)
        if not indent and content.startswith(_DOCUMENT_MARKS):
            indent = 1  # at the margin it would end the document
        written.append(" " * indent + content if content else "")
    return Spread(tuple(written), on_its_own)


def literal(source: str, base: int) -> tuple[Literal, bool]:
    """Return a block scalar, and whether a blank line that is not its own comes after it."""
    header, *content = _BREAK.split(source)
    match = _HEADER.fullmatch(header)
    if match is None:  # pragma: no cover - the parser has read it as one
        raise ValueError(header)
    deep = base + int(match["indent"]) if match["indent"] else _detected(content, base)
    lines = [line[deep:] for line in content]
    # Where the file ends in it without a line break, the one that every file ends in is to be none of the text.
    is_cut_off = not lines or bool(lines.pop())
    if is_cut_off:
        lines = [line[deep:] for line in content]
    chomping = "-" if is_cut_off else match["first"] or match["second"]
    has_blank = False
    if chomping != "+":
        while lines and not lines[-1]:
            lines.pop()
            has_blank = True
    written = f"{match['style']}{match['indent']}{chomping}{match['rest'].rstrip()}"
    return Literal(written, tuple(lines), int(match["indent"] or _INDENT), chomping == "+"), has_blank


def _detected(content: list[str], base: int) -> int:
    """Return the column that the text of a block scalar begins at (YAML 1.1, section 9.2.1)."""
    deep = base + 1
    for line in content:
        spaces = len(line) - len(line.lstrip(" "))
        deep = max(deep, spaces)
        if spaces < len(line):
            break
    return deep


def _stripped(line: str) -> str:
    """Return a line without spaces at its end, unless a backslash makes the first of them content."""
    bare = line.rstrip(" \t")
    return line if bare.endswith("\\") else bare
