"""One writer at a time: a lock object that is made only where there is none, and says whose it is."""

from __future__ import annotations

import getpass
import os
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid4

import orjson
import stamina

from reconciler.state import liveness
from reconciler.state.errors import DamagedLockError, LockedError, LockLostError, NotLockedError, WrongLockError
from reconciler.state.model import Lock
from reconciler.state.times import dump_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.state.store import Store, StoredObject

LOCK_NAME: Final = "lock.json"


@dataclass(frozen=True, slots=True)
class Held:
    """The lock while this process has it.

    Attributes:
        lock: What others see.
        taken_over_from: The lock of a run that was killed on this machine, and that this one replaced. What that
            run had begun is in `State.pending`.
    """

    lock: Lock
    taken_over_from: Lock | None = None


@contextmanager
def hold(
    store: Store,
    why: str,
    who: str | None = None,
    *,
    patience: float = 0.0,
    waits_for: Callable[[Lock], None] = lambda _: None,
) -> Iterator[Held]:
    """Hold the state's lock while the block runs.

    A lock whose holder is provably dead (see `reconciler.state.liveness`) is taken over, because the state and
    its pending entries are all that a next run needs. Any other lock stands until its holder or a person removes it.

    Args:
        store: Where the state is.
        why: What the lock is for, as others will read it: ``apply of plan 3f2a``.
        who: Who is at work; by default the user of this process.
        patience: Seconds to wait while somebody else holds it.
        waits_for: Told whose lock is waited for, once for each.

    Raises:
        LockedError: Someone else holds it, or may, and goes on to.
    """
    lock = Lock(
        id=str(uuid4()),
        who=who or _user(),
        where=f"{socket.gethostname()} (process {os.getpid()})",
        since=datetime.now(UTC),
        why=why,
    )
    with liveness.proof_of_life(lock.id):  # before the lock is seen, so that nobody ever sees it without
        taken_over_from = _wait_for(store, lock, patience, waits_for)
        try:
            yield Held(lock, taken_over_from)
        finally:
            _release(store, lock)


def read(store: Store) -> Lock | None:
    """Return the lock that stands, or None.

    Raises:
        DamagedLockError: Something else stands in its place.
    """
    found = store.get(LOCK_NAME)
    return None if found is None else _parse(store, found)


def unlock(store: Store, lock_id: str) -> Lock:
    """Remove a lock by hand, whoever holds it, and return it. Its holder, if alive, writes nothing from then on.

    Raises:
        NotLockedError: There is no lock.
        WrongLockError: There is one, with another id.
    """
    found = store.get(LOCK_NAME)
    if found is None:
        raise NotLockedError("the state is not locked", hint="There is nothing to unlock: go on.")
    lock = _parse(store, found)
    if lock.id != lock_id:
        raise WrongLockError(lock_id, lock)
    if not store.delete(LOCK_NAME, found.version):
        return unlock(store, lock_id)  # it changed hands or went away meanwhile: look again
    liveness.forget(lock.id)
    return lock


def require(store: Store, lock: Lock) -> None:
    """Check that `lock` is still the one that stands; LockLostError where it is not."""
    found = read(store)
    if found is None or found.id != lock.id:
        raise LockLostError(lock, found)


def _wait_for(store: Store, lock: Lock, patience: float, waits_for: Callable[[Lock], None]) -> Lock | None:
    """Acquire the lock, as soon as it can be had within `patience`."""
    told: set[str] = set()

    def acquire() -> Lock | None:
        try:
            return _acquire(store, lock)
        except LockedError as locked:
            if locked.lock.id not in told and patience > 0:
                told.add(locked.lock.id)
                waits_for(locked.lock)
            raise

    again = stamina.RetryingCaller(attempts=None, timeout=patience, wait_initial=0.25, wait_max=5.0, wait_jitter=0.5)
    return again(LockedError, acquire) if patience > 0 else acquire()


def _acquire(store: Store, lock: Lock) -> Lock | None:
    """Put `lock` in place and return the dead holder's lock it replaced, if any."""
    while True:
        if store.swap(LOCK_NAME, _dump(lock), None) is not None:
            return None
        found = store.get(LOCK_NAME)
        if found is None:
            continue  # released in between: try again
        holder = _parse(store, found)
        if holder.id == lock.id:
            return None  # the first try arrived and its answer was lost; the client asked again
        if not liveness.is_provably_dead(holder.id):
            raise LockedError(holder)
        if store.swap(LOCK_NAME, _dump(lock), found.version) is not None:
            liveness.forget(holder.id)
            return holder


def _release(store: Store, lock: Lock) -> None:
    """Remove the lock if it is still ours; a lock that was lost is another's by now, and stays."""
    found = store.get(LOCK_NAME)
    if found is not None and _parse(store, found).id == lock.id:
        store.delete(LOCK_NAME, found.version)


def _dump(lock: Lock) -> bytes:
    document = {"id": lock.id, "who": lock.who, "where": lock.where, "since": dump_time(lock.since), "why": lock.why}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _parse(store: Store, found: StoredObject) -> Lock:
    try:
        tree = orjson.loads(found.content)
        return Lock(
            id=str(UUID(tree["id"])),  # it becomes part of a file's name
            who=str(tree["who"]),
            where=str(tree["where"]),
            since=parse_time(str(tree["since"])),
            why=str(tree["why"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedLockError(f"{store.url}/{LOCK_NAME}") from error


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container whose user has no name, or Windows without a variable
        return "an unnamed user"
