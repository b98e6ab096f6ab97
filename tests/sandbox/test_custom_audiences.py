"""Listing, describing, changing and deleting audiences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox import SandboxError
from tests.sandbox.conftest import ADVERTISER, SECOND_ADVERTISER

if TYPE_CHECKING:
    from reconciler.sandbox import Sandbox
    from tests.sandbox.conftest import Api, Reply

LIST = "/dmp/custom_audience/list/"
GET = "/dmp/custom_audience/get/"
UPDATE = "/dmp/custom_audience/update/"
DELETE = "/dmp/custom_audience/delete/"
FIELDS = {
    "audience_id",
    "name",
    "audience_sub_type",
    "calculate_type",
    "cover_num",
    "is_valid",
    "is_expiring",
    "expired_time",
    "create_time",
    "is_creator",
    "shared",
    "owner_id",
    "is_auto_refresh",
    "rule",
    "lookalike_spec",
    "msg",
    "error_msg",
}


def rename(api: Api, audience_id: str, name: str) -> Reply:
    return api.post(UPDATE, advertiser_id=ADVERTISER, custom_audience_id=audience_id, custom_audience_name=name)


def delete(api: Api, *audience_ids: str) -> Reply:
    return api.post(DELETE, advertiser_id=ADVERTISER, custom_audience_ids=list(audience_ids))


def ids(api: Api, advertiser_id: str = ADVERTISER) -> set[str]:
    return {each["audience_id"] for each in api.get(LIST, advertiser_id=advertiser_id, page_size=100).listed}


def test_an_audience_that_was_created_is_listed_with_every_field(api: Api) -> None:
    audience_id = api.create("Lapsed buyers")

    entry = api.listed(audience_id)

    assert set(entry) == FIELDS | {"audience_type"}
    assert entry["name"] == "Lapsed buyers"
    assert entry["audience_type"] == "Partner Audience"
    assert entry["audience_sub_type"] == "NORMAL"
    assert entry["create_time"] == "2026-01-01 00:00:00"
    assert entry["expired_time"] == "2027-01-01 00:00:00"
    assert (entry["is_creator"], entry["shared"], entry["owner_id"]) == (True, False, ADVERTISER)


def test_the_details_call_the_kind_type_and_shorten_it(api: Api) -> None:
    audience_id = api.create()

    (entry,) = api.get(GET, advertiser_id=ADVERTISER, custom_audience_ids=[audience_id]).listed

    assert set(entry) == {"audience_details", "audience_history"}
    assert set(entry["audience_details"]) == FIELDS | {"type"}
    assert entry["audience_details"]["type"] == "Partner"


def test_ids_have_19_digits_and_never_come_again(api: Api, sandbox: Sandbox) -> None:
    first = [api.create() for _ in range(3)]
    sandbox.reset()
    sandbox.ensure([ADVERTISER])
    second = [api.create() for _ in range(3)]

    assert len({*first, *second}) == 6
    assert all(len(each) == 19 and each.isdecimal() for each in (*first, *second))


def test_a_page_holds_10_unless_told(api: Api) -> None:
    for number in range(12):
        api.create(f"Audience {number}")

    reply = api.get(LIST, advertiser_id=ADVERTISER)

    assert len(reply.listed) == 10
    assert reply.content["page_info"] == {"page": 1, "page_size": 10, "total_number": 12, "total_page": 2}


def test_pages_hold_every_audience_once(api: Api) -> None:
    created = {api.create(f"Audience {number}") for number in range(7)}

    pages = [api.get(LIST, advertiser_id=ADVERTISER, page=page, page_size=3) for page in (1, 2, 3)]

    listed = [each["audience_id"] for page in pages for each in page.listed]
    assert len(listed) == 7
    assert set(listed) == created


def test_names_are_not_unique(api: Api) -> None:
    assert api.create("Buyers") != api.create("Buyers")


def test_an_account_sees_its_own_audiences_only(api: Api) -> None:
    mine, theirs = api.create(), api.create(advertiser_id=SECOND_ADVERTISER)

    assert ids(api) == {mine}
    assert ids(api, SECOND_ADVERTISER) == {theirs}


def test_describing_an_audience_of_another_account_is_refused(api: Api) -> None:
    theirs = api.create(advertiser_id=SECOND_ADVERTISER)

    reply = api.get(GET, advertiser_id=ADVERTISER, custom_audience_ids=[theirs])

    assert reply.code == 40002
    assert theirs in reply.message


def test_an_account_holds_400_audiences(api: Api, sandbox: Sandbox) -> None:
    for number in range(399):
        sandbox.controls.add_audience(ADVERTISER, f"Audience {number}")
    assert api.create()

    reply = api.post("/segment/audience/", advertiser_id=ADVERTISER, action="create", custom_audience_name="one more")

    assert reply.code == 40002
    assert "400" in reply.message
    with pytest.raises(SandboxError, match="400"):
        sandbox.controls.add_audience(ADVERTISER, "one more")


def test_every_kind_can_be_there(api: Api, sandbox: Sandbox) -> None:
    seed = sandbox.controls.add_audience(ADVERTISER, "Seed", cover_num=2000, calculate_type="IDFA_MD5")
    grown = sandbox.controls.add_audience(
        ADVERTISER, "Grown", "Lookalike Audience", source_audience_id=seed, error_msg="Too few users."
    )

    assert (api.listed(seed)["cover_num"], api.listed(seed)["is_valid"]) == (2000, True)
    assert api.listed(seed)["calculate_type"] == "IDFA_MD5"
    assert api.listed(grown)["lookalike_spec"] == {"source_audience_id": seed}
    assert api.listed(grown)["error_msg"] == "Too few users."


def test_a_kind_that_is_none_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="Imaginary Audience"):
        sandbox.controls.add_audience(ADVERTISER, "x", "Imaginary Audience")


def test_a_rename_shows(api: Api) -> None:
    audience_id = api.create("Old")

    assert rename(api, audience_id, "New").code == 0
    assert api.listed(audience_id)["name"] == "New"


@pytest.mark.parametrize(("length", "code"), [(128, 0), (129, 40002)])
def test_a_new_name_has_128_characters_at_most(api: Api, length: int, code: int) -> None:
    audience_id = api.create("Old")

    assert rename(api, audience_id, "é" * length).code == code
    assert api.listed(audience_id)["name"] == ("Old" if code else "é" * length)


@pytest.mark.parametrize("name", ["", "  "])
def test_a_blank_name_is_refused(api: Api, name: str) -> None:
    reply = rename(api, api.create(), name)

    assert (reply.code, reply.message.split(":")[0]) == (40002, "custom_audience_name")


def test_an_update_of_nothing_is_refused(api: Api) -> None:
    reply = api.post(UPDATE, advertiser_id=ADVERTISER, custom_audience_id=api.create())

    assert (reply.code, reply.message.split(":")[0]) == (40002, "custom_audience_name")


def test_the_sub_type_goes_one_way_and_the_name_beside_it_is_ignored(api: Api) -> None:
    audience_id = api.create("Old")
    fields = {"advertiser_id": ADVERTISER, "custom_audience_id": audience_id, "custom_audience_name": "New"}

    assert api.post(UPDATE, audience_sub_type="REACH_FREQUENCY", **fields).code == 0
    back = api.post(UPDATE, audience_sub_type="NORMAL", **fields)

    assert back.code == 40002
    entry = api.listed(audience_id)
    assert (entry["audience_sub_type"], entry["name"]) == ("REACH_FREQUENCY", "Old")


def test_a_lookalike_stays_normal(api: Api, sandbox: Sandbox) -> None:
    seed = sandbox.controls.add_audience(ADVERTISER, "Seed")
    grown = sandbox.controls.add_audience(ADVERTISER, "Grown", "Lookalike Audience", source_audience_id=seed)

    reply = api.post(UPDATE, advertiser_id=ADVERTISER, custom_audience_id=grown, audience_sub_type="REACH_FREQUENCY")

    assert reply.code == 40002
    assert api.listed(grown)["audience_sub_type"] == "NORMAL"


def test_a_retention_is_not_changed_afterwards(api: Api) -> None:
    reply = api.post(UPDATE, advertiser_id=ADVERTISER, custom_audience_id=api.create(), retention_in_days=30)

    assert (reply.code, reply.message) == (40002, "retention_in_days: Unknown field.")


def test_an_audience_that_is_not_editable_says_so(api: Api, sandbox: Sandbox) -> None:
    audience_id = sandbox.controls.add_audience(ADVERTISER, "Processing", is_editable=False)

    reply = rename(api, audience_id, "New")

    assert reply.code == 40002
    assert "Audience is not editable" in reply.message


def test_deleting_takes_it_away(api: Api) -> None:
    gone, kept = api.create(), api.create()

    assert delete(api, gone).code == 0
    assert ids(api) == {kept}


def test_deleting_what_is_not_there_deletes_nothing_else(api: Api) -> None:
    audience_id = api.create()

    reply = delete(api, audience_id, "7300000000000000042")

    assert reply.code == 40002
    assert "7300000000000000042" in reply.message
    assert ids(api) == {audience_id}


def test_an_audience_by_hand_can_be_deleted_by_hand(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()

    sandbox.controls.delete(audience_id)

    assert ids(api) == set()
    with pytest.raises(SandboxError, match=audience_id):
        sandbox.controls.rename(audience_id, "x")


def test_an_audience_expires_a_year_after_its_last_change(api: Api, sandbox: Sandbox) -> None:
    audience_id = sandbox.controls.add_audience(ADVERTISER, "Old", cover_num=5000)
    seen = []
    for days in (304, 2, 59):
        sandbox.controls.advance(24 * days)
        entry = api.listed(audience_id)
        seen.append((entry["is_valid"], entry["is_expiring"]))

    assert seen == [(True, False), (True, True), (False, False)]
    rename(api, audience_id, "Renewed")
    assert api.listed(audience_id)["is_valid"]


def test_an_application_renews_an_audience(api: Api, sandbox: Sandbox) -> None:
    audience_id = sandbox.controls.add_audience(ADVERTISER, "Old", cover_num=5000)
    sandbox.controls.advance(24 * 364)

    sandbox.controls.add_ad_group(ADVERTISER, "Spring", includes=[audience_id])

    assert not api.listed(audience_id)["is_expiring"]
