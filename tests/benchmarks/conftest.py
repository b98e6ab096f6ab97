"""People for the tests of the benchmarks themselves, few enough to be quick."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.benchmarks.people import write_people

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE: Final = 2_000


@pytest.fixture(scope="session")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of people."""
    return write_people(tmp_path_factory.mktemp("before") / "people.parquet", PEOPLE)


@pytest.fixture(scope="session")
def after(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of the same people, 5 % of them replaced."""
    return write_people(tmp_path_factory.mktemp("after") / "people.parquet", PEOPLE, churned=True)
