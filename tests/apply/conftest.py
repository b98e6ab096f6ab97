"""The worlds that plans are applied in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from reconciler.apply import course
from tests.apply.matrix import Matrix, prepare
from tests.apply.remembering import RememberingEngine
from tests.apply.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RememberingEngine]:
    with RememberingEngine(tmp_path_factory.mktemp("engine")) as engine:
        yield engine


@pytest.fixture(autouse=True, scope="module")
def _quick_disk() -> Iterator[None]:
    """Leave power cuts aside: thousands of writes need not reach the platter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: None)
        yield


@pytest.fixture(autouse=True, scope="module")
def _every_place() -> Iterator[None]:
    """Write down every place that a delivery reaches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(course, "CHECKPOINT_SECONDS", 0.0)
        yield


@pytest.fixture
def world(tmp_path: Path, engine: RememberingEngine) -> Iterator[World]:
    """Two empty accounts, no state, nothing declared."""
    (tmp_path / "world").mkdir()
    world = World.at(tmp_path / "world", engine)
    yield world
    world.close()


@pytest.fixture(scope="session")
def matrix(tmp_path_factory: pytest.TempPathFactory, engine: RememberingEngine) -> Matrix:
    """The world before the plan that does everything."""
    folder = tmp_path_factory.mktemp("matrix") / "world"
    folder.mkdir()
    return prepare(folder, engine)


@pytest.fixture
def again(tmp_path: Path, matrix: Matrix) -> Iterator[Callable[[], World]]:
    """Make the world of `matrix` anew, as often as called; the one before is closed and gone."""
    made: list[World] = []

    def make() -> World:
        if made:
            made[-1].close()
        made.append(matrix.world.copy(tmp_path / f"world_{len(made)}"))
        return made[-1]

    yield make
    if made:
        made[-1].close()
