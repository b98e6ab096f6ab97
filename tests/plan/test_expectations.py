"""What the files expect of an account: told by a plan at its line, and by drift in the same words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler import schemas
from reconciler.config.model import Advertiser
from reconciler.diagnostics import Location
from reconciler.plan.drift.detect import detect
from reconciler.plan.drift.model import DriftKind
from reconciler.plan.expectations import Expectation, unmet
from reconciler.tiktok.model import Account, Role
from tests.plan.conftest import NOW, US, desired, inputs, planned, remote

if TYPE_CHECKING:
    from reconciler.config.model import Config, KeyPath
    from reconciler.diagnostics import Diagnostic
    from reconciler.plan.drift.model import Drifted
    from reconciler.tiktok.model import Remote

HERE, THERE = "7100000000000000001", "7100000000000000002"
ACCOUNT = Account(US, "Acme", "STATUS_ENABLE", "USD", "America/New_York", Role.ADMIN, HERE)
PLACE = Location("audiences.yaml", 7, 15)


def expecting(**expect: str) -> Advertiser:
    return Advertiser("us", US, expect=expect)


def at_home(home: str | None) -> Remote:
    there = remote(role=Role.ADMIN)
    return replace(there, account=replace(there.account, business_center_id=home))


def files_expecting(expect: dict[str, str]) -> Config:
    places: dict[KeyPath, Location] = {("advertisers", "us", "expect", name): PLACE for name in expect}
    return desired(expect=expect, places=places)


def warned(home: str | None, **expect: str) -> list[Diagnostic]:
    return list(planned(files_expecting(expect), at_home(home)).diagnostics)


def drifted(home: str | None, **expect: str) -> list[Drifted]:
    return list(detect(inputs(files_expecting(expect), at_home(home)), now=NOW).found)


# The comparison ------------------------------------------------------------------------------------------------------


def test_an_account_of_which_nothing_is_expected_is_as_expected() -> None:
    assert unmet(Advertiser("us", US), ACCOUNT) == ()


def test_an_account_that_is_all_that_is_expected_is_as_expected() -> None:
    as_it_is = expecting(
        name="Acme",
        status="STATUS_ENABLE",
        currency="USD",
        timezone="America/New_York",
        business_center_id=HERE,
    )
    assert unmet(as_it_is, ACCOUNT) == ()


def test_each_expectation_that_is_not_met_is_returned_by_name() -> None:
    assert unmet(expecting(timezone="UTC", currency="EUR", name="Acme", business_center_id=THERE), ACCOUNT) == (
        Expectation("business_center_id", THERE, HERE),
        Expectation("currency", "EUR", "USD"),
        Expectation("timezone", "UTC", "America/New_York"),
    )


def test_an_account_in_no_business_center_that_can_be_read_is_found_in_none() -> None:
    nowhere = replace(ACCOUNT, business_center_id=None)
    assert unmet(expecting(business_center_id=HERE), nowhere) == (Expectation("business_center_id", HERE, None),)


def test_what_tiktok_does_not_tell_is_not_as_expected() -> None:
    assert unmet(expecting(currency="USD"), replace(ACCOUNT, currency="")) == (Expectation("currency", "USD", None),)


def test_where_the_role_is_looked_up_is_no_expectation() -> None:
    assert unmet(Advertiser("us", US, business_center_id=THERE), ACCOUNT) == ()


def test_whatever_the_schema_lets_people_expect_is_compared() -> None:
    schema: dict[str, Any] = schemas.load("audiences")
    expectable = schema["$defs"]["advertiser"]["properties"]["expect"]["properties"]
    found = unmet(expecting(**dict.fromkeys(expectable, "something else")), ACCOUNT)
    assert [each.name for each in found] == sorted(expectable)


_THERE = {
    "name": ACCOUNT.name,
    "status": ACCOUNT.status,
    "currency": ACCOUNT.currency,
    "timezone": ACCOUNT.timezone,
    "business_center_id": HERE,
}


@given(st.dictionaries(st.sampled_from(sorted(_THERE)), st.text() | st.sampled_from(sorted(_THERE.values()))))
def test_what_is_returned_is_what_differs_and_all_of_it(expect: dict[str, str]) -> None:
    found = unmet(expecting(**expect), ACCOUNT)
    assert {each.name: each.wanted for each in found} == {
        name: wanted for name, wanted in expect.items() if wanted != _THERE[name]
    }
    assert all(each.found == _THERE[each.name] for each in found)


# In a plan, and as drift ---------------------------------------------------------------------------------------------


def test_a_plan_warns_at_the_line_and_says_the_way_out() -> None:
    (found,) = warned(HERE, currency="EUR")
    assert (found.is_error, found.location) == (False, PLACE)
    assert found.summary == "advertiser us: currency is USD, expected EUR"
    assert found.detail == "Make sure that advertiser_id names the account you mean, or change `expect`."


def test_drift_has_both_values_and_the_line() -> None:
    (found,) = drifted(HERE, currency="EUR")
    assert (found.kind, found.before, found.after, found.location) == (DriftKind.EXPECTATION, "EUR", "USD", PLACE)
    assert found.summary == "currency is USD, expected EUR"
    assert found.remedy.startswith("apply cannot change it. Make sure that advertiser_id")


@pytest.mark.parametrize(
    ("home", "summary", "way_out"),
    [
        (
            None,
            f"it is not seen in Business Center {HERE}, where it is expected",
            f"Ask an admin of Business Center {HERE} for the account and a role on it; or change `expect`.",
        ),
        (
            THERE,
            f"business_center_id is {THERE}, expected {HERE}",
            f'If it is in both, write business_center_id: "{HERE}" beside `expect`; if not, change `expect`.',
        ),
    ],
)
def test_an_account_that_is_not_in_the_business_center_it_should_be_in_is_told(
    home: str | None, summary: str, way_out: str
) -> None:
    (warning,) = warned(home, business_center_id=HERE)
    assert (warning.summary, warning.detail, warning.location) == (f"advertiser us: {summary}", way_out, PLACE)
    (found,) = drifted(home, business_center_id=HERE)
    assert (found.summary, found.before, found.after) == (summary, HERE, home)
    assert found.remedy.endswith(way_out)


@pytest.mark.parametrize(("name", "way_out"), [("name", "Rename the account"), ("status", "Ask the account's admin")])
def test_the_way_out_is_that_of_what_is_expected(name: str, way_out: str) -> None:
    (found,) = warned(HERE, **{name: "something else"})
    assert found.detail.startswith(way_out)


def test_what_tiktok_does_not_tell_is_said_not_to_be_told() -> None:
    there = remote()
    silent = replace(there, account=replace(there.account, currency=""))
    (found,) = planned(desired(expect={"currency": "USD"}), silent).diagnostics
    assert found.summary == "advertiser us: TikTok tells no currency, expected USD"


def test_of_an_account_that_tiktok_does_not_describe_nothing_is_said_to_be_otherwise() -> None:
    undescribed = replace(remote(), account=Account(US, "", "", "", ""))
    files = desired(expect={"currency": "USD"})
    assert [each for each in planned(files, undescribed).diagnostics if "expected" in each.summary] == []
    assert DriftKind.EXPECTATION not in detect(inputs(files, undescribed), now=NOW).counts
