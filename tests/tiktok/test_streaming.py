"""Identifiers travel hashed, under their own types, in requests that TikTok takes."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import httpx
import pyarrow as pa
import pytest

from reconciler.identifiers import Hash, IdType
from reconciler.tiktok import streaming
from reconciler.tiktok.errors import PartialSuccessError, UncertainWriteError, UnhashedError

if TYPE_CHECKING:
    from tests.tiktok.conftest import FakeTikTok

MAPPING = "/open_api/v1.3/segment/mapping/"
AUDIENCE = "7300000000000000042"


def people(count: int, id_type: IdType = IdType.IDFA_MD5) -> pa.RecordBatch:
    digest = hashlib.md5 if id_type.hash is Hash.MD5 else hashlib.sha256
    values = [digest(str(number).encode()).digest() for number in range(count)]
    return pa.record_batch([pa.array(values, pa.binary())], names=[str(id_type)])


def written(batch: pa.RecordBatch) -> list[str]:
    return [value.hex() for value in batch.column(0).to_pylist()]


def delivered(fake: FakeTikTok) -> list[str]:
    return [row[0]["id"] for each in fake.requests for row in json.loads(each.content)["batch_data"]]


async def test_of_a_batch_with_something_raw_nothing_is_sent(fake: FakeTikTok, advertiser_id: str) -> None:
    batch = pa.record_batch([pa.array([b"\x00" * 16] * 5 + [b"a@b.example"], pa.binary())], names=["idfa_md5"])
    with pytest.raises(UnhashedError):
        await streaming.send(fake.answers().session(), advertiser_id, ["73"], "add", batch, max_rows=2)

    assert not fake.requests


@pytest.mark.parametrize(
    ("id_type", "name"),
    [
        (IdType.IDFA_MD5, "IDFA_MD5"),
        (IdType.GAID_MD5, "AAID_MD5"),
        (IdType.IDFA_SHA256, "IDFA_SHA256"),
        (IdType.GAID_SHA256, "AAID_SHA256"),
        (IdType.EMAIL_SHA256, "EMAIL_SHA256"),
        (IdType.PHONE_SHA256, "PHONE_SHA256"),
    ],
)
def test_googles_id_is_called_aaid_where_it_is_streamed(id_type: IdType, name: str) -> None:
    assert streaming.schema_name(id_type) == name


@pytest.mark.parametrize("action", ["add", "delete"])
async def test_a_batch_is_sent_as_tiktok_documents_it(
    fake: FakeTikTok, advertiser_id: str, action: streaming.Action
) -> None:
    columns = [pa.array([b"\xaa" * 16, None], pa.binary()), pa.array([b"\xbb" * 16, b"\xcc" * 16], pa.binary())]
    batch = pa.record_batch(columns, names=["idfa_md5", "gaid_md5"])
    await streaming.send(fake.answers().session(), advertiser_id, ["73"], action, batch)

    assert fake.last.url.path == MAPPING
    assert fake.sent() == {
        "advertiser_ids": [advertiser_id],
        "action": action,
        "id_schema": ["IDFA_MD5", "AAID_MD5"],
        "batch_data": [
            [{"id": "a" * 32, "audience_ids": ["73"]}, {"id": "b" * 32, "audience_ids": ["73"]}],
            [{}, {"id": "c" * 32, "audience_ids": ["73"]}],
        ],
    }


async def test_one_request_feeds_several_audiences(fake: FakeTikTok, advertiser_id: str) -> None:
    legs = pa.record_batch([pa.array([0b01, 0b10, 0b11], pa.uint64())], names=["idfa_md5"])
    await streaming.send(fake.answers().session(), advertiser_id, ["73", "74"], "add", people(3), legs=legs)

    assert len(fake.requests) == 1
    assert [row[0]["audience_ids"] for row in fake.sent()["batch_data"]] == [["73"], ["74"], ["73", "74"]]


async def test_an_empty_batch_costs_no_call(fake: FakeTikTok, advertiser_id: str) -> None:
    await streaming.send(fake.answers().session(), advertiser_id, ["73"], "add", people(0))

    assert not fake.requests


async def test_a_batch_whose_answer_was_lost_is_sent_again(fake: FakeTikTok, advertiser_id: str) -> None:
    fake.breaks(httpx.ReadError("reset")).answers()
    await streaming.send(fake.session(), advertiser_id, ["73"], "add", people(3))

    assert len(fake.requests) == 2


async def test_a_batch_of_too_many_bytes_goes_in_halves_that_lose_nothing(fake: FakeTikTok, advertiser_id: str) -> None:
    batch, audiences = people(1_000, IdType.EMAIL_SHA256), [f"73{number:017}" for number in range(50)]
    await streaming.send(fake.answers().session(), advertiser_id, audiences, "add", batch)

    assert len(fake.requests) == 2
    assert max(len(each.content) for each in fake.requests) <= streaming.MAX_BYTES
    assert delivered(fake) == written(batch)


async def test_the_halves_of_a_batch_go_where_the_whole_was_to_go(fake: FakeTikTok, advertiser_id: str) -> None:
    legs = pa.record_batch([pa.array([1 << number % 3 for number in range(10)], pa.uint64())], names=["idfa_md5"])
    audiences = ["73", "74", "75"]
    await streaming.send(fake.answers().session(), advertiser_id, audiences, "add", people(10), legs=legs, max_rows=3)

    sent = [row[0]["audience_ids"] for each in fake.requests for row in json.loads(each.content)["batch_data"]]
    assert sent == [[audiences[number % 3]] for number in range(10)]


async def test_a_row_that_is_too_large_goes_alone(
    fake: FakeTikTok, advertiser_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "MAX_BYTES", 1)
    await streaming.send(fake.answers().session(), advertiser_id, ["73"], "add", people(3))

    assert [len(json.loads(each.content)["batch_data"]) for each in fake.requests] == [1, 1, 1]


async def test_a_batch_of_too_many_rows_goes_in_halves_that_lose_nothing(fake: FakeTikTok, advertiser_id: str) -> None:
    batch = people(2_501)
    await streaming.send(fake.answers().session(), advertiser_id, ["73"], "add", batch)

    assert max(len(json.loads(each.content)["batch_data"]) for each in fake.requests) <= streaming.MAX_ROWS
    assert delivered(fake) == written(batch)


async def test_who_allows_more_rows_allows_as_many_more_bytes(fake: FakeTikTok, advertiser_id: str) -> None:
    batch = people(streaming.MOST_ROWS, IdType.EMAIL_SHA256)
    await streaming.send(
        fake.answers().session(), advertiser_id, [AUDIENCE], "add", batch, max_rows=streaming.MOST_ROWS
    )

    assert len(fake.requests) == 1
    assert delivered(fake) == written(batch)


async def test_a_batch_of_the_default_size_with_every_type_is_one_request(fake: FakeTikTok, advertiser_id: str) -> None:
    columns = [people(streaming.MAX_ROWS, each).column(0) for each in IdType]
    batch = pa.record_batch(columns, names=[str(each) for each in IdType])
    await streaming.send(fake.answers().session(), advertiser_id, [AUDIENCE], "add", batch)

    assert len(fake.requests) == 1


async def test_a_partly_taken_batch_is_reported(fake: FakeTikTok, advertiser_id: str) -> None:
    with pytest.raises(PartialSuccessError):
        await streaming.send(fake.refuses(20001, "Partly.").session(), advertiser_id, ["73"], "add", people(3))


async def test_creating_returns_the_new_id(fake: FakeTikTok, advertiser_id: str) -> None:
    session = fake.answers({"audience_id": "7300000000000000042"}).session()

    assert await streaming.create(session, advertiser_id, "Lapsed buyers") == "7300000000000000042"
    assert fake.sent() == {
        "advertiser_id": advertiser_id,
        "action": "create",
        "custom_audience_name": "Lapsed buyers",
    }


async def test_a_create_whose_answer_was_lost_is_uncertain_and_not_repeated(
    fake: FakeTikTok, advertiser_id: str
) -> None:
    with pytest.raises(UncertainWriteError, match=advertiser_id):
        await streaming.create(fake.breaks(httpx.ReadError("reset")).session(), advertiser_id, "Lapsed buyers")

    assert len(fake.requests) == 1


@pytest.mark.parametrize("payload", [{}, {"audience_id": None}, {"audience_id": ["73"]}])
async def test_a_create_that_does_not_say_what_it_made_is_uncertain(
    fake: FakeTikTok, advertiser_id: str, payload: dict[str, object]
) -> None:
    with pytest.raises(UncertainWriteError, match="audience_id"):
        await streaming.create(fake.answers(payload).session(), advertiser_id, "Lapsed buyers")
