"""Sources to build sets from, and a look into the sets that came out."""

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reconciler.identifiers import Identity, IdType, MappedColumn
from reconciler.identity import Engine, Selection
from reconciler.origin import FileOrigin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from reconciler.identity import SetSummary


@dataclass(frozen=True, slots=True)
class Member:
    """A line of a set file."""

    id_type: IdType
    hash: str
    person: bytes


def read_set(path: Path) -> list[Member]:
    """Return what a set file holds, by type and hash."""
    rows = pq.read_table(path).to_pylist()
    return sorted(
        (
            Member(IdType(name), value.hex(), row["person"])
            for row in rows
            for name, value in row.items()
            if name != "person" and value is not None
        ),
        key=lambda member: (member.id_type, member.hash),
    )


def at(path: object) -> FileOrigin:
    """Return the origin of rows in a file."""
    return FileOrigin(str(path), str(path))


@dataclass(frozen=True, slots=True)
class Built:
    """A summary and the set it sums up."""

    summary: SetSummary
    members: list[Member]

    @property
    def hashes(self) -> set[str]:
        """Every digest in the set."""
        return {member.hash for member in self.members}


def _write(path: Path, columns: Mapping[str, Sequence[Any]]) -> Path:
    """Write columns to `path` in the format of its suffix."""
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(".parquet"):
        pq.write_table(pa.table(dict(columns)), path)
        return path
    if name.endswith((".csv", ".tsv")):
        text = io.StringIO()
        writer = csv.DictWriter(text, list(columns), delimiter="\t" if name.endswith(".tsv") else ",")
        writer.writeheader()
        writer.writerows(rows)
        content = text.getvalue().encode()
    else:
        content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(content) if path.name.endswith(".gz") else content)
    return path


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, Mapping[str, Sequence[Any]]], Path]:
    """Write columns to a file of that name, in the format of its suffix."""
    return lambda name, columns: _write(tmp_path / name, columns)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with Engine(tmp_path_factory.mktemp("engine"), threads=1) as engine:
        yield engine


@pytest.fixture
def build(engine: Engine, tmp_path: Path) -> Callable[..., Built]:
    """Build a set from columns, or from a source that exists already."""

    def build_set(
        source: Mapping[str, Sequence[Any]] | Path | str,
        *columns: MappedColumn,
        identities: Sequence[Identity] | None = None,
        where: str | None = None,
    ) -> Built:
        path = source if not isinstance(source, dict) else _write(tmp_path / "source.parquet", source)
        wanted = [c.identity for c in columns if c.identity is not Identity.MPID] if identities is None else identities
        summary = engine.build(at(path), columns, {"set": Selection(where, tuple(wanted))}, tmp_path)["set"]
        return Built(summary, read_set(tmp_path / "set.parquet"))

    return build_set
