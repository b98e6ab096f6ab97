"""Proof that whoever held the state's lock is dead, so that a killed run needs no person to clean up after it.

The holder keeps an operating-system lock on a small file in this machine's temporary directory for as long as it
lives. The kernel lets go of that lock when the process ends, however it ends, and at no other time: so whoever can
take it has the proof. A process id would prove less. Another process may have the id by now, and a container sees
none of the processes outside of it, so "no such process" there says nothing about a holder next door.

Where the proof cannot be had the answer is "not provably dead", and a person decides: another machine or another
user (the file is not there), a reboot that cleared the directory, a file system that has no such locks.
"""

from __future__ import annotations

import os
import re
import socket
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def proof_of_life(lock_id: str) -> Iterator[None]:
    """Show, while the block runs, that the holder of `lock_id` lives; where that cannot be shown, just run it."""
    proof = _take(lock_id, create=True)
    try:
        yield
    finally:
        if proof is not None:
            _discard(proof)


def is_provably_dead(lock_id: str) -> bool:
    """Return whether the process that held `lock_id` certainly ran here and has certainly ended.

    A dead holder stays dead, since ids are never used twice: the answer True does not age.
    """
    proof = _take(lock_id, create=False)
    if proof is None:
        return False
    proof.release()
    return True


def forget(lock_id: str) -> None:
    """Remove what a dead holder of `lock_id` left here."""
    proof = _take(lock_id, create=False)
    if proof is not None:
        _discard(proof)


def _take(lock_id: str, *, create: bool) -> FileLock | None:
    """Lock the proof of `lock_id`; None where another process has it, or where there is and should be none."""
    directory = _directory(create=create)
    if directory is None:
        return None
    # The host is part of the name: temporary directories have been put on network drives, where two machines
    # see the same file but not each other's locks.
    host = re.sub(r"[^A-Za-z0-9.-]", "_", socket.gethostname())
    path = directory / f"{lock_id}@{host}"
    if not create and not path.exists():
        return None
    # A fall-back to lock files that merely exist would prove nothing after a kill.
    proof = FileLock(path, timeout=0, mode=0o600, thread_local=False, fallback_to_soft=False)
    try:
        proof.acquire()
    except (Timeout, OSError, NotImplementedError):
        return None
    return proof


def _discard(proof: FileLock) -> None:
    proof.release()  # before the removal: Windows removes no file that is open
    with suppress(OSError):
        Path(proof.lock_file).unlink(missing_ok=True)


def _directory(*, create: bool) -> Path | None:
    """Return the directory the proofs are in; None where it is not there, or another user made it to mislead us."""
    user = os.getuid() if hasattr(os, "getuid") else None
    directory = Path(tempfile.gettempdir(), "reconciler" if user is None else f"reconciler-{user}")
    try:
        if create:
            directory.mkdir(mode=0o700, exist_ok=True)
        status = directory.lstat()
    except OSError:
        return None
    return directory if user is None or status.st_uid == user else None
