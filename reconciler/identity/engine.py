"""The engine: what computes members. One object for a run; each call works in a connection of its own."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from reconciler.identifiers import Identity, IdType
from reconciler.identity.connection import Limits, connect
from reconciler.identity.delta import changed_types, count_delta, count_rows, delta_rows
from reconciler.identity.errors import UnsupportedEngineError
from reconciler.identity.failures import reading_sets, reading_source
from reconciler.identity.files import Files, Format, check_whole, find_files, read_header
from reconciler.identity.members import build_set
from reconciler.identity.setfile import rechunk
from reconciler.identity.source import detect_schema, read_rows, text_schema, type_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

    import ibis
    import pyarrow as pa
    from ibis.backends.duckdb import Backend

    from reconciler.identifiers import MappedColumn
    from reconciler.identity.delta import Action
    from reconciler.identity.model import Delivered, Delta, SetSummary


class Engine:
    """Turns rows into sets and compares sets, on DuckDB in this process.

    Use it as a context manager. Calls may be made from several threads; `memory_limit` holds for each.
    """

    def __init__(
        self, scratch: Path, *, url: str = "duckdb", memory_limit: str = "512MB", threads: int | None = None
    ) -> None:
        """Start an engine.

        Args:
            scratch: Where it spills what memory cannot hold: encrypted, for this user alone, gone on close.
            url: Which engine; ``duckdb`` is the one there is.
            memory_limit: What DuckDB may hold, e.g. ``512MB``; the process takes some 200 MB beside it.
            threads: Threads, or None for one a core.

        Raises:
            UnsupportedEngineError: `url` names another engine.
        """
        if url != "duckdb":
            raise UnsupportedEngineError(f'there is no engine "{url}"', hint="Write engine: duckdb, or leave it out.")
        scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = Path(tempfile.mkdtemp(prefix="engine-", dir=scratch))
        self._limits = Limits(self._folder, memory_limit, threads)
        self._schemas: dict[Files, ibis.Schema] = {}
        self._whole: set[Files] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove what was spilled. Closing twice is fine."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def columns(self, path: str) -> Mapping[str, str]:
        """Return the columns of a source with their types, as DuckDB spells them, in file order.

        Args:
            path: A file or glob: Parquet, CSV or JSON Lines by suffix; text may be gzip or zstd compressed.

        Raises:
            SourceMissingError: No file is there.
            SourceUnreadableError: A file is not what its suffix says, cut off, or does not fit the others.
        """
        with self._source(path) as (backend, files):
            return type_names(self._schema(backend, files))

    def check_where(self, path: str, where: str) -> None:
        """Check that `where` fits a source, without reading its rows.

        Raises:
            WhereError: It is not one boolean expression, or names a column or function that does not exist.
            SourceError: As for `columns`.
        """
        with self._source(path) as (backend, files):
            read_rows(backend, files, self._schema(backend, files), (), where)

    def build(
        self,
        path: str,
        columns: Sequence[MappedColumn],
        identities: Sequence[Identity],
        where: str | None,
        out: Path,
    ) -> SetSummary:
        """Read a source once and write the set of its members.

        Args:
            path: As for `columns`.
            columns: What the source maps.
            identities: Which of those count; the person key counts without being named.
            where: A boolean expression in DuckDB's SQL, or None for all rows.
            out: Where the set file is written, whole or not at all.

        Raises:
            SourceError: The source cannot be read as mapped.
            WhereError: `where` does not fit, or fails on a value.
            EngineError: Out of memory or disk.
        """
        used = [mapped for mapped in columns if mapped.identity is Identity.MPID or mapped.identity in identities]
        used.sort(key=lambda mapped: list(IdType).index(mapped.id_type) if mapped.id_type else -1)
        with self._source(path, filtered=where is not None) as (backend, files):
            untyped = files.format is Format.CSV and where is None
            schema = text_schema(read_header(files)) if untyped else self._schema(backend, files)
            return build_set(backend, read_rows(backend, files, schema, used, where), used, identities, out)

    def delta(self, delivered: Delivered, target: Path) -> Delta:
        """Count what must be added and removed to get from what was delivered to the set `target`.

        Raises:
            SetUnreadableError: A set's file is missing or damaged.
        """
        with self._sets(delivered, target) as backend:
            return count_delta(backend, delivered, target)

    def rows(
        self,
        delivered: Delivered,
        target: Path,
        action: Action,
        id_types: Sequence[IdType] | None = None,
        *,
        size: int = 1000,
        skip: int = 0,
    ) -> Iterator[pa.RecordBatch]:
        """Yield what must be added or removed, as rows in an order that the sets alone decide.

        The same sets give the same rows in the same order, so a delivery that stopped goes on at row `skip`.

        Args:
            delivered: What TikTok may hold.
            target: The set it should hold.
            action: ``add`` or ``remove``.
            id_types: The columns; identifiers of other types are left out. None for all that occur.
            size: Rows of a batch; the last may be smaller.
            skip: Rows to leave out at the beginning.

        Yields:
            Batches with a column for each type: lower-case hexadecimal text or null, at least one in each row, all of
            one person.

        Raises:
            SetUnreadableError: A set's file is missing or damaged.
        """
        with self._sets(delivered, target) as backend:
            types = changed_types(backend, delivered, target, action) if id_types is None else tuple(id_types)
            if types:
                rows = delta_rows(backend, delivered, target, action, types).limit(None, offset=skip)
                yield from rechunk(backend.to_pyarrow_batches(rows, chunk_size=max(size, 10_000)), size)

    def row_count(
        self, delivered: Delivered, target: Path, action: Action, id_types: Sequence[IdType] | None = None
    ) -> int:
        """Return how many rows `rows` yields in all, from row 0."""
        with self._sets(delivered, target) as backend:
            return count_rows(backend, delivered, target, action, tuple(IdType) if id_types is None else id_types)

    @contextmanager
    def _source(self, path: str, *, filtered: bool = False) -> Iterator[tuple[Backend, Files]]:
        files = find_files(path)
        if files not in self._whole:
            check_whole(files)
            self._whole.add(files)
        with reading_source(files, filtered=filtered), connect(self._limits, files.paths) as backend:
            yield backend, files

    @contextmanager
    def _sets(self, delivered: Delivered, target: Path) -> Iterator[Backend]:
        paths = [str(each) for each in (target, *delivered.files)]
        with reading_sets(), connect(self._limits, paths) as backend:
            yield backend

    def _schema(self, backend: Backend, files: Files) -> ibis.Schema:
        if files not in self._schemas:
            with reading_source(files):
                self._schemas[files] = detect_schema(backend, files)
        return self._schemas[files]
