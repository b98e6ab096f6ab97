"""Spark as the engine of a run: one session, started when it is first needed."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.identity.engines.embedded import Embedded
from reconciler.identity.engines.spark import failures, session, url
from reconciler.identity.errors import UnsupportedEngineError
from reconciler.identity.sources.reading import FileSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.identity.engines.duckdb import Limits
    from reconciler.identity.engines.spark.backend import SparkBackend
    from reconciler.identity.engines.spark.session import Session
    from reconciler.identity.sources.opened import Opened
    from reconciler.origin import FileOrigin


class SparkMachine:
    """Spark, as a `reconciler.identity.engines.protocol.Machine`."""

    def __init__(self, engine_url: str, limits: Limits) -> None:
        """Get ready; nothing starts yet.

        Args:
            engine_url: ``local[4]``, ``local[*]``, ``spark://host:7077`` or ``sc://host:15002``.
            limits: What the DuckDB of this process may take. A cluster must see the scratch folder under the same
                path, because hashed rows pass through it.

        Raises:
            UnsupportedEngineError: The URL is none of Spark's, or PySpark is not installed.
        """
        url.check(engine_url)
        self._url = engine_url
        self._here = Embedded(limits)
        self._scratch = limits.scratch
        self._session: Session | None = None

    @contextmanager
    def sets(self) -> Iterator[SparkBackend]:
        """Open Spark for hashed rows and set files."""
        with failures.reading_sets():
            yield self._backend()

    @contextmanager
    def files(self, origin: FileOrigin, *, filtered: bool, kept: Path | None) -> Iterator[Opened]:
        """Open files, in Spark and in a DuckDB that is locked down to them.

        What is not on this machine, and tables in a lake, are read and hashed by DuckDB alone.
        """
        from reconciler.identity.engines.spark.source import SparkSource

        with self._here.files(origin, filtered=filtered, kept=kept) as here:
            if isinstance(here, FileSource) and here.files.remote is None:
                yield SparkSource(here, cache(self._backend), self._url)
            else:
                yield here

    def close(self) -> None:
        """End the session."""
        if self._session is not None:
            session.stop(self._session)
            self._session = None
        self._here.close()

    def _backend(self) -> SparkBackend:
        from reconciler.identity.engines.spark.backend import SparkBackend

        if self._session is not None:
            return SparkBackend(self._session, self._scratch)
        self._session = session.start(self._url)
        backend = SparkBackend(self._session, self._scratch)
        if not self._url.startswith("local"):
            self._check_shared(backend)
        return backend

    def _check_shared(self, backend: SparkBackend) -> None:
        folder = Path(tempfile.mkdtemp(prefix="shared-", dir=self._scratch)) / "rows"
        with suppress(*failures.of_spark()):
            backend.session.range(1).write.parquet(f"file://{folder}")
        if not any(folder.glob("*.parquet")):
            raise UnsupportedEngineError(
                f"the workers of {self._url} do not share the folder {self._scratch} with this machine",
                hint="Hashed rows pass through it. Set TMPDIR to a folder that all of them may write under one path.",
            )
