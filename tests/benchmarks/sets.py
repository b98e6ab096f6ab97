"""Sets made and compared with the engine itself, without a plan around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.identifiers import Identity
from reconciler.identity import Engine
from reconciler.identity.model import Delivered, Leg, Selection
from reconciler.origin import FileOrigin
from tests.benchmarks.project import COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.identity.model import Delta

_EVERYBODY: Final = "everybody"


def build_set(source: Path, folder: Path, *, url: str = "duckdb") -> Path:
    """Write the set of everybody in `source` into `folder`, and return its path."""
    with Engine(folder / "scratch", url=url) as engine:
        return build_with(engine, source, folder)


def build_with(engine: Engine, source: Path, folder: Path) -> Path:
    """Do as `build_set` with an engine that is there."""
    folder.mkdir(exist_ok=True, parents=True)
    everybody = Selection(None, (Identity.IDFA, Identity.GAID))
    engine.build(FileOrigin(str(source), source.name), COLUMNS, {_EVERYBODY: everybody}, folder)
    return folder / f"{_EVERYBODY}.parquet"


def count_delta(before: Path, after: Path) -> Delta:
    """Count what leads from one set to the other."""
    with Engine(after.parent / "scratch") as engine:
        return engine.delta(Delivered(before), after)


def read_route(before: Path | None, after: Path) -> int:
    """Read every row that leads from one set to the other, and return how many there are."""
    with Engine(after.parent / "scratch") as engine:
        route = engine.route([Leg(Delivered(before), after)])
        return sum(batch.rows.num_rows for partition in range(route.partitions) for batch in route.batches(partition))
