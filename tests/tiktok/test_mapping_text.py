"""Mapping rows are written from whole columns as a row-by-row writer would write them, and never with anything raw."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.identifiers import Hash, IdType
from reconciler.tiktok.errors import UnhashedError
from reconciler.tiktok.mapping_text import encode

if TYPE_CHECKING:
    from collections.abc import Sequence

names = st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=20, unique=True)


def digests(id_type: IdType) -> st.SearchStrategy[bytes]:
    size = 16 if id_type.hash is Hash.MD5 else 32
    return st.binary(min_size=size, max_size=size)


@st.composite
def batches(draw: st.DrawFn) -> pa.RecordBatch:
    id_types = draw(st.lists(st.sampled_from(list(IdType)), min_size=1, unique=True))
    rows = draw(st.integers(0, 8))
    columns = [draw(st.lists(st.none() | digests(each), min_size=rows, max_size=rows)) for each in id_types]
    return pa.record_batch([pa.array(each, pa.binary()) for each in columns], names=[str(each) for each in id_types])


def masks(rows: pa.RecordBatch, audiences: int) -> st.SearchStrategy[pa.RecordBatch]:
    """Draw which audiences each identifier of `rows` goes to: one at least, none where there is no identifier."""
    one = st.integers(1, 2**audiences - 1)
    columns = [st.tuples(*(one if each.is_valid else st.none() for each in column)) for column in rows.columns]
    return st.tuples(*columns).map(
        lambda drawn: pa.record_batch([pa.array(each, pa.uint64()) for each in drawn], names=rows.schema.names)
    )


def row_by_row(rows: pa.RecordBatch, audience_ids: Sequence[str], legs: pa.RecordBatch | None) -> list[list[Any]]:
    """Return what the JSON is to hold, written the slow way."""
    everywhere = 2 ** len(audience_ids) - 1
    written = []
    for number, row in enumerate(rows.to_pylist()):
        to = dict.fromkeys(row, everywhere) if legs is None else legs.slice(number, 1).to_pylist()[0]
        written.append(
            [
                {"id": value.hex(), "audience_ids": [a for bit, a in enumerate(audience_ids) if to[name] >> bit & 1]}
                if value is not None
                else {}
                for name, value in row.items()
            ]
        )
    return written


@given(rows=batches(), audience_ids=names)
def test_every_identifier_goes_to_every_audience_where_nothing_else_is_said(
    rows: pa.RecordBatch, audience_ids: list[str]
) -> None:
    assert json.loads(encode(rows, audience_ids)) == row_by_row(rows, audience_ids, None)


@given(drawn=st.data(), rows=batches(), audience_ids=names)
def test_every_identifier_goes_to_its_own_audiences(
    drawn: st.DataObject, rows: pa.RecordBatch, audience_ids: list[str]
) -> None:
    legs = drawn.draw(masks(rows, len(audience_ids)))

    assert json.loads(encode(rows, audience_ids, legs)) == row_by_row(rows, audience_ids, legs)


@pytest.mark.parametrize("count", [1, 8, 9, 59, 60, 64])
def test_each_of_many_audiences_is_told_by_its_own_bit(count: int) -> None:
    audience_ids = [f"73{number:017}" for number in range(count)]
    rows = pa.record_batch([pa.array([b"\x00" * 16] * count, pa.binary())], names=["idfa_md5"])
    legs = pa.record_batch([pa.array([1 << bit for bit in range(count)], pa.uint64())], names=["idfa_md5"])

    assert [row[0]["audience_ids"] for row in json.loads(encode(rows, audience_ids, legs))] == [
        [each] for each in audience_ids
    ]


@pytest.mark.parametrize("start", [0, 3])
def test_a_slice_of_a_batch_is_written_as_that_slice(start: int) -> None:
    values = [hashlib.md5(str(number).encode()).digest() if number % 2 else None for number in range(6)]
    rows = pa.record_batch([pa.array(values, pa.binary())], names=["idfa_md5"])
    legs = pa.record_batch([pa.array([number % 3 + 1 for number in range(6)], pa.uint64())], names=["idfa_md5"])
    some, theirs = rows.slice(start, 2), legs.slice(start, 2)

    assert json.loads(encode(some, ["73", "74"], theirs)) == row_by_row(some, ["73", "74"], theirs)


@pytest.mark.parametrize("kind", [pa.large_binary(), pa.binary(16)])
def test_digests_of_any_binary_type_are_taken(kind: pa.DataType) -> None:
    values = pa.array([b"\x00" * 16, None, b"\xff" * 16], pa.binary())
    plain = encode(pa.record_batch([values], names=["idfa_md5"]), ["73"])

    assert encode(pa.record_batch([values.cast(kind)], names=["idfa_md5"]), ["73"]) == plain


@pytest.mark.parametrize(
    "raw", [b"ea7583cd-a667-48bc-b806-42ecb2b48606", b"person@example.com", b"", b"0" * 15, b"0" * 17, b"0" * 32]
)
def test_what_has_not_the_length_of_its_hash_is_neither_written_nor_quoted(raw: bytes) -> None:
    rows = pa.record_batch([pa.array([b"\x00" * 16, None, raw], pa.binary())], names=["idfa_md5"])
    with pytest.raises(UnhashedError, match="idfa_md5 is no md5 digest") as caught:
        encode(rows, ["73"])

    assert not raw or raw.decode() not in caught.value.message


def test_text_is_no_digest_whatever_its_length() -> None:
    with pytest.raises(UnhashedError):
        encode(pa.record_batch([pa.array(["a-user@mail.com "])], names=["idfa_md5"]), ["73"])


def test_the_same_bytes_are_a_digest_in_one_column_and_none_in_another() -> None:
    values = pa.array([b"\x00" * 32], pa.binary())
    encode(pa.record_batch([values], names=["idfa_sha256"]), ["73"])
    with pytest.raises(UnhashedError):
        encode(pa.record_batch([values], names=["idfa_md5"]), ["73"])


def test_a_column_that_is_no_identifier_type_is_a_defect() -> None:
    with pytest.raises(ValueError, match="mpid"):
        encode(pa.record_batch([pa.array([b"\x00" * 16], pa.binary())], names=["mpid"]), ["73"])


@pytest.mark.parametrize("mask", [0, None, 0b100, 1 << 63])
def test_an_identifier_that_goes_nowhere_is_a_defect(mask: int | None) -> None:
    rows = pa.record_batch([pa.array([b"\x00" * 16, b"\x01" * 16], pa.binary())], names=["idfa_md5"])
    legs = pa.record_batch([pa.array([0b11, mask], pa.uint64())], names=["idfa_md5"])
    with pytest.raises(ValueError, match="none of 2 audiences"):
        encode(rows, ["73", "74"], legs)
