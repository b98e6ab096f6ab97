"""Where rows of people come from, as people declare it: files, or the result of a query."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from reconciler.secret import Secret


class Format(StrEnum):
    """A format rows are read in."""

    PARQUET = "parquet"
    CSV = "csv"
    JSON_LINES = "json_lines"
    DELTA = "delta"
    ICEBERG = "iceberg"


@dataclass(frozen=True, slots=True)
class FileOrigin:
    """Files, or a table made of files.

    Attributes:
        path: A file, a glob, or for Delta Lake and Iceberg a table's folder: absolute, or an object-store URL
            (``s3://``, ``gs://``, ``az://``, ``http://``, ``https://``).
        declared: The path as people wrote it, for messages.
        format: What the files are; None goes by their suffix.
    """

    path: str
    declared: str
    format: Format | None = None

    def __str__(self) -> str:
        """Return the path without what may be secret in a web address: who asks, and the signature behind it."""
        if not self.declared.lower().startswith(("http://", "https://")):
            return self.declared
        return re.sub(r"//[^/@]*@", "//", self.declared.split("?", maxsplit=1)[0])


@dataclass(frozen=True, slots=True)
class QueryOrigin:
    """The result of a query.

    Attributes:
        connection: The database's URL; it holds credentials.
        query: A SELECT in the database's own SQL.
    """

    connection: Secret
    query: str

    def __str__(self) -> str:
        scheme = self.connection.reveal().split("://", maxsplit=1)[0]
        return f"the {scheme} query"


Origin: TypeAlias = FileOrigin | QueryOrigin
