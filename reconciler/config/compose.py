"""YAML text to nodes that know their place.

Read from parser events rather than through a YAML constructor, because a constructor drops what this tool
promises: every key's place, duplicate keys, a bound on depth, and a bound on what aliases expand to.
Plain scalars follow the YAML 1.2 core schema, as editors do: ``NO`` and ``2024-01-01`` are text.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import yaml

from reconciler.config.syntax import syntax_error
from reconciler.config.wording import quoted_key
from reconciler.diagnostics import Diagnostic, Location, error

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_DEPTH = 32
"""Deepest nesting read; the format itself needs six levels."""

MAX_NODES = 200_000
"""Most nodes one file may hold with its aliases expanded: some 20,000 audiences."""

Scalar: TypeAlias = str | int | float | bool | None

# libyaml where PyYAML was built with it: the same events, ten times as fast.
_LOADER: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_CORE: dict[str, Scalar] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INTEGER = re.compile(r"[-+]?[0-9]{1,100}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TAGS = {"!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"}
_MERGE = "<<"


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the document.

    Attributes:
        at: Where it begins.
        content: A scalar, the items of a sequence, or the entries of a mapping.
        size: Nodes in it, itself included, with aliases expanded.
        height: Levels of nesting in it, itself included.
    """

    at: Location
    content: Scalar | tuple[Node, ...] | Mapping[str, Entry]
    size: int = 1
    height: int = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A key's place and its value."""

    key_at: Location
    value: Node


def compose(shown: str, text: str) -> tuple[Node | None, list[Diagnostic]]:
    """Return the one document in `text`, or None where it cannot be read, and what is wrong with it.

    Args:
        shown: The file's name in messages.
        text: The file's text, of printable characters.
    """
    composer = _Composer(shown, text)
    try:
        return composer.document(), composer.diagnostics
    except _UnreadableError as problem:
        return None, [*composer.diagnostics, problem.diagnostic]
    except (yaml.YAMLError, OverflowError, ValueError) as problem:
        # The last two: what PyYAML without libyaml raises for an escape beyond U+10FFFF.
        return None, [*composer.diagnostics, syntax_error(shown, text, problem)]


class _UnreadableError(Exception):
    """The rest of the file cannot be made sense of."""

    def __init__(self, summary: str, detail: str, at: Location) -> None:
        super().__init__(summary)
        self.diagnostic = error(summary, detail, at)


class _Composer:
    """One pass over the events of one file. Recursive, to at most `MAX_DEPTH`."""

    def __init__(self, shown: str, text: str) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._shown = shown
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=_LOADER)
        self._anchors: dict[str, Node | None] = {}
        self._count = 0

    def document(self) -> Node:
        next(self._events)  # the stream begins
        first = next(self._events)
        if isinstance(first, yaml.StreamEndEvent):
            raise self._empty()
        root = self._node(next(self._events), depth=1)
        if root.content is None:
            raise self._empty()
        if not isinstance(root.content, dict):
            raise _UnreadableError(
                "the file is not a mapping", "It starts with top-level keys: version: 1, advertisers: …", root.at
            )
        next(self._events)  # the document ends
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise _UnreadableError(
                "a second YAML document begins here",
                "One file holds one document: take the --- out, or move the rest to a file of its own in a directory.",
                self._at(after),
            )
        return root

    def _empty(self) -> _UnreadableError:
        return _UnreadableError(
            f"{self._shown} is empty", "Write a first file with `reconciler init`.", Location(self._shown, 1, 1)
        )

    def _at(self, event: yaml.Event) -> Location:
        line, column = (event.start_mark.line, event.start_mark.column) if event.start_mark else (0, 0)
        return Location(self._shown, line + 1, column + 1)

    def _node(self, event: yaml.Event, depth: int) -> Node:
        at = self._at(event)
        self._count += 1
        self._check_bounds(at, depth, self._count)
        if isinstance(event, yaml.AliasEvent):
            node = self._aliased(event, at)
            # All of it counts, wherever it goes: what a later "<<" overrides was merged before.
            self._count += node.size - 1
            self._check_bounds(at, depth + node.height - 1, self._count)
            return node
        if not isinstance(event, yaml.NodeEvent):  # pragma: no cover - the parser's grammar rules it out
            raise TypeError(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        node = self._fresh(event, at, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _aliased(self, event: yaml.AliasEvent, at: Location) -> Node:
        # The name is left out of the messages: a secret that starts with "*" and lacks quotes looks like an alias.
        if event.anchor not in self._anchors:
            raise _UnreadableError(
                "an alias to an anchor that does not stand above it",
                "Put quotes around text that starts with *, or define the anchor (&name) first.",
                at,
            )
        node = self._anchors[event.anchor]
        if node is None:
            raise _UnreadableError("an anchor that contains itself", "Take the alias (*name) out.", at)
        return node

    def _check_bounds(self, at: Location, depth: int, size: int) -> None:
        if depth > MAX_DEPTH:
            raise _UnreadableError("nested too deeply", f"At most {MAX_DEPTH} levels are read.", at)
        if size > MAX_NODES:
            raise _UnreadableError(
                "too many values", f"At most {MAX_NODES:,} are read from one file, aliases expanded. Split it.", at
            )

    def _fresh(self, event: yaml.NodeEvent, at: Location, depth: int) -> Node:
        tag: str | None = getattr(event, "tag", None)
        if tag is not None and tag not in _TAGS:
            self.diagnostics.append(
                error("a YAML tag is not supported here", "Put quotes around text that starts with !.", at)
            )
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(at, depth)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(at, depth)
        return Node(at, self._scalar(event, at))

    def _sequence(self, at: Location, depth: int) -> Node:
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return _container(at, tuple(items), items)

    def _mapping(self, at: Location, depth: int) -> Node:
        entries: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key_at = self._at(event)
            key = self._key(event, key_at)
            value = self._node(next(self._events), depth + 1)
            if key == _MERGE and _is_plain(event):
                merged = self._merge(value, key_at) | merged
            elif key in entries:
                self._duplicate(key, key_at, entries[key].key_at)
            else:
                entries[key] = Entry(key_at, value)
        entries |= {key: entry for key, entry in merged.items() if key not in entries}
        return _container(at, entries, [each.value for each in entries.values()])

    def _key(self, event: yaml.Event, at: Location) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise _UnreadableError(
                "a key must be plain text", "Text that starts with { or [ or * needs quotes around it.", at
            )
        return self._text(event, at)

    def _scalar(self, event: yaml.NodeEvent, at: Location) -> Scalar:
        text = self._text(event, at)
        return _resolve(text) if _is_plain(event) else text

    def _text(self, event: yaml.NodeEvent, at: Location) -> str:
        text: str = getattr(event, "value", "")
        if _SURROGATE.search(text):
            raise _UnreadableError("an escape that is no character", "U+D800 to U+DFFF cannot stand alone.", at)
        return text

    def _merge(self, value: Node, at: Location) -> dict[str, Entry]:
        sources = value.content if isinstance(value.content, tuple) else (value,)
        merged: dict[str, Entry] = {}
        for source in sources:
            if not isinstance(source.content, dict):
                self.diagnostics.append(
                    error("<< merges mappings only", "Give it an alias to a mapping: <<: *name", at)
                )
                continue
            merged = source.content | merged
        return merged

    def _duplicate(self, key: str, at: Location, first: Location) -> None:
        self.diagnostics.append(error(f"duplicate key {quoted_key(key)}", f"It already stands at {first}.", at))


def _container(at: Location, content: tuple[Node, ...] | dict[str, Entry], values: list[Node]) -> Node:
    size = 1 + sum(each.size for each in values)
    height = 1 + max((each.height for each in values), default=0)
    return Node(at, content, size, height)


def _is_plain(event: yaml.Event) -> bool:
    """Whether a scalar carries neither quotes nor a tag, so that its text decides its type."""
    return isinstance(event, yaml.ScalarEvent) and event.tag is None and bool(event.implicit[0])


def _resolve(text: str) -> Scalar:
    """Return the value of a plain scalar under the YAML 1.2 core schema; what JSON cannot say stays text."""
    if text in _CORE:
        return _CORE[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text
