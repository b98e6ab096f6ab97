"""DuckDB alone, hashing the same file: what the machine could do if hashing were all there is to do.

No rules for identifiers, no persons, no set, no difference, nothing written or sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from pathlib import Path


def hash_trimmed(source: Path) -> None:
    """Hash both device ids of every person, trimmed and in lower case."""
    _run(f"SELECT max(md5(lower(trim(ios_idfa)))), max(md5(lower(trim(gaid)))) FROM '{source}'")


def hash_plain(source: Path) -> None:
    """Hash both device ids of every person as they stand."""
    _run(f"SELECT max(md5(ios_idfa)), max(md5(gaid)) FROM '{source}'")


def _run(query: str) -> None:
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(query).fetchall()
