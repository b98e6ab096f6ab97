"""From the bytes of a plan file to a plan: everything it says is checked before any of it is believed."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NotRequired, TypedDict, cast

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.errors import ReconcilerError
from reconciler.plan.decode import Format, LocationDocument, decode, location_of
from reconciler.plan.model import (
    FORMAT_VERSION,
    Action,
    ActionKind,
    Attributes,
    Block,
    Change,
    Guard,
    MemberChange,
    Plan,
)


class PlanFileError(ReconcilerError):
    """The file is not a plan that this version can show or apply."""


PLAN_FILE: Final = Format(
    noun="a plan",
    schema="plan",
    marks=frozenset({"format_version", "plan_id", "actions"}),
    oldest=1,
    newest=FORMAT_VERSION,
    error=PlanFileError,
    again="Make one with `reconciler plan --out FILE`.",
    renew="plan again with this one",
    damage="It was changed after it was made. Plan again: a plan file is never edited by hand.",
)


class _Diagnostic(TypedDict):
    severity: str
    summary: str
    detail: str
    location: LocationDocument | None


class _Attributes(TypedDict):
    name: str
    advertiser_id: str
    delivery: str
    identities: list[str]
    prevent_destroy: bool
    retention_in_days: NotRequired[int | None]
    audience_sub_type: NotRequired[str]


class _Change(TypedDict):
    path: str
    before: object
    after: object


class _Members(TypedDict):
    users: int
    users_before: int | None
    identifiers: int
    add: int
    remove: int
    set: str
    recipe: NotRequired[str | None]


class _Block(TypedDict):
    guard: str
    message: str
    details: list[str]
    way_out: str


class _Action(TypedDict):
    address: str
    action: str
    advertiser: str
    advertiser_id: str
    audience_id: str | None
    before: _Attributes | None
    after: _Attributes | None
    changes: list[_Change]
    members: _Members | None
    reason: str
    blocked_by: list[_Block]
    previous_address: str | None
    kept_by: list[str]
    location: NotRequired[LocationDocument | None]


class PlanDocument(TypedDict):
    """A plan file whose every value has been checked against ``schemas/plan.schema.json``."""

    format_version: int
    plan_id: str
    lineage: str
    serial: int
    created_at: str
    summary: dict[str, int]
    actions: list[_Action]
    diagnostics: list[_Diagnostic]
    skipped_members: bool
    targets: list[str]


def checked(raw: bytes, name: str) -> PlanDocument:
    """Return what a plan file says once its shape is certain; PlanFileError, calling it `name`, otherwise."""
    return cast("PlanDocument", decode(raw, name, PLAN_FILE))


def plan_of(document: PlanDocument) -> Plan:
    """Return the plan a checked document holds; ValueError where its time is none the calendar has."""
    return Plan(
        plan_id=document["plan_id"],
        lineage=document["lineage"],
        serial=document["serial"],
        created_at=datetime.fromisoformat(document["created_at"]),
        actions=tuple(_action(each) for each in document["actions"]),
        diagnostics=tuple(_diagnostic(each) for each in document["diagnostics"]),
        skipped_members=document["skipped_members"],
        targets=tuple(document["targets"]),
    )


def _action(document: _Action) -> Action:
    return Action(
        address=document["address"],
        kind=ActionKind(document["action"]),
        advertiser=document["advertiser"],
        advertiser_id=document["advertiser_id"],
        audience_id=document["audience_id"],
        before=_attributes(document["before"]),
        after=_attributes(document["after"]),
        changes=tuple(
            Change(each["path"], _frozen(each["before"]), _frozen(each["after"])) for each in document["changes"]
        ),
        members=_members(document["members"]),
        reason=document["reason"],
        blocked_by=tuple(_block(each) for each in document["blocked_by"]),
        previous_address=document["previous_address"],
        kept_by=tuple(document["kept_by"]),
        location=location_of(document.get("location")),
    )


def _attributes(document: _Attributes | None) -> Attributes | None:
    if document is None:
        return None
    return Attributes(
        name=document["name"],
        advertiser_id=document["advertiser_id"],
        delivery=document["delivery"],
        identities=tuple(document["identities"]),
        prevent_destroy=document["prevent_destroy"],
        retention_in_days=document.get("retention_in_days"),
        audience_sub_type=document.get("audience_sub_type", "NORMAL"),
    )


def _members(document: _Members | None) -> MemberChange | None:
    if document is None:
        return None
    return MemberChange(
        set_digest=document["set"],
        users_before=document["users_before"],
        users=document["users"],
        identifiers=document["identifiers"],
        add=document["add"],
        remove=document["remove"],
        recipe=document.get("recipe"),
    )


def _block(document: _Block) -> Block:
    return Block(Guard(document["guard"]), document["message"], tuple(document["details"]), document["way_out"])


def _diagnostic(document: _Diagnostic) -> Diagnostic:
    return Diagnostic(
        Severity(document["severity"]), document["summary"], document["detail"], location_of(document["location"])
    )


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
