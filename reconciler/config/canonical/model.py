"""A document as it is laid out: keys and values in their source text, and the comments that belong to each.

Values are what a layout is made of, not what they mean: `reconciler.config.compose` reads meaning. Lines are
without indentation; lines of a value that has several stand relative to its key, or to its dash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Lines: TypeAlias = tuple[str, ...]
"""Comments on lines of their own, each from its ``#`` on, and "" where a blank line stands between them."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment at the end of a line. `column` counts from the key, or dash, that the line belongs to."""

    text: str
    column: int


@dataclass(frozen=True, slots=True)
class Inline:
    """A value on one line: a scalar, an alias, or a collection in braces or brackets; "" for nothing at all."""

    text: str


@dataclass(frozen=True, slots=True)
class Spread:
    """A value over several lines which is no block: quoted or plain text, or a collection in braces or brackets.

    Attributes:
        lines: Its lines; those after the first are indented.
        on_its_own: Whether it begins on a line below its key.
    """

    lines: Lines
    on_its_own: bool


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal or folded block scalar.

    Attributes:
        header: ``|``, ``>-``, ``|2+ # why`` …
        lines: Its lines, without their indentation; spaces at their end are content.
        indent: How far the lines stand in, seen from the key.
        keeps: Whether blank lines after it are its content, so that none may be added or taken away.
    """

    header: str
    lines: Lines
    indent: int
    keeps: bool


@dataclass(frozen=True, slots=True)
class Block:
    """A mapping or a sequence in block style.

    Attributes:
        entries: What is in it, in order.
        tail: Comments after the last entry that belong to no later one.
        is_mapping: Whether its entries have keys.
    """

    entries: tuple[Entry, ...]
    tail: Lines
    is_mapping: bool


Value: TypeAlias = Inline | Spread | Literal | Block


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value, or an item of a sequence.

    Attributes:
        above: Comments and blank lines before it.
        key: The key as it is to be written; "" for an item.
        name: The key's text, whatever quotes it has; "" for an item.
        properties: Anchor and tag of the value, as written.
        value: The value.
        remark: The comment at the end of its line: after the value, or after the key of a block.
        anchors: Names of the anchors in it.
        aliases: Names of the anchors that aliases in it stand for.
    """

    above: Lines
    key: str
    name: str
    properties: str
    value: Value
    remark: Remark | None = None
    anchors: frozenset[str] = frozenset()
    aliases: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Page:
    """A whole file.

    Attributes:
        prologue: What stands up to a ``---`` and with it; empty where there is none.
        header: Comments about the file rather than about its first key.
        root: The document; an item without a dash.
        tail: Comments after it.
    """

    prologue: Lines
    header: Lines
    root: Entry
    tail: Lines
