"""The state: what this tool owns on TikTok, what it last delivered there, and what it was in the middle of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Members:
    """The last set delivered whole.

    Attributes:
        snapshot: SHA-256 of the set's file: its name in the store.
        users: Distinct persons in it.
        identifiers: Distinct identifiers in it.
        delivered_at: When its delivery ended.
        recipe: A digest of the declaration it was drawn by; None where an earlier version delivered it.
    """

    snapshot: str
    users: int
    identifiers: int
    delivered_at: datetime
    recipe: str | None = None


@dataclass(frozen=True, slots=True)
class Deposed:
    """An audience that was replaced but could not be deleted, because something still uses it.

    Attributes:
        users: Distinct persons last delivered to it; None where that is not known.
        identifiers: Distinct identifiers likewise.
    """

    advertiser_id: str
    audience_id: str
    name: str
    since: datetime
    users: int | None = None
    identifiers: int | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """An audience this tool owns.

    Attributes:
        prevent_destroy: Whether the files protected it when last applied; still holds once they no longer declare it.
        retention_in_days: For files: how long it lives from its creation on, as it was created; None for TikTok's
            default.
        audience_sub_type: For files: ``NORMAL`` or ``REACH_FREQUENCY``.
        members: What was last delivered whole; None until a delivery has ended.
        deposed: Audiences it replaced that are still there.
        imported: Whether somebody else made it: people may be in it who were never sent from here, and they stay.
    """

    address: str
    advertiser_id: str
    audience_id: str
    name: str
    delivery: str
    identities: tuple[str, ...]
    prevent_destroy: bool = False
    retention_in_days: int | None = None
    audience_sub_type: str = "NORMAL"
    members: Members | None = None
    deposed: tuple[Deposed, ...] = ()
    imported: bool = False


@dataclass(frozen=True, slots=True)
class PendingCreate:
    """Written before a create: TikTok offers no idempotency key, so a lost answer is found by listing.

    Attributes:
        known_ids: Audiences of this name that existed before the call, which the call therefore did not make.
        since: When the first call for it was about to be made.
        prevent_destroy: Whether the files protect what it makes.
        until: When the last call for it has ended, at the latest; None where an earlier version wrote it.
    """

    address: str
    advertiser_id: str
    name: str
    delivery: str
    identities: tuple[str, ...]
    known_ids: tuple[str, ...]
    plan_id: str
    since: datetime
    prevent_destroy: bool = False
    retention_in_days: int | None = None
    audience_sub_type: str = "NORMAL"
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """How far the delivery along a route has come: everything before it has certainly arrived.

    Several audiences of an account share a route; then each of their deliveries carries the same place.

    Attributes:
        route: Names the route: the same sets to the same audiences, in the same rows and order.
        partition: The partition of the route that is being delivered, from 0.
        rows: Rows of it that have arrived.
    """

    route: str
    partition: int = 0
    rows: int = 0


@dataclass(frozen=True, slots=True)
class PendingDelivery:
    """Written before the first row of a delivery and moved on as rows arrive.

    Until it is cleared, TikTok may hold anything between the snapshot before and `target`.

    Attributes:
        target: SHA-256 of the set being delivered: its name in the store.
        place: How far it has come; None where it travels as files, of which a cut-off delivery is done anew.
    """

    address: str
    audience_id: str
    target: str
    place: Place | None
    plan_id: str
    since: datetime


Pending: TypeAlias = PendingCreate | PendingDelivery


@dataclass(frozen=True, slots=True)
class State:
    """The whole document.

    Attributes:
        lineage: A random id given at birth: states of different lineage never mix.
        serial: Counts writes; a plan made at one serial is stale at the next.
        resources: By address.
        pending: What was begun and has not been seen to end.
        run: Id of the plan whose apply wrote last, and the serial that plan was made at; lets an interrupted
            apply of that same plan go on. None after an apply that ended.
    """

    lineage: str
    serial: int = 0
    resources: Mapping[str, Resource] = field(default_factory=dict)
    pending: tuple[Pending, ...] = ()
    run: Run | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """An apply under way."""

    plan_id: str
    base_serial: int


@dataclass(frozen=True, slots=True)
class Lock:
    """Who holds the state, where, since when and why."""

    id: str
    who: str
    where: str
    since: datetime
    why: str
