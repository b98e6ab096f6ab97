"""What uses an audience, and the deletes that it prevents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.sandbox import AdGroupKind, SandboxError
from tests.sandbox.conftest import ADVERTISER, SECOND_ADVERTISER

if TYPE_CHECKING:
    from reconciler.sandbox import Sandbox
    from tests.sandbox.conftest import Api, Reply

AD_GROUPS = "/adgroup/get/"
SMART_PLUS = "/smart_plus/adgroup/get/"
SAVED = "/dmp/saved_audience/list/"
APPLY_LOG = "/dmp/custom_audience/apply/log/"
TOP_VIEW_ONLY = {"buying_types": ["RESERVATION_TOP_VIEW"]}


def names(reply: Reply) -> list[str]:
    return [each["adgroup_name"] for each in reply.listed]


def delete(api: Api, *audience_ids: str) -> Reply:
    return api.post("/dmp/custom_audience/delete/", advertiser_id=ADVERTISER, custom_audience_ids=list(audience_ids))


def stop(api: Api, audience_id: str) -> Reply:
    return api.post("/segment/audience/", advertiser_id=ADVERTISER, action="delete", delete_audience_id=audience_id)


def test_an_ad_group_shows_what_it_includes_and_excludes(api: Api, sandbox: Sandbox) -> None:
    included, excluded = api.create(), api.create()
    adgroup_id = sandbox.controls.add_ad_group(ADVERTISER, "Spring", includes=[included], excludes=[excluded])

    (entry,) = api.get(AD_GROUPS, advertiser_id=ADVERTISER).listed

    assert entry["adgroup_id"] == adgroup_id
    assert (entry["audience_ids"], entry["excluded_audience_ids"]) == ([included], [excluded])
    assert entry["operation_status"] == "ENABLE"


def test_only_the_fields_asked_for_are_shown(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.add_ad_group(ADVERTISER, "Spring")

    reply = api.get(AD_GROUPS, advertiser_id=ADVERTISER, fields=["adgroup_name", "audience_ids"])

    assert reply.listed == [{"adgroup_name": "Spring", "audience_ids": []}]


@pytest.mark.parametrize("fields", [["exclude_audience_ids"], [], ["adgroup_id", "adgroup_id"], ["*"]])
def test_a_field_that_is_none_is_refused(api: Api, fields: list[str]) -> None:
    assert api.get(AD_GROUPS, advertiser_id=ADVERTISER, fields=fields).code == 40002


def test_each_kind_shows_in_its_own_place(api: Api, sandbox: Sandbox) -> None:
    for kind in AdGroupKind:
        sandbox.controls.add_ad_group(ADVERTISER, kind.value, kind=kind)

    assert names(api.get(AD_GROUPS, advertiser_id=ADVERTISER)) == ["standard"]
    assert names(api.get(AD_GROUPS, advertiser_id=ADVERTISER, filtering=TOP_VIEW_ONLY)) == ["top_view"]
    assert names(api.get(SMART_PLUS, advertiser_id=ADVERTISER)) == ["smart_plus"]


@pytest.mark.parametrize(
    "filtering",
    [
        {"buying_types": ["RESERVATION_TOP_VIEW", "AUCTION"]},
        {"buying_types": []},
        {"buying_types": "RESERVATION_TOP_VIEW"},
        {"buying_types": ["TOP_VIEW"]},
        {"buying_type": ["AUCTION"]},
        ["RESERVATION_TOP_VIEW"],
    ],
)
def test_a_filter_is_read_strictly(api: Api, filtering: object) -> None:
    assert api.get(AD_GROUPS, advertiser_id=ADVERTISER, filtering=filtering).code == 40002


@pytest.mark.parametrize(
    "filtering", [{}, {"buying_types": ["AUCTION"]}, {"buying_types": ["AUCTION", "RESERVATION_RF"]}]
)
def test_other_filters_show_standard_ad_groups(api: Api, sandbox: Sandbox, filtering: dict[str, Any]) -> None:
    sandbox.controls.add_ad_group(ADVERTISER, "Spring")

    assert names(api.get(AD_GROUPS, advertiser_id=ADVERTISER, filtering=filtering)) == ["Spring"]


@pytest.mark.parametrize(("size", "code"), [(100, 0), (101, 40002)])
def test_top_view_pages_hold_100(api: Api, size: int, code: int) -> None:
    assert api.get(AD_GROUPS, advertiser_id=ADVERTISER, filtering=TOP_VIEW_ONLY, page_size=size).code == code


def test_smart_plus_keeps_audiences_inside_its_targeting(api: Api, sandbox: Sandbox) -> None:
    included, excluded = api.create(), api.create()
    sandbox.controls.add_ad_group(ADVERTISER, "Auto", includes=[included], excludes=[excluded], kind="smart_plus")

    (entry,) = api.get(SMART_PLUS, advertiser_id=ADVERTISER).listed

    assert entry["targeting_spec"] == {"audience_ids": [included], "excluded_audience_ids": [excluded]}
    assert "audience_ids" not in entry


def test_saved_audiences_name_what_they_hold(api: Api, sandbox: Sandbox) -> None:
    included, excluded = api.create(), api.create()
    saved_id = sandbox.controls.add_saved_audience(ADVERTISER, "Everyone", includes=[included], excludes=[excluded])

    assert api.get(SAVED, advertiser_id=ADVERTISER).listed == [
        {
            "saved_audience_id": saved_id,
            "saved_audience_name": "Everyone",
            "audience_ids": [included],
            "excluded_audience_ids": [excluded],
        }
    ]
    sandbox.controls.delete_saved_audience(saved_id)
    assert api.get(SAVED, advertiser_id=ADVERTISER).listed == []


def test_an_account_sees_its_own_ad_groups_only(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.add_ad_group(SECOND_ADVERTISER, "Theirs")

    assert names(api.get(AD_GROUPS, advertiser_id=ADVERTISER)) == []


@pytest.mark.parametrize("remove", [delete, stop])
@pytest.mark.parametrize("kind", AdGroupKind)
@pytest.mark.parametrize("mode", ["includes", "excludes"])
@pytest.mark.parametrize("status", ["ENABLE", "DISABLE"])
def test_an_audience_in_use_is_not_deleted(
    api: Api, sandbox: Sandbox, remove: Any, kind: AdGroupKind, mode: str, status: str
) -> None:
    audience_id = api.create()
    adgroup_id = sandbox.controls.add_ad_group(
        ADVERTISER, "Spring", kind=kind, status=status, includes=[audience_id] * (mode == "includes"),
        excludes=[audience_id] * (mode == "excludes"),
    )  # fmt: skip

    reply = remove(api, audience_id)

    assert reply.code == 40002
    assert "being used" in reply.message
    assert adgroup_id in reply.message
    assert api.listed(audience_id)


def test_one_audience_in_use_spoils_the_call(api: Api, sandbox: Sandbox) -> None:
    free, used = api.create(), api.create()
    sandbox.controls.add_ad_group(ADVERTISER, "Spring", includes=[used])

    assert delete(api, free, used).code == 40002
    assert api.listed(free)


def test_an_ad_group_of_another_account_holds_it_too(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    sandbox.controls.share(audience_id, SECOND_ADVERTISER)
    sandbox.controls.add_ad_group(SECOND_ADVERTISER, "Theirs", includes=[audience_id])

    assert delete(api, audience_id).code == 40002


def test_an_audience_is_free_when_the_ad_group_lets_go(api: Api, sandbox: Sandbox) -> None:
    first, second = api.create(), api.create()
    adgroup_id = sandbox.controls.add_ad_group(ADVERTISER, "Spring", includes=[first])

    sandbox.controls.set_ad_group(adgroup_id, excludes=[second])

    assert (delete(api, first).code, delete(api, second).code) == (0, 40002)


def test_a_deleted_ad_group_holds_and_shows_nothing(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    adgroup_id = sandbox.controls.add_ad_group(ADVERTISER, "Spring", includes=[audience_id])

    sandbox.controls.delete_ad_group(adgroup_id)

    assert names(api.get(AD_GROUPS, advertiser_id=ADVERTISER)) == []
    assert delete(api, audience_id).code == 0


def test_a_saved_audience_and_a_lookalike_do_not_hold_it(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    sandbox.controls.add_saved_audience(ADVERTISER, "Everyone", includes=[audience_id])
    sandbox.controls.add_audience(ADVERTISER, "Grown", "Lookalike Audience", source_audience_id=audience_id)

    assert delete(api, audience_id).code == 0


def test_a_person_cannot_delete_what_is_in_use_either(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    sandbox.controls.add_ad_group(ADVERTISER, "Spring", includes=[audience_id])

    with pytest.raises(SandboxError, match="being used"):
        sandbox.controls.delete(audience_id)


def test_the_application_log_tells_the_last_application(api: Api, sandbox: Sandbox) -> None:
    applied, never = api.create(), api.create()
    sandbox.controls.add_ad_group(ADVERTISER, "Spring", includes=[applied], editor="pat@example.com")
    sandbox.controls.advance(1)
    adgroup_id = sandbox.controls.add_ad_group(ADVERTISER, "Summer", excludes=[applied], editor="sam@example.com")
    sandbox.controls.delete_ad_group(adgroup_id)

    reply = api.get(APPLY_LOG, advertiser_id=ADVERTISER, custom_audience_ids=[applied, never])

    assert reply.listed == [
        {
            "audience_id": applied,
            "adgroup_id": adgroup_id,
            "adgroup_name": "Summer",
            "usage_mode": "Exclude",
            "editor": "sam@example.com",
            "action_timestamp": "2026-01-01 01:00:00",
        }
    ]


def test_the_application_log_is_the_owner_s(api: Api, sandbox: Sandbox) -> None:
    shared_in = sandbox.controls.add_audience(ADVERTISER, "Theirs", is_creator=False)

    assert api.get(APPLY_LOG, advertiser_id=ADVERTISER, custom_audience_ids=[shared_in]).code == 40001


def test_the_application_log_names_its_account_and_comes_in_pages(api: Api, sandbox: Sandbox) -> None:
    applied = [api.create() for _ in range(3)]
    sandbox.controls.add_ad_group(ADVERTISER, "Spring", includes=applied)

    reply = api.get(APPLY_LOG, advertiser_id=ADVERTISER, custom_audience_ids=applied, page=2, page_size=2)

    assert reply.content["advertiser_id"] == ADVERTISER
    assert [each["audience_id"] for each in reply.listed] == applied[2:]
    assert reply.content["page_info"]["total_page"] == 2


@pytest.mark.parametrize("kind", AdGroupKind)
def test_every_kind_of_ad_group_is_in_the_application_log(api: Api, sandbox: Sandbox, kind: AdGroupKind) -> None:
    audience_id = api.create()
    sandbox.controls.add_ad_group(ADVERTISER, "Spring", kind=kind, excludes=[audience_id], editor="pat@example.com")

    (line,) = api.get(APPLY_LOG, advertiser_id=ADVERTISER, custom_audience_ids=[audience_id]).listed

    assert (line["adgroup_name"], line["usage_mode"], line["editor"]) == ("Spring", "Exclude", "pat@example.com")


def test_an_ad_group_that_goes_on_using_an_audience_applies_only_the_new_one(api: Api, sandbox: Sandbox) -> None:
    kept, new = api.create(), api.create()
    adgroup_id = sandbox.controls.add_ad_group(ADVERTISER, "Spring", includes=[kept], editor="pat@example.com")
    sandbox.controls.advance(1)

    sandbox.controls.set_ad_group(adgroup_id, includes=[kept, new], editor="sam@example.com")

    reply = api.get(APPLY_LOG, advertiser_id=ADVERTISER, custom_audience_ids=[kept, new])
    assert [each["editor"] for each in reply.listed] == ["pat@example.com", "sam@example.com"]


def test_an_audience_that_is_named_twice_is_used_once(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    sandbox.controls.add_ad_group(ADVERTISER, "Spring", includes=[audience_id, audience_id])

    (entry,) = api.get(AD_GROUPS, advertiser_id=ADVERTISER).listed

    assert entry["audience_ids"] == [audience_id]


def test_controls_refuse_what_cannot_be(api: Api, sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="7300000000000000042"):
        sandbox.controls.add_ad_group(ADVERTISER, "Spring", includes=["7300000000000000042"])
    with pytest.raises(SandboxError, match="imaginary"):
        sandbox.controls.add_ad_group(ADVERTISER, "Spring", kind="imaginary")
    with pytest.raises(SandboxError, match="no ad group 1"):
        sandbox.controls.delete_ad_group("1")
    assert names(api.get(AD_GROUPS, advertiser_id=ADVERTISER)) == []
