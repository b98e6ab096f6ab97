"""YAML text to its layout. Nothing of a file is lost on the way: what lies between two values is read too."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import yaml

from reconciler.config.canonical.model import Block, Entry, Inline, Page, Remark
from reconciler.config.canonical.scalars import quoted, rewritten
from reconciler.config.canonical.spread import literal, spread
from reconciler.config.canonical.trivia import BLANK, BREAKS, column_of, comments, gap, lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.config.canonical.model import Lines, Value
    from reconciler.config.canonical.trivia import Trivia

# The same as `reconciler.config.compose` reads with, so that both see the same document.
_LOADER: Final[type[yaml.SafeLoader | yaml.CSafeLoader]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ROOT: Final = 2
"""Index of the event that the document itself begins with."""

_WORD: Final = re.compile(r"\S+")
# Lines for an editor, or about the whole file: they stay on top, whichever key comes to stand below them.
_OF_THE_FILE: Final = re.compile(r"#!|#\s*(yaml-language-server:|vim?:|-\*-|SPDX-|Copyright\b)", re.IGNORECASE)


def read(text: str) -> Page:
    """Return the layout of `text`, one document that `reconciler.config.compose` reads without a finding."""
    return _Reader(text).page()


class _Reader:
    """One pass over the events of a file, with the text between them. Recursive, as deep as the document."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._events: list[yaml.Event] = list(yaml.parse(text, Loader=_LOADER))
        self._next = _ROOT  # the stream and the document have begun
        self._at = 0  # all before it is read
        self._waiting: list[Trivia] = []  # read, before it is known where it belongs

    def page(self) -> Page:
        begin = self._events[1]
        prologue: Lines = ()
        if isinstance(begin, yaml.DocumentStartEvent) and begin.explicit:
            self._at = _end(begin)
            prologue = tuple(line.rstrip() for line in self._text[: self._at].splitlines())
        self._read_up_to(_start(self._events[_ROOT]))
        self._waiting = [replace(each, on_its_own=True) for each in self._waiting]  # one behind the "---" goes below it
        above: Lines = ()
        if _is_block(self._events[_ROOT]):
            header, self._waiting = _header(self._waiting)
        else:
            header, above, self._waiting = (), lines(self._waiting), []
        root = self._entry(above, "", "", first=_ROOT, outer=-1, base=0)
        self._read_up_to(len(self._text))  # past a "..."
        return Page(prologue, header, root, lines(self._take()))

    def _entry(self, above: Lines, key: str, name: str, *, first: int, outer: int, base: int) -> Entry:
        """Read the value that comes next; what waits stands between its key, or dash, and itself.

        Args:
            above: The comments above its key.
            key: The key as it is to be written.
            name: The key's text.
            first: The event that its key begins with.
            outer: Column of the collection around the one that it is in, should it be one itself.
            base: Column of its key, or of its dash.
        """
        event = self._events[self._next]
        properties = self._properties(event)
        value: Value
        if _is_block(event):
            hoisted, remark = self._head(base, is_compact=not (key or properties) and outer >= 0)
            value = self._block(outer)
        else:
            hoisted = comments(self._take())
            value = self._leaf(event, base)
            remark = self._remark(base)
        anchors, aliases = _names(self._events[first : self._next])
        return Entry((*above, *hoisted), key, name, properties, value, remark, anchors, aliases)

    def _head(self, base: int, *, is_compact: bool) -> tuple[Lines, Remark | None]:
        """Return what of the waiting goes above the key of a block, and what at the end of its line.

        The rest is left to the first entry of the block, unless that is to stand on the same line (`is_compact`).
        """
        if is_compact:
            return comments(self._take()), None
        behind = [index for index, each in enumerate(self._waiting) if not each.on_its_own]
        if not behind:
            return (), None
        above, remark = self._waiting[: behind[-1]], self._waiting[behind[-1]]
        del self._waiting[: behind[-1] + 1]
        return comments(above), Remark(remark.text, remark.column - base)

    def _block(self, outer: int) -> Block:
        """Read a collection in block style, up to and with its end; `outer` is the column of the one around it."""
        is_mapping = isinstance(self._events[self._next], yaml.MappingStartEvent)
        ends = yaml.MappingEndEvent if is_mapping else yaml.SequenceEndEvent
        column = column_of(self._text, self._at)
        entries: list[Entry] = []
        self._next += 1
        while not isinstance(self._events[self._next], ends):
            entries.append(self._keyed(column) if is_mapping else self._item(column))
        self._next += 1
        return Block(tuple(entries), self._tail(max(column, outer + 1)), is_mapping)

    def _keyed(self, column: int) -> Entry:
        first = self._next
        self._read_up_to(_start(self._events[first]))  # past a "?"
        above = lines(self._take())
        key, name = self._key()
        self._read_up_to(self._start_of_next())  # past the ":"
        return self._entry(above, key, name, first=first, outer=column, base=column)

    def _item(self, column: int) -> Entry:
        above = lines(self._take())
        self._at += 1  # past the dash
        self._read_up_to(self._start_of_next())
        return self._entry(above, "", "", first=self._next, outer=column, base=column)

    def _key(self) -> tuple[str, str]:
        event = self._events[self._next]
        properties = self._properties(event)
        source, name = self._text[self._at : _end(event)], str(getattr(event, "value", ""))
        is_quoted = source[:1] in {'"', "'"}
        is_one_line = bool(source) and source[0] not in "|>" and not any(each in source for each in BREAKS)
        key = quoted(name) if not is_one_line else rewritten(source, name) if is_quoted else source
        self._at = _end(event)
        self._next += 1
        return f"{properties} {key}" if properties else key, name

    def _properties(self, event: yaml.Event) -> str:
        """Read anchor and tag of a value, and go to where it begins itself."""
        given = (getattr(event, "anchor", None), getattr(event, "tag", None))
        count = 0 if isinstance(event, yaml.AliasEvent) else sum(each is not None for each in given)
        words: list[str] = []
        for _ in range(count):
            self._read_up_to_content()
            word = _WORD.match(self._text, self._at)
            if word is not None:
                words.append(word[0])
                self._at = word.end()
        if count:
            self._read_up_to_content(None if _is_block(event) else _end(event))
        return " ".join(words)

    def _leaf(self, event: yaml.Event, base: int) -> Value:
        """Read what is no block: a scalar, an alias, or a collection in braces or brackets."""
        start, depth = self._at, 0
        on_its_own = self._next > _ROOT and self._begins_line(start)
        while True:
            event = self._events[self._next]
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            self._next += 1
            if not depth:
                break
        self._at = max(_end(event), start)
        source = self._text[start : self._at]
        value = self._laid_out(event, source, base, column_of(self._text, start), on_its_own=on_its_own)
        self._read_up_to_content(self._start_of_next())
        return value

    def _laid_out(self, event: yaml.Event, source: str, base: int, column: int, *, on_its_own: bool) -> Value:
        is_scalar = isinstance(event, yaml.ScalarEvent)
        if isinstance(event, yaml.ScalarEvent) and event.style in {"|", ">"}:
            block, has_blank = literal(source, base)
            self._waiting += [BLANK] if has_blank else []
            return block
        if any(each in source for each in BREAKS):
            shift = column if on_its_own else base
            return spread(source, shift, on_its_own=on_its_own, is_scalar=is_scalar)
        if isinstance(event, yaml.ScalarEvent) and event.tag is None:
            return Inline(rewritten(source, event.value))
        return Inline(source)

    def _begins_line(self, at: int) -> bool:
        return not self._text[at - column_of(self._text, at) : at].strip()

    def _remark(self, base: int) -> Remark | None:
        """Take the comment behind the value just read, on its line."""
        if not self._waiting or self._waiting[0].on_its_own:
            return None
        found = self._waiting.pop(0)
        return Remark(found.text, found.column - base)

    def _tail(self, column: int) -> Lines:
        """Take the comments that stand as far in as the entries of a block that ends here."""
        count = 0
        for index, each in enumerate(self._waiting):
            if each.text and each.column < column:
                break
            count = index + 1 if each.text else count
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return lines(taken)

    def _take(self) -> list[Trivia]:
        taken, self._waiting = self._waiting, []
        return taken

    def _read_up_to(self, end: int) -> None:
        """Read comments up to `end`, past any indicator."""
        while True:
            self._read_up_to_content(end)
            if self._at >= end:
                return
            self._at += 1

    def _read_up_to_content(self, end: int | None = None) -> None:
        """Read comments up to an indicator or a value, and no further than `end`."""
        found, self._at = gap(self._text, self._at, len(self._text) if end is None else end)
        self._waiting += found

    def _start_of_next(self) -> int:
        """Return where the next value begins, or the end of the text."""
        index = self._next
        while index < len(self._events) and not isinstance(self._events[index], yaml.NodeEvent):
            index += 1
        return max(_start(self._events[index]), self._at) if index < len(self._events) else len(self._text)


def _header(waiting: list[Trivia]) -> tuple[Lines, list[Trivia]]:
    """Part what stands on top of a file into comments about all of it, and those about its first key."""
    while waiting and not waiting[0].text:
        waiting = waiting[1:]
    blank = [index for index, each in enumerate(waiting) if not each.text]
    of_the_file = [index for index, each in enumerate(waiting) if _OF_THE_FILE.match(each.text)]
    length = max((*blank[-1:], *of_the_file[-1:], -1)) + 1
    return lines(waiting[:length]), waiting[length:]


def _names(events: Sequence[yaml.Event]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the anchors that `events` define, and those that they refer to."""
    nodes = [(type(each), each.anchor) for each in events if isinstance(each, yaml.NodeEvent) and each.anchor]
    aliases = frozenset(anchor for kind, anchor in nodes if kind is yaml.AliasEvent)
    return frozenset(anchor for kind, anchor in nodes if kind is not yaml.AliasEvent), aliases


def _is_block(event: yaml.Event) -> bool:
    return isinstance(event, yaml.CollectionStartEvent) and not event.flow_style


def _start(event: yaml.Event) -> int:
    return event.start_mark.index if event.start_mark else 0


def _end(event: yaml.Event) -> int:
    return event.end_mark.index if event.end_mark else 0
