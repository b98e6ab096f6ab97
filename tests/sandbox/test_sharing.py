"""Audiences that several accounts see, and one owns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.conftest import ADVERTISER, SECOND_ADVERTISER

if TYPE_CHECKING:
    from reconciler.sandbox import Sandbox
    from tests.sandbox.conftest import Api, Reply

SHARE = "/dmp/custom_audience/share/"
CANCEL = "/dmp/custom_audience/share/cancel/"
LOG = "/dmp/custom_audience/share/log/"


def share(api: Api, audience_id: str, *advertiser_ids: str) -> Reply:
    return api.post(
        SHARE,
        advertiser_id=ADVERTISER,
        custom_audience_ids=[audience_id],
        shared_advertiser_ids=list(advertiser_ids) or [SECOND_ADVERTISER],
    )


def cancel(api: Api, audience_id: str) -> Reply:
    return api.post(
        CANCEL, advertiser_id=ADVERTISER, custom_audience_id=audience_id, shared_advertiser_id=SECOND_ADVERTISER
    )


def log(api: Api, audience_id: str) -> Reply:
    return api.get(LOG, advertiser_id=ADVERTISER, custom_audience_id=audience_id)


def test_a_shared_audience_shows_on_both_sides(api: Api) -> None:
    audience_id = api.create()

    assert share(api, audience_id).code == 0

    mine, theirs = api.listed(audience_id), api.listed(audience_id, SECOND_ADVERTISER)
    assert (mine["is_creator"], mine["shared"], mine["owner_id"]) == (True, True, ADVERTISER)
    assert (theirs["is_creator"], theirs["shared"], theirs["owner_id"]) == (False, True, ADVERTISER)


def test_sharing_ends(api: Api) -> None:
    audience_id = api.create()
    share(api, audience_id)

    assert cancel(api, audience_id).code == 0

    reply = api.get("/dmp/custom_audience/list/", advertiser_id=SECOND_ADVERTISER)
    assert reply.listed == []
    assert not api.listed(audience_id)["shared"]
    assert cancel(api, audience_id).code == 40002


def test_the_log_remembers_what_ended(api: Api, sandbox: Sandbox) -> None:
    third = "7000000000000000003"
    sandbox.ensure([third])
    audience_id = api.create()
    assert log(api, audience_id).listed == []

    share(api, audience_id, SECOND_ADVERTISER, third)
    cancel(api, audience_id)

    assert {each["shared_advertiser_id"]: each["status"] for each in log(api, audience_id).listed} == {
        SECOND_ADVERTISER: "CANCELLED",
        third: "SHARED",
    }
    assert log(api, audience_id).listed[0] == {
        "custom_audience_id": audience_id,
        "shared_advertiser_id": SECOND_ADVERTISER,
        "shared_advertiser_name": "Local advertiser …0002",
        "status": "CANCELLED",
    }


def test_sharing_stays_inside_one_business_center(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.outside_business_center(SECOND_ADVERTISER)

    reply = share(api, api.create())

    assert reply.code == 40002
    assert "Business Center" in reply.message


@pytest.mark.parametrize("recipient", [ADVERTISER, "7000000000000000009"])
def test_some_accounts_cannot_be_shared_with(api: Api, recipient: str) -> None:
    reply = share(api, api.create(), recipient)

    assert (reply.code, reply.message.split(":")[0]) == (40002, "shared_advertiser_ids")


@pytest.mark.parametrize("count", [0, 11])
def test_a_call_takes_1_to_10_of_each(api: Api, count: int) -> None:
    many = [str(7000000000000000000 + number) for number in range(count)]

    for audience_ids, advertiser_ids in ((many, [SECOND_ADVERTISER]), ([api.create()], many)):
        reply = api.post(
            SHARE,
            advertiser_id=ADVERTISER,
            custom_audience_ids=audience_ids,
            shared_advertiser_ids=advertiser_ids,
        )
        assert reply.code == 40002


def test_only_the_creator_changes_a_shared_audience(api: Api, sandbox: Sandbox) -> None:
    shared_in = sandbox.controls.add_audience(ADVERTISER, "Theirs", cover_num=5000, is_creator=False)

    refused = [
        api.post(
            "/dmp/custom_audience/update/",
            advertiser_id=ADVERTISER,
            custom_audience_id=shared_in,
            custom_audience_name="Mine",
        ),
        api.post("/dmp/custom_audience/delete/", advertiser_id=ADVERTISER, custom_audience_ids=[shared_in]),
        api.post("/segment/audience/", advertiser_id=ADVERTISER, action="delete", delete_audience_id=shared_in),
        share(api, shared_in),
        log(api, shared_in),
    ]

    assert [reply.code for reply in refused] == [40001] * 5
    assert "only its creator" in refused[0].message
    entry = api.listed(shared_in)
    assert (entry["name"], entry["is_creator"], entry["cover_num"]) == ("Theirs", False, 5000)


def test_a_shared_in_audience_is_not_among_the_account_s_own(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.add_audience(ADVERTISER, "Theirs", is_creator=False)
    own = api.create("Mine")

    assert [each.audience_id for each in sandbox.controls.audiences(ADVERTISER)] == [own]


def test_a_deleted_audience_is_gone_for_everyone(api: Api) -> None:
    audience_id = api.create()
    share(api, audience_id)

    api.post("/dmp/custom_audience/delete/", advertiser_id=ADVERTISER, custom_audience_ids=[audience_id])

    assert api.get("/dmp/custom_audience/list/", advertiser_id=SECOND_ADVERTISER).listed == []
