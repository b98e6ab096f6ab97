"""Drift as JSON: what `drift --format json` prints, in the shape of ``schemas/drift.schema.json``."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from reconciler.plan.drift.model import DriftKind
from reconciler.plan.encode import timestamp

if TYPE_CHECKING:
    from reconciler.plan.drift.model import Drift

DRIFT_FORMAT_VERSION: Final = 1


def drift_document(drift: Drift) -> dict[str, object]:
    """Return `drift` as plain values, ready for JSON; None stands where there is nothing to say."""
    kinds = Counter(each.kind for each in drift.found)
    return {
        "format_version": DRIFT_FORMAT_VERSION,
        "checked_at": timestamp(drift.checked_at),
        "checked": drift.checked,
        "summary": {str(kind): kinds[kind] for kind in DriftKind},
        "drift": [asdict(each) | {"kind": str(each.kind)} for each in drift.found],
    }
