"""Who put audiences into an ad group last: few calls, the newest line of each, and no guess where TikTok is silent."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.tiktok import audiences
from reconciler.tiktok.errors import InvalidRequestError, PermissionDeniedError, UnreadableAnswerError
from reconciler.tiktok.model import Application

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.tiktok.conftest import FakeTikTok

LOG = "dmp/custom_audience/apply/log/"
APPLIED_AT = datetime(2024, 3, 1, 12, 30, tzinfo=UTC)


def line(audience_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "audience_id": audience_id,
        "adgroup_id": "17",
        "adgroup_name": "Spring",
        "usage_mode": "Include",
        "editor": "pat@example.com",
        "action_timestamp": "2024-03-01 12:30:00",
        **fields,
    }


def logged(fake: FakeTikTok, lines: Iterable[dict[str, Any]]) -> FakeTikTok:
    """Answer each call with the lines of the audiences it asks for, in pages."""
    by_audience: dict[str, list[dict[str, Any]]] = {}
    for each in lines:
        by_audience.setdefault(each["audience_id"], []).append(each)

    def answer(query: Mapping[str, str]) -> Mapping[str, Any]:
        found = [each for one in json.loads(query["custom_audience_ids"]) for each in by_audience.get(one, [])]
        number, size = int(query["page"]), int(query["page_size"])
        return {
            "advertiser_id": query["advertiser_id"],
            "list": found[(number - 1) * size : number * size] or None,
            "page_info": {
                "page": number,
                "page_size": size,
                "total_number": len(found),
                "total_page": -(-len(found) // size),
            },
        }

    return fake.routes(LOG, answer)


async def read(fake: FakeTikTok, *audience_ids: str) -> dict[str, Application]:
    return await audiences.applications(fake.session(), "7000000000000000001", audience_ids)


async def test_an_application_tells_ad_group_mode_editor_and_time(fake: FakeTikTok) -> None:
    found = await read(logged(fake, [line("1")]), "1")

    assert found == {"1": Application("1", "17", "Spring", "includes", "pat@example.com", APPLIED_AT)}


async def test_an_audience_that_was_never_applied_is_left_out(fake: FakeTikTok) -> None:
    assert set(await read(logged(fake, [line("1")]), "1", "2")) == {"1"}


async def test_a_log_without_any_line_is_empty(fake: FakeTikTok) -> None:
    assert await read(logged(fake, []), "1") == {}


async def test_asking_for_no_audience_costs_no_call(fake: FakeTikTok) -> None:
    assert await read(fake) == {}
    assert not fake.requests


async def test_a_hundred_audiences_are_asked_for_at_a_time_and_each_once(fake: FakeTikTok) -> None:
    ids = [str(number) for number in range(250)]
    found = await read(logged(fake, map(line, ids)), *ids, *ids[:10])

    assert set(found) == set(ids)
    assert sorted(len(json.loads(each["custom_audience_ids"])) for each in fake.calls(LOG)) == [50, 100, 100]


async def test_of_several_lines_on_several_pages_the_newest_counts(fake: FakeTikTok) -> None:
    days = [*range(1, 28)] * 10
    lines = [line("1", adgroup_id=str(day), action_timestamp=f"2024-02-{day:02} 00:00:00") for day in days]
    found = await read(logged(fake, [line("1", adgroup_id="undated", action_timestamp=None), *lines]), "1")

    assert found["1"].adgroup_id == "27"
    assert len(fake.calls(LOG)) == 3


async def test_of_lines_of_the_same_second_the_first_counts(fake: FakeTikTok) -> None:
    found = await read(logged(fake, [line("1", adgroup_id="17"), line("1", adgroup_id="18")]), "1")

    assert found["1"].adgroup_id == "17"


@pytest.mark.parametrize(
    ("spelled", "mode"),
    [("Include", "includes"), ("Exclude", "excludes"), ("EXCLUDE", "excludes"), ("Observe", "uses"), (None, "uses")],
)
async def test_a_mode_that_is_new_to_this_tool_is_some_use(fake: FakeTikTok, spelled: str | None, mode: str) -> None:
    assert (await read(logged(fake, [line("1", usage_mode=spelled)]), "1"))["1"].mode == mode


@pytest.mark.parametrize("left_out", [None, ""])
async def test_what_tiktok_leaves_out_is_empty(fake: FakeTikTok, left_out: object) -> None:
    optional = ("adgroup_id", "adgroup_name", "usage_mode", "editor", "action_timestamp")
    found = await read(logged(fake, [line("1", **dict.fromkeys(optional, left_out))]), "1")

    assert found == {"1": Application("1", "", "", "uses", "", None)}


async def test_another_shape_than_documented_is_an_error_that_names_field_and_endpoint(fake: FakeTikTok) -> None:
    with pytest.raises(UnreadableAnswerError, match=f'{LOG}: its "editor"'):
        await read(logged(fake, [line("1", editor=["pat"])]), "1")


async def test_an_audience_of_another_account_is_not_permitted(fake: FakeTikTok) -> None:
    fake.refuses(40001, "Audience 1 was shared into advertiser 7: only its creator may do this.")
    with pytest.raises(PermissionDeniedError, match="only its creator"):
        await read(fake, "1")


async def test_an_audience_that_is_not_there_is_an_invalid_request(fake: FakeTikTok) -> None:
    with pytest.raises(InvalidRequestError):
        await read(fake.refuses(40002, "Audience 1 does not exist in advertiser 7."), "1")
