from __future__ import annotations

from datetime import timedelta

import pytest

from reconciler.plan.drift.model import Drift, Drifted, DriftKind
from reconciler.report.html import drift_page
from tests.report.html.pieces import ALL_DRIFT, DRIFT_PAST, NOON, SPRING, drifted, points
from tests.report.html.reading import read


def text(*found: Drifted) -> str:
    return read(drift_page(Drift(NOON, found, 12), {})).text


def test_no_drift_says_so_and_how_much_was_looked_at() -> None:
    assert "No drift 12 managed audiences looked at." in text()


def test_the_headline_counts_findings_and_whom_they_are_about() -> None:
    twice = (drifted(kind, address="audience.vip") for kind in (DriftKind.RENAMED, DriftKind.EDITED))
    assert "3 findings about 1 account and 1 audience" in text(drifted(DriftKind.ACCOUNT_ROLE), *twice)


def test_audiences_that_nobody_manages_are_no_drift_and_folded() -> None:
    page = text(drifted(DriftKind.UNMANAGED, 1), drifted(DriftKind.UNMANAGED, 2))
    assert "No drift" in page
    assert "On TikTok, in no file: 2 unmanaged 1 is not as it was" in page


@pytest.mark.parametrize("kind", DriftKind)
def test_every_kind_is_counted_told_and_offered_as_a_filter(kind: DriftKind) -> None:
    page = drift_page(Drift(NOON, (drifted(kind),), 1), {})
    assert f"{kind} 0 is not as it was" in page
    assert len(read(page).all("option", value=str(kind))) == 1
    assert len(read(page).all("li", **{"data-k": str(kind)})) == 1


def test_it_is_told_since_when_by_whom_where_and_what_is_done_about_it() -> None:
    page = read(drift_page(ALL_DRIFT, {})).text
    assert f"{SPRING} Since 2026-03-01 12:00 UTC By jane@example.com Declared at a.yaml:3:5 apply puts it right" in page


def test_where_tiktok_does_not_tell_when_it_was_after_the_last_good_look() -> None:
    page = text(drifted(DriftKind.RENAMED, last_seen=NOON - timedelta(days=1)))
    assert "After 2026-02-28 12:00 UTC, when an apply last saw it as it should be" in page


def test_the_programs_editor_is_explained() -> None:
    assert "By a program, through TikTok's API (open_api)" in text(drifted(DriftKind.EDITED, by="open_api"))


def test_what_was_and_what_is_are_shown_unless_the_sentence_says_them() -> None:
    told = drifted(DriftKind.RENAMED, summary='renamed from "a" to "b"', before="a", after="b")
    assert "a → b" not in text(told)
    assert "USD → EUR" in text(drifted(DriftKind.EXPECTATION, before="USD", after="EUR"))
    assert "Lapsed → nothing" in text(drifted(DriftKind.DELETED, before="Lapsed"))


def test_all_that_is_found_about_an_audience_stands_together_over_its_past() -> None:
    found = tuple(drifted(kind, address="audience.vip") for kind in (DriftKind.RENAMED, DriftKind.EDITED))
    page = drift_page(Drift(NOON, found, 1), {"audience.vip": points((100, 200))})
    assert page.count("<article") == 1
    assert page.index("edited 0 is") < page.index("<summary>History")


def test_the_past_of_audiences_with_no_finding_is_there_as_well() -> None:
    page = drift_page(ALL_DRIFT, DRIFT_PAST)
    assert page.index("Audiences without findings: 1") < page.index("audience.steady")


def test_it_is_said_when_people_were_not_looked_at() -> None:
    assert "People were not looked at (--skip-members)." in drift_page(Drift(NOON, (), 1, skipped_members=True), {})
