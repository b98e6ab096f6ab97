"""Tables in a lake, Delta Lake and Iceberg: their columns, and their rows with only the columns asked for."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import ibis
import pyarrow as pa

from reconciler.identity.errors import SourceError, SourceMissingError, SourceUnreadableError
from reconciler.identity.sources.drivers.model import converted, is_installed, module
from reconciler.identity.sources.urls import find, is_url
from reconciler.origin import Format

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.origin import FileOrigin

_METADATA: Final = re.compile(r"v?(\d+)(?:-[^/]+)?\.metadata\.json")
"""Names of an Iceberg table's metadata files: ``v3.metadata.json``, ``00003-….metadata.json``."""
_KINDS: Final = {Format.DELTA: "Delta Lake", Format.ICEBERG: "Iceberg"}
_EXTRAS: Final = {Format.DELTA: ("deltalake", "delta"), Format.ICEBERG: ("pyiceberg", "iceberg")}


@dataclass(frozen=True, slots=True)
class Lake:
    """A table in a lake, as of one moment; nothing of its rows is read yet.

    Attributes:
        path: Where it is, as people wrote it.
        kind: What it is, for people.
        schema: Its columns.
        version: What tells it from itself at another moment.
        rows: How many rows it says it has, or None where it does not say.
    """

    path: str
    kind: str
    schema: ibis.Schema
    version: str
    rows: int | None
    read: Callable[[Sequence[str]], Iterator[pa.RecordBatch]] = field(repr=False, compare=False)

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield all rows with these of the table's columns, in this order; a bounded number in memory.

        Raises:
            SourceUnreadableError: A file of the table is missing or damaged.
        """
        wanted = ibis.schema({name: self.schema[name] for name in columns}).to_pyarrow()
        with _telling(self.kind, self.path):
            for batch in self.read(columns):
                if batch.num_rows:
                    yield converted(batch.select(list(columns)), wanted)


def open_lake(origin: FileOrigin) -> Lake:
    """Open the table at `origin`: a folder or an object-store URL; for Iceberg also a metadata file.

    Of an Iceberg table without a catalog the metadata file with the highest number counts. Where several writers commit
    to it, name the file that its catalog names.

    Raises:
        SourceMissingError: There is no such table.
        SourceUnreadableError: It cannot be read, or needs a reader that is newer than this one.
        SourceError: Its reader is not installed.
    """
    if origin.format not in _KINDS:
        raise ValueError(f"{origin} is no table in a lake")
    kind, (package, extra) = _KINDS[origin.format], _EXTRAS[origin.format]
    if not is_installed(package):
        raise SourceError(
            f"reading {kind} tables takes a package that is not installed",
            hint=f'In a checkout of reconciler, run: pip install ".[{extra}]"',
        )
    with _telling(kind, origin.declared):
        return _open_delta(origin) if origin.format is Format.DELTA else _open_iceberg(origin)


def _open_delta(origin: FileOrigin) -> Lake:
    deltalake = module("deltalake")
    try:
        table = deltalake.DeltaTable(origin.path, storage_options=_delta_options() if is_url(origin.path) else None)
    except deltalake.exceptions.TableNotFoundError:
        raise _missing(origin) from None

    def read(columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        yield from pa.RecordBatchReader.from_stream(table.scan(columns=list(columns)))

    schema = ibis.Schema.from_pyarrow(pa.schema(table.schema()))
    counts = pa.table(table.get_add_actions(flatten=True)).to_pydict().get("num_records", [None])
    rows = None if None in counts else sum(counts)
    return Lake(origin.declared, _KINDS[Format.DELTA], schema, f"{table.table_uri}@{table.version()}", rows, read)


def _delta_options() -> dict[str, str]:
    """Return what deltalake does not read from the environment itself."""
    return {"allow_http": "true"} if os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://") else {}


def _open_iceberg(origin: FileOrigin) -> Lake:
    location = _newest_metadata(origin)
    table = module("pyiceberg.table").StaticTable.from_metadata(location, _iceberg_properties())

    def read(columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        scan = table.scan(selected_fields=tuple(columns))
        arrow = module("pyiceberg.io.pyarrow").ArrowScan(table.metadata, table.io, scan.projection(), scan.row_filter)
        # File by file: pyiceberg reads all the files that it is given at once.
        for task in scan.plan_files():
            yield from arrow.to_record_batches([task])

    snapshot = table.current_snapshot()
    total = None if snapshot is None or snapshot.summary is None else snapshot.summary["total-records"]
    schema = ibis.Schema.from_pyarrow(table.schema().as_arrow())
    rows = 0 if snapshot is None else None if total is None else int(total)
    return Lake(origin.declared, _KINDS[Format.ICEBERG], schema, location, rows, read)


def _newest_metadata(origin: FileOrigin) -> str:
    if origin.path.endswith(".metadata.json"):
        return origin.path
    folder = f"{origin.path.rstrip('/')}/metadata"
    if is_url(origin.path):
        names = [file.url for file in find(f"{folder}/*.metadata.json")]
    else:
        names = [str(path) for path in Path(folder).glob("*.metadata.json")]
    numbered = [(int(match[1]), name) for name in names if (match := _METADATA.fullmatch(name.rpartition("/")[2]))]
    if not numbered:
        raise _missing(origin)
    return max(numbered)[1]


def _iceberg_properties() -> dict[str, str]:
    """Return what pyiceberg does not read from the environment itself."""
    names = {"s3.endpoint": "AWS_ENDPOINT_URL", "s3.region": "AWS_REGION"}
    return {name: os.environ[variable] for name, variable in names.items() if os.environ.get(variable)}


def _missing(origin: FileOrigin) -> SourceMissingError:
    kind = _KINDS[origin.format] if origin.format else "table"
    return SourceMissingError(
        f"there is no {kind} table at {origin}", hint="Name the table's folder, the one that holds its log or metadata."
    )


@contextmanager
def _telling(kind: str, path: str) -> Iterator[None]:
    """Turn what the readers raise inside into errors of ours; theirs may quote what is in a file."""
    try:
        yield
    except Exception as error:
        package = type(error).__module__.split(".")[0]
        ours = package not in {"deltalake", "_internal", "pyiceberg", "pydantic_core"}
        if ours and not isinstance(error, OSError | pa.ArrowException):
            raise
        if type(error).__name__ == "DeltaProtocolError":
            raise SourceUnreadableError(
                f"{path} uses features of {kind} that this reader does not know",
                hint="Upgrade the reader (pip install --upgrade deltalake), or write the table without them.",
            ) from None
        raise SourceUnreadableError(
            f"{path} is not a readable {kind} table", hint="Is it whole, and may its files be read?"
        ) from None
