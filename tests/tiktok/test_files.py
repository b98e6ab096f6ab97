"""Customer files hold every identifier once, hashed, under its own name, and reach TikTok as it wants them."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING

import httpx
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.identifiers import Hash, IdType
from reconciler.tiktok import files
from reconciler.tiktok.errors import (
    CalculateTypeError,
    FileRefusedError,
    NotEditableError,
    NotReadyError,
    ServiceFaultError,
    TikTokError,
    UncertainWriteError,
    UnhashedError,
)
from reconciler.tiktok.file_text import Layout, calculate_type, layout_for, layout_of, lines, parts
from reconciler.tiktok.transport import Form

if TYPE_CHECKING:
    from tests.tiktok.conftest import FakeTikTok

ONE = layout_for([IdType.IDFA_MD5])
TWO = layout_for([IdType.IDFA_MD5, IdType.GAID_SHA256])
AUDIENCE = "7300000000000000001"


def digests(id_type: IdType) -> st.SearchStrategy[bytes]:
    size = 16 if id_type.hash is Hash.MD5 else 32
    return st.binary(min_size=size, max_size=size)


@st.composite
def people(draw: st.DrawFn, *, least: int = 1) -> pa.RecordBatch:
    """Draw rows of some types, in any column order; each row holds an identifier at least."""
    id_types = draw(st.lists(st.sampled_from(list(IdType)), min_size=least, unique=True))
    row = st.tuples(*(st.none() | digests(each) for each in id_types)).filter(any)
    rows = draw(st.lists(row, max_size=8))
    columns = [pa.array([row[place] for row in rows], pa.binary()) for place in range(len(id_types))]
    return pa.record_batch(columns, names=[each.value for each in id_types])


def batch(*values: bytes | None, id_type: IdType = IdType.IDFA_MD5) -> pa.RecordBatch:
    return pa.record_batch([pa.array(values, pa.binary())], names=[id_type.value])


def numbered(count: int, start: int = 0) -> pa.RecordBatch:
    return batch(*(hashlib.md5(b"%d" % each).digest() for each in range(start, start + count)))


def types_of(rows: pa.RecordBatch) -> list[IdType]:
    return [IdType(name) for name in rows.schema.names]


def read_table(text: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.decode("ascii"))))


def expected_table(rows: pa.RecordBatch) -> list[dict[str, str]]:
    return [
        {calculate_type(IdType(name)): value.hex() if value else "" for name, value in row.items()}
        for row in rows.to_pylist()
    ]


def as_bag(table: list[dict[str, str]]) -> list[list[tuple[str, str]]]:
    return sorted(sorted(row.items()) for row in table)


# What a file holds ------------------------------------------------------------------------------------------------


@given(values=st.lists(digests(IdType.IDFA_MD5) | st.none(), max_size=8))
def test_a_file_of_one_type_has_an_identifier_a_line_and_nothing_else(values: list[bytes | None]) -> None:
    expected = "".join(f"{value.hex()}\n" for value in values if value is not None)

    assert lines(batch(*values), ONE) == expected.encode()


@given(rows=people())
def test_a_file_of_several_types_has_a_person_a_line_below_their_names(rows: pa.RecordBatch) -> None:
    layout = layout_for(types_of(rows), several=True)
    table = read_table(layout.header + lines(rows, layout))

    assert as_bag(table) == as_bag(expected_table(rows))


@given(rows=people(least=2), limit=st.integers(700, 2000), size=st.integers(1, 3))
def test_parts_hold_every_row_once_and_none_is_too_large(rows: pa.RecordBatch, limit: int, size: int) -> None:
    layout = layout_for(types_of(rows))
    batches = [rows.slice(start, size) for start in range(0, rows.num_rows, size)]
    written = list(parts(batches, layout, limit=max(limit, size * 400 + len(layout.header))))

    assert as_bag([row for part in written for row in read_table(part.text)]) == as_bag(expected_table(rows))
    assert all(len(part.text) <= max(limit, size * 400 + len(layout.header)) for part in written)
    assert sum(part.rows for part in written) == rows.num_rows
    assert sum(part.identifiers for part in written) == sum(len(each) - each.null_count for each in rows.columns)


def test_parts_are_as_full_as_whole_batches_allow() -> None:
    written = list(parts([numbered(10, start) for start in range(0, 100, 10)], ONE, limit=30 * 33))

    assert [part.rows for part in written] == [30, 30, 30, 10]


def test_nobody_makes_no_file() -> None:
    assert list(parts([], TWO)) == []


def test_a_batch_that_no_file_could_take_is_a_defect() -> None:
    with pytest.raises(ValueError, match="4 rows make 132 bytes, where a file takes 100"):
        list(parts([numbered(4)], ONE, limit=100))


def test_a_column_that_a_batch_lacks_is_empty_in_its_lines() -> None:
    assert read_table(TWO.header + lines(batch(b"\x01" * 16), TWO)) == [{"IDFA_MD5": "01" * 16, "GAID_SHA256": ""}]


def test_a_slice_of_a_batch_writes_that_slice() -> None:
    assert lines(numbered(6).slice(2, 3), ONE) == lines(numbered(3, start=2), ONE)


@pytest.mark.parametrize("kind", [pa.binary(16), pa.binary(), pa.large_binary()])
def test_digests_of_any_binary_kind_are_taken(kind: pa.DataType) -> None:
    column = numbered(3).column(0).cast(kind)

    assert lines(pa.record_batch([column], names=["idfa_md5"]), ONE) == lines(numbered(3), ONE)


@pytest.mark.parametrize(
    "raw",
    [
        pa.array([b"0" * 15], pa.binary()),
        pa.array([b"\x00" * 16, b"0" * 17], pa.binary()),
        pa.array([b"0" * 32], pa.binary()),
        pa.array([b""], pa.binary()),
        pa.array(["raw-identifier-1"], pa.string()),
        pa.array(["ea7583cd-a667-48bc-b806-42ecb2b48606"], pa.string()),
        pa.array([7], pa.int64()),
    ],
    ids=str,
)
@pytest.mark.parametrize("layout", [ONE, TWO], ids=["one", "two"])
def test_what_is_no_digest_is_never_written_nor_quoted(raw: pa.Array, layout: Layout) -> None:
    with pytest.raises(UnhashedError, match="idfa_md5 is no md5 digest") as caught:
        lines(pa.record_batch([raw], names=["idfa_md5"]), layout)

    value = raw[-1].as_py()
    quoted = value.decode() if isinstance(value, bytes) else str(value)
    assert not quoted or quoted not in caught.value.message


# Which files an audience takes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("id_type", list(IdType))
def test_an_audience_of_one_type_goes_by_its_name(id_type: IdType) -> None:
    layout = layout_for([id_type])

    assert (layout.calculate_type, layout.uploaded_as, layout.header) == (id_type.name, id_type.name, b"")


def test_an_audience_of_several_types_takes_tables() -> None:
    assert TWO.calculate_type == TWO.uploaded_as == "MULTIPLE_TYPES"
    assert TWO.header == b"IDFA_MD5,GAID_SHA256\n"


def test_an_audience_that_may_get_other_types_later_takes_tables_from_the_start() -> None:
    layout = layout_for([IdType.GAID_MD5], several=True)

    assert (layout.calculate_type, layout.header) == ("MULTIPLE_TYPES", b"GAID_MD5\n")


@given(id_types=st.lists(st.sampled_from(list(IdType)), min_size=1, unique=True), several=st.booleans())
def test_what_an_audience_was_made_with_is_what_it_gets_later(id_types: list[IdType], several: bool) -> None:
    made = layout_for(id_types, several=several)

    assert layout_of(made.calculate_type, id_types) == made


def test_mixed_mobile_ids_are_spelled_in_both_of_tiktoks_ways() -> None:
    layout = layout_of("FIRST_MD5", [IdType.GAID_MD5])
    rows = pa.record_batch(
        [pa.array([b"\x01" * 16, None], pa.binary()), pa.array([b"\x02" * 16, b"\x03" * 16], pa.binary())],
        names=["idfa_md5", "gaid_md5"],
    )

    assert (layout.calculate_type, layout.uploaded_as) == ("FIRST_MD5", "MAID_MD5")
    assert sorted(lines(rows, layout).split()) == [b"01" * 16, b"02" * 16, b"03" * 16]


def test_identifiers_that_an_audience_does_not_take_are_refused_before_anything_is_sent() -> None:
    with pytest.raises(
        CalculateTypeError, match="takes IDFA_MD5 files, and there are identifiers of the type GAID_MD5"
    ):
        lines(batch(b"\x01" * 16, id_type=IdType.GAID_MD5), ONE)


def test_a_column_that_holds_nothing_is_in_nobodys_way() -> None:
    empty = batch(None, None, id_type=IdType.GAID_MD5)
    rows = pa.record_batch([numbered(2).column(0), empty.column(0)], names=["idfa_md5", "gaid_md5"])

    assert lines(rows, ONE) == lines(numbered(2), ONE)


def test_a_type_nobody_knows_is_named() -> None:
    with pytest.raises(CalculateTypeError, match='made of "EYE_COLOUR" files'):
        layout_of("EYE_COLOUR", [IdType.IDFA_MD5])


# What TikTok is told ----------------------------------------------------------------------------------------------


def form(request: httpx.Request) -> dict[str, tuple[str | None, str, bytes]]:
    """Return name → file name, content type and content of each field."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + request.content)
    return {
        str(part.get_param("name", header="content-disposition")): (
            part.get_filename(),
            part.get_content_type(),
            bytes(part.get_payload(decode=True)),
        )
        for part in message.iter_parts()
    }


async def test_an_upload_says_whose_it_is_what_it_holds_and_its_signature(fake: FakeTikTok, advertiser_id: str) -> None:
    text = lines(numbered(3), ONE)
    path = await files.upload(fake.answers({"file_path": "0123456789abcdef"}).session(), advertiser_id, text, ONE)

    assert path == "0123456789abcdef"
    assert fake.last.url.path == "/open_api/v1.3/dmp/custom_audience/file/upload/"
    sent = form(fake.last)
    assert {name: content for name, (_, _, content) in sent.items()} == {
        "advertiser_id": advertiser_id.encode(),
        "file_signature": hashlib.md5(text).hexdigest().encode(),
        "calculate_type": b"IDFA_MD5",
        "file": text,
    }
    assert sent["file"][:2] == ("members.csv", "text/csv")


async def test_an_upload_says_how_long_it_is_before_it_goes(fake: FakeTikTok, advertiser_id: str) -> None:
    await files.upload(fake.answers({"file_path": "p"}).session(), advertiser_id, b"0" * 200_000, ONE)

    assert int(fake.last.headers["content-length"]) == len(fake.last.content) > 200_000


@pytest.mark.parametrize("trouble", [50000, 40100, 40202])
async def test_an_upload_is_done_again_whole_when_tiktok_failed(
    fake: FakeTikTok, advertiser_id: str, trouble: int
) -> None:
    fake.refuses(trouble).answers({"file_path": "p"})
    await files.upload(fake.session(), advertiser_id, lines(numbered(3), ONE), ONE)

    first, second = (form(each)["file"] for each in fake.requests)
    assert first == second


async def test_an_upload_that_broke_off_is_done_again(fake: FakeTikTok, advertiser_id: str) -> None:
    fake.breaks(httpx.WriteError("reset")).answers({"file_path": "p"})

    assert await files.upload(fake.session(), advertiser_id, b"", ONE) == "p"


async def test_mixed_mobile_ids_are_uploaded_under_the_uploads_name(fake: FakeTikTok, advertiser_id: str) -> None:
    layout = layout_of("FIRST_MD5", [])
    await files.upload(fake.answers({"file_path": "p"}).session(), advertiser_id, b"", layout)

    assert form(fake.last)["calculate_type"][2] == b"MAID_MD5"


async def test_no_identifier_and_no_token_is_in_what_an_upload_shows(
    fake: FakeTikTok, advertiser_id: str, token: str
) -> None:
    text = lines(numbered(1), ONE)
    with pytest.raises(TikTokError) as caught:
        await files.upload(fake.refuses(40905, f"no, {token}").session(), advertiser_id, text, ONE)

    assert text.decode().strip() not in repr(vars(caught.value))
    assert token not in caught.value.message


@pytest.mark.parametrize("code", range(40905, 40911))
async def test_a_file_that_tiktok_does_not_take_is_told_apart_from_one_that_has_expired(
    fake: FakeTikTok, advertiser_id: str, code: int
) -> None:
    with pytest.raises(FileRefusedError) as caught:
        await files.update(fake.refuses(code).session(), advertiser_id, AUDIENCE, ["p"], "APPEND")

    assert caught.value.has_expired == (code == 40910)


async def test_a_create_names_its_files_and_their_type(fake: FakeTikTok, advertiser_id: str) -> None:
    session = fake.answers({"custom_audience_id": AUDIENCE}).session()

    assert await files.create(session, advertiser_id, "Buyers", ["a", "b"], TWO) == AUDIENCE
    assert fake.last.url.path == "/open_api/v1.3/dmp/custom_audience/create/"
    assert fake.sent() == {
        "advertiser_id": advertiser_id,
        "custom_audience_name": "Buyers",
        "file_paths": ["a", "b"],
        "calculate_type": "MULTIPLE_TYPES",
        "audience_sub_type": "NORMAL",
    }


async def test_a_create_says_how_long_the_audience_is_to_live_and_what_for(
    fake: FakeTikTok, advertiser_id: str
) -> None:
    session = fake.answers({"custom_audience_id": AUDIENCE}).session()
    await files.create(
        session, advertiser_id, "Buyers", ["a"], ONE, audience_sub_type="REACH_FREQUENCY", retention_in_days=30
    )

    assert fake.sent()["retention_in_days"] == 30
    assert fake.sent()["audience_sub_type"] == "REACH_FREQUENCY"


@pytest.mark.parametrize(
    "outcome",
    [
        lambda fake: fake.breaks(httpx.ReadError("reset")),
        lambda fake: fake.refuses(50000),
        lambda fake: fake.answers({}),
        lambda fake: fake.sends(httpx.Response(502, text="<html>")),
    ],
    ids=["broken", "fault", "no id", "web page"],
)
async def test_a_create_whose_outcome_nobody_knows_is_never_repeated(
    fake: FakeTikTok, advertiser_id: str, outcome: object
) -> None:
    assert callable(outcome)
    outcome(fake)
    with pytest.raises(UncertainWriteError):
        await files.create(fake.session(), advertiser_id, "Buyers", ["a"], ONE)

    assert len(fake.requests) == 1


@pytest.mark.parametrize("action", ["APPEND", "REMOVE", "REPLACE"])
async def test_an_update_says_what_its_files_are_for(
    fake: FakeTikTok, advertiser_id: str, action: files.Action
) -> None:
    await files.update(fake.answers().session(), advertiser_id, AUDIENCE, ["a"], action)

    assert fake.last.url.path == "/open_api/v1.3/dmp/custom_audience/update/"
    assert fake.sent() == {
        "advertiser_id": advertiser_id,
        "custom_audience_id": AUDIENCE,
        "file_paths": ["a"],
        "action": action,
    }


async def test_an_update_is_done_again_when_tiktok_failed(fake: FakeTikTok, advertiser_id: str) -> None:
    fake.refuses(50000).answers()
    await files.update(fake.session(), advertiser_id, AUDIENCE, ["a"], "APPEND")

    assert len(fake.requests) == 2


async def test_an_update_gives_up_on_a_service_that_stays_down(fake: FakeTikTok, advertiser_id: str) -> None:
    with pytest.raises(ServiceFaultError):
        await files.update(fake.refuses(50000).session(), advertiser_id, AUDIENCE, ["a"], "APPEND")


@pytest.mark.parametrize(
    ("code", "said", "kind"),
    [(40002, "Audience is not editable.", NotEditableError), (40201, "Task is not ready.", NotReadyError)],
)
async def test_an_audience_that_is_still_processing_is_told_by_its_class(
    fake: FakeTikTok, advertiser_id: str, code: int, said: str, kind: type[TikTokError]
) -> None:
    with pytest.raises(kind):
        await files.update(fake.refuses(code, said).session(), advertiser_id, AUDIENCE, ["a"], "APPEND")

    assert len(fake.requests) == 1


async def test_a_sub_type_is_set_by_a_call_of_its_own(fake: FakeTikTok, advertiser_id: str) -> None:
    await files.set_sub_type(fake.answers().session(), advertiser_id, AUDIENCE, "REACH_FREQUENCY")

    assert fake.last.url.path == "/open_api/v1.3/dmp/custom_audience/update/"
    assert fake.sent() == {
        "advertiser_id": advertiser_id,
        "custom_audience_id": AUDIENCE,
        "audience_sub_type": "REACH_FREQUENCY",
    }


def test_a_form_that_is_printed_shows_no_file() -> None:
    assert not re.search("secret", repr(Form({}, "members.csv", b"secret")))
