"""Signals that ask a command to stop: they end it as cleanly as Ctrl-C does, whatever it is doing."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


def numbers() -> tuple[signal.Signals, ...]:
    """Return the signals, beside that of Ctrl-C, that stop a command here: SIGTERM, and SIGHUP of a closed terminal.

    What is ignored stays so: nohup asks not to be stopped by a closed terminal. Only a main thread is told of any.
    """
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        return ()
    return tuple(each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) is not signal.SIG_IGN)


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Let these signals raise KeyboardInterrupt while the block runs."""
    with kept():
        for each in numbers():
            signal.signal(each, _stop)
        yield


@contextmanager
def kept() -> Iterator[None]:
    """Put back at the end of the block how these signals were handled: an event loop does not."""
    before = {each: signal.getsignal(each) for each in numbers()}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, signal.SIG_DFL if handler is None else handler)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
