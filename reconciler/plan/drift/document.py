"""Drift as JSON: what `drift --format json` prints, and `show` reads back, in the shape of ``drift.schema.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.plan.decode import damaged
from reconciler.plan.drift.model import DRIFT_FORMAT_VERSION, DriftKind
from reconciler.plan.drift.reading import DRIFT_FILE, DriftFileError, checked, drift_of
from reconciler.plan.encode import location_document, timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.plan.drift.model import Drift, Drifted

__all__ = ["DriftFileError", "drift_document", "parse_drift"]


def drift_document(drift: Drift) -> dict[str, object]:
    """Return `drift` as plain values, ready for JSON; None stands where there is nothing to say."""
    return {
        "format_version": DRIFT_FORMAT_VERSION,
        "checked_at": timestamp(drift.checked_at),
        "checked": drift.checked,
        "skipped_members": drift.skipped_members,
        "summary": {str(kind): drift.counts.get(kind, 0) for kind in DriftKind},
        "drift": [_drifted(each) for each in drift.found],
    }


def parse_drift(raw: bytes, name: str) -> Drift:
    """Read a drift report.

    Args:
        raw: The whole file.
        name: What to call it in an error: its path, for example.

    Raises:
        DriftFileError: It is not JSON, not a drift report, of another format version, or damaged.
    """
    document = checked(raw, name)
    try:
        return drift_of(document)
    except ValueError as why:  # the schema lets the 31st of February pass, the calendar does not
        raise damaged(name, str(why), DRIFT_FILE) from None


def _drifted(drifted: Drifted) -> dict[str, object]:
    return {
        "kind": str(drifted.kind),
        "address": drifted.address,
        "advertiser": drifted.advertiser,
        "advertiser_id": drifted.advertiser_id,
        "audience_id": drifted.audience_id,
        "summary": drifted.summary,
        "before": drifted.before,
        "after": drifted.after,
        "details": list(drifted.details),
        "since": _time(drifted.since),
        "last_seen": _time(drifted.last_seen),
        "by": drifted.by,
        "remedy": drifted.remedy,
        "location": location_document(drifted.location),
    }


def _time(at: datetime | None) -> str | None:
    return timestamp(at) if at else None
