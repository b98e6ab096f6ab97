"""The file of a set: who should be reached by what, as Parquet.

============= ============== =================================================================================
person        16 bytes       whose the row is; see `reconciler.identity.hashing`
<id type>     16 or 32 bytes a digest, or null; a column for each `IdType` value the set is made of, in their order
============= ============== =================================================================================

A digest stands once in its column. A person with several identifiers of a type has several rows, filled from the
first. Sorted by person, the rows of a person by their first place; so equal sets are equal bytes, and since the person
key is a hash, any range of its first digits is an even part of the set.

The files of a delta and of a route are the same, but that a route's tell for each digest which legs it goes to.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from reconciler.identifiers import IdType
from reconciler.identity.errors import EngineError, SetUnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

PERSON: Final = "person"
LEGS: Final = "_legs"
"""Ending of the columns that tell the legs of a route."""
GROUP_ROWS: Final = 100_000
"""Rows of a row group: a partition of a delivery. A multiple of every size a request comes in."""


def schema_of(id_types: Sequence[IdType], *, legs: bool = False) -> pa.Schema:
    """Return the columns of a file that holds `id_types`."""
    fields = [(PERSON, pa.binary()), *((each.value, pa.binary()) for each in id_types)]
    if legs:
        fields += [(each.value + LEGS, pa.uint64()) for each in id_types]
    return pa.schema(fields)


class SetWriter:
    """Writes rows in their order and counts what they hold."""

    def __init__(self, parquet: pq.ParquetWriter, schema: pa.Schema) -> None:
        self._parquet = parquet
        self._schema = schema
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0
        self.rows = 0
        self.identifiers = dict.fromkeys(types_among(schema.names), 0)

    def write(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Write rows; a row group only ever ends full, or at the end of the file."""
        for batch in batches:
            columns = [batch.column(field.name).cast(field.type) for field in self._schema]
            self._waiting.append(pa.RecordBatch.from_arrays(columns, schema=self._schema))
            self._waiting_rows += batch.num_rows
            if self._waiting_rows >= GROUP_ROWS:
                self._flush(self._waiting_rows - self._waiting_rows % GROUP_ROWS)

    def end(self) -> None:
        """Write what is left."""
        self._flush(self._waiting_rows)

    def _flush(self, rows: int) -> None:
        table = pa.Table.from_batches(self._waiting, self._schema)
        for start in range(0, rows, GROUP_ROWS):
            group = table.slice(start, min(GROUP_ROWS, rows - start)).combine_chunks()
            self._parquet.write_table(group, row_group_size=GROUP_ROWS)
            for id_type in self.identifiers:
                column = group.column(id_type.value)
                self.identifiers[id_type] += len(column) - column.null_count
        self.rows += rows
        self._waiting, self._waiting_rows = table.slice(rows).to_batches(), self._waiting_rows - rows


@contextmanager
def writing(out: Path, schema: pa.Schema) -> Iterator[SetWriter]:
    """Write a file beside `out` and put it there whole at the end, or not at all.

    Raises:
        EngineError: The disk is full, or `out` may not be written.
    """
    beside = out.with_name(f".{out.name}.{uuid4().hex}.partial")
    try:
        with (
            os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
            # Digests neither compress nor repeat.
            pq.ParquetWriter(file, schema, compression="none", use_dictionary=False) as parquet,
        ):
            writer = SetWriter(parquet, schema)
            yield writer
            writer.end()
        beside.replace(out)
    except OSError as error:
        raise EngineError(
            f"{out} could not be written: {error.strerror or 'the disk failed'}", hint="Is there room, and permission?"
        ) from None
    finally:
        beside.unlink(missing_ok=True)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def id_types(path: Path) -> tuple[IdType, ...]:
    """Return the types that a set file has columns for.

    Raises:
        SetUnreadableError: It is no such file.
    """
    names = reading(path).schema_arrow.names
    types = types_among(names)
    if names[:1] != [PERSON] or not set(names[1:]) <= {*types, *(t + LEGS for t in types)}:
        raise SetUnreadableError(f"{path} is not the file of a set", hint="Plan again.")
    return types


def types_among(names: Sequence[str]) -> tuple[IdType, ...]:
    """Return the types that columns of these names hold."""
    return tuple(id_type for id_type in IdType if id_type.value in names)


def row_count(path: Path) -> int:
    """Return how many rows a file has, from its footer."""
    rows: int = reading(path).metadata.num_rows
    return rows


def identifier_count(path: Path) -> int:
    """Return how many identifiers a set file holds, from its footer."""
    there = types_among(reading(path).schema_arrow.names)
    footer = reading(path).metadata
    return sum(
        footer.num_rows
        - sum(footer.row_group(group).column(position).statistics.null_count for group in range(footer.num_row_groups))
        for position in range(footer.num_columns)
        if footer.schema.column(position).path in there
    )


def landed_rows(folder: Path) -> int:
    """Return how many rows the Parquet files in a folder and the folders in it have, from their footers."""
    return sum(row_count(file) for file in folder.rglob("*.parquet"))


def reading(path: Path) -> pq.ParquetFile:
    """Open a file.

    Raises:
        SetUnreadableError: It is missing or damaged.
    """
    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowException):
        raise SetUnreadableError(
            "the file of a set is missing or damaged", hint="Plan again; if it stays, restore the state's sets."
        ) from None
