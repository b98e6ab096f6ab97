"""JSON becomes a value of the model, or an error that names the field."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.tiktok import parse
from reconciler.tiktok.errors import UnreadableAnswerError
from reconciler.tiktok.model import Account, Audience, AudienceKind, Edit, Role, User
from reconciler.tiktok.parse import Record

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
AUDIENCE: dict[str, Any] = {
    "audience_id": "7300000000000000042",
    "name": "Lapsed buyers",
    "audience_type": "Partner Audience",
}
READERS = {
    parse.user: {"core_user_id": "1"},
    parse.account: {"advertiser_id": "7", "status": "STATUS_ENABLE"},
    parse.audience: AUDIENCE,
    parse.edit: {},
    parse.application: {"audience_id": "7"},
    parse.role: {},
}


def audience(**fields: Any) -> Audience:
    return parse.audience(Record("dmp/custom_audience/list/", {**AUDIENCE, **fields}))


def test_an_audience_is_read_with_everything_tiktok_tells() -> None:
    read = audience(
        audience_type="Lookalike Audience",
        cover_num=18_220,
        is_valid=True,
        is_expiring=True,
        is_creator=False,
        shared=True,
        owner_id="7000000000000000009",
        create_time="2024-02-29 23:59:58",
        expired_time="2025-02-28 00:00:00",
        calculate_type="IDFA_MD5",
        lookalike_spec={"source_audience_id": "73"},
        error_msg="Too small.",
    )

    assert read == Audience(
        audience_id="7300000000000000042",
        name="Lapsed buyers",
        kind=AudienceKind.LOOKALIKE,
        cover_num=18_220,
        is_valid=True,
        is_expiring=True,
        is_creator=False,
        shared=True,
        owner_id="7000000000000000009",
        created_at=datetime(2024, 2, 29, 23, 59, 58, tzinfo=UTC),
        expires_at=datetime(2025, 2, 28, tzinfo=UTC),
        calculate_type="IDFA_MD5",
        source_audience_id="73",
        error_msg="Too small.",
    )


@pytest.mark.parametrize("left_out", [None, ""])
def test_what_tiktok_leaves_out_sends_as_null_or_empty_is_the_same(left_out: object) -> None:
    optional = ("owner_id", "create_time", "expired_time", "calculate_type", "error_msg")

    assert audience(**dict.fromkeys(optional, left_out)) == audience()
    assert audience(cover_num=None, is_valid=None, lookalike_spec=None) == audience()


@pytest.mark.parametrize(
    ("spelled", "kind"),
    [
        ("Partner", AudienceKind.STREAMING),
        ("Partner Audience", AudienceKind.STREAMING),
        ("Customer File Audience", AudienceKind.FILE),
        ("customer file", AudienceKind.FILE),
        ("Website Audience", AudienceKind.WEBSITE),
        ("Something New", AudienceKind.OTHER),
    ],
)
def test_the_kind_is_matched_by_its_first_word(spelled: str, kind: AudienceKind) -> None:
    assert audience(audience_type=spelled).kind is kind


def test_details_call_the_kind_type() -> None:
    assert audience(audience_type=None, type="Partner").kind is AudienceKind.STREAMING


def test_an_id_that_came_as_a_number_keeps_all_its_digits() -> None:
    assert audience(audience_id=7300000000000000042).audience_id == "7300000000000000042"


def test_a_time_with_a_zone_is_brought_to_utc() -> None:
    assert audience(create_time="2024-01-01T12:00:00+02:00").created_at == datetime(2024, 1, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize("written", [1709296200, "1709296200", "1709296200000"])
def test_digits_count_the_seconds_or_milliseconds_since_1970(written: object) -> None:
    assert audience(create_time=written).created_at == datetime(2024, 3, 1, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("audience_id", None),
        ("audience_id", 7.3e18),
        ("audience_id", True),
        ("name", None),
        ("name", ["Lapsed buyers"]),
        ("audience_type", None),
        ("cover_num", "many"),
        ("cover_num", -1),
        ("cover_num", 1.5),
        ("is_valid", "true"),
        ("is_creator", 1),
        ("create_time", "yesterday"),
        ("create_time", "17093000"),
        ("create_time", "0001-01-01T00:00:00+02:00"),
        ("lookalike_spec", ["73"]),
    ],
)
def test_another_shape_than_documented_is_an_error_that_names_field_and_endpoint(field: str, value: object) -> None:
    with pytest.raises(UnreadableAnswerError, match=f'dmp/custom_audience/list/: its "{field}"'):
        audience(**{field: value})


def test_an_account_is_read_without_a_role() -> None:
    record = Record(
        "advertiser/info/",
        {
            "advertiser_id": "7",
            "name": "Acme",
            "status": "STATUS_ENABLE",
            "role": "ROLE_ADVERTISER",
            "currency": "USD",
            "timezone": "America/New_York",
            "balance": 12.5,
        },
    )

    assert parse.account(record) == Account("7", "Acme", "STATUS_ENABLE", "USD", "America/New_York", Role.UNKNOWN)


@pytest.mark.parametrize(
    ("spelled", "role"),
    [("ADMIN", Role.ADMIN), ("OPERATOR", Role.OPERATOR), ("ANALYST", Role.ANALYST), ("OWNER", Role.UNKNOWN)],
)
def test_a_role_that_is_new_to_this_tool_is_unknown(spelled: str, role: Role) -> None:
    assert parse.role(Record("bc/asset/get/", {"advertiser_role": spelled})) is role


def test_a_line_of_history_is_read() -> None:
    record = Record(
        "dmp/custom_audience/get/",
        {
            "action": "Rename",
            "action_detail": "old to new",
            "editor": "someone@example.com",
            "msg": "",
            "opt_time": "2024-01-02 03:04:05",
        },
    )

    assert parse.edit(record) == Edit(
        "Rename", "old to new", "someone@example.com", "", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    )


@pytest.mark.parametrize("written", [None, "", "-", "yesterday", "0000-00-00 00:00:00", "171", 0, "２０２４"])
def test_a_line_of_history_whose_time_cannot_be_read_still_tells_who_did_what(written: object) -> None:
    record = Record("dmp/custom_audience/get/", {"action": "Rename", "editor": "pat", "opt_time": written})

    assert parse.edit(record) == Edit("Rename", "", "pat", "", None)


def test_a_line_of_history_may_say_nothing() -> None:
    assert parse.edit(Record("dmp/custom_audience/get/", {})) == Edit("", "", "", "", None)


@given(written=st.text() | st.integers() | st.datetimes().map(str) | st.datetimes(timezones=st.timezones()).map(str))
def test_no_time_of_a_log_is_worse_than_unknown(written: object) -> None:
    at = parse.edit(Record("dmp/custom_audience/get/", {"opt_time": written})).at

    assert at is None or at.tzinfo is UTC


def test_a_user_without_a_public_name_is_still_one() -> None:
    assert parse.user(Record("user/info/", {"core_user_id": "1", "display_name": None})) == User("1")


@given(reader=st.sampled_from(list(READERS)), field=st.text(max_size=5), value=JSON, fields=st.data())
def test_no_json_does_worse_than_an_unreadable_answer(
    reader: Any, field: str, value: object, fields: st.DataObject
) -> None:
    known = [
        "lookalike_spec",
        "cover_num",
        "create_time",
        "opt_time",
        "name",
        "status",
        "is_valid",
        "usage_mode",
        field,
    ]
    name = fields.draw(st.sampled_from(known + list(READERS[reader])))
    with suppress(UnreadableAnswerError):
        assert reader(Record("any/", {**READERS[reader], name: value})) is not None


@pytest.mark.parametrize("written", ["9" * 5000, "٣", "1e3", "+1", " 1"])
def test_a_number_written_in_no_way_that_tiktok_writes_is_unreadable(written: str) -> None:
    with pytest.raises(UnreadableAnswerError, match="cover_num"):
        audience(cover_num=written)
