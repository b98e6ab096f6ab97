"""What every test can rely on, however the run was started."""

from __future__ import annotations

import signal
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.services.s3 import S3


_STRUCK: Final = "struck"
_MADE_GOOD: Final = "made good"


def pytest_configure() -> None:
    """Heed Ctrl-C: a run started in the background ignores it, and its children would, which tests send it to."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def points(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Take down at how many points something was struck; told at the end of the run."""
    return partial(record_property, _STRUCK)


@pytest.fixture
def faults(record_property: Callable[[str, object], None]) -> Callable[[int], None]:
    """Take down how many failing calls a test has seen made good; their sum is told at the end of the run."""
    return partial(record_property, _MADE_GOOD)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how many points were covered, in whichever process."""
    found = (each for each in chain(*terminalreporter.stats.values()) if isinstance(each, pytest.TestReport))
    reports = [each for each in found if each.when == "call"]
    told = [each for report in reports for each in report.user_properties]
    struck = [str(value) for name, value in told if name == _STRUCK]
    made_good = [int(str(value)) for name, value in told if name == _MADE_GOOD]
    if struck or made_good:
        terminalreporter.section("points at which an apply was struck or a call failed")
    for line in struck:
        terminalreporter.line(line)
    if made_good:
        divergences = [each for each in reports if each.failed and "faults.py" in each.nodeid]
        terminalreporter.line(f"{sum(made_good):,} failing calls: {len(divergences)} divergences")


@pytest.fixture
def cloud(running_s3: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """The S3 that the module keeps running, as people's environment points to it."""
    for name, value in running_s3.environment.items():
        monkeypatch.setenv(name, value)
    return running_s3
