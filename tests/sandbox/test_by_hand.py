"""Whatever can become of an audience behind the files, made by hand and seen through the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.sandbox import SandboxError
from tests.sandbox.conftest import ADVERTISER, SECOND_ADVERTISER

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.sandbox import Controls, Sandbox
    from tests.sandbox.conftest import Api

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOBODYS = "7300000000000000042"

KINDS = (
    "Partner Audience",
    "Customer File Audience",
    "Lookalike Audience",
    "Website Audience",
    "App Activity Audience",
    "Engagement Audience",
    "Lead Generation",
    "Rule Business Account",
    "Rule ad shop",
    "Challenge",
    "Preferred Population",
)


def large(sandbox: Sandbox, **fields: Any) -> str:
    """Make an audience that is valid."""
    return sandbox.controls.add_audience(ADVERTISER, "Buyers", **{"cover_num": 5000, **fields})


def validity(api: Api, audience_id: str) -> tuple[bool, bool]:
    entry = api.listed(audience_id)
    return entry["is_valid"], entry["is_expiring"]


@pytest.mark.parametrize(
    ("left", "is_valid", "is_expiring"),
    [
        (timedelta(days=365), True, False),
        (timedelta(days=61), True, False),
        (timedelta(days=60), True, True),
        (timedelta(seconds=1), True, True),
        (timedelta(0), False, False),
        (timedelta(days=-400), False, False),
    ],
)
def test_an_audience_expires_when_it_is_told_to(
    api: Api, sandbox: Sandbox, left: timedelta, is_valid: bool, is_expiring: bool
) -> None:
    audience_id = large(sandbox)

    sandbox.controls.set_expiry(audience_id, NOW + left)

    assert validity(api, audience_id) == (is_valid, is_expiring)
    assert api.listed(audience_id)["expired_time"] == f"{NOW + left:%Y-%m-%d %H:%M:%S}"


def test_the_virtual_clock_runs_towards_an_expiry(api: Api, sandbox: Sandbox) -> None:
    audience_id = large(sandbox)
    sandbox.controls.set_expiry(audience_id, NOW + timedelta(days=61))
    seen = [validity(api, audience_id)]
    for days in (1, 60):
        sandbox.controls.advance(24 * days)
        seen.append(validity(api, audience_id))

    assert seen == [(True, False), (True, True), (False, False)]


def test_what_renews_an_audience_renews_an_expired_one(api: Api, sandbox: Sandbox) -> None:
    audience_id = large(sandbox)
    sandbox.controls.set_expiry(audience_id, NOW)

    sandbox.controls.add_ad_group(ADVERTISER, "Spring", includes=[audience_id])

    assert validity(api, audience_id) == (True, False)


def test_nothing_renews_an_audience_with_a_retention(api: Api, sandbox: Sandbox) -> None:
    audience_id = large(sandbox, retention_in_days=30)
    sandbox.controls.set_expiry(audience_id, NOW)

    sandbox.controls.add_ad_group(ADVERTISER, "Spring", includes=[audience_id])
    sandbox.controls.rename(audience_id, "Renamed")

    assert validity(api, audience_id) == (False, False)


@given(days=st.integers(-400, 30), retention=st.none() | st.integers(30, 365))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_an_audience_is_never_younger_than_its_expiry_says(
    api: Api, sandbox: Sandbox, days: int, retention: int | None
) -> None:
    audience_id = large(sandbox, retention_in_days=retention, expires=NOW + timedelta(days=days))

    entry = api.listed(audience_id)
    sandbox.controls.delete(audience_id)

    life = timedelta(days=retention or 365)
    assert datetime.fromisoformat(entry["create_time"]) <= datetime.fromisoformat(entry["expired_time"]) - life


def test_no_audience_outlives_its_whole_life(sandbox: Sandbox) -> None:
    for retention, days in ((None, 366), (30, 31)):
        audience_id = large(sandbox, retention_in_days=retention)
        with pytest.raises(SandboxError, match="days at most"):
            sandbox.controls.set_expiry(audience_id, NOW + timedelta(days=days))


def test_a_time_without_a_zone_is_no_time(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="no zone"):
        sandbox.controls.set_expiry(large(sandbox), datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused


def test_an_audience_that_failed_is_not_valid_until_it_is_well_again(api: Api, sandbox: Sandbox) -> None:
    audience_id = large(sandbox)

    sandbox.controls.set_error(audience_id, "Source file could not be read.")
    failed = api.listed(audience_id)
    sandbox.controls.set_error(audience_id, "")
    well = api.listed(audience_id)

    assert (failed["error_msg"], failed["is_valid"]) == ("Source file could not be read.", False)
    assert (well["error_msg"], well["is_valid"]) == ("", True)


@pytest.mark.parametrize(("people", "is_valid"), [(0, False), (999, False), (1_000, True), (2_000_000, True)])
def test_matches_by_hand_show_at_once(api: Api, sandbox: Sandbox, people: int, is_valid: bool) -> None:
    audience_id = large(sandbox)

    sandbox.controls.set_matched(audience_id, people)

    assert (api.listed(audience_id)["cover_num"], api.listed(audience_id)["is_valid"]) == (people, is_valid)


def test_matches_by_hand_survive_the_count_of_members_that_was_to_come(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    api.fill(audience_id, 20)

    sandbox.controls.set_matched(audience_id, 7)
    sandbox.controls.advance(48)

    assert api.listed(audience_id)["cover_num"] == 7
    assert sandbox.controls.member_count(audience_id) == 20


def test_the_next_change_of_members_brings_a_count_of_its_own(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    sandbox.controls.set_matched(audience_id, 7)

    api.fill(audience_id, 20)
    sandbox.controls.advance(24)

    assert api.listed(audience_id)["cover_num"] == 20


def test_an_audience_that_was_emptied_holds_nobody(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    api.fill(audience_id, 20)
    sandbox.controls.advance(24)

    sandbox.controls.empty(audience_id)

    assert (api.listed(audience_id)["cover_num"], sandbox.controls.members(audience_id)) == (0, frozenset())


def test_an_audience_that_was_emptied_can_be_filled_again(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    api.fill(audience_id, 20)
    sandbox.controls.empty(audience_id)

    api.fill(audience_id, 20)
    sandbox.controls.advance(24)

    assert api.listed(audience_id)["cover_num"] == 20


def test_an_audience_is_shared_and_unshared(api: Api, sandbox: Sandbox) -> None:
    audience_id = large(sandbox)

    sandbox.controls.share(audience_id, SECOND_ADVERTISER)
    shared = api.listed(audience_id)["shared"], api.listed(audience_id, SECOND_ADVERTISER)["is_creator"]
    sandbox.controls.unshare(audience_id, SECOND_ADVERTISER)

    assert shared == (True, False)
    assert not api.listed(audience_id)["shared"]


def test_a_person_shares_inside_one_business_center_only(sandbox: Sandbox) -> None:
    audience_id = large(sandbox)
    sandbox.controls.outside_business_center(SECOND_ADVERTISER)

    for recipient, why in ((SECOND_ADVERTISER, "Business Center"), (ADVERTISER, "the owner"), ("7", "no advertiser 7")):
        with pytest.raises(SandboxError, match=why):
            sandbox.controls.share(audience_id, recipient)


def test_a_person_cannot_end_what_is_not_shared(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="not shared"):
        sandbox.controls.unshare(large(sandbox), SECOND_ADVERTISER)


def test_a_sub_type_goes_one_way_for_a_person_too(api: Api, sandbox: Sandbox) -> None:
    audience_id = large(sandbox)

    sandbox.controls.set_sub_type(audience_id, "REACH_FREQUENCY")

    assert api.listed(audience_id)["audience_sub_type"] == "REACH_FREQUENCY"
    with pytest.raises(SandboxError, match="changed back"):
        sandbox.controls.set_sub_type(audience_id, "NORMAL")


def test_an_audience_becomes_another_type(api: Api, sandbox: Sandbox) -> None:
    audience_id = large(sandbox, calculate_type="IDFA_MD5")

    sandbox.controls.set_calculate_type(audience_id, "GAID_MD5")
    sandbox.controls.set_kind(audience_id, "Website Audience")

    entry = api.listed(audience_id)
    assert (entry["calculate_type"], entry["audience_type"]) == ("GAID_MD5", "Website Audience")


def test_an_edit_shows_nowhere_but_in_the_history(api: Api, sandbox: Sandbox) -> None:
    audience_id = large(sandbox)
    sandbox.controls.advance(1)
    before = api.listed(audience_id)

    sandbox.controls.edit(audience_id, "Change description", "for the summer")

    assert api.listed(audience_id) == before


def test_an_account_is_described_anew_and_keeps_what_is_not_told(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.set_account(ADVERTISER, name="Acme", currency="EUR")

    (described,) = api.get("/advertiser/info/", advertiser_ids=[ADVERTISER]).listed
    sandbox.controls.set_account(ADVERTISER, timezone="Europe/Paris")
    (again,) = api.get("/advertiser/info/", advertiser_ids=[ADVERTISER]).listed

    assert (described["name"], described["currency"], described["timezone"]) == ("Acme", "EUR", "America/New_York")
    assert again == {**described, "timezone": "Europe/Paris"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_type_is_listed_with_all_that_was_said_of_it(api: Api, sandbox: Sandbox, kind: str) -> None:
    audience_id = large(sandbox, kind=kind, expires=NOW + timedelta(days=30))

    entry = api.listed(audience_id)

    assert (entry["audience_type"], entry["is_valid"], entry["is_expiring"]) == (kind, True, True)


def test_an_account_can_hold_400_of_every_sort(api: Api, sandbox: Sandbox) -> None:
    seed = large(sandbox, calculate_type="MULTIPLE_TYPES", sub_type="REACH_FREQUENCY", retention_in_days=90)
    for number in range(399):
        kind = KINDS[number % len(KINDS)]
        sandbox.controls.add_audience(
            ADVERTISER,
            f"{kind} {number}",
            kind,
            cover_num=number * 100,
            is_creator=number % 5 != 0,
            sub_type="REACH_FREQUENCY" if kind == "Website Audience" else "NORMAL",
            calculate_type="IDFA_MD5" if kind == "Customer File Audience" else None,
            source_audience_id=seed if kind == "Lookalike Audience" else None,
            expires=NOW + timedelta(days=number - 60) if number % 3 == 0 else None,
        )

    pages = [
        api.get("/dmp/custom_audience/list/", advertiser_id=ADVERTISER, page=n, page_size=100) for n in range(1, 5)
    ]

    listed = [each for page in pages for each in page.listed]
    assert len(listed) == 400
    assert {each["audience_type"] for each in listed} == set(KINDS)
    assert {each["is_creator"] for each in listed} == {True, False}
    assert {each["is_expiring"] for each in listed} == {True, False}


def test_a_lookalike_is_made_normal_only(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="stays NORMAL"):
        large(sandbox, kind="Lookalike Audience", sub_type="REACH_FREQUENCY")
    assert sandbox.controls.audiences(ADVERTISER) == ()


SLIPS: dict[str, Callable[[Controls, str], object]] = {
    "audience type Film": lambda controls, audience_id: controls.set_kind(audience_id, "Film"),
    "calculate_type MD5": lambda controls, audience_id: controls.set_calculate_type(audience_id, "MD5"),
    "sub-type ABNORMAL": lambda controls, audience_id: controls.set_sub_type(audience_id, "ABNORMAL"),
    "calculate_type SHA1": lambda controls, _: controls.add_audience(ADVERTISER, "x", calculate_type="SHA1"),
    "sub-type ODD": lambda controls, _: controls.add_audience(ADVERTISER, "x", sub_type="ODD"),
    "-1 people": lambda controls, audience_id: controls.set_matched(audience_id, -1),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_named_and_answered_with_the_way_out(sandbox: Sandbox, slip: str) -> None:
    with pytest.raises(SandboxError, match=slip) as caught:
        SLIPS[slip](sandbox.controls, large(sandbox))

    assert caught.value.hint.startswith("Use ")


@pytest.mark.parametrize(
    "act",
    [
        lambda controls: controls.share(NOBODYS, SECOND_ADVERTISER),
        lambda controls: controls.unshare(NOBODYS, SECOND_ADVERTISER),
        lambda controls: controls.edit(NOBODYS, "Add tags"),
        lambda controls: controls.empty(NOBODYS),
        lambda controls: controls.set_sub_type(NOBODYS, "REACH_FREQUENCY"),
        lambda controls: controls.set_kind(NOBODYS, "Website Audience"),
        lambda controls: controls.set_expiry(NOBODYS, NOW),
        lambda controls: controls.set_error(NOBODYS, "x"),
        lambda controls: controls.set_matched(NOBODYS, 1),
        lambda controls: controls.set_account(NOBODYS, name="x"),
    ],
)
def test_what_is_not_there_cannot_be_acted_on(sandbox: Sandbox, act: Callable[[Controls], None]) -> None:
    with pytest.raises(SandboxError, match=NOBODYS):
        act(sandbox.controls)
