"""DuckDB in this process, as the engine of a run."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.identity.engines.duckdb import Limits, connect
from reconciler.identity.failures import reading_rows, reading_sets, reading_source
from reconciler.identity.sources.arriving import ArrivingSource
from reconciler.identity.sources.drivers.model import is_installed
from reconciler.identity.sources.files import check_whole, find_files
from reconciler.identity.sources.lakes import open_lake
from reconciler.identity.sources.reading import FileSource
from reconciler.identity.sources.urls import find, is_url
from reconciler.origin import Format

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import ibis

    from reconciler.identity.engines.duckdb import DuckDB
    from reconciler.identity.sources.files import Files
    from reconciler.identity.sources.opened import Opened
    from reconciler.origin import FileOrigin


class Embedded:
    """DuckDB, as a `reconciler.identity.engines.protocol.Machine`; each piece of work in a connection of its own."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._schemas: dict[Files, ibis.Schema] = {}
        self._whole: set[Files] = set()

    @contextmanager
    def sets(self) -> Iterator[DuckDB]:
        """Open a DuckDB for hashed rows and set files."""
        with reading_sets(), connect(self._limits) as backend:
            yield backend

    @contextmanager
    def files(self, origin: FileOrigin, *, filtered: bool, kept: Path | None) -> Iterator[Opened]:
        """Open files or a table in a lake, in a DuckDB that is locked down to them and `kept`."""
        if origin.format in {Format.DELTA, Format.ICEBERG}:
            _check_reachable(origin)
            lake = open_lake(origin)
            with reading_rows(lake.path, filtered=filtered), connect(self._limits, [], folder=kept) as backend:
                yield ArrivingSource(f"{lake.kind} table {lake.path}", lake.schema, lake.batches, backend, lake.rows)
            return
        files = find_files(origin)
        with reading_source(files, filtered=filtered):
            if files not in self._whole:
                check_whole(files)
                self._whole.add(files)
            with connect(self._limits, files.paths, folder=kept, remote=files.remote) as backend:
                yield FileSource(files, backend, self._schemas)

    def close(self) -> None:
        """Do nothing: every connection has been closed."""


def _check_reachable(origin: FileOrigin) -> None:
    """Ask an object store for a table before its reader does, which would go on asking for minutes."""
    if origin.path.lower().startswith(("http://", "https://")) or not (is_url(origin.path) and is_installed("obstore")):
        return
    if origin.path.endswith(".json"):
        find(origin.path)
        return
    from reconciler.identity.sources.drivers.stores import check_reachable

    check_reachable(origin.path)
