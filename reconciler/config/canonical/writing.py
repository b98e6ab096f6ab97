"""A layout as text: two spaces a level, one blank line between sections, comments where they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.config.canonical.model import Block, Inline, Literal, Spread
from reconciler.config.canonical.trivia import tidied

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.config.canonical.model import Entry, Page, Remark, Value

_INDENT: Final = "  "
_GAP: Final = 2
"""Fewest spaces before a comment at the end of a line."""


def write(page: Page) -> str:
    """Return the file that `page` lays out, its lines ended by line feeds."""
    root = page.root
    written = [*tidied(page.prologue), *tidied(page.header, after_blank=True)]
    written += tidied(root.above, after_blank=True)
    if isinstance(root.value, Block):
        written += [_remarked(root.properties, root.remark)] if root.properties else []
        written += _block(root.value, is_top=True)
    else:
        written += _entry(root)
    kept = _keeps(root.value)
    tail = tidied(page.tail, after_blank=kept)
    while tail and not tail[-1]:
        tail.pop()
    return "\n".join([*written, *tail, ""])


def _block(block: Block, *, is_top: bool = False) -> list[str]:
    written: list[str] = []
    before: Entry | None = None
    for entry in block.entries:
        above = entry.above
        is_apart = is_top and before is not None and (_is_large(before) or _is_large(entry))
        if is_apart and "" not in above:
            above = ("", *above)
        written += tidied(above, after_blank=before is None or _keeps(before.value))
        written += _entry(entry) if block.is_mapping else _item(entry)
        before = entry
    return written + tidied(block.tail, after_blank=before is None or _keeps(before.value))


def _entry(entry: Entry) -> list[str]:
    """Return the lines of a key and its value, or of a document that is no block."""
    head = " ".join(each for each in (f"{entry.key}:" if entry.key else "", entry.properties) if each)
    match entry.value:
        case Block():
            return [_remarked(head, entry.remark), *_indented(_block(entry.value))]
        case Spread(on_its_own=True) if head:
            return _remarked_last([head, _INDENT + entry.value.lines[0], *entry.value.lines[1:]], entry.remark)
        case _:
            return _remarked_last(_after(head, entry.value), entry.remark)


def _item(entry: Entry) -> list[str]:
    """Return the lines of an item of a sequence."""
    if isinstance(entry.value, Block) and not entry.properties:
        first, *others = _block(entry.value)
        return [f"- {first}", *_indented(others)]
    head = f"- {entry.properties}" if entry.properties else "-"
    if isinstance(entry.value, Block):
        return [_remarked(head, entry.remark), *_indented(_block(entry.value))]
    return _remarked_last(_after(head, entry.value), entry.remark)


def _after(head: str, value: Inline | Spread | Literal) -> list[str]:
    """Return the lines of `value`, the first one behind `head`."""
    match value:
        case Inline(text):
            first, others = text, []
        case Spread(lines):
            first, others = lines[0], list(lines[1:])
        case Literal(header, lines, indent):
            first, others = header, [" " * indent + line if line else "" for line in lines]
    return [" ".join(each for each in (head, first) if each), *others]


def _remarked_last(lines: list[str], remark: Remark | None) -> list[str]:
    return [*lines[:-1], _remarked(lines[-1], remark)]


def _remarked(line: str, remark: Remark | None) -> str:
    """Return a line with its comment, in the column it had where that is free: people line comments up."""
    if remark is None:
        return line
    return f"{line.ljust(max(len(line) + _GAP, remark.column))}{remark.text}"


def _indented(lines: Iterable[str]) -> list[str]:
    return [_INDENT + line if line else "" for line in lines]


def _is_large(entry: Entry) -> bool:
    return not isinstance(entry.value, Inline)


def _keeps(value: Value) -> bool:
    """Whether a blank line after `value` would be content of a block scalar at its end."""
    if isinstance(value, Block):
        return not value.tail and _keeps(value.entries[-1].value)
    return isinstance(value, Literal) and value.keeps
