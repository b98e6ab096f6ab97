"""Sets of hashed members, each a file named by its own SHA-256.

A set that was delivered (a snapshot) and one that a saved plan waits to deliver (staged) are the same thing under
the same name: to stage is to put the file, to promote is to point at it from the state, and a set that nothing
points at any more may be swept.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import orjson

from reconciler.state.errors import (
    DamagedSetError,
    MissingSetError,
    OversizedObjectError,
    StateError,
    StoreError,
)
from reconciler.state.model import PendingDelivery
from reconciler.state.times import dump_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from reconciler.state.model import State
    from reconciler.state.store import Store

_SETS = "sets/"
STAGED: Final = "staged/"
"""Where the records of staged plans are."""
_SET_NAME = re.compile(r"sets/([0-9a-f]{64})\.parquet")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_PLAN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Staged:
    """What a saved plan needs to be kept while it can still be applied.

    Attributes:
        plan_id: The plan.
        lineage: The lineage of the state it was made from.
        serial: That state's serial.
        digests: The sets it delivers, sorted.
        created_at: When it was staged.
    """

    plan_id: str
    lineage: str
    serial: int
    digests: tuple[str, ...]
    created_at: datetime

    def is_usable_with(self, state: State) -> bool:
        """Whether the plan can still be applied: made from this very state, or the one whose apply is under way."""
        under_way = state.run is not None and state.run.plan_id == self.plan_id
        return self.lineage == state.lineage and (self.serial == state.serial or under_way)


def put_set(store: Store, path: Path) -> str:
    """Copy the set at `path` into the store and return its digest.

    Putting a set that is there already changes nothing, and heals one that was damaged.
    """
    digest = _digest_of(path)
    store.put(_name(digest), path)
    return digest


def has_set(store: Store, digest: str) -> bool:
    """Return whether the set is in the store; not whether it is whole, which `set_path` finds out."""
    return _DIGEST.fullmatch(digest) is not None and store.has(_name(digest))


def set_path(store: Store, digest: str, scratch: Path) -> Path:
    """Return a local file with the set, checked against its digest: to be read, not written.

    Args:
        store: Where the set is.
        digest: Its name.
        scratch: A directory to download into, where the store is not local. The file lives as long as it.

    Raises:
        MissingSetError: The store has no such set.
        DamagedSetError: It has, but not with the bytes its name stands for.
    """
    path = store.fetch(_name(digest), scratch) if _DIGEST.fullmatch(digest) else None
    if path is None:
        raise MissingSetError(digest)
    if _digest_of(path) != digest:
        raise DamagedSetError(digest, f"{store.url}/{_name(digest)}")
    return path


def stage(store: Store, plan_id: str, lineage: str, serial: int, digests: Iterable[str]) -> Staged:
    """Record what a saved plan needs, so that no sweep takes it while the plan can be applied.

    Stage first and put the sets after: a set that is put before anything points at it may be swept in between.
    """
    staged = Staged(plan_id, lineage, serial, tuple(sorted(set(digests))), datetime.now(UTC))
    document = {
        "plan_id": staged.plan_id,
        "lineage": staged.lineage,
        "serial": staged.serial,
        "digests": staged.digests,
        "created_at": dump_time(staged.created_at),
    }
    store.put(_staged_name(plan_id), orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return staged


def unstage(store: Store, plan_id: str) -> None:
    """Drop the record of a plan that was applied or thrown away; its sets go with the next sweep."""
    store.delete(_staged_name(plan_id))


def sweep(store: Store, state: State) -> int:
    """Remove the sets nothing points at and the records of plans that cannot be applied any more.

    Kept are the snapshots and pending targets of `state`, and the sets of every plan that is usable with it.
    The caller holds the state's lock.

    Returns:
        How many sets were removed.
    """
    names = store.names(_SETS)  # before the records: what is staged and put from here on is not among them
    kept = pointed_at(state)
    for record in store.names(STAGED):
        staged = _read_staged(store, record)
        if staged is not None and staged.is_usable_with(state):
            kept.update(staged.digests)
        else:
            store.delete(record)
    swept = 0
    for name in names:
        match = _SET_NAME.fullmatch(name)  # anything else in there is not ours to remove
        if match is not None and match[1] not in kept:
            swept += store.delete(name)
    store.tidy()
    return swept


def pointed_at(state: State) -> set[str]:
    """Return the sets that a state points at: snapshots, and what is being delivered."""
    kept = {each.members.snapshot for each in state.resources.values() if each.members is not None}
    kept.update(each.target for each in state.pending if isinstance(each, PendingDelivery))
    return kept


def needed(store: Store, state: State) -> set[str]:
    """Return the sets that a state points at, and those of saved plans that can be applied to it and are there."""
    kept = pointed_at(state)
    for record in store.names(STAGED):
        staged = _read_staged(store, record)
        if staged is not None and staged.is_usable_with(state):
            kept.update(each for each in staged.digests if has_set(store, each))
    return kept


def _read_staged(store: Store, name: str) -> Staged | None:
    """Return the record, or None where it is gone or cannot be read: it then keeps nothing alive."""
    try:
        found = store.get(name)
    except OversizedObjectError:
        return None
    if found is None:
        return None
    try:
        tree = orjson.loads(found.content)
        return Staged(
            plan_id=str(tree["plan_id"]),
            lineage=str(tree["lineage"]),
            serial=int(tree["serial"]),
            digests=tuple(str(each) for each in tree["digests"]),
            created_at=parse_time(str(tree["created_at"])),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _digest_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StoreError(
            f"cannot read the set of members at {path}: {error.strerror or error}",
            hint="Check that its disk is there and that the file is yours to read, then plan again.",
        ) from error


def _name(digest: str) -> str:
    return f"{_SETS}{digest}.parquet"


def _staged_name(plan_id: str) -> str:
    """Return the record's name; refuse what would lead out of its directory, since plans come from files."""
    if _PLAN_ID.fullmatch(plan_id) is None:
        raise StateError(f'"{plan_id}" is not the id of a plan', hint="Plan again: the saved plan was altered.")
    return f"{STAGED}{plan_id}.json"
