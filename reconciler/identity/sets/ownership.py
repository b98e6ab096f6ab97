"""Whose an identifier is that several persons share: the one whose key is the smallest has it in a set file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import uuid4

import ibis

from reconciler.identity.columns import stacked
from reconciler.identity.sets.packing import long, packed
from reconciler.identity.sets.setfile import PERSON, row_count, schema_of, writing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import ibis.expr.types as ir

    from reconciler.identifiers import IdType
    from reconciler.identity.engines.protocol import Backend

_AT_ONCE: Final = 2_000_000
"""Keys that are grouped or joined at once: what some hundred megabytes hold."""
_SIXTEENTHS: Final = 16
"""Parts that a table is read for once each."""


def ranges(table: ir.Table, column: str, rows: int) -> list[ir.Table]:
    """Return `table` in parts that fit into memory, by the first byte of a column of digests, none of them null.

    Tables taken apart with the same `rows` are taken apart alike. Each part reads the whole table, unless that is
    sorted by the column.
    """
    steps = _steps(rows)
    return [_between(table, column, 256 // steps * step, 256 // steps * (step + 1)) for step in range(steps)]


def apart(
    backend: Backend, tables: Sequence[ir.Table], column: str, rows: int, folder: Path
) -> Iterator[tuple[ir.Table, ...]]:
    """Yield the `ranges` of several tables side by side, for tables that are not sorted by `column`.

    Many ranges are cut out of a sixteenth of the tables that is kept for as long, so that the time a row takes does
    not grow with the rows. A part is therefore to be computed before the second after it is asked for.

    Args:
        backend: The engine.
        tables: What is to be taken apart alike.
        column: By which.
        rows: How many the largest of them has.
        folder: Where a sixteenth is kept; no two at work may share it.
    """
    steps = _steps(rows)
    if steps <= _SIXTEENTHS:
        yield from zip(*(ranges(each, column, rows) for each in tables), strict=True)
        return
    width = 256 // _SIXTEENTHS
    for first in range(0, 256, width):
        sixteenth = folder / str(first)
        try:
            kept = [
                _kept(backend, _between(each, column, first, first + width), sixteenth / str(position))
                for position, each in enumerate(tables)
            ]
            for start in range(first, first + width, 256 // steps):
                yield tuple(_between(each, column, start, start + 256 // steps) for each in kept)
        finally:
            backend.drop(sixteenth)


def _steps(rows: int) -> int:
    steps = 1
    while rows > steps * _AT_ONCE and steps < 256:
        steps *= 2
    return steps


def _kept(backend: Backend, table: ir.Table, folder: Path) -> ir.Table:
    backend.land(table, folder)
    return backend.landed(folder)


def _between(table: ir.Table, column: str, first: int, end: int) -> ir.Table:
    if first > 0:
        table = table.filter(table[column] >= ibis.literal(bytes([first]), "binary"))
    if end < 256:
        table = table.filter(table[column] < ibis.literal(bytes([end]), "binary"))
    return table


def settle(backend: Backend, path: Path, identifiers: Mapping[IdType, int]) -> Mapping[IdType, int]:
    """Make each identifier in the set file `path` stand once; return how many of each type there are.

    Args:
        backend: The engine.
        path: A set but for identifiers that stand under several persons.
        identifiers: How many it holds.
    """
    rows = backend.sets([path])
    shared = [id_type for id_type in identifiers if _is_shared(backend, rows, id_type, identifiers[id_type])]
    if not shared:
        return identifiers
    folder = path.with_name(f"{path.name}.{uuid4().hex}.losing")
    beside = path.with_name(f".{path.name}.settled")
    id_types = list(identifiers)
    try:
        backend.land(stacked([_losing(rows, id_type) for id_type in shared]), folder)
        losing = backend.landed(folder)
        with writing(beside, schema_of(id_types)) as writer:
            for part in ranges(rows, PERSON, row_count(path)):
                every = long(part, {id_type.value: id_type for id_type in id_types})
                owned = every.anti_join(losing, ("person", "id_type", "hash"))
                writer.write(backend.batches(packed(owned, id_types)))
    finally:
        backend.drop(folder)
    beside.replace(path)
    return writer.identifiers


def _is_shared(backend: Backend, rows: ir.Table, id_type: IdType, count: int) -> bool:
    digests = rows.select(hash=rows[id_type.value])
    for part in ranges(digests.filter(digests["hash"].notnull()), "hash", count):
        several = part.group_by("hash").having(part.count() > 1).aggregate(times=part.count())
        if backend.row(several.aggregate(count=several.count()))["count"]:
            return True
    return False


def _losing(rows: ir.Table, id_type: IdType) -> ir.Table:
    """Return the places of shared identifiers that are not their owner's."""
    every = long(rows, {id_type.value: id_type})
    owners = every.group_by("id_type", "hash").having(every.count() > 1).aggregate(owner=every[PERSON].min())
    claims = every.inner_join(owners, ("id_type", "hash"))
    return claims.filter(claims[PERSON] != claims["owner"]).select("person", "id_type", "hash")
