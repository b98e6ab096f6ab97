"""The file of a set: identifiers under their type, each with the person it belongs to, as Parquet.

======== ======================= ==========================================================================
id_type  text                    the `IdType` it travels under
hash     16 or 32 bytes          the digest; unique within its type
person   16 bytes                whose it is; see `reconciler.identity.members`
======== ======================= ==========================================================================

Sorted by type and hash, in row groups of a fixed size, so that equal sets are equal bytes.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from reconciler.identity.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from reconciler.identifiers import IdType

SCHEMA: Final = pa.schema([("id_type", pa.string()), ("hash", pa.binary()), ("person", pa.binary())])
_GROUP_ROWS: Final = 1 << 17
_CHUNK: Final = 1 << 20


class SetWriter:
    """Writes a set type by type. Types and, within each, hashes must come in ascending order."""

    def __init__(self, parquet: pq.ParquetWriter) -> None:
        self._parquet = parquet

    def write(self, id_type: IdType, batches: Iterable[pa.RecordBatch]) -> int:
        """Write the identifiers of one type, columns `hash` and `person`; return how many there were."""
        count = 0
        for batch in rechunk(batches, _GROUP_ROWS):
            types = pa.repeat(pa.scalar(id_type.value, pa.string()), batch.num_rows)
            columns = [types, batch.column("hash"), batch.column("person")]
            self._parquet.write_batch(pa.RecordBatch.from_arrays(columns, schema=SCHEMA))
            count += batch.num_rows
        return count


@contextmanager
def writing(out: Path) -> Iterator[SetWriter]:
    """Write a set file beside `out` and put it there whole at the end, or not at all.

    Raises:
        EngineError: The disk is full, or `out` may not be written.
    """
    beside = out.with_name(f".{out.name}.{uuid4().hex}.partial")
    try:
        with (
            os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
            pq.ParquetWriter(
                file, SCHEMA, compression="zstd", use_dictionary=["id_type"], write_statistics=["id_type", "hash"]
            ) as parquet,
        ):
            yield SetWriter(parquet)
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


def rechunk(batches: Iterable[pa.RecordBatch], size: int) -> Iterator[pa.RecordBatch]:
    """Yield the same rows in batches of exactly `size`, the last one smaller; nothing for no rows."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        if rows < size:
            continue
        table = pa.Table.from_batches(waiting)
        whole = rows - rows % size
        for start in range(0, whole, size):
            yield _one_batch(table.slice(start, size))
        waiting, rows = table.slice(whole).to_batches(), rows - whole
    if rows:
        yield _one_batch(pa.Table.from_batches(waiting))


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    return table.combine_chunks().to_batches()[0]
