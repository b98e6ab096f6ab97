"""Identifiers travel hashed, under their own types, in requests that TikTok takes."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import httpx
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.identifiers import Hash, IdType
from reconciler.tiktok import streaming
from reconciler.tiktok.errors import PartialSuccessError, UncertainWriteError, UnhashedError

if TYPE_CHECKING:
    from tests.tiktok.conftest import FakeTikTok

MAPPING = "/open_api/v1.3/segment/mapping/"
DIGITS = "0123456789abcdef"


def hashed(id_type: IdType) -> st.SearchStrategy[str | None]:
    length = 32 if id_type.hash is Hash.MD5 else 64
    return st.none() | st.text(DIGITS, min_size=length, max_size=length)


@st.composite
def batches(draw: st.DrawFn) -> pa.RecordBatch:
    id_types = draw(st.lists(st.sampled_from(list(IdType)), min_size=1, unique=True))
    rows = draw(st.integers(0, 8))
    columns = [draw(st.lists(hashed(each), min_size=rows, max_size=rows)) for each in id_types]
    return pa.record_batch([pa.array(each, pa.string()) for each in columns], names=[str(each) for each in id_types])


def people(count: int, id_type: IdType = IdType.IDFA_MD5) -> pa.RecordBatch:
    digest = hashlib.md5 if id_type.hash is Hash.MD5 else hashlib.sha256
    values = [digest(str(number).encode()).hexdigest() for number in range(count)]
    return pa.record_batch([pa.array(values, pa.string())], names=[str(id_type)])


def delivered(fake: FakeTikTok) -> list[str]:
    return [row[0]["id"] for each in fake.requests for row in json.loads(each.content)["batch_data"]]


@given(batch=batches(), audience_ids=st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=3))
def test_columns_are_encoded_as_a_row_by_row_writer_would(batch: pa.RecordBatch, audience_ids: list[str]) -> None:
    naive = [
        [{} if value is None else {"id": value, "audience_ids": audience_ids} for value in row.values()]
        for row in batch.to_pylist()
    ]

    assert json.loads(streaming.encode(batch, audience_ids)) == naive


@given(batch=batches())
def test_every_identifier_stays_under_its_own_label(batch: pa.RecordBatch) -> None:
    rows = json.loads(streaming.encode(batch, ["73"]))

    for place, name in enumerate(batch.schema.names):
        assert [row[place].get("id") for row in rows] == batch.column(name).to_pylist()


@pytest.mark.parametrize("start", [0, 3])
def test_a_slice_of_a_batch_encodes_that_slice(start: int) -> None:
    batch = people(6)

    assert json.loads(streaming.encode(batch.slice(start, 2), ["73"])) == [
        [{"id": value, "audience_ids": ["73"]}] for value in batch.column(0).to_pylist()[start : start + 2]
    ]


def test_text_of_any_arrow_type_is_taken() -> None:
    values = people(3).column(0)
    plain = streaming.encode(people(3), ["73"])

    for other in (pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())):
        assert streaming.encode(pa.record_batch([values.cast(other)], names=["idfa_md5"]), ["73"]) == plain


@pytest.mark.parametrize(
    "raw",
    [
        "ea7583cd-a667-48bc-b806-42ecb2b48606",
        "person@example.com",
        "",
        "0" * 31,
        "0" * 33,
        "0" * 64,
        "A" * 32,
        "g" * 32,
        "0" * 32 + "\n",
        "0" * 31 + '"',
    ],
)
async def test_what_is_not_a_hash_is_never_sent_nor_quoted(fake: FakeTikTok, raw: str, advertiser_id: str) -> None:
    batch = pa.record_batch([pa.array(["0" * 32, None, raw])], names=["idfa_md5"])
    with pytest.raises(UnhashedError, match="idfa_md5 is no md5 hash") as caught:
        await streaming.send(fake.answers().session(), advertiser_id, "73", "add", batch)

    assert not fake.requests
    assert not raw or raw not in caught.value.message


def test_the_same_text_is_a_hash_in_one_column_and_none_in_another() -> None:
    streaming.encode(pa.record_batch([pa.array(["0" * 64])], names=["idfa_sha256"]), ["73"])
    with pytest.raises(UnhashedError):
        streaming.encode(pa.record_batch([pa.array(["0" * 64])], names=["idfa_md5"]), ["73"])


def test_a_column_that_is_no_identifier_type_is_a_defect() -> None:
    with pytest.raises(ValueError, match="mpid"):
        streaming.encode(pa.record_batch([pa.array(["0" * 32])], names=["mpid"]), ["73"])


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
    batch = pa.record_batch(
        [pa.array(["a" * 32, None]), pa.array(["b" * 32, "c" * 32])], names=["idfa_md5", "gaid_md5"]
    )
    await streaming.send(fake.answers().session(), advertiser_id, "73", action, batch)

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


async def test_an_empty_batch_costs_no_call(fake: FakeTikTok, advertiser_id: str) -> None:
    await streaming.send(fake.answers().session(), advertiser_id, "73", "add", people(0))

    assert not fake.requests


async def test_a_batch_whose_answer_was_lost_is_sent_again(fake: FakeTikTok, advertiser_id: str) -> None:
    fake.breaks(httpx.ReadError("reset")).answers()
    await streaming.send(fake.session(), advertiser_id, "73", "add", people(3))

    assert len(fake.requests) == 2


async def test_a_batch_of_too_many_bytes_goes_in_halves_that_lose_nothing(fake: FakeTikTok, advertiser_id: str) -> None:
    batch = people(9_999, IdType.EMAIL_SHA256)
    await streaming.send(fake.answers().session(), advertiser_id, "7300000000000000042", "add", batch)

    assert len(fake.requests) == 2
    assert max(len(each.content) for each in fake.requests) <= streaming.MAX_BYTES
    assert delivered(fake) == batch.column(0).to_pylist()


async def test_a_batch_of_too_many_rows_goes_in_halves_that_lose_nothing(fake: FakeTikTok, advertiser_id: str) -> None:
    batch = people(12_001)
    await streaming.send(fake.answers().session(), advertiser_id, "73", "add", batch)

    assert delivered(fake) == batch.column(0).to_pylist()


async def test_a_batch_of_the_default_size_with_every_type_is_one_request(fake: FakeTikTok, advertiser_id: str) -> None:
    columns = [people(streaming.MAX_ROWS, each).column(0) for each in IdType]
    batch = pa.record_batch(columns, names=[str(each) for each in IdType])
    await streaming.send(fake.answers().session(), advertiser_id, "7300000000000000042", "add", batch)

    assert len(fake.requests) == 1


async def test_a_partly_taken_batch_is_reported(fake: FakeTikTok, advertiser_id: str) -> None:
    with pytest.raises(PartialSuccessError):
        await streaming.send(fake.refuses(20001, "Partly.").session(), advertiser_id, "73", "add", people(3))


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
