"""What every test can rely on, however the run was started."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.services.s3 import S3


def pytest_configure() -> None:
    """Heed Ctrl-C: a run started in the background ignores it, and its children would, which tests send it to."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def cloud(running_s3: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """The S3 that the module keeps running, as people's environment points to it."""
    for name, value in running_s3.environment.items():
        monkeypatch.setenv(name, value)
    return running_s3
