"""Everything that holds on to an audience is found, and nothing looks unused because nobody could look."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.tiktok import usage
from reconciler.tiktok.errors import PermissionDeniedError, UnreadableAnswerError
from reconciler.tiktok.model import Audience, AudienceKind, UsageKind, Use

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.tiktok.conftest import FakeTikTok

AD_GROUPS = "adgroup/get/"
SMART_PLUS = "smart_plus/adgroup/get/"
SAVED = "dmp/saved_audience/list/"
DETAILS = "dmp/custom_audience/get/"

PLAIN = {each: Audience(each, f"A{each}", AudienceKind.STREAMING) for each in ("1", "2", "3")}


def group(number: int, **targeting: Any) -> dict[str, Any]:
    return {"adgroup_id": str(number), "adgroup_name": f"Group {number}", **targeting}


def serve(
    fake: FakeTikTok,
    ad_groups: list[dict[str, Any]] | None = None,
    top_view: list[dict[str, Any]] | None = None,
    smart_plus: list[dict[str, Any]] | None = None,
    saved: list[dict[str, Any]] | None = None,
    saved_name: str = "saved_audiences",
) -> FakeTikTok:
    def kinds(query: Mapping[str, str]) -> Mapping[str, Any]:
        asked = json.loads(query.get("filtering", "{}"))
        records = (top_view if asked == {"buying_types": ["RESERVATION_TOP_VIEW"]} else ad_groups) or []
        size, number = int(query["page_size"]), int(query["page"])
        told = {"page_size": size, "total_number": len(records), "total_page": -(-len(records) // size)}
        return {"list": records[(number - 1) * size : number * size], "page_info": told}

    fake.routes(AD_GROUPS, kinds).lists(SMART_PLUS, smart_plus or [])
    return fake.lists(SAVED, saved or [], name=saved_name)


async def uses(fake: FakeTikTok, audiences: Mapping[str, Audience] = PLAIN) -> dict[str, tuple[Use, ...]]:
    return await usage.look_up(fake.session(), "7000000000000000001", audiences)


async def test_an_audience_that_nothing_uses_is_said_to_be_unused(fake: FakeTikTok) -> None:
    assert await uses(serve(fake)) == {"1": (), "2": (), "3": ()}


async def test_an_ad_group_that_includes_and_one_that_excludes_an_audience_both_use_it(fake: FakeTikTok) -> None:
    serve(fake, [group(17, audience_ids=["1"]), group(18, audience_ids=None, excluded_audience_ids=["1", "2"])])
    found = await uses(fake)

    assert found["1"] == (
        Use(UsageKind.AD_GROUP, "17", "Group 17", "includes"),
        Use(UsageKind.AD_GROUP, "18", "Group 18", "excludes"),
    )
    assert found["2"] == (Use(UsageKind.AD_GROUP, "18", "Group 18", "excludes"),)
    assert found["3"] == ()


async def test_an_ad_group_that_includes_and_excludes_one_audience_uses_it_twice(fake: FakeTikTok) -> None:
    found = await uses(serve(fake, [group(17, audience_ids=["1"], excluded_audience_ids=["1"])]))

    assert [use.mode for use in found["1"]] == ["includes", "excludes"]


async def test_the_other_spelling_of_exclusions_is_read_too(fake: FakeTikTok) -> None:
    found = await uses(serve(fake, [group(17, exclude_audience_ids=["1"])]))

    assert [use.mode for use in found["1"]] == ["excludes"]


async def test_top_view_ad_groups_are_found_although_the_default_leaves_them_out(fake: FakeTikTok) -> None:
    found = await uses(serve(fake, top_view=[group(19, audience_ids=["2"])]))

    assert found["2"] == (Use(UsageKind.AD_GROUP, "19", "Group 19", "includes"),)


async def test_an_ad_group_that_two_lookups_find_is_named_once(fake: FakeTikTok) -> None:
    found = await uses(serve(fake, [group(17, audience_ids=["1"])], top_view=[group(17, audience_ids=["1"])]))

    assert len(found["1"]) == 1


async def test_smart_plus_ad_groups_name_audiences_inside_their_targeting(fake: FakeTikTok) -> None:
    targeting = {"audience_ids": ["1"], "excluded_audience_ids": ["2"]}
    found = await uses(serve(fake, smart_plus=[group(20, targeting_spec=targeting), group(21, targeting_spec=None)]))

    assert found["1"] == (Use(UsageKind.SMART_PLUS, "20", "Group 20", "includes"),)
    assert found["2"] == (Use(UsageKind.SMART_PLUS, "20", "Group 20", "excludes"),)


@pytest.mark.parametrize("name", ["saved_audiences", "list"])
async def test_saved_audiences_are_found_under_either_name_of_their_list(fake: FakeTikTok, name: str) -> None:
    saved = {"saved_audience_id": "30", "saved_audience_name": "Young", "audience_ids": ["3"]}
    found = await uses(serve(fake, saved=[saved], saved_name=name))

    assert found["3"] == (Use(UsageKind.SAVED_AUDIENCE, "30", "Young", "includes"),)


async def test_a_lookalike_uses_the_audience_it_grows_from(fake: FakeTikTok) -> None:
    lookalike = Audience("4", "Like 1", AudienceKind.LOOKALIKE, source_audience_id="1")
    found = await uses(serve(fake), {**PLAIN, "4": lookalike})

    assert found["1"] == (Use(UsageKind.LOOKALIKE, "4", "Like 1", "grows from"),)
    assert not fake.calls(DETAILS)


async def test_a_lookalike_whose_seed_the_list_leaves_out_is_looked_at_closely(fake: FakeTikTok) -> None:
    details = {"audience_id": "4", "name": "Like 1", "type": "Lookalike", "lookalike_spec": {"source_audience_id": "1"}}
    serve(fake).routes(DETAILS, lambda _: {"list": [{"audience_details": details}]})
    found = await uses(fake, {**PLAIN, "4": Audience("4", "Like 1", AudienceKind.LOOKALIKE)})

    assert found["1"] == (Use(UsageKind.LOOKALIKE, "4", "Like 1", "grows from"),)


async def test_an_account_without_lookalikes_costs_four_calls(fake: FakeTikTok) -> None:
    await uses(serve(fake, [group(number, audience_ids=["1"]) for number in range(1000)]))

    assert len(fake.requests) == 4


async def test_each_lookup_asks_as_its_endpoint_wants(fake: FakeTikTok) -> None:
    await uses(serve(fake))
    standard, top_view = sorted(fake.calls(AD_GROUPS), key=lambda query: "filtering" in query)

    assert standard["page_size"] == "1000"
    assert {"audience_ids", "excluded_audience_ids", "adgroup_name"} <= set(json.loads(standard["fields"]))
    assert top_view["page_size"] == "100"
    assert json.loads(top_view["filtering"]) == {"buying_types": ["RESERVATION_TOP_VIEW"]}
    assert fake.calls(SMART_PLUS)[0]["page_size"] == "1000"
    assert fake.calls(SAVED)[0]["page_size"] == "100"


@pytest.mark.parametrize("path", [AD_GROUPS, SMART_PLUS, SAVED])
async def test_a_lookup_that_is_not_permitted_fails_instead_of_finding_nothing(fake: FakeTikTok, path: str) -> None:
    serve(fake)._routes[path] = lambda _: fake.envelope(40001, "No permission.", {})
    with pytest.raises(PermissionDeniedError, match=path):
        await uses(fake)


async def test_targeting_of_an_unknown_shape_fails_instead_of_finding_nothing(fake: FakeTikTok) -> None:
    with pytest.raises(UnreadableAnswerError, match="audience_ids"):
        await uses(serve(fake, [group(17, audience_ids="1,2")]))


def test_a_use_reads_as_a_sentence() -> None:
    use = Use(UsageKind.SMART_PLUS, "20", "Spring", "excludes")

    assert str(use) == 'Smart+ ad group "Spring" (20) excludes it'
