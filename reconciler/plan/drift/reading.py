"""From the bytes of a drift report to the drift it tells: everything is checked before any of it is believed."""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypedDict, cast

from reconciler.errors import ReconcilerError
from reconciler.plan.decode import Format, LocationDocument, decode, location_of
from reconciler.plan.drift.model import DRIFT_FORMAT_VERSION, Drift, Drifted, DriftKind


class DriftFileError(ReconcilerError):
    """The file is not a drift report that this version can show."""


DRIFT_FILE: Final = Format(
    noun="a drift report",
    schema="drift",
    marks=frozenset({"format_version", "checked_at", "drift"}),
    oldest=DRIFT_FORMAT_VERSION,
    newest=DRIFT_FORMAT_VERSION,
    error=DriftFileError,
    again="Make one with `reconciler drift --format json -o FILE`.",
    renew="look for drift again with this one",
    damage="It was changed after it was made. Make one with `reconciler drift --format json -o FILE`.",
)


class _Drifted(TypedDict):
    kind: str
    address: str | None
    advertiser: str
    advertiser_id: str
    audience_id: str | None
    summary: str
    before: str | None
    after: str | None
    details: list[str]
    since: str | None
    last_seen: str | None
    by: str | None
    remedy: str
    location: LocationDocument | None


class DriftDocument(TypedDict):
    """A drift report whose every value has been checked against ``drift.schema.json``."""

    format_version: int
    checked_at: str
    checked: int
    skipped_members: bool
    summary: dict[str, int]
    drift: list[_Drifted]


def checked(raw: bytes, name: str) -> DriftDocument:
    """Return what a report says once its shape is certain; DriftFileError, calling it `name`, otherwise."""
    return cast("DriftDocument", decode(raw, name, DRIFT_FILE))


def drift_of(document: DriftDocument) -> Drift:
    """Return the drift a checked document holds; ValueError where a time of it is none the calendar has."""
    return Drift(
        checked_at=datetime.fromisoformat(document["checked_at"]),
        found=tuple(_drifted(each) for each in document["drift"]),
        checked=int(document["checked"]),  # JSON Schema takes 1.0 for an integer
        skipped_members=document["skipped_members"],
    )


def _drifted(document: _Drifted) -> Drifted:
    return Drifted(
        kind=DriftKind(document["kind"]),
        address=document["address"],
        advertiser=document["advertiser"],
        advertiser_id=document["advertiser_id"],
        audience_id=document["audience_id"],
        summary=document["summary"],
        before=document["before"],
        after=document["after"],
        details=tuple(document["details"]),
        since=_time(document["since"]),
        last_seen=_time(document["last_seen"]),
        by=document["by"],
        remedy=document["remedy"],
        location=location_of(document["location"]),
    )


def _time(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)
