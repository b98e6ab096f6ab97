"""How long each object of a store may be that is read whole. Sets are not: those are streamed.

A disk that fills up, a program that writes into the wrong file, or somebody who may write to a shared bucket must not
take all memory of every run. So what is longer than its kind can be is as damaged as what is of another kind, and
nothing is written that could not be read again.

Measured for 10,000 audiences, far more than accounts have:

* ``state.json`` takes 0.8 kB an audience and 0.4 kB for each write under way: 12 MB.
* ``history.json`` takes 12 kB for one with all its sightings, the longest name and twenty ad groups that use it: 117 MB
  in all.
* A record in ``runs/`` takes 0.3 kB an audience, and its arguments and messages: 5 MB.
* A record in ``staged/`` takes 0.1 kB a set: 1 MB.
* ``lock.json`` and ``moved.json`` take 0.3 kB, whatever the number of audiences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.bounded import spelled
from reconciler.state.errors import (
    DamagedLockError,
    OversizedObjectError,
    OversizedStateError,
    OversizedWriteError,
    UnusableHistoryError,
)
from reconciler.state.journal import FOLDER as RUNS
from reconciler.state.journal import UnusableRecordError

if TYPE_CHECKING:
    from reconciler.state.errors import StateError

DOCUMENT: Final = 64 << 20
"""Bytes of the state's document, as of a saved plan, and of what has no limit of its own."""
HISTORY: Final = 256 << 20
"""Bytes of the history."""
NOTE: Final = 64 << 10
"""Bytes of a lock, and of the mark that a state leaves where it was."""

_LIMITS: Final = {"history.json": HISTORY, "lock.json": NOTE, "moved.json": NOTE}


def most_bytes(name: str) -> int:
    """Return how many bytes the object of that name may have."""
    return _LIMITS.get(name, DOCUMENT)


def oversized(url: str, name: str, version: str) -> StateError:
    """Return the error for an object that is too long to be read, as its kind tells of damage.

    Args:
        url: The store.
        name: The object.
        version: What `Store.swap` takes to put another in its place.
    """
    place, reason = f"{url}/{name}", f"it is larger than {spelled(most_bytes(name))}"
    if name == "state.json":
        return OversizedStateError(place, reason, version)
    if name == "history.json":
        return UnusableHistoryError(place, reason)
    if name == "lock.json":
        return DamagedLockError(place, reason)
    return UnusableRecordError(place, reason) if name.startswith(RUNS) else OversizedObjectError(place, reason)


def check_writable(url: str, name: str, content: bytes) -> None:
    """Check that `content` can be read again once it is the object of that name.

    Raises:
        OversizedWriteError: It is too long.
    """
    if len(content) > most_bytes(name):
        raise OversizedWriteError(f"{url}/{name}", spelled(most_bytes(name)))
