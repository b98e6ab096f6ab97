"""A list is read whole or not at all."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.tiktok.errors import TikTokError, UnreadableAnswerError
from reconciler.tiktok.paging import Listing, pages, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.tiktok.conftest import FakeTikTok

LISTING = Listing("things/list/", page_size=10, key="thing_id")


def things(*numbers: int) -> list[dict[str, str]]:
    return [{"thing_id": str(number)} for number in numbers]


def page(records: list[dict[str, str]], number: int, total: int, last: int) -> dict[str, Any]:
    told = {"page": number, "page_size": 10, "total_number": total, "total_page": last}
    return {"list": records, "page_info": told}


async def read(fake: FakeTikTok) -> list[str]:
    return [each.text("thing_id") for each in await pages(fake.session(), LISTING, {"advertiser_id": "7"})]


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (1, 1), (10, 1), (11, 2), (100, 10)])
async def test_everything_is_read_in_order_in_as_many_calls_as_there_are_pages(
    fake: FakeTikTok, count: int, calls: int
) -> None:
    fake.lists(LISTING.path, things(*range(count)))

    assert await read(fake) == [str(number) for number in range(count)]
    assert len(fake.requests) == calls


async def test_each_call_repeats_the_query_and_asks_for_its_page(fake: FakeTikTok) -> None:
    await read(fake.lists(LISTING.path, things(*range(25))))

    assert fake.calls(LISTING.path) == [
        {"advertiser_id": "7", "page": str(number), "page_size": "10"} for number in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    "told",
    [
        None,
        {},
        {"page": 1, "page_size": 10, "total_number": 3},
        {"page": 1, "page_size": 10, "total_page": 1},
        {"page": 1, "page_size": 10, "total_number": "many", "total_page": 1},
        {"page": 1, "page_size": 10, "total_number": -1, "total_page": 1},
    ],
)
async def test_a_list_without_a_count_is_not_taken_for_whole(fake: FakeTikTok, told: Mapping[str, Any] | None) -> None:
    fake.answers({"list": things(1, 2, 3), "page_info": told})
    with pytest.raises(UnreadableAnswerError, match=r"things/list/.*(page_info|total_number)"):
        await read(fake)


@pytest.mark.parametrize(("total", "last"), [(25, 2), (25, 4), (5, 10_000_000), (0, 2)])
async def test_a_page_count_that_contradicts_the_total_is_not_believed(fake: FakeTikTok, total: int, last: int) -> None:
    fake.answers(page(things(*range(min(total, 10))), 1, total, last))
    with pytest.raises(UnreadableAnswerError, match=f"counts {total} entries"):
        await read(fake)

    assert len(fake.requests) == 1


async def test_an_empty_list_may_call_itself_one_page(fake: FakeTikTok) -> None:
    assert await read(fake.answers(page([], 1, 0, 1))) == []


async def test_pages_that_tiktok_cut_smaller_than_asked_are_all_read(fake: FakeTikTok) -> None:
    def cut(query: Mapping[str, str]) -> Mapping[str, Any]:
        number = int(query["page"])
        told = {"page": number, "page_size": 4, "total_number": 10, "total_page": 3}
        return {"list": things(*range(10))[(number - 1) * 4 : number * 4], "page_info": told}

    assert await read(fake.routes(LISTING.path, cut)) == [str(number) for number in range(10)]


async def test_an_entry_that_moved_to_the_next_page_meanwhile_comes_once(fake: FakeTikTok) -> None:
    fake.answers(page(things(*range(10)), 1, 11, 2)).answers(page(things(9, 10), 2, 11, 2))

    assert await read(fake) == [str(number) for number in range(11)]


async def test_a_list_that_shrank_between_pages_is_read_again(fake: FakeTikTok) -> None:
    # Entry 0 is deleted after page 1 was read, so entry 10 moves from page 2 to page 1 and is on neither.
    fake.answers(page(things(*range(10)), 1, 12, 2)).answers(page(things(11), 2, 11, 2))
    fake.answers(page(things(*range(1, 11)), 1, 11, 2)).answers(page(things(11), 2, 11, 2))

    assert await read(fake) == [str(number) for number in range(1, 12)]


async def test_a_list_that_never_gives_what_it_counts_is_an_error_not_a_short_list(fake: FakeTikTok) -> None:
    fake.answers(page(things(1, 2), 1, 3, 1))
    with pytest.raises(UnreadableAnswerError, match="counts 3 entries and gives 2"):
        await read(fake)

    assert len(fake.requests) == 3


async def test_one_page_that_fails_fails_the_list_with_its_own_error(fake: FakeTikTok) -> None:
    fake.answers(page(things(*range(10)), 1, 30, 3)).refuses(40002, "page: no.").refuses(40002, "page: no.")
    with pytest.raises(TikTokError, match="page: no"):
        await read(fake)


async def test_pages_after_the_first_are_read_at_the_same_time(fake: FakeTikTok) -> None:
    fake.lists(LISTING.path, things(*range(200)))
    await pages(fake.session(tier="ultimate"), LISTING, {})

    assert asyncio.get_running_loop().time() < 0.5


async def test_walking_reads_no_page_more_than_is_looked_at(fake: FakeTikTok) -> None:
    fake.lists(LISTING.path, things(*range(50)))
    async with aclosing(walk(fake.session(), LISTING, {})) as found:
        async for record in found:
            if record.text("thing_id") == "15":
                break

    assert len(fake.requests) == 2


async def test_walking_to_the_end_finds_everything(fake: FakeTikTok) -> None:
    fake.lists(LISTING.path, things(*range(21)))

    assert [each.text("thing_id") async for each in walk(fake.session(), LISTING, {})] == [str(n) for n in range(21)]


@given(count=st.integers(0, 60), size=st.integers(1, 20))
def test_any_list_in_pages_of_any_size_comes_whole(count: int, size: int) -> None:
    listing = Listing("things/list/", page_size=size, key="thing_id")

    class Served:
        async def get(self, path: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
            start = (params["page"] - 1) * size
            told = {"page_size": size, "total_number": count, "total_page": -(-count // size)}
            return {"list": things(*range(count))[start : start + size], "page_info": told}

    found = asyncio.run(pages(Served(), listing, {}))  # type: ignore[arg-type] # a session in all that matters here

    assert [each.text("thing_id") for each in found] == [str(number) for number in range(count)]


async def test_an_empty_list_may_be_left_out(fake: FakeTikTok) -> None:
    told = {"page": 1, "page_size": 10, "total_number": 0, "total_page": 0}

    assert await read(fake.answers({"list": None, "page_info": told})) == []
