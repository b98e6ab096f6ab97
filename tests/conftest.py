"""What every test can rely on, however the run was started."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Heed Ctrl-C: a run started in the background ignores it, and its children would, which tests send it to."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
