"""The run that this process is on: its id, its command, and what it is working on at the moment.

Everything that tells of a run afterwards (logs, lock, journal, traces) takes these from here, so that they agree.
"""

from __future__ import annotations

import getpass
import os
import socket
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ID_DIGITS: Final = 12
"""Of 32: short enough to be read out, and two runs of one store in a million are still two."""


def _new_id() -> str:
    return uuid4().hex[:_ID_DIGITS]


@dataclass(slots=True)
class Running:
    """One run of a command line.

    Attributes:
        id: Twelve hexadecimal digits that no other run has.
        began: When it began, UTC.
        command: The command, once it is known: ``apply``, ``state mv``; empty before.
        arguments: What the command line was, after the program's name. May hold anything a person typed.
    """

    id: str = field(default_factory=_new_id)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    command: str = ""
    arguments: tuple[str, ...] = ()


_current = Running()
_addresses: ContextVar[tuple[str, ...]] = ContextVar("addresses", default=())


def begin(arguments: Sequence[str] = ()) -> Running:
    """Begin another run in this process, and return it."""
    global _current  # noqa: PLW0603  # a process is on one run at a time, and its threads are all on the same
    _current = Running(arguments=tuple(arguments))
    return _current


def current() -> Running:
    """Return the run this process is on."""
    return _current


def who() -> str:
    """Return the user of this process."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container whose user has no name, or Windows without a variable
        return "an unnamed user"


def where() -> str:
    """Return the machine and the process."""
    return f"{socket.gethostname()} (process {os.getpid()})"


def addresses() -> tuple[str, ...]:
    """Return the addresses of what is being worked on in this task or thread; empty for nothing in particular."""
    return _addresses.get()


@contextmanager
def working_on(*those: str) -> Iterator[None]:
    """Let everything that is told inside the block be about these addresses."""
    token = _addresses.set(those)
    try:
        yield
    finally:
        _addresses.reset(token)
