"""Audiences are listed whole, renamed in place, and deleted one by one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from reconciler.tiktok import audiences
from reconciler.tiktok.errors import InUseError, NotEditableError, UncertainWriteError
from reconciler.tiktok.model import AudienceKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.tiktok.conftest import FakeTikTok

LIST = "dmp/custom_audience/list/"
DETAILS = "dmp/custom_audience/get/"


def listed(count: int) -> list[dict[str, Any]]:
    return [{"audience_id": str(n), "name": f"A{n}", "audience_type": "Partner Audience"} for n in range(count)]


def detailed(query: Mapping[str, str]) -> Mapping[str, Any]:
    lines = [{"action": "Create", "editor": "open_api", "opt_time": "2024-01-01 00:00:00"}]
    return {
        "list": [
            {
                "audience_details": {"audience_id": each, "name": f"A{each}", "type": "Lookalike"},
                "audience_history": lines if each == "1" else None,
            }
            for each in json.loads(query["custom_audience_ids"])
        ]
    }


async def test_a_full_account_costs_four_calls(fake: FakeTikTok, advertiser_id: str) -> None:
    fake.lists(LIST, listed(400))
    found = await audiences.list_all(fake.session(), advertiser_id)

    assert len(found) == 400
    assert found["17"].name == "A17"
    assert len(fake.requests) == 4
    assert {each["page_size"] for each in fake.calls(LIST)} == {"100"}
    assert {each["advertiser_id"] for each in fake.calls(LIST)} == {advertiser_id}


async def test_history_tells_who_did_what_to_each_audience(fake: FakeTikTok, advertiser_id: str) -> None:
    fake.routes(DETAILS, detailed)
    found = await audiences.history(fake.session(), advertiser_id, ["1", "2"])

    assert [edit.editor for edit in found["1"]] == ["open_api"]
    assert found["2"] == ()


async def test_history_comes_newest_first_with_undated_lines_last(fake: FakeTikTok, advertiser_id: str) -> None:
    lines = [
        {"action": "undated", "opt_time": None},
        {"action": "oldest", "opt_time": "2024-01-01 00:00:00"},
        {"action": "newest", "opt_time": "2024-03-01 00:00:00"},
        {"action": "unreadable", "opt_time": "yesterday"},
        {"action": "newest, told second", "opt_time": "2024-03-01 00:00:00"},
    ]
    fake.answers({"list": [{"audience_details": {"audience_id": "1"}, "audience_history": lines}]})
    found = await audiences.history(fake.session(), advertiser_id, ["1"])

    order = ["newest", "newest, told second", "oldest", "undated", "unreadable"]
    assert [edit.action for edit in found["1"]] == order


async def test_history_is_asked_for_a_hundred_audiences_at_a_time(fake: FakeTikTok, advertiser_id: str) -> None:
    fake.routes(DETAILS, detailed)
    found = await audiences.history(fake.session(), advertiser_id, [str(n) for n in range(250)])

    assert len(found) == 250
    assert sorted(len(json.loads(each["custom_audience_ids"])) for each in fake.calls(DETAILS)) == [50, 100, 100]


async def test_history_of_nothing_costs_no_call(fake: FakeTikTok, advertiser_id: str) -> None:
    assert await audiences.history(fake.session(), advertiser_id, []) == {}
    assert not fake.requests


async def test_details_are_read_as_audiences(fake: FakeTikTok, advertiser_id: str) -> None:
    found = await audiences.details(fake.routes(DETAILS, detailed).session(), advertiser_id, ["5"])

    assert found["5"].kind is AudienceKind.LOOKALIKE


async def test_a_rename_is_repeated_when_its_answer_was_lost(fake: FakeTikTok, advertiser_id: str) -> None:
    fake.breaks(httpx.ReadTimeout("")).answers()
    await audiences.rename(fake.session(), advertiser_id, "73", "New name")

    assert len(fake.requests) == 2
    assert fake.sent() == {
        "advertiser_id": advertiser_id,
        "custom_audience_id": "73",
        "custom_audience_name": "New name",
    }


async def test_renaming_what_is_still_processing_says_to_wait(fake: FakeTikTok, advertiser_id: str) -> None:
    fake.refuses(40002, "Audience is not editable.")
    with pytest.raises(NotEditableError) as caught:
        await audiences.rename(fake.session(), advertiser_id, "73", "New name")

    assert "wait some hours" in str(caught.value.hint)


async def test_a_delete_names_one_audience_only(fake: FakeTikTok, advertiser_id: str) -> None:
    await audiences.delete(fake.answers().session(), advertiser_id, "73")

    assert fake.last.url.path.endswith("/dmp/custom_audience/delete/")
    assert fake.sent() == {"advertiser_id": advertiser_id, "custom_audience_ids": ["73"]}


async def test_a_delete_whose_answer_was_lost_is_not_repeated(fake: FakeTikTok, advertiser_id: str) -> None:
    with pytest.raises(UncertainWriteError):
        await audiences.delete(fake.breaks(httpx.ReadTimeout("")).session(), advertiser_id, "73")

    assert len(fake.requests) == 1


async def test_a_delete_refused_for_use_is_told_from_other_refusals(fake: FakeTikTok, advertiser_id: str) -> None:
    fake.refuses(40002, "Audience 73 cannot be deleted: it is being used by ad groups 17.")
    with pytest.raises(InUseError, match="ad groups 17"):
        await audiences.delete(fake.session(), advertiser_id, "73")
