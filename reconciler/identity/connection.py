"""A short-lived DuckDB, in memory, that can touch the files it was made for and nothing else."""

from __future__ import annotations

import re
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ibis.backends.duckdb import Backend


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection may take.

    Attributes:
        scratch: Where it spills; each connection in a folder of its own, because two may not share one.
        memory: DuckDB's ``memory_limit``, e.g. ``512MB``.
        threads: Threads, or None for one a core.
    """

    scratch: Path
    memory: str
    threads: int | None


@contextmanager
def connect(limits: Limits, files: Sequence[str]) -> Iterator[Backend]:
    """Open a connection that can read `files` (exact paths) and spill; close it and drop what it spilled at the end.

    The lock is DuckDB's own: no other file, no network, no extension, and no setting can be changed any more, so
    that nothing written in a `where` reaches further.

    Spilled pages are encrypted, because hashing before anything can spill is not enough: DuckDB writes whole pages,
    and what a page does not fill is memory it used before, file contents among it. The key lives in this connection
    and nowhere else. The DuckDB on PyPI has only a cipher whose random numbers are not of cryptographic quality and
    says so in the setting's name; it keeps raw values from a disk and its backups, not from a cryptanalyst.
    """
    spill = Path(tempfile.mkdtemp(prefix="spill-", dir=limits.scratch))
    backend = ibis.duckdb.connect(
        ":memory:",
        memory_limit=limits.memory,
        temp_directory=str(spill),
        autoinstall_known_extensions=False,
        autoload_known_extensions=False,
        allow_community_extensions=False,
        **({} if limits.threads is None else {"threads": limits.threads}),
    )
    try:
        backend.settings["enable_progress_bar"] = False
        backend.settings["temp_file_encryption"] = True
        backend.settings["force_mbedtls_unsafe"] = True
        allowed = [exp.Literal.string(path) for file in files for path in (file, literally(file))]
        backend.raw_sql(f"SET allowed_paths = {exp.array(*allowed).sql('duckdb')}")
        backend.settings["enable_external_access"] = False
        backend.settings["lock_configuration"] = True
        yield backend
    finally:
        backend.disconnect()
        shutil.rmtree(spill, ignore_errors=True)


def literally(path: str) -> str:
    """Return a glob that matches exactly `path`: DuckDB takes every path for a glob."""
    return re.sub(r"([\[*?])", r"[\1]", path)
