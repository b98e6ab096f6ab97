"""Audiences made of customer files: making them, changing them, and what TikTok takes its time for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.sandbox import SandboxError
from tests.sandbox.conftest import ADVERTISER, SECOND_ADVERTISER, cell, lines, md5

if TYPE_CHECKING:
    from reconciler.sandbox import Sandbox
    from tests.sandbox.conftest import Api

SECOND = 1 / 3600


@pytest.fixture(autouse=True)
def _no_processing(sandbox: Sandbox) -> None:
    sandbox.controls.set_processing(0)


def made(api: Api, content: bytes, **fields: Any) -> str:
    """Make an audience of one file and return its id."""
    reply = api.create_from(api.uploaded(content, fields.get("calculate_type", "IDFA_MD5")), **fields)
    assert reply.code == 0, reply.message
    audience_id: str = reply.content["custom_audience_id"]
    return audience_id


def people(*some: str | range) -> set[tuple[str, str]]:
    """Return the members that `lines` makes."""
    return {("IDFA_MD5", line) for line in lines(*some).decode().split()}


def test_an_audience_of_files_is_listed_with_what_it_was_made_of(api: Api) -> None:
    audience_id = made(api, lines(range(1000)), custom_audience_name="Buyers 2026", audience_sub_type="REACH_FREQUENCY")

    entry = api.listed(audience_id)

    assert entry["name"] == "Buyers 2026"
    assert entry["audience_type"] == "Customer File Audience"
    assert (entry["calculate_type"], entry["audience_sub_type"]) == ("IDFA_MD5", "REACH_FREQUENCY")
    assert (entry["cover_num"], entry["is_valid"]) == (0, False)


def test_it_holds_what_all_its_files_hold(api: Api, sandbox: Sandbox) -> None:
    paths = [api.uploaded(lines(range(600))), api.uploaded(lines(range(500, 1200)))]

    reply = api.create_from(*paths)

    audience_id = reply.content["custom_audience_id"]
    assert sandbox.controls.members(audience_id) == people(range(1200))
    assert sandbox.controls.member_count(audience_id) == 1200


def test_its_users_show_after_24_hours(api: Api, sandbox: Sandbox) -> None:
    audience_id = made(api, lines(range(1000)))
    sandbox.controls.advance(23)
    assert api.listed(audience_id)["cover_num"] == 0

    sandbox.controls.advance(1)

    entry = api.listed(audience_id)
    assert (entry["cover_num"], entry["is_valid"]) == (1000, True)


def test_a_row_of_several_types_is_one_user_until_its_last_identifier_has_left(api: Api, sandbox: Sandbox) -> None:
    header = "IDFA_MD5,GAID_MD5\n"
    phones = [md5(f"phone {number}") for number in range(1100)]
    tablets = [md5(f"tablet {number}") for number in range(1100)]
    rows = "".join(f"{phone},{tablet}\n" for phone, tablet in zip(phones, tablets, strict=True))
    audience_id = made(api, f"{header}{rows}".encode(), calculate_type="MULTIPLE_TYPES")
    sandbox.controls.advance(24)
    before = (sandbox.controls.member_count(audience_id), api.listed(audience_id)["cover_num"])

    leaving = "".join(f"{phone},\n" for phone in phones) + f",{tablets[0]}\n"
    reply = api.change(audience_id, api.uploaded(f"{header}{leaving}".encode(), "MULTIPLE_TYPES"), action="REMOVE")
    sandbox.controls.advance(24)

    assert reply.code == 0
    assert before == (2200, 1100)
    assert (sandbox.controls.member_count(audience_id), api.listed(audience_id)["cover_num"]) == (1099, 1099)


def test_files_of_mixed_mobile_ids_are_called_first_once_they_are_here(api: Api, sandbox: Sandbox) -> None:
    file_path = api.uploaded(lines("a"), "MAID_MD5")

    reply = api.create_from(file_path, calculate_type="FIRST_MD5")

    audience_id = reply.content["custom_audience_id"]
    assert api.listed(audience_id)["calculate_type"] == "FIRST_MD5"
    assert sandbox.controls.members(audience_id) == {("FIRST_MD5", md5("a"))}
    assert api.create_from(file_path, calculate_type="MAID_MD5").code == 40909


def test_every_file_has_the_type_of_the_audience(api: Api, sandbox: Sandbox) -> None:
    same, other = api.uploaded(lines(range(1000))), api.uploaded(lines("a"), "GAID_MD5")
    audience_id = made(api, lines(range(1000)))

    assert api.create_from(same, other).code == 40909
    assert api.change(audience_id, other, action="APPEND").code == 40909
    assert sandbox.controls.members(audience_id) == people(range(1000))
    assert len(sandbox.controls.audiences(ADVERTISER)) == 1


def test_a_file_is_for_the_account_that_uploaded_it(api: Api) -> None:
    theirs = api.uploaded(lines("a"), advertiser_id=SECOND_ADVERTISER)

    reply = api.create_from(theirs)

    assert reply.code == 40905
    assert theirs in reply.message


@pytest.mark.parametrize("file_path", ["0123456789abcdef", "x", ""])
def test_a_file_that_was_never_uploaded_is_missing(api: Api, file_path: str) -> None:
    assert api.create_from(file_path).code == 40905


def test_a_file_expires_and_stays_expired(api: Api, sandbox: Sandbox) -> None:
    file_path = api.uploaded(lines("a"))
    sandbox.controls.advance(24 - SECOND)
    assert api.create_from(file_path).code == 0
    sandbox.controls.advance(SECOND)
    assert api.create_from(file_path).code == 40910

    api.uploaded(lines("a"))

    assert api.create_from(file_path).code == 40910


def test_an_audience_outlives_its_files(api: Api, sandbox: Sandbox) -> None:
    audience_id = made(api, lines(range(1000)))
    sandbox.controls.advance(24)

    api.uploaded(lines("a"))

    assert sandbox.controls.members(audience_id) == people(range(1000))


@pytest.mark.parametrize(("count", "code"), [(0, 40002), (1, 0), (500, 0), (501, 40002)])
def test_a_call_names_1_to_500_files(api: Api, count: int, code: int) -> None:
    paths = [api.uploaded(lines("a")) for _ in range(min(count, 2))]
    unknown = [f"{number:016}" for number in range(count - len(paths))]

    reply = api.create_from(*paths, *unknown)

    assert reply.code == (40905 if code == 0 and unknown else code)


@pytest.mark.parametrize("file_paths", ["0123456789abcdef", None, [1], [["a"]], ["a", "a"]])
def test_file_paths_are_distinct_texts(api: Api, file_paths: object) -> None:
    reply = api.create_from(file_paths=file_paths)

    assert (reply.code, reply.message.split(":")[0]) == (40002, "file_paths")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("custom_audience_name", ""),
        ("custom_audience_name", "n" * 129),
        ("audience_sub_type", "LOOKALIKE"),
        ("retention_in_days", 0),
        ("retention_in_days", 366),
        ("retention_in_days", "30"),
    ],
)
def test_a_wrong_field_is_refused_by_name(api: Api, field: str, value: object) -> None:
    reply = api.create_from(api.uploaded(lines("a")), **{field: value})

    assert (reply.code, reply.message.split(":")[0]) == (40002, field)


def test_files_count_towards_the_400_audiences_of_an_account(api: Api, sandbox: Sandbox) -> None:
    for number in range(400):
        sandbox.controls.add_audience(ADVERTISER, f"Audience {number}")

    reply = api.create_from(api.uploaded(lines("a")))

    assert reply.code == 40002
    assert "400" in reply.message


@pytest.mark.parametrize(
    ("action", "left"),
    [
        ({"action": "APPEND"}, [range(2500)]),
        ({"action": "REMOVE"}, [range(1500)]),
        ({"action": "REPLACE"}, [range(1500, 2500)]),
        ({}, [range(1500, 2500)]),
    ],
)
def test_an_update_appends_removes_or_replaces(
    api: Api, sandbox: Sandbox, action: dict[str, str], left: list[range]
) -> None:
    audience_id = made(api, lines(range(2000)))

    reply = api.change(audience_id, api.uploaded(lines(range(1500, 2500))), **action)

    assert reply.code == 0
    assert sandbox.controls.members(audience_id) == people(*left)


def test_the_same_update_again_changes_nothing(api: Api, sandbox: Sandbox) -> None:
    audience_id = made(api, lines(range(2000)))
    file_path = api.uploaded(lines(range(1500, 2500)))

    for action in ("APPEND", "APPEND", "REMOVE", "REMOVE"):
        assert api.change(audience_id, file_path, action=action).code == 0

    assert sandbox.controls.members(audience_id) == people(range(1500))


@pytest.mark.parametrize("action", ["append", "ADD", "", None])
def test_an_action_is_one_of_three(api: Api, action: object) -> None:
    audience_id = made(api, lines(range(1000)))

    reply = api.change(audience_id, api.uploaded(lines("a")), action=action)

    assert (reply.code, reply.message) == (40002, "action: Must be one of APPEND, REMOVE, REPLACE.")


def test_an_action_without_files_is_refused(api: Api) -> None:
    audience_id = made(api, lines(range(1000)))

    reply = api.post(
        "/dmp/custom_audience/update/",
        advertiser_id=ADVERTISER,
        custom_audience_id=audience_id,
        custom_audience_name="New",
        action="APPEND",
    )

    assert (reply.code, reply.message.split(":")[0]) == (40002, "action")
    assert api.listed(audience_id)["name"] == "Buyers"


def test_only_audiences_of_files_are_changed_by_files(api: Api) -> None:
    streaming = api.create()

    reply = api.change(streaming, api.uploaded(lines(range(1000))))

    assert (reply.code, reply.message.split(":")[0]) == (40002, "file_paths")


@pytest.mark.parametrize(("action", "arriving"), [("REMOVE", range(2)), ("REPLACE", range(999)), ("APPEND", range(0))])
def test_an_update_that_leaves_fewer_than_1000_changes_nothing(
    api: Api, sandbox: Sandbox, action: str, arriving: range
) -> None:
    audience_id = made(api, lines(range(1001)))
    if action == "APPEND":  # onto what was emptied by hand
        audience_id, arriving = sandbox.controls.add_audience(ADVERTISER, "x", calculate_type="IDFA_MD5"), range(999)
    before = (sandbox.controls.members(audience_id), api.listed(audience_id))

    reply = api.change(audience_id, api.uploaded(lines(arriving)), action=action, custom_audience_name="New")

    assert reply.code == 40002
    assert "fewer than 1000 users" in reply.message
    assert (sandbox.controls.members(audience_id), api.listed(audience_id)) == before


def test_an_update_may_leave_1000(api: Api, sandbox: Sandbox) -> None:
    audience_id = made(api, lines(range(1001)))

    assert api.change(audience_id, api.uploaded(lines(range(1))), action="REMOVE").code == 0
    assert sandbox.controls.member_count(audience_id) == 1000


def test_an_audience_created_with_fewer_than_1000_is_never_valid_nor_editable(api: Api, sandbox: Sandbox) -> None:
    audience_id = made(api, lines(range(999)))
    sandbox.controls.advance(48)

    reply = api.change(audience_id, api.uploaded(lines(range(2000))))

    assert reply.code == 40002
    assert "Audience is not editable" in reply.message
    entry = api.listed(audience_id)
    assert (entry["cover_num"], entry["is_valid"]) == (999, False)


def test_while_files_are_processed_their_audience_is_not_editable(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.set_processing(3600)
    audience_id = made(api, lines(range(1000)))
    answered = []

    for hours in (0, 1 - SECOND, SECOND, SECOND):
        sandbox.controls.advance(hours)
        file_path = api.uploaded(lines(range(1000, 1500)))
        reply = api.change(audience_id, file_path, action="APPEND")
        answered.append((reply.code, "Audience is not editable" in reply.message))

    assert answered == [(40002, True), (40002, True), (0, False), (40002, True)]


def test_an_audience_in_processing_can_be_neither_renamed_nor_converted_but_deleted(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.set_processing(60)
    audience_id = made(api, lines(range(1000)))
    update = {"advertiser_id": ADVERTISER, "custom_audience_id": audience_id}

    renamed = api.post("/dmp/custom_audience/update/", custom_audience_name="New", **update)
    converted = api.post("/dmp/custom_audience/update/", audience_sub_type="REACH_FREQUENCY", **update)
    deleted = api.post("/dmp/custom_audience/delete/", advertiser_id=ADVERTISER, custom_audience_ids=[audience_id])

    assert (renamed.code, converted.code, deleted.code) == (40002, 40002, 0)


def test_processing_takes_2_seconds_unless_told(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.set_processing(None)
    audience_id = made(api, lines(range(1000)))
    file_path = api.uploaded(lines(range(1000)))
    answered = []

    for _ in range(3):
        answered.append(api.change(audience_id, file_path).code)
        sandbox.controls.advance(SECOND)

    assert answered == [40002, 40002, 0]


def test_processing_does_not_end_before_it_begins(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="-1 seconds"):
        sandbox.controls.set_processing(-1)


def test_a_name_may_change_with_the_members(api: Api, sandbox: Sandbox) -> None:
    audience_id = made(api, lines(range(1000)))

    assert api.change(audience_id, api.uploaded(lines(range(1500))), custom_audience_name="New").code == 0
    assert api.listed(audience_id)["name"] == "New"
    assert sandbox.controls.member_count(audience_id) == 1500


def test_a_call_that_sets_the_sub_type_ignores_its_files(api: Api, sandbox: Sandbox) -> None:
    audience_id = made(api, lines(range(1000)))

    reply = api.change(audience_id, api.uploaded(lines(range(1500))), audience_sub_type="REACH_FREQUENCY")

    assert reply.code == 0
    assert api.listed(audience_id)["audience_sub_type"] == "REACH_FREQUENCY"
    assert sandbox.controls.member_count(audience_id) == 1000


def test_the_history_tells_each_change(api: Api, sandbox: Sandbox) -> None:
    audience_id = made(api, lines(range(1000)))
    paths = [api.uploaded(lines(range(1500))), api.uploaded(lines(range(2000)))]
    sandbox.controls.advance(1)
    api.change(audience_id, *paths, action="APPEND")
    api.change(audience_id, paths[0])

    (entry,) = api.get("/dmp/custom_audience/get/", advertiser_id=ADVERTISER, custom_audience_ids=[audience_id]).listed

    assert [(line["action"], line["action_detail"]) for line in entry["audience_history"]] == [
        ("Update members", "REPLACE by 1 files"),
        ("Update members", "APPEND by 2 files"),
        ("Create", "Buyers"),
    ]
    assert {line["editor"] for line in entry["audience_history"]} == {"open_api"}


def test_without_a_retention_a_change_by_files_renews_it(api: Api, sandbox: Sandbox) -> None:
    audience_id = made(api, lines(range(1000)))
    sandbox.controls.advance(24 * 100)

    api.change(audience_id, api.uploaded(lines(range(1001))))

    assert api.listed(audience_id)["expired_time"] == "2027-04-11 00:00:00"


def test_a_retention_counts_from_the_creation_whatever_happens(api: Api, sandbox: Sandbox) -> None:
    audience_id = made(api, lines(range(1000)), retention_in_days=30)
    sandbox.controls.advance(24 * 29)
    api.change(audience_id, api.uploaded(lines(range(1001))))
    sandbox.controls.add_ad_group(ADVERTISER, "Spring", includes=[audience_id])
    assert api.listed(audience_id)["is_expiring"]

    sandbox.controls.advance(24)

    entry = api.listed(audience_id)
    assert (entry["expired_time"], entry["cover_num"], entry["is_valid"]) == ("2026-01-31 00:00:00", 1001, False)


def test_nothing_is_streamed_into_an_audience_of_files(api: Api, sandbox: Sandbox) -> None:
    audience_id = made(api, lines(range(1000)))

    assert api.stream([[cell(md5("a"), audience_id)]]).code == 40002
    assert sandbox.controls.member_count(audience_id) == 1000


def test_deleting_it_takes_its_members_away(api: Api, sandbox: Sandbox, tmp_path: Any) -> None:
    audience_id = made(api, lines(range(1000)))

    reply = api.post("/dmp/custom_audience/delete/", advertiser_id=ADVERTISER, custom_audience_ids=[audience_id])

    assert reply.code == 0
    with pytest.raises(SandboxError, match=audience_id):
        sandbox.controls.members(audience_id)


def test_a_shared_in_audience_is_not_changed_by_files(api: Api, sandbox: Sandbox) -> None:
    theirs = sandbox.controls.add_audience(ADVERTISER, "Theirs", calculate_type="IDFA_MD5", is_creator=False)

    assert api.change(theirs, api.uploaded(lines(range(1000)))).code == 40001
