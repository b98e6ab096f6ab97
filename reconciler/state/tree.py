"""`State` to and from the plain values of its JSON: what each noun is called there, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NotRequired, TypedDict

from reconciler import seal
from reconciler.state.model import Deposed, Members, PendingCreate, PendingDelivery, Place, Resource, Run, State
from reconciler.state.times import dump_time, parse_time

if TYPE_CHECKING:
    from reconciler.state.model import Pending

VERSION: Final = 3
"""The format this version writes, and the newest it reads."""


class _MembersTree(TypedDict):
    snapshot: str
    users: int
    identifiers: int
    delivered_at: str
    recipe: NotRequired[str]


class _DeposedTree(TypedDict):
    advertiser_id: str
    audience_id: str
    name: str
    since: str
    users: NotRequired[int]
    identifiers: NotRequired[int]


class _ResourceTree(TypedDict):
    advertiser_id: str
    audience_id: str
    name: str
    delivery: str
    identities: list[str]
    prevent_destroy: bool
    retention_in_days: int | None
    audience_sub_type: str
    members: _MembersTree | None
    deposed: list[_DeposedTree]
    imported: NotRequired[bool]


class _PendingCreateTree(TypedDict):
    kind: Literal["create"]
    address: str
    advertiser_id: str
    name: str
    delivery: str
    identities: list[str]
    known_ids: list[str]
    plan_id: str
    since: str
    prevent_destroy: bool
    retention_in_days: int | None
    audience_sub_type: str
    until: NotRequired[str]


class _PlaceTree(TypedDict):
    route: str
    partition: int
    rows: int


class _PendingDeliveryTree(TypedDict):
    kind: Literal["delivery"]
    address: str
    audience_id: str
    target: str
    place: _PlaceTree | None
    plan_id: str
    since: str


class _RunTree(TypedDict):
    plan_id: str
    base_serial: int


class StateTree(TypedDict):
    """The whole document. Its first field is its checksum: keys are sorted."""

    checksum: str
    version: int
    lineage: str
    serial: int
    resources: dict[str, _ResourceTree]
    pending: list[_PendingCreateTree | _PendingDeliveryTree]
    run: _RunTree | None


def to_tree(state: State) -> StateTree:
    """Return the document of a state.

    Raises:
        ValueError: A time has no zone, or a resource stands under another address.
    """
    return {
        "checksum": seal.UNSEALED,
        "version": VERSION,
        "lineage": state.lineage,
        "serial": state.serial,
        "resources": {address: _dump_resource(address, each) for address, each in state.resources.items()},
        "pending": [_dump_pending(each) for each in state.pending],
        "run": None if state.run is None else {"plan_id": state.run.plan_id, "base_serial": state.run.base_serial},
    }


def _dump_resource(address: str, resource: Resource) -> _ResourceTree:
    if address != resource.address:
        raise ValueError(f"{resource.address} stands under {address}")
    members = resource.members
    tree: _ResourceTree = {
        "advertiser_id": resource.advertiser_id,
        "audience_id": resource.audience_id,
        "name": resource.name,
        "delivery": resource.delivery,
        "identities": list(resource.identities),
        "prevent_destroy": resource.prevent_destroy,
        "retention_in_days": resource.retention_in_days,
        "audience_sub_type": resource.audience_sub_type,
        "members": None if members is None else _dump_members(members),
        "deposed": [_dump_deposed(each) for each in resource.deposed],
    }
    return {**tree, "imported": True} if resource.imported else tree


def _dump_deposed(deposed: Deposed) -> _DeposedTree:
    tree: _DeposedTree = {
        "advertiser_id": deposed.advertiser_id,
        "audience_id": deposed.audience_id,
        "name": deposed.name,
        "since": dump_time(deposed.since),
    }
    if deposed.users is not None and deposed.identifiers is not None:
        tree |= {"users": deposed.users, "identifiers": deposed.identifiers}
    return tree


def _dump_members(members: Members) -> _MembersTree:
    tree: _MembersTree = {
        "snapshot": members.snapshot,
        "users": members.users,
        "identifiers": members.identifiers,
        "delivered_at": dump_time(members.delivered_at),
    }
    return tree if members.recipe is None else {**tree, "recipe": members.recipe}


def _dump_pending(pending: Pending) -> _PendingCreateTree | _PendingDeliveryTree:
    if isinstance(pending, PendingCreate):
        tree: _PendingCreateTree = {
            "kind": "create",
            "address": pending.address,
            "advertiser_id": pending.advertiser_id,
            "name": pending.name,
            "delivery": pending.delivery,
            "identities": list(pending.identities),
            "known_ids": list(pending.known_ids),
            "plan_id": pending.plan_id,
            "since": dump_time(pending.since),
            "prevent_destroy": pending.prevent_destroy,
            "retention_in_days": pending.retention_in_days,
            "audience_sub_type": pending.audience_sub_type,
        }
        return tree if pending.until is None else {**tree, "until": dump_time(pending.until)}
    place = pending.place
    return {
        "kind": "delivery",
        "address": pending.address,
        "audience_id": pending.audience_id,
        "target": pending.target,
        "place": None if place is None else {"route": place.route, "partition": place.partition, "rows": place.rows},
        "plan_id": pending.plan_id,
        "since": dump_time(pending.since),
    }


def from_tree(tree: StateTree) -> State:
    """Return the state of a document that satisfies the schema.

    Raises:
        ValueError: A time is none: the schema knows its look, not the calendar.
    """
    # Counts go through `int`, here and below: JSON Schema takes 1.0 for an integer.
    run = tree["run"]
    return State(
        lineage=tree["lineage"],
        serial=int(tree["serial"]),
        resources={address: _resource(address, each) for address, each in tree["resources"].items()},
        pending=tuple(_pending(each) for each in tree["pending"]),
        run=None if run is None else Run(plan_id=run["plan_id"], base_serial=int(run["base_serial"])),
    )


def _resource(address: str, tree: _ResourceTree) -> Resource:
    members = tree["members"]
    return Resource(
        address=address,
        advertiser_id=tree["advertiser_id"],
        audience_id=tree["audience_id"],
        name=tree["name"],
        delivery=tree["delivery"],
        identities=tuple(tree["identities"]),
        prevent_destroy=tree["prevent_destroy"],
        retention_in_days=_optional_count(tree["retention_in_days"]),
        audience_sub_type=tree["audience_sub_type"],
        members=None
        if members is None
        else Members(
            snapshot=members["snapshot"],
            users=int(members["users"]),
            identifiers=int(members["identifiers"]),
            delivered_at=parse_time(members["delivered_at"]),
            recipe=members.get("recipe"),
        ),
        deposed=tuple(
            Deposed(
                advertiser_id=each["advertiser_id"],
                audience_id=each["audience_id"],
                name=each["name"],
                since=parse_time(each["since"]),
                users=_optional_count(each.get("users")),
                identifiers=_optional_count(each.get("identifiers")),
            )
            for each in tree["deposed"]
        ),
        imported=tree.get("imported", False),
    )


def _pending(tree: _PendingCreateTree | _PendingDeliveryTree) -> Pending:
    if tree["kind"] == "create":
        return PendingCreate(
            address=tree["address"],
            advertiser_id=tree["advertiser_id"],
            name=tree["name"],
            delivery=tree["delivery"],
            identities=tuple(tree["identities"]),
            known_ids=tuple(tree["known_ids"]),
            plan_id=tree["plan_id"],
            since=parse_time(tree["since"]),
            prevent_destroy=tree["prevent_destroy"],
            retention_in_days=_optional_count(tree["retention_in_days"]),
            audience_sub_type=tree["audience_sub_type"],
            until=parse_time(tree["until"]) if "until" in tree else None,
        )
    place = tree["place"]
    return PendingDelivery(
        address=tree["address"],
        audience_id=tree["audience_id"],
        target=tree["target"],
        place=None if place is None else Place(place["route"], int(place["partition"]), int(place["rows"])),
        plan_id=tree["plan_id"],
        since=parse_time(tree["since"]),
    )


def _optional_count(count: int | None) -> int | None:
    return None if count is None else int(count)
