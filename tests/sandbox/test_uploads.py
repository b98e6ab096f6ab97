"""Uploading customer files: what is taken, and everything that must be refused."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.sandbox import file_contents
from reconciler.sandbox.envelope import Refusal
from tests.sandbox.conftest import ADVERTISER, UPLOAD, lines, md5, opened

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.sandbox import Sandbox
    from tests.sandbox.conftest import Api

SHA256 = "ab" * 32
SIZES = {
    "IDFA_MD5": 32,
    "GAID_MD5": 32,
    "FIRST_MD5": 32,
    "MAID_MD5": 32,
    "IDFA_SHA256": 64,
    "GAID_SHA256": 64,
    "FIRST_SHA256": 64,
    "MAID_SHA256": 64,
    "EMAIL_SHA256": 64,
    "PHONE_SHA256": 64,
}


def held(api: Api, sandbox: Sandbox, content: bytes, calculate_type: str) -> frozenset[tuple[str, str]]:
    """Return what an audience made of one file holds."""
    file_path = api.uploaded(content, calculate_type)
    reply = api.create_from(file_path, calculate_type=calculate_type)
    assert reply.code == 0, reply.message
    return sandbox.controls.members(reply.content["custom_audience_id"])


def test_a_file_path_has_16_characters_and_never_comes_again(api: Api) -> None:
    paths = {api.uploaded(lines("a")) for _ in range(5)}

    assert len(paths) == 5
    assert {len(path) for path in paths} == {16}


@pytest.mark.parametrize("name", SIZES)
def test_every_type_takes_its_own_hash(api: Api, name: str) -> None:
    assert api.upload(b"a" * SIZES[name], name).code == 0
    assert api.upload(b"a" * (96 - SIZES[name]), name).code == 40062


@pytest.mark.parametrize("calculate_type", ["AAID_MD5", "idfa_md5", "EMAIL_MD5", "MD5"])
def test_a_type_that_is_none_is_the_wrong_one(api: Api, calculate_type: str) -> None:
    reply = api.upload(lines("a"), calculate_type)

    assert (reply.code, reply.message.split(":")[0]) == (40909, "calculate_type")


@pytest.mark.parametrize(
    ("name", "code"), [("a.csv", 0), ("a.txt", 0), ("a.CSV", 40908), ("a.zip", 40908), ("csv", 40908)]
)
def test_a_file_is_csv_or_txt_by_its_name(api: Api, name: str, code: int) -> None:
    assert api.upload(lines("a"), name=name).code == code


def test_a_form_without_a_file_is_refused(api: Api) -> None:
    reply = api.form(UPLOAD, advertiser_id=ADVERTISER, calculate_type="IDFA_MD5", file_signature=md5(""))

    assert (reply.code, reply.message) == (40905, "file: The file is missing.")


def test_a_text_is_no_file(api: Api) -> None:
    parts = {"advertiser_id": ADVERTISER, "calculate_type": "IDFA_MD5", "file_signature": md5(""), "file": md5("a")}

    reply = opened(api.send("POST", UPLOAD, files={name: (None, text) for name, text in parts.items()}))

    assert reply.code == 40905


@pytest.mark.parametrize(
    ("content", "calculate_type"),
    [(b"", "IDFA_MD5"), (b"\n", "IDFA_MD5"), (b"", "MULTIPLE_TYPES"), (b"IDFA_MD5,GAID_MD5\n,\n,\n", "MULTIPLE_TYPES")],
)
def test_a_file_without_identifiers_is_empty(api: Api, content: bytes, calculate_type: str) -> None:
    assert api.upload(content, calculate_type).code == 40906


@pytest.mark.parametrize(("size", "code"), [(50_000_000, 40062), (50_000_001, 40907)])
def test_a_file_has_50_mb_at_most(api: Api, size: int, code: int) -> None:
    content = b"raw\n" + b"a" * (size - 4)  # refused by its first line, where it is not by its size

    assert api.upload(content).code == code


@pytest.mark.parametrize("signature", [md5("another file"), "x", "a" * 31])
def test_a_signature_must_be_the_md5_of_the_file(api: Api, signature: str) -> None:
    reply = api.upload(lines("a"), signature=signature)

    assert (reply.code, reply.message.split(":")[0]) == (40002, "file_signature")


@pytest.mark.parametrize("missing", ["advertiser_id", "file_signature", "calculate_type"])
def test_every_field_is_required(api: Api, missing: str) -> None:
    fields = {"advertiser_id": ADVERTISER, "file_signature": md5("x"), "calculate_type": "IDFA_MD5"}
    del fields[missing]

    reply = api.form(UPLOAD, file=("a.csv", b"x"), **fields)

    assert (reply.code, reply.message) == (40002, f"{missing}: Missing data for required field.")


def test_json_is_no_form(api: Api) -> None:
    assert api.post(UPLOAD, advertiser_id=ADVERTISER).message == "Content-Type: Must be multipart/form-data."


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n"),
    ],
)
def test_a_form_that_is_none_is_refused(api: Api, content_type: str, content: bytes) -> None:
    reply = opened(api.send("POST", UPLOAD, content=content, headers={"Content-Type": content_type}))

    assert reply.code == 40002


def test_a_field_given_twice_is_refused(api: Api) -> None:
    parts = [("advertiser_id", (None, ADVERTISER)), ("advertiser_id", (None, ADVERTISER))]

    reply = opened(api.send("POST", UPLOAD, files=parts))

    assert (reply.code, reply.message) == (40002, "advertiser_id: Given twice.")


def test_uploading_takes_the_right_to_write(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.add_token("reader", [ADVERTISER], scopes=[30])
    assert api.upload(lines("a"), token="reader").code == 40001

    sandbox.controls.set_role(ADVERTISER, "ANALYST")

    assert api.upload(lines("a")).code == 40001


def test_an_upload_that_breaks_off_can_be_done_again(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.add_fault("server_error", path="file/upload", body="IDFA_MD5")

    assert [api.upload(lines("a")).code, api.upload(lines("a")).code] == [50000, 0]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_someend_as_somedo(api: Api, sandbox: Sandbox, ending: bytes, last: bool) -> None:
    content = ending.join([md5("a").encode(), md5("b").encode()]) + (ending if last else b"")

    assert held(api, sandbox, content, "IDFA_MD5") == {("IDFA_MD5", md5("a")), ("IDFA_MD5", md5("b"))}


def test_either_letter_case_is_the_same_identifier(api: Api, sandbox: Sandbox) -> None:
    content = lines("a") + lines("a").upper() + lines("b").upper()

    assert held(api, sandbox, content, "GAID_MD5") == {("GAID_MD5", md5("a")), ("GAID_MD5", md5("b"))}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ab",
        "person@example.com",
        "6d92078a-8246-4ba4-ae5b-76104861e7dc",
        "g" * 32,
        "a" * 31,
        "a" * 33,
        "a" * 64,
        "aB" * 16,
        " " + "a" * 32,
        "a" * 16 + " " + "a" * 16,
        "a" * 32 + ",",
        "٣" * 32,
        "IDFA_MD5",
    ],
)
def test_what_is_not_hashed_is_told_by_its_line_and_not_repeated(api: Api, line: str) -> None:
    reply = api.upload(lines("good", "better") + f"{line}\n".encode() + lines("best"))

    assert reply.code == 40062
    assert reply.message.startswith("file: Line 3: Not hashed as IDFA_MD5")
    assert len(line) < 9 or line not in reply.message


@pytest.mark.parametrize("line", ["a" * 16, "ab", "a" * 48])
def test_a_short_first_line_is_not_hashed(api: Api, line: str) -> None:
    reply = api.upload(f"{line}\n".encode() + lines("a"))

    assert (reply.code, reply.message.split(" Not")[0]) == (40062, "file: Line 1:")


SPELLED = st.one_of(
    st.sampled_from(
        [md5("a"), md5("b").upper(), md5("c"), "aB" * 16, "a" * 16, "a" * 64, "a" * 16 + " " + "a" * 16, ""]
    ),
    st.text("0123456789abcdefABCDEF \t\x0b", max_size=66),
)


@settings(max_examples=200, deadline=None)
@given(some=st.lists(SPELLED, min_size=2, max_size=5))
def test_a_line_passes_only_if_it_is_a_hash_of_one_letter_case(some: list[str]) -> None:
    is_hash = re.compile("[0-9a-f]{32}|[0-9A-F]{32}").fullmatch
    first_bad = next((number for number, line in enumerate(some, 1) if not is_hash(line)), None)
    content = io.BytesIO("".join(f"{line}\n" for line in some).encode())

    if first_bad is None:
        file_contents.read_identifiers(content, "IDFA_MD5")
    else:
        with pytest.raises(Refusal, match=rf"Line {first_bad}: Not hashed") as caught:
            file_contents.read_identifiers(content, "IDFA_MD5")
        assert caught.value.code == 40062


def test_what_is_no_text_is_refused(api: Api) -> None:
    assert api.upload(lines("a") + b"\xff\xfe").code == 40002


def test_a_table_names_its_columns_in_any_order(api: Api, sandbox: Sandbox) -> None:
    content = f"EMAIL_SHA256,GAID_MD5,IDFA_MD5\n{SHA256},{md5('g')},\n,,{md5('i')}\n".encode()

    assert held(api, sandbox, content, "MULTIPLE_TYPES") == {
        ("EMAIL_SHA256", SHA256),
        ("GAID_MD5", md5("g")),
        ("IDFA_MD5", md5("i")),
    }


def test_the_cells_of_a_table_may_be_quoted(api: Api, sandbox: Sandbox) -> None:
    content = f'"IDFA_MD5","GAID_MD5"\r\n"{md5("i")}",""\r\n'.encode()

    assert held(api, sandbox, content, "MULTIPLE_TYPES") == {("IDFA_MD5", md5("i"))}


@pytest.mark.parametrize(
    "header",
    ["", f"{md5('a')},{md5('b')}", "idfa_md5", "AAID_MD5", "IDFA_MD5,IDFA_MD5", "IDFA_MD5, GAID_MD5", "MAID_MD5"],
)
def test_a_table_without_a_header_of_types_has_the_wrong_type(api: Api, header: str) -> None:
    reply = api.upload(f"{header}\n{md5('a')},{md5('b')}\n".encode(), "MULTIPLE_TYPES")

    assert reply.code == 40909
    assert md5("a") not in reply.message


@pytest.mark.parametrize("row", ["", md5("a"), f"{md5('a')},,", ",,", f'"{md5("a")},'])
def test_a_row_has_as_many_cells_as_the_header(api: Api, row: str) -> None:
    content = f"IDFA_MD5,GAID_MD5\n{md5('a')},{md5('b')}\n{row}\n".encode()

    reply = api.upload(content, "MULTIPLE_TYPES")

    assert (reply.code, reply.message.split(":")[0]) == (40002, "file")


def test_what_is_not_hashed_in_a_table_is_told_by_its_line(api: Api) -> None:
    content = f"IDFA_MD5,EMAIL_SHA256\n{md5('a')},\n,\n,person@example.com\n".encode()

    reply = api.upload(content, "MULTIPLE_TYPES")

    assert (reply.code, reply.message.split(" Not")[0]) == (40062, "file: Line 4:")
    assert "person@example.com" not in reply.message


def test_nothing_raw_is_kept_in_the_file(api: Api, tmp_path: Path) -> None:
    api.upload(lines("a") + b"person@example.com\n")

    assert b"person@example.com" not in b"".join(each.read_bytes() for each in tmp_path.iterdir())


@pytest.mark.parametrize("calculate_type", ["IDFA_MD5", "MULTIPLE_TYPES"])
def test_a_file_is_the_same_in_whatever_pieces_it_is_read(
    api: Api, sandbox: Sandbox, calculate_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = b"IDFA_MD5\n" if calculate_type == "MULTIPLE_TYPES" else b""
    content = (header + lines(range(40))).replace(b"\n", b"\r\n")
    expected = {("IDFA_MD5", md5(str(number))) for number in range(40)}

    for size in (1, 32, 33, 34, 35, 100, 1 << 20):
        monkeypatch.setattr(file_contents, "_CHUNK", size)
        assert held(api, sandbox, content, calculate_type) == expected
        reply = api.upload(content + b"raw\r\n", calculate_type)
        assert f"Line {41 + bool(header)}:" in reply.message


def test_the_log_names_the_account_of_an_upload(api: Api, sandbox: Sandbox) -> None:
    api.uploaded(lines("a"))

    logged = sandbox.controls.requests()[-1]

    assert (logged.path, logged.code, logged.advertiser_id) == (UPLOAD, 0, ADVERTISER)
    assert md5("a") not in json.dumps(logged.path)
