"""What can go wrong with the state, each with the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.state.model import Lock


class StateError(ReconcilerError):
    """Something about the state, its store or its lock."""


class UnsupportedStoreError(StateError):
    """The URL names a kind of store this version does not have.

    Only the scheme is shown: the rest of such a URL may hold a credential.
    """

    def __init__(self, scheme: str) -> None:
        super().__init__(
            f"state stores of kind {scheme}:// are not available in this version",
            hint="Use a directory, a file:// URL, or a bucket: s3://bucket/folder, gs://bucket/folder, az://container/folder.",
        )
        self.scheme = scheme


class StoreError(StateError):
    """The store itself failed: permission, space, a device that went away."""


class DamagedStateError(StateError):
    """The document is not one this tool wrote."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            f"the state at {place} is damaged: {reason}",
            hint="It was left untouched, and TikTok too. Put an earlier copy back: from a backup, or a version "
            "that the store keeps, or with `reconciler state push --force FILE`, which takes one mended by hand, too.",
        )


class OversizedStateError(DamagedStateError):
    """The document is longer than any that this tool writes. `version` is what `Store.swap` takes to replace it."""

    def __init__(self, place: str, reason: str, version: str) -> None:
        super().__init__(place, reason)
        self.version = version


class MovedStateError(StateError):
    """The state was moved to another store; what was left behind is not used any more. `to` is where it is."""

    def __init__(self, place: str, to: str) -> None:
        super().__init__(
            f"the state is not at {place} any more: it was moved to {to}",
            hint=f"Set state.url to {to} in the files this runs on, or take in the change that does. "
            "Whoever went on from here would fork the state.",
        )
        self.to = to


class NoStateError(StateError):
    """There is no state yet."""

    def __init__(self, place: str) -> None:
        super().__init__(f"there is no state at {place}", hint="The first `reconciler apply` makes one.")


class PushRefusedError(StateError):
    """A document may not take the place of the state that stands."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"this document was not put into the store: {reason}",
            hint="Nothing was changed. Keep a copy of what stands there; if this one is right, add --force.",
        )


class MissingSetsError(StateError):
    """A state points at sets of members that its store does not hold. `digests` are they, by address."""

    def __init__(self, place: str, digests: Mapping[str, str]) -> None:
        named = ", ".join(f"{digest[:12]} of {address}" for address, digest in sorted(digests.items()))
        super().__init__(
            f"sets of members that the state points at are not in {place}: {named}",
            hint="Nothing was changed. Put the files back into sets/ from a backup: without them nobody can tell "
            "whom to remove.",
        )
        self.digests = dict(digests)


class SameStoreError(StateError):
    """A migration leads to where the state is."""

    def __init__(self, place: str) -> None:
        super().__init__(f"the state is at {place} already", hint="Name another store with --to.")


class ForkedStateError(StateError):
    """The store a state is to move to holds one that it would destroy."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            f"the state cannot move to {place}: {reason}",
            hint="Nothing was changed there or here. Name an empty folder, or empty that one if nobody needs it.",
        )


class UnwritableStateError(StateError):
    """What was to be written could not have been read back; nothing was written."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"this state cannot be kept: {reason}",
            hint="What stands in the store was left as it was. This is a defect of reconciler, worth reporting.",
        )


class NewerStateError(StateError):
    """The document was written by a later version of this tool."""

    def __init__(self, place: str, found: int, known: int) -> None:
        super().__init__(
            f"the state at {place} has format version {found}; this version of reconciler reads up to {known}",
            hint="Install the version of reconciler that the rest of the team uses.",
        )


class UnusableHistoryError(StateError):
    """What earlier applies saw cannot be used. Nothing but the past is lost by that."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            f"the history at {place} cannot be used: {reason}",
            hint="Drift is told without it, so less can be told; the next apply begins a new one.",
        )


class StateConflictError(StateError):
    """Someone else wrote the state since it was read; nothing was written.

    Attributes:
        expected_serial: The serial that was read and built upon.
        found_serial: The serial that stands there now, or None where the state is gone.
    """

    def __init__(self, place: str, expected_serial: int, found_serial: int | None) -> None:
        found = "there is none any more" if found_serial is None else f"it is now at serial {found_serial}"
        super().__init__(
            f"the state at {place} changed under this run: serial {expected_serial} was read, {found}",
            hint="Plan again: nothing was overwritten.",
        )
        self.expected_serial = expected_serial
        self.found_serial = found_serial


class LockedError(StateError):
    """Someone else holds the state. `lock` says who, where, since when and why."""

    def __init__(self, lock: Lock) -> None:
        super().__init__(
            f"the state is locked by {lock.who} on {lock.where} since {lock.since:%Y-%m-%d %H:%M:%S} UTC: {lock.why}",
            hint=f"Wait for that run to end. If it is certainly dead, run `reconciler state unlock {lock.id}`.",
        )
        self.lock = lock


class NotLockedError(StateError):
    """There is no lock to remove, or a write was tried without one."""


class WrongLockError(StateError):
    """An unlock named another lock than the one that stands there. `lock` is that one."""

    def __init__(self, asked: str, lock: Lock) -> None:
        super().__init__(
            f"the state is not locked under the id {asked}: {lock.who} on {lock.where} holds it under {lock.id}",
            hint=f"If that run is certainly dead too, run `reconciler state unlock {lock.id}`.",
        )
        self.lock = lock


class LockLostError(StateError):
    """The lock was removed, or is another's, in the middle of a run; nothing was written after that."""

    def __init__(self, lock: Lock, holder: Lock | None) -> None:
        now = "someone unlocked the state" if holder is None else f"{holder.who} on {holder.where} holds it now"
        super().__init__(
            f"this run lost its lock ({lock.id}): {now}",
            hint="What was written before stands. Plan again once the other run has ended.",
        )


class DamagedLockError(StateError):
    """The lock object is not one this tool wrote, so nobody can tell who holds the state."""

    def __init__(self, place: str, reason: str = "") -> None:
        super().__init__(
            f"the lock at {place} cannot be read{f': {reason}' if reason else ''}",
            hint="If no other run is at work, remove that file by hand.",
        )


class OversizedObjectError(StateError):
    """An object in the store is longer than any of its kind."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            f"{place} cannot be read: {reason}",
            hint="It is nothing that reconciler wrote, and was left untouched. See what it is, and move it away.",
        )


class OversizedWriteError(StateError):
    """What was to be written is longer than what can be read again; nothing was written."""

    def __init__(self, place: str, limit: str) -> None:
        super().__init__(
            f"{place} would be larger than {limit}, and could not be read again",
            hint="What stands there was left as it was. Declare some of the audiences in a folder of their own, with a "
            "state.url of its own.",
        )


_SET_HINT = (
    "If a saved plan was to deliver it, plan again: that stages it anew. If it is what was delivered last, "
    "put it back from a backup: without it nobody can tell whom to remove."
)


class MissingSetError(StateError):
    """A set of members is not in the store."""

    def __init__(self, digest: str) -> None:
        super().__init__(
            f"the set of members {digest[:12]} is not in the state store",
            hint=_SET_HINT,
        )
        self.digest = digest


class DamagedSetError(StateError):
    """A set's bytes are not the ones its name promises."""

    def __init__(self, digest: str, place: str) -> None:
        super().__init__(
            f"the set of members {digest[:12]} is damaged: {place} does not hold the bytes its name stands for",
            hint=_SET_HINT,
        )
        self.digest = digest


class UnknownAddressError(StateError):
    """The state owns nothing at that address. `suggestions` are the ones closest to it, the best first."""

    def __init__(self, address: str, suggestions: Sequence[str]) -> None:
        super().__init__(
            f"the state has no {address}",
            hint=f"Did you mean {' or '.join(suggestions)}?"
            if suggestions
            else "`reconciler state list` shows every address it has.",
        )
        self.suggestions = tuple(suggestions)


class AddressTakenError(StateError):
    """A move would land on an address that is in use."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"the state already has {address}",
            hint=f"Give that one another address first, or let go of it: `reconciler state rm {address}`.",
        )


class InvalidAddressError(StateError):
    """A name that cannot be an address."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f'"{address}" is not an address',
            hint="An address is `audience.` and a key of lower-case letters, digits and underscores: "
            "`audience.lapsed_buyers`.",
        )
