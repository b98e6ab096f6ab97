"""The engine, asked each question once: the points of a matrix differ in when they are struck, not in whom."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING, Any, TypeVar

from reconciler.identity import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from reconciler.identifiers import Identity, MappedColumn
    from reconciler.identity import Delivered, SetSummary

T = TypeVar("T")


class RememberingEngine(Engine):
    """Answers as the engine does; sources of one name must always hold the same."""

    def __init__(self, scratch: Path) -> None:
        super().__init__(scratch, threads=1)
        self._kept = scratch / "kept"
        self._kept.mkdir()
        self._built: dict[tuple[object, ...], tuple[SetSummary, Path]] = {}
        self._rows: dict[tuple[object, ...], list[pa.RecordBatch]] = {}
        self._answers: dict[tuple[object, ...], Any] = {}

    def build(
        self, path: str, columns: Sequence[MappedColumn], identities: Sequence[Identity], where: str | None, out: Path
    ) -> SetSummary:
        asked = (path, tuple(columns), tuple(identities), where)
        if asked not in self._built:
            summary = super().build(path, columns, identities, where, out)
            kept = self._kept / summary.digest
            shutil.copyfile(out, kept)
            self._built[asked] = summary, kept
        summary, kept = self._built[asked]
        shutil.copyfile(kept, out)
        return summary

    def columns(self, path: str) -> Any:
        return self._remembered(("columns", path), lambda: super(RememberingEngine, self).columns(path))

    def delta(self, delivered: Delivered, target: Path) -> Any:
        asked = ("delta", *self._named(delivered, target))
        return self._remembered(asked, lambda: super(RememberingEngine, self).delta(delivered, target))

    def rows(
        self, delivered: Delivered, target: Path, action: Any, id_types: Any = None, *, size: int = 1000, skip: int = 0
    ) -> Iterator[pa.RecordBatch]:
        asked = (*self._named(delivered, target), action, id_types, size, skip)
        if asked not in self._rows:
            self._rows[asked] = list(super().rows(delivered, target, action, id_types, size=size, skip=skip))
        yield from self._rows[asked]

    def row_count(self, delivered: Delivered, target: Path, action: Any, id_types: Any = None) -> int:
        asked = ("row_count", *self._named(delivered, target), action)
        count: int = self._remembered(
            asked, lambda: super(RememberingEngine, self).row_count(delivered, target, action, id_types)
        )
        return count

    def _remembered(self, asked: tuple[object, ...], answer: Callable[[], T]) -> Any:
        if asked not in self._answers:
            self._answers[asked] = answer()
        return self._answers[asked]

    @staticmethod
    def _named(delivered: Delivered, target: Path) -> tuple[object, ...]:
        def name(path: Path | None) -> str | None:
            return None if path is None else hashlib.sha256(path.read_bytes()).hexdigest()

        return name(delivered.snapshot), tuple(name(each) for each in delivered.in_flight), name(target)
