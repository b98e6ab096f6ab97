from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.diagnostics import Location
from reconciler.plan.drift.model import Drift, Drifted, DriftKind
from reconciler.report.drift_text import render_drift

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ACME = ("acme_us", "7000000000000000001")


def test_accounts_managed_and_unmanaged_are_told_apart_with_what_to_do(printed: Callable[..., str]) -> None:
    found = (
        Drifted(
            DriftKind.ACCOUNT_STATUS,
            None,
            *ACME,
            None,
            "its status is STATUS_DISABLE, and was STATUS_ENABLE",
            "STATUS_ENABLE",
            "STATUS_DISABLE",
            last_seen=NOON - timedelta(days=1),
            remedy="apply writes nothing there",
            location=Location("audiences.yaml", 5, 3),
        ),
        Drifted(
            DriftKind.DELETED,
            "audience.a",
            *ACME,
            "7301",
            '"A" is no longer on TikTok',
            "A",
            last_seen=NOON - timedelta(days=1),
            remedy="apply creates it again",
        ),
        Drifted(
            DriftKind.RENAMED,
            "audience.b",
            *ACME,
            "7302",
            'renamed from "B" to "C"',
            "B",
            "C",
            since=NOON - timedelta(hours=2),
            by="ann@example.com",
            remedy='apply renames it to "B"',
            location=Location("audiences.yaml", 9, 3),
        ),
        Drifted(
            DriftKind.IN_USE,
            "audience.b",
            *ACME,
            "7302",
            "1 use of it began since the last apply",
            details=('ad group "Spring" (55) includes it',),
            by="ann@example.com",
            remedy="apply leaves it in use",
        ),
        Drifted(
            DriftKind.MEMBERS,
            "audience.c",
            *ACME,
            "7303",
            "its source changed: +12 / −3 identifiers since the last delivery",
            "9 people",
            "18 people",
            remedy="apply delivers the difference",
        ),
        Drifted(
            DriftKind.UNMANAGED,
            None,
            *ACME,
            "7304",
            '"D" is not in the files',
            since=NOON,
            remedy="nothing touches it",
        ),
    )
    expected = """\
Accounts that changed:

  ! acme_us (7000000000000000001) has another status
    its status is STATUS_DISABLE, and was STATUS_ENABLE
    after 2026-02-28 12:00 UTC, when an apply last saw it
    at audiences.yaml:5:3
    → apply writes nothing there

Managed audiences that changed:

  - audience.a was deleted from acme_us (7000000000000000001)
    "A" is no longer on TikTok
    after 2026-02-28 12:00 UTC, when an apply last saw it
    audience_id 7301
    → apply creates it again

  ~ audience.b was renamed in acme_us (7000000000000000001)
    renamed from "B" to "C"
    since 2026-03-01 10:00 UTC, by ann@example.com
    audience_id 7302
    at audiences.yaml:9:3
    → apply renames it to "B"

  ~ audience.b is newly used in acme_us (7000000000000000001)
    1 use of it began since the last apply
    - ad group "Spring" (55) includes it
    by ann@example.com
    audience_id 7302
    → apply leaves it in use

  ~ audience.c holds other people than its source, in acme_us (7000000000000000001)
    its source changed: +12 / −3 identifiers since the last delivery
    9 people → 18 people
    audience_id 7303
    → apply delivers the difference

Audiences that no file declares; nothing here touches them:

  ? 7304 in acme_us (7000000000000000001)
    "D" is not in the files
    since 2026-03-01 12:00 UTC
    → nothing touches it

Drift: 1 deleted, 1 renamed, 1 newly used, 1 with other people, 1 with another status, 1 unmanaged. 3 audiences checked.
"""
    assert printed(render_drift, Drift(NOON, found, checked=3)) == expected


@pytest.mark.parametrize("kind", DriftKind)
def test_every_kind_has_words_of_its_own_and_is_counted(kind: DriftKind, printed: Callable[..., str]) -> None:
    finding = Drifted(kind, "audience.a", *ACME, "7301", "something happened")
    text = printed(render_drift, Drift(NOON, (finding,), checked=1))
    assert text.endswith(". 1 audience checked.\n")
    assert "Drift: 1 " in text


def test_no_drift_is_said_in_one_line(printed: Callable[..., str]) -> None:
    assert printed(render_drift, Drift(NOON, (), checked=12)) == "No drift. 12 audiences checked.\n"


def test_people_that_were_not_looked_at_are_said(printed: Callable[..., str]) -> None:
    text = printed(render_drift, Drift(NOON, (), checked=12, skipped_members=True))
    assert text == "No drift. 12 audiences checked. People were not looked at.\n"


def test_strangers_alone_are_listed_under_their_own_heading(printed: Callable[..., str]) -> None:
    stranger = Drifted(DriftKind.UNMANAGED, None, *ACME, "7304", '"D" is not in the files')
    text = printed(render_drift, Drift(NOON, (stranger,), checked=1))
    assert text.startswith("Audiences that no file declares; nothing here touches them:\n")
    assert text.endswith("\nDrift: 1 unmanaged. 1 audience checked.\n")
