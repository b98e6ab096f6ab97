"""Counts the points at which something was struck, and tells them at the end of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

_POINTS: list[str] = []


@pytest.fixture
def points() -> Callable[[str], None]:
    """Take down how many points were covered."""
    return _POINTS.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how many points were covered."""
    if _POINTS:
        terminalreporter.section("points at which a process was struck")
        for line in _POINTS:
            terminalreporter.line(line)
