"""The state as a whole: the document, its lock and its sets, in one store."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.request import url2pathname
from uuid import uuid4

from reconciler.buckets import BUCKET_SCHEMES
from reconciler.state import document, history, lock, sets
from reconciler.state.errors import (
    NotLockedError,
    StateConflictError,
    StateError,
    UnsupportedStoreError,
    UnusableHistoryError,
)
from reconciler.state.history_model import History
from reconciler.state.journal import Journal
from reconciler.state.local import LocalStore
from reconciler.state.model import State
from reconciler.state.moved import refuse_moved
from reconciler.state.watched import watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from reconciler.state.lock import Held
    from reconciler.state.model import Lock
    from reconciler.state.sets import Staged
    from reconciler.state.store import Store

STATE_NAME: Final = "state.json"
HISTORY_NAME: Final = "history.json"


@dataclass(frozen=True, slots=True)
class StoredState:
    """A state as it was read or written.

    Attributes:
        state: The document.
        version: What a later write compares with; None where the store has no state yet.
    """

    state: State
    version: str | None

    @property
    def exists(self) -> bool:
        """Whether the store has a state; where not, `state` is a newborn one of its own lineage."""
        return self.version is not None


class StateStore:
    """Reads and writes the state. Reading needs no lock; writing and sweeping do.

    Args:
        store: Where it is kept; `open_state` makes one from a URL.
    """

    def __init__(self, store: Store) -> None:
        self._store = watched(store)
        self._held: Lock | None = None

    @property
    def url(self) -> str:
        """Where the state is kept, without credentials."""
        return self._store.url

    @property
    def objects(self) -> Store:
        """The store itself, for what moves the state as a whole."""
        return self._store

    def read(self, *, lineage: str | None = None) -> StoredState:
        """Return the state; where there is none, a new one: serial 0 and a lineage that nothing else has.

        Args:
            lineage: The lineage of a new one: a plan saved before there was a state names the one it was made for.

        Raises:
            DamagedStateError: What stands there is not a state. It is left untouched.
            NewerStateError: A later version of this tool wrote it.
            MovedStateError: It was moved to another store.
        """
        refuse_moved(self._store)
        found = self._store.get(STATE_NAME)
        if found is None:
            return StoredState(State(lineage=lineage or str(uuid4())), None)
        return StoredState(document.parse(found.content, self._place), found.version)

    def write(self, state: State, expected: StoredState) -> StoredState:
        """Write `state` as the next serial after `expected`, and return it as it now stands.

        Raises:
            NotLockedError: This process does not hold the lock.
            LockLostError: It did, and does no more.
            StateConflictError: Another state than `expected` stands in the store.
            UnwritableStateError: `state` holds what has no place in the document.
            ValueError: `state` does not descend from `expected`: states of different lineage never mix.
        """
        if state.lineage != expected.state.lineage:
            raise ValueError(f"a state of lineage {state.lineage} cannot follow one of {expected.state.lineage}")
        self.require_lock()
        written = replace(state, serial=expected.state.serial + 1)
        content = document.dump(written, known=expected.state)
        version = self._store.swap(STATE_NAME, content, expected.version)
        if version is None:
            version = self._version_of(content, expected)
        return StoredState(written, version)

    def open(self, *, lineage: str | None = None) -> OpenState:
        """Return the state as it is now, to be written many times. Hold the lock first.

        Args:
            lineage: As for `read`.

        Raises:
            NotLockedError: This process does not hold the lock.
        """
        self._own_lock()
        return OpenState(self, self.read(lineage=lineage))

    def history(self, lineage: str, *, warn: Callable[[UnusableHistoryError], None] | None = None) -> History:
        """Return what applies have seen so far; needs no lock.

        Args:
            lineage: The lineage of the state it is to belong to.
            warn: Told why what stands there cannot be used; the past is then unknown.

        Raises:
            StoreError: The store itself failed.
        """
        try:
            found = self._store.get(HISTORY_NAME)
            if found is not None:
                return history.parse(found.content, lineage, f"{self.url}/{HISTORY_NAME}")
        except UnusableHistoryError as unusable:
            if warn is not None:
                warn(unusable)
        return History(lineage)

    def record(self, seen: History) -> None:
        """Keep what an apply has seen, in place of what was kept before.

        Raises:
            NotLockedError: This process does not hold the lock.
            LockLostError: It did, and does no more.
            StoreError: The store itself failed.
        """
        self.require_lock()
        self._store.put(HISTORY_NAME, history.dump(seen))

    @contextmanager
    def lock(
        self,
        why: str,
        *,
        who: str | None = None,
        patience: float = 0.0,
        waits_for: Callable[[Lock], None] = lambda _: None,
    ) -> Iterator[Held]:
        """Hold the lock while the block runs; see `reconciler.state.lock.hold`.

        Raises:
            LockedError: Someone else holds it, or may. Says who, where, since when, why, and the way out.
            MovedStateError: The state was moved to another store.
        """
        with lock.hold(self._store, why, who, patience=patience, waits_for=waits_for) as held:
            refuse_moved(self._store)
            self._held = held.lock
            try:
                yield held
            finally:
                self._held = None

    def require_lock(self) -> None:
        """Check that the lock is still the one that this process took.

        Raises:
            NotLockedError: This process does not hold the lock.
            LockLostError: It did, and does no more.
        """
        lock.require(self._store, self._own_lock())

    @property
    def journal(self) -> Journal:
        """What runs on this state have done."""
        return Journal(self._store)

    def read_lock(self) -> Lock | None:
        """Return the lock that stands, or None."""
        return lock.read(self._store)

    def unlock(self, lock_id: str) -> Lock:
        """Remove the lock of that id, whoever holds it, and return it.

        Raises:
            NotLockedError: There is no lock.
            WrongLockError: There is one, with another id.
        """
        return lock.unlock(self._store, lock_id)

    def put_set(self, path: Path) -> str:
        """Copy a set of members into the store and return its digest."""
        return sets.put_set(self._store, path)

    def has_set(self, digest: str) -> bool:
        """Return whether the set is in the store."""
        return sets.has_set(self._store, digest)

    def set_path(self, digest: str, scratch: Path) -> Path:
        """Return a local file with the set, checked against its digest; see `reconciler.state.sets.set_path`.

        Raises:
            MissingSetError: The store has no such set.
            DamagedSetError: It has, but not with the bytes its name stands for.
        """
        return sets.set_path(self._store, digest, scratch)

    def stage(self, plan_id: str, lineage: str, serial: int, digests: Iterable[str]) -> Staged:
        """Record what a saved plan needs. Stage first, put the sets after: then no sweep comes between."""
        return sets.stage(self._store, plan_id, lineage, serial, digests)

    def unstage(self, plan_id: str) -> None:
        """Drop the record of a plan that was applied or thrown away."""
        sets.unstage(self._store, plan_id)

    def sweep(self, state: State) -> int:
        """Remove the sets nothing points at, and return how many; see `reconciler.state.sets.sweep`.

        Raises:
            NotLockedError: This process does not hold the lock.
            LockLostError: It did, and does no more.
        """
        self.require_lock()
        self.journal.sweep()
        return sets.sweep(self._store, state)

    @property
    def _place(self) -> str:
        return f"{self.url}/{STATE_NAME}"

    def _own_lock(self) -> Lock:
        if self._held is None:
            raise NotLockedError(
                "the state is written only under its lock, and this run does not hold it",
                hint="Run the command again; if this persists it is a defect of reconciler, worth reporting.",
            )
        return self._held

    def _version_of(self, content: bytes, expected: StoredState) -> str:
        """Return the version of `content` if it stands in the store after all, else raise StateConflictError.

        A client of a remote store that asks again after a lost answer is refused by its own first write.
        """
        found = self._store.get(STATE_NAME)
        if found is not None and found.content == content:
            return found.version
        serial = None if found is None else document.parse(found.content, self._place).serial
        raise StateConflictError(self._place, expected.state.serial, serial)


class OpenState:
    """The state while an apply goes on under the lock: what stands in the store, and the way to its next serial."""

    def __init__(self, store: StateStore, stored: StoredState) -> None:
        self._store = store
        self._stored = stored

    @property
    def state(self) -> State:
        """The state as it stands in the store, its serial included."""
        return self._stored.state

    def require_lock(self) -> None:
        """Check that the lock is still ours; LockLostError where it is not."""
        self._store.require_lock()

    def save(self, state: State) -> None:
        """Write `state` as the next serial; raises as `StateStore.write` does, and `state` then stays as it was."""
        self._stored = self._store.write(state, self._stored)


def open_state(url: str) -> StateStore:
    """Return the state kept at `url`. Nothing is made or read yet.

    Args:
        url: An absolute path, or a URL: ``file://``, ``s3://``, ``gs://`` or ``az://``.

    Raises:
        UnsupportedStoreError: Another kind of URL.
        BucketUrlError: The URL of a bucket that names none, or has an option that is not known.
        StateError: A relative path; or what reaches that cloud is not installed.
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme.lower() in BUCKET_SCHEMES:
        from reconciler.state.remote.opening import open_bucket

        return StateStore(open_bucket(url))
    if not separator:
        path = Path(url)
    elif scheme.lower() == "file":
        path = Path(url2pathname(rest.removeprefix("localhost")))
    else:
        raise UnsupportedStoreError(scheme)
    if not path.is_absolute():
        raise StateError(
            f'the state store "{url}" is not an absolute path',
            hint="Write file:///absolute/path, or a path relative to the file that declares it.",
        )
    return StateStore(LocalStore(path))
