"""The order of keys: that of the schema. Names people chose stay in the order they were written in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, TypeAlias

from reconciler import schemas
from reconciler.config.canonical.model import Block

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.config.canonical.model import Entry, Page

Schema: TypeAlias = Mapping[str, object]

_MERGE = "<<"


def ordered(page: Page) -> Page:
    """Return `page` with the keys of every mapping in block style in the schema's order, comments with their keys."""
    return replace(page, root=_ordered(page.root, _schema()))


@cache
def _schema() -> Schema:
    return schemas.load("audiences")


def _ordered(entry: Entry, schema: Schema) -> Entry:
    if not isinstance(entry.value, Block):
        return entry
    block = entry.value
    entries = [_ordered(each, _below(schema, each.name, is_mapping=block.is_mapping)) for each in block.entries]
    if block.is_mapping:
        known = [_MERGE, *_mapping(_branch(schema, "properties").get("properties"))]
        entries = _sorted(entries, {name: rank for rank, name in enumerate(known)})
    else:
        entries = [_led(each) for each in entries]
    return replace(entry, value=replace(block, entries=tuple(entries)))


def _sorted(entries: Sequence[Entry], ranks: Mapping[str, int]) -> list[Entry]:
    """Sort by rank, but let nothing pass an entry that it shares an anchor with: an alias means the one above it."""
    above = _bound_above(entries)
    below: dict[int, list[int]] = defaultdict(list)
    for index, bound in enumerate(above):
        for earlier in bound:
            below[earlier].append(index)
    free = [(ranks.get(each.name, len(ranks)), index) for index, each in enumerate(entries) if not above[index]]
    heapify(free)
    placed: list[Entry] = []
    while free:
        _, chosen = heappop(free)
        placed.append(entries[chosen])
        for index in below[chosen]:
            above[index].discard(chosen)
            if not above[index]:
                heappush(free, (ranks.get(entries[index].name, len(ranks)), index))
    return placed


def _bound_above(entries: Sequence[Entry]) -> list[set[int]]:
    """Return for each entry those that have to stay above it, what stays above these left out."""
    above: list[set[int]] = []
    defined: dict[str, int] = {}
    used: dict[str, set[int]] = defaultdict(set)
    for index, each in enumerate(entries):
        bound = {defined[name] for name in each.aliases | each.anchors if name in defined}
        bound |= {user for name in each.anchors for user in used[name]}
        above.append(bound - {index})
        for name in each.aliases:
            used[name].add(index)
        for name in each.anchors:
            defined[name] = index
            used[name] = set()
    return above


def _led(item: Entry) -> Entry:
    """Move the comments above the first key of an item above the item: the key stands on the line of its dash."""
    if not isinstance(item.value, Block) or item.properties:
        return item
    first, *others = item.value.entries
    above = (*item.above, *(line for line in first.above if line))
    return replace(item, above=above, value=replace(item.value, entries=(replace(first, above=()), *others)))


def _below(schema: Schema, name: str, *, is_mapping: bool) -> Schema:
    """Return the schema of the value at a key, or of an item; empty where nothing is known about it."""
    if not is_mapping:
        return _mapping(_branch(schema, "items").get("items"))
    branch = _branch(schema, "properties")
    known = _mapping(branch.get("properties"))
    return _mapping(known.get(name, _branch(schema, "additionalProperties").get("additionalProperties")))


def _branch(schema: Schema, keyword: str) -> Schema:
    """Return `schema`, what it refers to, or that of its alternatives, which has `keyword`."""
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _branch(_mapping(_mapping(_schema()["$defs"])[reference.removeprefix("#/$defs/")]), keyword)
    if keyword in schema:
        return schema
    alternatives = schema.get("anyOf")
    for each in alternatives if isinstance(alternatives, list) else []:
        if keyword in (found := _branch(_mapping(each), keyword)):
            return found
    return {}


def _mapping(value: object) -> Schema:
    return value if isinstance(value, Mapping) else {}
