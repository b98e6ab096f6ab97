"""Made-up people, as many as are wanted: Parquet files with an MPID and two device ids a person.

Device ids are UUIDs, Apple's in upper case and Google's in lower case, as devices hand them out. Everybody's are
derived from a number, so two files share exactly the people whose numbers they share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

CHURN: Final = 20
"""In a file with churn every 20th person, 5 %, is another than in the one without."""

_SETTINGS: Final[dict[str, str | bool | int | float | list[str]]] = {
    "memory_limit": "2GB",
    "preserve_insertion_order": False,
}


def write_people(path: Path, people: int, *, churned: bool = False, segments: int = 0) -> Path:
    """Write `people` rows with the columns ``mpid``, ``ios_idfa`` and ``gaid``, and return `path`.

    Args:
        path: The file to write.
        people: How many.
        churned: Whether every `CHURN`-th person is replaced by somebody new.
        segments: How many columns ``in_0``, ``in_1`` … to add: true for 60 % of the people each, drawn independently,
            so that any two segments share 60 % of their people.
    """
    newcomers = people if churned else 0
    flags = "".join(f", hash(person, {segment}) % 10 < 6 AS in_{segment}" for segment in range(segments))
    with duckdb.connect(config=_SETTINGS) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(
            f"""
            COPY (
                SELECT
                    7300000000000000000 + person AS mpid,
                    upper(md5('idfa' || person)::UUID::VARCHAR) AS ios_idfa,
                    md5('gaid' || person)::UUID::VARCHAR AS gaid
                    {flags}
                FROM (
                    SELECT CASE WHEN i % {CHURN} = 0 THEN i + {newcomers} ELSE i END AS person
                    FROM range({people}) AS numbers(i)
                )
            ) TO '{path}' (FORMAT parquet)
            """
        )
    return path
