"""`State` to and from the bytes of ``state.json``: checked on the way in, stable on the way out."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict, cast

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from reconciler import schemas
from reconciler.state.errors import DamagedStateError, NewerStateError, UnwritableStateError
from reconciler.state.model import Deposed, Members, PendingCreate, PendingDelivery, Resource, Run, State
from reconciler.state.times import dump_time, parse_time

if TYPE_CHECKING:
    from reconciler.state.model import Pending

VERSION: Final = 1
"""The format this version writes, and the newest it reads."""

_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
_REASON_LENGTH = 200  # a schema error quotes what it found, which may be the whole document


class _MembersJson(TypedDict):
    snapshot: str
    users: int
    identifiers: int
    delivered_at: str


class _DeposedJson(TypedDict):
    advertiser_id: str
    audience_id: str
    name: str
    since: str


class _ResourceJson(TypedDict):
    advertiser_id: str
    audience_id: str
    name: str
    delivery: str
    identities: list[str]
    prevent_destroy: bool
    members: _MembersJson | None
    deposed: list[_DeposedJson]


class _PendingCreateJson(TypedDict):
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


class _PendingDeliveryJson(TypedDict):
    kind: Literal["delivery"]
    address: str
    audience_id: str
    target: str
    rows_done: int
    plan_id: str
    since: str


class _RunJson(TypedDict):
    plan_id: str
    base_serial: int


class _StateJson(TypedDict):
    version: int
    lineage: str
    serial: int
    resources: dict[str, _ResourceJson]
    pending: list[_PendingCreateJson | _PendingDeliveryJson]
    run: _RunJson | None


def dump(state: State, known: State | None = None) -> bytes:
    """Return the document: indented JSON, keys sorted, so that two of them compare line by line.

    What `parse` would refuse is never returned, so that no write can make a state unreadable.

    Args:
        state: What to write.
        known: A state that was read or written before. The very objects both hold are not checked again, which
            keeps the many small writes of a delivery cheap however many audiences there are.

    Raises:
        UnwritableStateError: Something in `state` has no place in a state document.
    """
    try:
        content = orjson.dumps(_document(state), option=_OPTIONS)
        fault = _fault(_document(state if known is None else _without(state, known)))
    except (TypeError, ValueError) as error:  # a time without a zone; text that is not Unicode
        raise UnwritableStateError(str(error)) from error
    if fault is not None:
        raise UnwritableStateError(fault)
    return content


def parse(content: bytes, place: str = "state.json") -> State:
    """Return the state that `content` holds.

    Args:
        content: The document's bytes.
        place: What to call the document in errors.

    Raises:
        NewerStateError: A later version of this tool wrote it.
        DamagedStateError: It is not JSON, or not a state.
    """
    try:
        tree: object = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise DamagedStateError(place, f"it is not JSON ({error})") from error
    if isinstance(tree, dict) and isinstance(version := tree.get("version"), int) and version > VERSION:
        raise NewerStateError(place, version, VERSION)
    fault = _fault(tree)
    if fault is not None:
        raise DamagedStateError(place, fault)
    try:
        return _state(cast("_StateJson", tree))
    except ValueError as error:  # the schema knows the look of a time, not the calendar
        raise DamagedStateError(place, str(error)) from error


def _fault(tree: object) -> str | None:
    """Return where and how `tree` breaks the schema, or None."""
    try:
        fault = best_match(_validator().iter_errors(tree))
    except RecursionError:  # quoting what it found; a state itself is only a few levels deep
        return "it is nested too deeply"
    return None if fault is None else f"at {fault.json_path}: {fault.message[:_REASON_LENGTH]}"


def _without(state: State, known: State) -> State:
    """Return `state` less the resources and pending entries that `known` holds too."""
    known_pending = {id(each) for each in known.pending}
    return replace(
        state,
        resources={key: each for key, each in state.resources.items() if known.resources.get(key) is not each},
        pending=tuple(each for each in state.pending if id(each) not in known_pending),
    )


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(cast("dict[str, Any]", schemas.load("state")))


def _document(state: State) -> _StateJson:
    return {
        "version": VERSION,
        "lineage": state.lineage,
        "serial": state.serial,
        "resources": {address: _dump_resource(address, each) for address, each in state.resources.items()},
        "pending": [_dump_pending(each) for each in state.pending],
        "run": None if state.run is None else {"plan_id": state.run.plan_id, "base_serial": state.run.base_serial},
    }


def _dump_resource(address: str, resource: Resource) -> _ResourceJson:
    if address != resource.address:
        raise ValueError(f"{resource.address} stands under {address}")
    members = resource.members
    return {
        "advertiser_id": resource.advertiser_id,
        "audience_id": resource.audience_id,
        "name": resource.name,
        "delivery": resource.delivery,
        "identities": list(resource.identities),
        "prevent_destroy": resource.prevent_destroy,
        "members": None
        if members is None
        else {
            "snapshot": members.snapshot,
            "users": members.users,
            "identifiers": members.identifiers,
            "delivered_at": dump_time(members.delivered_at),
        },
        "deposed": [
            {
                "advertiser_id": each.advertiser_id,
                "audience_id": each.audience_id,
                "name": each.name,
                "since": dump_time(each.since),
            }
            for each in resource.deposed
        ],
    }


def _dump_pending(pending: Pending) -> _PendingCreateJson | _PendingDeliveryJson:
    if isinstance(pending, PendingCreate):
        return {
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
        }
    return {
        "kind": "delivery",
        "address": pending.address,
        "audience_id": pending.audience_id,
        "target": pending.target,
        "rows_done": pending.rows_done,
        "plan_id": pending.plan_id,
        "since": dump_time(pending.since),
    }


def _state(tree: _StateJson) -> State:
    # Counts go through `int`, here and below: JSON Schema takes 1.0 for an integer.
    run = tree["run"]
    return State(
        lineage=tree["lineage"],
        serial=int(tree["serial"]),
        resources={address: _resource(address, each) for address, each in tree["resources"].items()},
        pending=tuple(_pending(each) for each in tree["pending"]),
        run=None if run is None else Run(plan_id=run["plan_id"], base_serial=int(run["base_serial"])),
    )


def _resource(address: str, tree: _ResourceJson) -> Resource:
    members = tree["members"]
    return Resource(
        address=address,
        advertiser_id=tree["advertiser_id"],
        audience_id=tree["audience_id"],
        name=tree["name"],
        delivery=tree["delivery"],
        identities=tuple(tree["identities"]),
        prevent_destroy=tree["prevent_destroy"],
        members=None
        if members is None
        else Members(
            snapshot=members["snapshot"],
            users=int(members["users"]),
            identifiers=int(members["identifiers"]),
            delivered_at=parse_time(members["delivered_at"]),
        ),
        deposed=tuple(
            Deposed(
                advertiser_id=each["advertiser_id"],
                audience_id=each["audience_id"],
                name=each["name"],
                since=parse_time(each["since"]),
            )
            for each in tree["deposed"]
        ),
    )


def _pending(tree: _PendingCreateJson | _PendingDeliveryJson) -> Pending:
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
        )
    return PendingDelivery(
        address=tree["address"],
        audience_id=tree["audience_id"],
        target=tree["target"],
        rows_done=int(tree["rows_done"]),
        plan_id=tree["plan_id"],
        since=parse_time(tree["since"]),
    )
