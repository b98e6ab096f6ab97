"""Warnings: shown with the plan, stopping nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from reconciler.config.model import Delivery, FileOptions, Lifecycle
from reconciler.diagnostics import Location, error
from reconciler.identity.model import Rejected
from reconciler.plan.build import build
from reconciler.tiktok.model import AudienceKind, Role
from tests.plan.conftest import (
    NEVER_DELIVERED,
    NOW,
    UNCHANGED,
    audience,
    delivered,
    desired,
    facts,
    inputs,
    owned,
    planned,
    remote,
    resource,
    there,
    warnings,
)

STATE = owned(resource(members=delivered()))
PLACE = Location("audiences.yaml", 4, 3)


def test_a_plan_with_nothing_to_say_says_nothing() -> None:
    assert planned(desired(audience()), remote(there()), state=STATE).diagnostics == ()


# Accounts


def test_a_role_that_cannot_be_read_is_pointed_out_at_the_account() -> None:
    files = desired(audience(), places={("advertisers", "us"): PLACE})

    (warning,) = planned(files, remote(there(), role=Role.UNKNOWN), state=STATE).diagnostics

    assert not warning.is_error
    assert "advertiser us: your role" in warning.summary
    assert "Operator or Admin" in warning.detail
    assert warning.location == PLACE


@pytest.mark.parametrize(
    ("name", "expected", "found"),
    [
        ("status", "STATUS_LIMIT", "STATUS_ENABLE"),
        ("currency", "EUR", "USD"),
        ("timezone", "Europe/Berlin", "America/New_York"),
        ("name", "Other", "Acme"),
    ],
)
def test_an_account_that_is_not_as_expected_is_pointed_out_at_the_line(name: str, expected: str, found: str) -> None:
    files = desired(audience(), expect={name: expected}, places={("advertisers", "us", "expect", name): PLACE})

    (warning,) = planned(files, remote(there()), state=STATE).diagnostics

    assert warning.summary == f"advertiser us: {name} is {found}, expected {expected}"
    assert warning.location == PLACE


def test_an_account_that_is_as_expected_is_not_pointed_out() -> None:
    files = desired(audience(), expect={"status": "STATUS_ENABLE", "currency": "USD"})

    assert warnings(planned(files, remote(there()), state=STATE)) == []


def test_each_expectation_that_fails_is_told() -> None:
    files = desired(audience(), expect={"status": "STATUS_ENABLE", "currency": "EUR", "name": "Other"})

    assert len(warnings(planned(files, remote(there()), state=STATE))) == 2


# Health


def test_what_tiktok_reports_is_passed_on() -> None:
    plan = planned(desired(audience()), remote(there(error_msg="File expired")), state=STATE)

    assert warnings(plan) == ["audience.buyers: TikTok reports: File expired"]


def test_an_audience_about_to_expire_is_pointed_out_with_the_day() -> None:
    expiring = there(is_expiring=True, expires_at=datetime(2026, 4, 2, 3, tzinfo=UTC))

    plan = planned(desired(audience()), remote(expiring), state=STATE)

    assert warnings(plan) == ["audience.buyers: expires on 2026-04-02"]


def test_an_audience_about_to_expire_on_a_day_tiktok_does_not_tell_is_pointed_out() -> None:
    plan = planned(desired(audience()), remote(there(is_expiring=True)), state=STATE)

    assert warnings(plan) == ["audience.buyers: expires within 60 days"]


@pytest.mark.parametrize(
    ("lives", "advice"), [(None, "changing it renews it"), (30, "Nothing renews it: it was made to")]
)
def test_what_renews_it_depends_on_how_long_it_was_made_to_live(lives: int | None, advice: str) -> None:
    made = resource(delivery="file", retention_in_days=lives, members=delivered())
    file = there(kind=AudienceKind.FILE, is_expiring=True)
    files = desired(audience(delivery=Delivery.FILE, file=FileOptions(retention_in_days=lives)))

    (expiring,) = planned(files, remote(file), state=owned(made)).diagnostics

    assert advice in expiring.detail


def test_an_audience_that_moves_account_is_looked_for_where_it_is() -> None:
    files = desired(audience(advertiser="eu"))

    assert warnings(planned(files, remote(there(error_msg="File expired")), state=STATE)) == [
        "audience.buyers: TikTok reports: File expired"
    ]


# People


@pytest.mark.parametrize(("users", "warned"), [(999, True), (1000, False)])
def test_too_few_people_are_pointed_out(users: int, *, warned: bool) -> None:
    plan = planned(desired(audience()), members={"buyers": facts(users, add=users, of=0)})

    assert warnings(plan) == (["audience.buyers: 999 people, fewer than 1,000"] if warned else [])
    assert all("TikTok shows no audience" in each.detail for each in plan.diagnostics)


def test_fewer_people_than_the_files_ask_for_are_pointed_out() -> None:
    files = desired(audience(lifecycle=Lifecycle(minimum_users=5000)))

    (warning,) = planned(files, members={"buyers": NEVER_DELIVERED}).diagnostics

    assert warning.summary == "audience.buyers: 2,000 people, fewer than 5,000"
    assert warning.detail == "lifecycle.minimum_users asks for more."


def test_malformed_identifiers_are_counted_and_shown_masked_at_their_column() -> None:
    files = desired(audience(), places={("sources", "customers", "identities", "idfa"): PLACE})
    rejected = Rejected(malformed=12_000, examples=("aaa-999", "99"))

    (warning,) = planned(files, members={"buyers": facts(add=2000, of=0, rejected=rejected)}).diagnostics

    assert warning.summary == "audience.buyers: 12,000 idfa values are malformed and not sent"
    assert "aaa-999, 99" in warning.detail
    assert warning.location == PLACE


def test_one_malformed_identifier_is_one_value() -> None:
    plan = planned(desired(audience()), members={"buyers": facts(add=2000, of=0, rejected=Rejected(malformed=1))})

    assert warnings(plan) == ["audience.buyers: 1 idfa value is malformed and not sent"]


def test_blank_and_untracked_identifiers_are_nothing_to_warn_about() -> None:
    rejected = Rejected(untracked=500, blank=500)

    assert warnings(planned(desired(audience()), members={"buyers": facts(of=0, rejected=rejected)})) == []


def test_people_already_in_an_imported_audience_are_pointed_out() -> None:
    plan = planned(desired(audience(import_id="1")), remote(there()), members={"buyers": NEVER_DELIVERED})

    assert warnings(plan) == ["audience.buyers: people already in 1 cannot be seen"]


def test_an_import_that_delivers_nobody_has_nothing_to_say_about_people() -> None:
    assert warnings(planned(desired(audience(import_id="1", source=None)), remote(there()))) == []


# What there is to know already


def test_findings_made_while_gathering_are_shown_first() -> None:
    finding = error("source customers: no such file")
    given = replace(inputs(desired(audience()), members={"buyers": facts(10, of=0)}), findings=(finding,))

    plan = build(given, plan_id="plan", now=NOW)

    assert plan.diagnostics[0] == finding
    assert plan.errors == (finding,)
    assert len(plan.diagnostics) == 2


def test_warnings_alone_stop_nothing() -> None:
    plan = planned(desired(audience()), remote(role=Role.UNKNOWN), members={"buyers": UNCHANGED})

    assert plan.diagnostics != ()
    assert plan.errors == ()
    assert plan.blocked == ()
