"""Work is measured on its own: its time, its memory, and what goes wrong in it."""

from __future__ import annotations

import os

import pytest

from tests.benchmarks.figures import NotMeasuredError
from tests.benchmarks.stages import WorkFailedError, alone, peak_memory

_LARGE = 300_000_000


def _allocate() -> int:
    return len(b"x" * _LARGE)


def _fail() -> None:
    raise ValueError("the reason")


def _die() -> None:
    os._exit(9)


def _lack() -> None:
    raise NotMeasuredError("no wings")


def test_memory_is_that_of_the_work_and_not_of_who_asked() -> None:
    large = alone(_allocate)
    assert large.outcome == _LARGE
    assert large.peak > _LARGE
    assert alone(peak_memory).outcome < _LARGE


def test_what_goes_wrong_comes_back_with_its_reason() -> None:
    with pytest.raises(WorkFailedError, match="the reason"):
        alone(_fail)


def test_work_that_is_killed_is_told_of() -> None:
    with pytest.raises(WorkFailedError, match="_die was killed"):
        alone(_die)


def test_what_is_lacking_comes_back_as_such() -> None:
    with pytest.raises(NotMeasuredError, match="no wings"):
        alone(_lack)
