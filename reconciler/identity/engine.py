"""The engine: what computes members. One object for a run."""

from __future__ import annotations

import shutil
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeAlias

from reconciler.identifiers import IdType
from reconciler.identity.engines.duckdb import Limits, connect
from reconciler.identity.engines.embedded import Embedded
from reconciler.identity.engines.spark import SparkMachine, is_spark
from reconciler.identity.errors import IdentityError, UnsupportedEngineError
from reconciler.identity.failures import reading_rows
from reconciler.identity.model import Delivered
from reconciler.identity.sets.delta import compare
from reconciler.identity.sets.earlier import is_earlier, rewrite
from reconciler.identity.sets.members import Landed, build_set
from reconciler.identity.sets.route import join
from reconciler.identity.sources import databases
from reconciler.identity.sources.query import QuerySource
from reconciler.origin import QueryOrigin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    from reconciler.identifiers import MappedColumn
    from reconciler.identity.engines.protocol import Backend, Machine
    from reconciler.identity.model import Delta, Leg, Selection, SetSummary
    from reconciler.identity.sets.delta import Changes
    from reconciler.identity.sets.route import Route
    from reconciler.identity.sources.opened import Opened
    from reconciler.origin import Origin

    _Version: TypeAlias = tuple[int, int, int] | None


class Engine:
    """Turns rows into sets, compares sets, and brings differences together.

    Use it as a context manager. Calls may be made from several threads; they take turns.
    """

    def __init__(
        self, scratch: Path, *, url: str = "duckdb", memory_limit: str = "512MB", threads: int | None = None
    ) -> None:
        """Start an engine.

        Args:
            scratch: Where it keeps hashed rows while it works and spills what memory cannot hold: for this user
                alone, gone on close.
            url: Which engine: ``duckdb``, or Spark as ``local[4]``, ``spark://host:7077`` or ``sc://host:15002``.
            memory_limit: What DuckDB may hold, e.g. ``512MB``; the process takes some 200 MB beside it.
            threads: Threads, or None for one a core.

        Raises:
            UnsupportedEngineError: `url` names another engine, or one that is not installed.
        """
        scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = Path(tempfile.mkdtemp(prefix="engine-", dir=scratch))
        self._limits = Limits(self._folder, memory_limit, threads)
        self._turn = threading.RLock()
        self._machine = _machine(url, self._limits)
        self._changes: dict[tuple[Delivered, Path, tuple[_Version, ...]], Changes] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove what was kept. Closing twice is fine."""
        self._machine.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def columns(self, origin: Origin) -> Mapping[str, str]:
        """Return the columns of a source with their types, as DuckDB spells them, in its order.

        Args:
            origin: Where the rows are. Files are Parquet, CSV or JSON Lines by suffix; text may be compressed.

        Raises:
            SourceMissingError: No file is there.
            SourceUnreadableError: A file is not what its suffix says, cut off, or does not fit the others.
        """
        with self._open(origin) as source:
            return source.columns()

    def check_where(self, origin: Origin, where: str) -> None:
        """Check that `where` fits a source, without reading its rows.

        Raises:
            WhereError: It is not one boolean expression, or names a column or function that does not exist.
            SourceError: As for `columns`.
        """
        for problem in self.check_wheres(origin, [where]).values():
            raise problem

    def check_wheres(self, origin: Origin, wheres: Iterable[str]) -> dict[str, IdentityError]:
        """Check several as `check_where` does, the source opened once; return what is wrong with each that fails.

        Raises:
            SourceError: As for `columns`.
        """
        problems: dict[str, IdentityError] = {}
        with self._open(origin) as source:
            for where in dict.fromkeys(wheres):
                try:
                    source.check_where(where)
                except IdentityError as problem:
                    problems[where] = problem
        return problems

    def explain(self, origin: Origin, columns: Sequence[MappedColumn], selections: Mapping[str, Selection]) -> str:
        """Return the SQL that `build` runs to read and hash a source, with comments that say where. Reads no row.

        Raises:
            SourceError: As for `build`.
            WhereError: As for `build`.
        """
        wheres = [selection.where for selection in selections.values()]
        with self._open(origin, filtered=any(wheres)) as source:
            return source.explain(_ordered(columns), wheres)

    def build(
        self, origin: Origin, columns: Sequence[MappedColumn], selections: Mapping[str, Selection], folder: Path
    ) -> dict[str, SetSummary]:
        """Read a source once and write the set of each selection.

        Args:
            origin: As for `columns`.
            columns: What the source maps.
            selections: Who is wanted, each under a name.
            folder: Where set files are written, each whole or not at all: ``<name>.parquet``.

        Raises:
            SourceError: The source cannot be read as mapped.
            WhereError: A `where` does not fit, or fails on a value.
            EngineError: Out of memory or disk.
        """
        wheres = [selection.where for selection in selections.values()]
        with self._kept() as kept:
            with self._open(origin, filtered=any(wheres), kept=kept) as source:
                hashed = source.land(_ordered(columns), wheres, kept / "rows")
            with self._turn, self._machine.sets() as backend:
                landed = Landed(backend, kept / "rows", hashed.layout, apart=hashed.apart)
                return {
                    name: build_set(landed, position, selection, folder / f"{name}.parquet")
                    for position, (name, selection) in enumerate(selections.items())
                }

    def delta(self, delivered: Delivered, target: Path) -> Delta:
        """Count what must be added and removed to get from what was delivered to the set `target`.

        Raises:
            SetUnreadableError: A set's file is missing or damaged.
        """
        with self._turn, self._machine.sets() as backend:
            return self._compared(backend, delivered, target).counts

    def route(self, legs: Sequence[Leg]) -> Route:
        """Bring together what the audiences of one account need.

        The files it is read from live as long as the engine.

        Args:
            legs: At most 60, all of one account.

        Raises:
            SetUnreadableError: A set's file is missing or damaged.
        """
        with self._turn, self._machine.sets() as backend:
            changes = [self._compared(backend, leg.delivered, leg.target) for leg in legs]
            return join(backend, changes, self._fresh("route"))

    def _compared(self, backend: Backend, delivered: Delivered, target: Path) -> Changes:
        key = (delivered, target, tuple(_version(each) for each in (target, *delivered.files)))
        if key not in self._changes:
            snapshot, *in_flight = (self._current(backend, each) for each in (delivered.snapshot, *delivered.in_flight))
            there = Delivered(snapshot, tuple(each for each in in_flight if each is not None))
            wanted = self._current(backend, target)
            self._changes[key] = compare(backend, there, wanted or target, self._fresh("delta"))
        return self._changes[key]

    def _current(self, backend: Backend, path: Path | None) -> Path | None:
        """Return a set's file, or where it was written by the first version the same as today's files are."""
        if path is None or not is_earlier(path):
            return path
        rewritten = self._fresh("set")
        rewrite(backend, path, rewritten)
        return rewritten

    def _fresh(self, purpose: str) -> Path:
        """Return the path of a folder that does not exist yet."""
        return Path(tempfile.mkdtemp(prefix=f"{purpose}-", dir=self._folder)) / "files"

    @contextmanager
    def _kept(self) -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp(prefix="kept-", dir=self._folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def _open(self, origin: Origin, *, filtered: bool = False, kept: Path | None = None) -> Iterator[Opened]:
        """Open a source, its engine locked down to it and to the folder `kept`."""
        if isinstance(origin, QueryOrigin):
            with (
                self._turn,
                databases.connect(origin, scratch=self._folder, memory=self._limits.memory) as database,
                reading_rows(database.name, filtered=filtered),
                connect(self._limits, [], folder=kept) as backend,
            ):
                yield QuerySource(origin, database, backend)
            return
        with self._turn, self._machine.files(origin, filtered=filtered, kept=kept) as source:
            yield source


def _machine(url: str, limits: Limits) -> Machine:
    if url == "duckdb":
        return Embedded(limits)
    if is_spark(url):
        return SparkMachine(url, limits)
    raise UnsupportedEngineError(
        f'there is no engine "{url}"',
        hint="Write engine: duckdb, or Spark's: local[*], spark://host:7077, sc://host:15002.",
    )


def _ordered(columns: Sequence[MappedColumn]) -> list[MappedColumn]:
    """Return columns in an order that does not depend on how they were written.

    All of them, used or not: who a row without an MPID is must not depend on which audiences there are.
    """
    return sorted(columns, key=lambda mapped: list(IdType).index(mapped.id_type) if mapped.id_type else -1)


def _version(path: Path) -> _Version:
    """Return what tells a file from one that takes its place."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
