from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.plan.drift.model import Drift, Drifted, DriftKind
from reconciler.report.drift_text import render_drift

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ACME = ("acme_us", "7000000000000000001")


def test_managed_and_unmanaged_are_told_apart_with_what_to_do(printed: Callable[..., str]) -> None:
    found = (
        Drifted(
            DriftKind.DELETED,
            "audience.a",
            *ACME,
            "7301",
            '"A" is no longer on TikTok',
            "A",
            None,
            "apply creates it again",
        ),
        Drifted(
            DriftKind.RENAMED,
            "audience.b",
            *ACME,
            "7302",
            'renamed from "B" to "C"',
            "B",
            "C",
            'apply renames it to "B"',
        ),
        Drifted(
            DriftKind.MEMBERS,
            "audience.c",
            *ACME,
            "7303",
            "its source changed: +12 / −3 identifiers since the last delivery",
            "9 people",
            "18 people",
            "apply delivers the difference",
        ),
        Drifted(DriftKind.UNMANAGED, None, *ACME, "7304", '"D" is not in the files', remedy="nothing touches it"),
    )
    expected = """\
Managed audiences that changed:

  - audience.a was deleted from acme_us (7000000000000000001)
    "A" is no longer on TikTok
    audience_id 7301
    → apply creates it again

  ~ audience.b was renamed in acme_us (7000000000000000001)
    renamed from "B" to "C"
    audience_id 7302
    → apply renames it to "B"

  ~ audience.c holds other people than its source, in acme_us (7000000000000000001)
    its source changed: +12 / −3 identifiers since the last delivery
    9 people → 18 people
    audience_id 7303
    → apply delivers the difference

Audiences that no file declares; nothing here touches them:

  ? 7304 in acme_us (7000000000000000001)
    "D" is not in the files
    → nothing touches it

Drift: 1 deleted, 1 renamed, 1 with other people, 1 unmanaged. 3 audiences checked.
"""
    assert printed(render_drift, Drift(NOON, found, checked=3)) == expected


def test_no_drift_is_said_in_one_line(printed: Callable[..., str]) -> None:
    assert printed(render_drift, Drift(NOON, (), checked=12)) == "No drift. 12 audiences checked.\n"


def test_strangers_alone_are_listed_under_their_own_heading(printed: Callable[..., str]) -> None:
    stranger = Drifted(DriftKind.UNMANAGED, None, *ACME, "7304", '"D" is not in the files')
    text = printed(render_drift, Drift(NOON, (stranger,), checked=1))
    assert text.startswith("Audiences that no file declares; nothing here touches them:\n")
    assert text.endswith("\nDrift: 1 unmanaged. 1 audience checked.\n")
