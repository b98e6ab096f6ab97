"""What the audiences of one account need, brought together: an identifier that joins several travels once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import ibis

from reconciler.identifiers import IdType
from reconciler.identity.columns import stacked
from reconciler.identity.sets.delta import long_form, write_packed
from reconciler.identity.sets.mappings import Mappings
from reconciler.identity.sets.ownership import apart
from reconciler.identity.sets.setfile import LEGS, id_types, reading, row_count, types_among

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import ibis.expr.types as ir
    import pyarrow as pa

    from reconciler.identity.engines.protocol import Backend
    from reconciler.identity.model import Direction
    from reconciler.identity.sets.delta import Changes

MOST_LEGS: Final = 60
"""Legs of a route: they are told as the bits of one number."""


@dataclass(frozen=True, slots=True)
class Route:
    """The mapping rows that take the audiences of one account from what they hold to what they should hold.

    A partition is what is held in memory at once: some 100,000 rows of one direction. The same sets give the same
    partitions, rows and order.

    Attributes:
        rows_alone: Mapping rows that the legs would need one by one.
    """

    _files: tuple[tuple[Direction, Path], ...]
    rows_alone: int

    @property
    def rows(self) -> int:
        """Mapping rows in all."""
        return sum(row_count(path) for _, path in self._files)

    @property
    def partitions(self) -> int:
        """Partitions, additions first."""
        return sum(reading(path).num_row_groups for _, path in self._files)

    def batches(self, partition: int, *, size: int = 1000, skip: int = 0) -> Iterator[Mappings]:
        """Yield the rows of a partition.

        Args:
            partition: From 0 to `partitions` - 1.
            size: Rows of a batch; the last may be smaller.
            skip: Rows to leave out at the beginning.

        Raises:
            SetUnreadableError: A file has gone or is damaged.
        """
        for direction, path in self._files:
            with reading(path) as file:
                if partition < file.num_row_groups:
                    # One batch, of which the others are views: nothing is copied from here on.
                    (group,) = file.read_row_group(partition).combine_chunks().to_batches()
                    types = types_among(group.schema.names)
                    for start in range(skip, group.num_rows, size):
                        yield _mappings(direction, group.slice(start, size), types)
                    return
                partition -= file.num_row_groups


def _mappings(direction: Direction, batch: pa.RecordBatch, types: Sequence[IdType]) -> Mappings:
    held = [name.value for name in types if batch.column(name).null_count < batch.num_rows]
    rows = batch.select(held)
    if types[0] + LEGS not in batch.schema.names:
        return Mappings(direction, rows)
    return Mappings(direction, rows, batch.select([name + LEGS for name in held]).rename_columns(held))


def join(backend: Backend, changes: Sequence[Changes], folder: Path) -> Route:
    """Bring the changes of several legs together; files that are needed for it go into the new `folder`.

    Raises:
        ValueError: There are none, or more than `MOST_LEGS`.
    """
    if not 0 < len(changes) <= MOST_LEGS:
        raise ValueError(f"a route has 1 to {MOST_LEGS} legs, not {len(changes)}")
    folder.mkdir(mode=0o700)
    files: list[tuple[Direction, Path]] = []
    alone = 0
    directions: tuple[tuple[Direction, list[Path | None]], ...] = (
        ("add", [each.add for each in changes]),
        ("remove", [each.remove for each in changes]),
    )
    for direction, paths in directions:
        legs = [(leg, path) for leg, path in enumerate(paths) if path is not None and row_count(path)]
        alone += sum(row_count(path) for _, path in legs)
        if legs:
            only = legs[0][1] if len(changes) == 1 else _joined(backend, legs, folder / direction)
            files.append((direction, only))
    return Route(tuple(files), alone)


def _joined(backend: Backend, legs: Sequence[tuple[int, Path]], out: Path) -> Path:
    there = {id_type for _, path in legs for id_type in id_types(path)}
    types = [id_type for id_type in IdType if id_type in there]
    every = stacked([long_form(backend, path).mutate(legs=ibis.literal(1 << leg, "int64")) for leg, path in legs])
    rows = sum(row_count(path) for _, path in legs) * len(types)
    parts = apart(backend, [every], "hash", rows, out.with_name(f"{out.name}.apart"))
    write_packed(backend, (_together(part) for (part,) in parts), types, out, legs=True)
    return out


def _together(part: ir.Table) -> ir.Table:
    """Return each identifier once, with all its legs, under the smallest of the persons that the legs know it by."""
    return part.group_by("id_type", "hash").aggregate(person=part["person"].min(), legs=part["legs"].bit_or())
