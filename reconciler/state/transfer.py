"""The state as a whole from one place to another: a document put in by hand, and a move between stores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.state import change, document, lock, moved, sets
from reconciler.state.errors import (
    DamagedStateError,
    ForkedStateError,
    MissingSetsError,
    NoStateError,
    OversizedStateError,
    PushRefusedError,
    SameStoreError,
    StoreError,
)
from reconciler.state.journal import FOLDER as RUNS
from reconciler.state.model import PendingDelivery, State
from reconciler.state.repository import HISTORY_NAME, STATE_NAME, OpenState, StoredState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from reconciler.state.model import Resource
    from reconciler.state.repository import StateStore
    from reconciler.state.store import Store, StoredObject

PUSHED: Final = "state-push"
"""In place of a plan's id: the delivery was noted by a push."""
_UNKNOWN: Final = 1_000_000
"""Added to the serial where the one that stands cannot be read: no plan was made at what comes after it."""

_NOTHING: Final[Mapping[str, Resource]] = {}


@dataclass(frozen=True, slots=True)
class Difference:
    """What a push changes, by address, each sorted."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Push:
    """A document on its way into the place of the state.

    Attributes:
        standing: What it follows, to be saved once.
        state: What is to be saved: the document, and what the state in its place knew to have been sent since.
        difference: What that changes.
        is_blind: Whether nobody knows what was sent since: what stands there cannot be read.
    """

    standing: OpenState
    state: State
    difference: Difference
    is_blind: bool = False


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a migration copied: the state's serial, and how many sets and other objects."""

    serial: int
    sets: int
    objects: int


def pull(store: StateStore) -> bytes:
    """Return the state's document as it stands, checked.

    Raises:
        NoStateError: There is none.
        DamagedStateError: It is not what was written.
        MovedStateError: It moved to another store.
    """
    moved.refuse_moved(store.objects)
    found = store.objects.get(STATE_NAME)
    if found is None:
        raise NoStateError(store.url)
    document.parse(found.content, _place(store.objects))
    return found.content


def open_for(store: StateStore, pushed: State, *, force: bool, now: datetime) -> Push:
    """Return what saves `pushed` in the place of the state, and what that changes. Hold the lock.

    Its serial is the higher of the two, so that a plan made from either is stale afterwards. TikTok does not go back
    with the document: whom the audiences were sent since is noted in it as deliveries that were never seen to end.

    Args:
        store: Where to.
        pushed: The state to put there.
        force: Whether another lineage, a newer state and a damaged one may be written over.
        now: The time, UTC.

    Raises:
        PushRefusedError: One of these, without `force`.
        MissingSetsError: The store lacks sets of members that `pushed` points at. No force helps against that.
    """
    objects = store.objects
    _require_sets(objects, pushed)
    serial, resources, version = pushed.serial, _NOTHING, None
    try:
        found = objects.get(STATE_NAME)
        version = None if found is None else found.version
        standing = None if found is None else document.parse(found.content, _place(objects))
    except DamagedStateError as damaged:
        if not force:
            raise PushRefusedError("what stands in the store is damaged, so nothing tells which is newer") from None
        standing, serial = None, serial + _UNKNOWN
        version = damaged.version if isinstance(damaged, OversizedStateError) else version
    if standing is not None:
        if standing.lineage != pushed.lineage and not force:
            raise PushRefusedError(f"it is of lineage {pushed.lineage}, the store holds one of {standing.lineage}")
        if standing.serial > pushed.serial and not force:
            raise PushRefusedError(f"it is at serial {pushed.serial}, the store is at {standing.serial} already")
        serial, resources = max(serial, standing.serial), standing.resources
    base = OpenState(store, StoredState(State(pushed.lineage, serial), version))
    before, after = resources.keys(), pushed.resources.keys()
    changed = (each for each in before & after if resources[each] != pushed.resources[each])
    difference = Difference(tuple(sorted(after - before)), tuple(sorted(before - after)), tuple(sorted(changed)))
    if standing is None:
        return Push(base, pushed, difference, is_blind=version is not None)
    return Push(base, _with_what_was_sent(pushed, standing, objects, now), difference)


def _with_what_was_sent(pushed: State, standing: State, store: Store, now: datetime) -> State:
    """Return `pushed` knowing of every set that `standing` knows to be, perhaps, in an audience of both."""
    state = pushed
    sent_to = {each.audience_id: each for each in standing.resources.values()}
    for address, resource in pushed.resources.items():
        known = sent_to.get(resource.audience_id)
        sent = {each.target for each in change.deliveries_to(standing, resource.audience_id)}
        if known is not None and known.members is not None:
            sent.add(known.members.snapshot)
        sent -= {each.target for each in change.deliveries_to(pushed, resource.audience_id)}
        if resource.members is not None:
            sent.discard(resource.members.snapshot)
        for digest in sorted(sent):
            if sets.has_set(store, digest):
                noted = PendingDelivery(address, resource.audience_id, digest, None, PUSHED, now)
                state = change.with_pending(state, noted)
    return state


def migrate(source: StateStore, target: StateStore, scratch: Path, *, keep: bool = False) -> Migrated:
    """Copy everything the state consists of to another store, and mark the old one as left. Hold the source's lock.

    The document travels last, and the mark is made once everything was read back: killed at any point, it is done
    again from the beginning, or is complete.

    Args:
        source: Where the state is.
        target: Where it is to be.
        scratch: A folder for sets on their way.
        keep: Whether the old store stays as it is, without the mark: a copy that knows nothing of the other.

    Raises:
        NoStateError: There is nothing to move.
        SameStoreError: The two are one.
        ForkedStateError: The target holds another state, or a newer one.
        LockedError: Somebody holds the target.
        StateError: Something is damaged or missing, and nothing was marked.
    """
    if source.url == target.url:
        raise SameStoreError(source.url)
    content = pull(source)
    state = document.parse(content, _place(source.objects))
    _require_sets(source.objects, state)
    with lock.hold(target.objects, f"state migrate from {source.url}"):
        standing = _standing_in(target.objects, source, state, content)
        digests = sorted(sets.needed(source.objects, state))
        for digest in digests:
            _copy_set(source.objects, target.objects, digest, scratch)
        others = [each for each in _others(source.objects) if _copy(source.objects, target.objects, each)]
        _copy_document(target.objects, content, standing)
        moved.unmark(target.objects)
        if not keep:
            moved.mark(source.objects, target.url)
    return Migrated(state.serial, len(digests), len(others))


def _standing_in(target: Store, source: StateStore, state: State, content: bytes) -> StoredObject | None:
    """Return the state's document that the target holds; refuse one that is not an earlier copy of this."""
    left_for = moved.moved_to(target)
    if left_for not in {None, source.url}:
        moved.refuse_moved(target)
    found = target.get(STATE_NAME)
    if found is None or found.content == content:
        return found
    standing = document.parse(found.content, _place(target))
    if standing.lineage != state.lineage:
        raise ForkedStateError(target.url, f"it holds another state, of lineage {standing.lineage}")
    if standing.serial >= state.serial:
        raise ForkedStateError(target.url, f"it holds this state at serial {standing.serial}, here is {state.serial}")
    return found


def _copy_set(source: Store, target: Store, digest: str, scratch: Path) -> None:
    path = sets.set_path(source, digest, scratch)
    sets.put_set(target, path)
    arrived = scratch / "arrived"  # apart: both stores download a set under its own name
    arrived.mkdir(exist_ok=True)
    sets.set_path(target, digest, arrived)


def _others(store: Store) -> Iterator[str]:
    """Yield the names of what belongs to the state beside its document and sets."""
    yield HISTORY_NAME
    yield from store.names(sets.STAGED)
    yield from store.names(RUNS)


def _copy(source: Store, target: Store, name: str) -> bool:
    """Copy an object and read it back; return whether there was one."""
    found = source.get(name)
    if found is None:
        return False
    target.put(name, found.content)
    _require_arrived(target, name, found.content)
    return True


def _copy_document(target: Store, content: bytes, standing: StoredObject | None) -> None:
    target.swap(STATE_NAME, content, None if standing is None else standing.version)
    _require_arrived(target, STATE_NAME, content)


def _require_arrived(target: Store, name: str, content: bytes) -> None:
    arrived = target.get(name)
    if arrived is None or arrived.content != content:
        raise StoreError(
            f"{target.url}/{name} does not read as it was written",
            hint="Nothing was marked as moved; the state is where it was. Look at that store, then migrate again.",
        )


def _require_sets(store: Store, state: State) -> None:
    missing = {
        resource.address: resource.members.snapshot
        for resource in state.resources.values()
        if resource.members is not None and not sets.has_set(store, resource.members.snapshot)
    }
    for each in state.pending:
        if isinstance(each, PendingDelivery) and not sets.has_set(store, each.target):
            missing[each.address] = each.target
    if missing:
        raise MissingSetsError(store.url, missing)


def edited(content: bytes, name: str) -> tuple[State, bool]:
    """Return the state in a file that somebody may have mended by hand, ready to be saved, and whether they did.

    An apply that was under way does not go on from it.

    Raises:
        NewerStateError: It is of a later version of this tool.
        DamagedStateError: It is not JSON, or not a state.
    """
    state, by_hand = document.parse_edited(content, name)
    return change.edited_by_hand(state), by_hand


def _place(store: Store) -> str:
    return f"{store.url}/{STATE_NAME}"
