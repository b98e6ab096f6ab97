"""Set files of the first version: an identifier a row, under its type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.identifiers import IdType
from reconciler.identity.sets.delta import write_packed
from reconciler.identity.sets.ownership import ranges
from reconciler.identity.sets.setfile import reading, row_count

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.identity.engines.protocol import Backend

_COLUMNS: Final = ["id_type", "hash", "person"]


def is_earlier(path: Path) -> bool:
    """Return whether a set file is of the first version.

    Raises:
        SetUnreadableError: It is missing or damaged.
    """
    return bool(reading(path).schema_arrow.names == _COLUMNS)


def rewrite(backend: Backend, path: Path, out: Path) -> None:
    """Write the set in `path`, a file of the first version, as one of today's to `out`."""
    identifiers = backend.sets([path])
    there = {
        id_type
        for batch in backend.batches(identifiers.select("id_type").distinct())
        for id_type in batch.column(0).to_pylist()
    }
    types = [id_type for id_type in IdType if id_type.value in there]
    write_packed(backend, ranges(identifiers, "hash", row_count(path)), types, out)
