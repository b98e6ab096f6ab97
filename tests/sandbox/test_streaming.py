"""Streaming audiences: making them, filling them, and every row that must be refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.sandbox import Sandbox
from tests.sandbox.conftest import ADVERTISER, SECOND_ADVERTISER, Api, cell, md5

if TYPE_CHECKING:
    import asyncio

    from _pytest.tmpdir import TempPathFactory

SHA256 = "ab" * 32
SIZES = {
    "IDFA_MD5": 32,
    "AAID_MD5": 32,
    "IDFA_SHA256": 64,
    "AAID_SHA256": 64,
    "EMAIL_SHA256": 64,
    "PHONE_SHA256": 64,
}


def members(sandbox: Sandbox, audience_id: str) -> frozenset[tuple[str, str]]:
    return sandbox.controls.members(audience_id)


@pytest.mark.parametrize(("length", "kept"), [(70, "n" * 70), (71, "n" * 67 + "..."), (500, "n" * 67 + "...")])
def test_a_name_over_70_characters_is_cut(api: Api, length: int, kept: str) -> None:
    assert api.listed(api.create("n" * length))["name"] == kept


@pytest.mark.parametrize("name", ["", " ", 7, None])
def test_an_audience_needs_a_name(api: Api, name: object) -> None:
    reply = api.post("/segment/audience/", advertiser_id=ADVERTISER, action="create", custom_audience_name=name)

    assert (reply.code, reply.message.split(":")[0]) == (40002, "custom_audience_name")


@pytest.mark.parametrize("action", ["update", "CREATE", "", None, 1])
def test_an_unknown_action_is_refused(api: Api, action: object) -> None:
    reply = api.post("/segment/audience/", advertiser_id=ADVERTISER, action=action, custom_audience_name="x")

    assert (reply.code, reply.message) == (40002, "action: Must be one of create, delete.")


def test_an_audience_can_be_deleted_here_too(api: Api) -> None:
    audience_id = api.create()

    reply = api.post("/segment/audience/", advertiser_id=ADVERTISER, action="delete", delete_audience_id=audience_id)

    assert reply.code == 0
    assert api.get("/dmp/custom_audience/list/", advertiser_id=ADVERTISER).listed == []


def test_only_streaming_audiences_are_deleted_here(api: Api, sandbox: Sandbox) -> None:
    made_of_files = sandbox.controls.add_audience(ADVERTISER, "From files")

    reply = api.post("/segment/audience/", advertiser_id=ADVERTISER, action="delete", delete_audience_id=made_of_files)

    assert reply.code == 40002
    assert api.listed(made_of_files)


@pytest.mark.parametrize(("action", "field"), [("create", "delete_audience_id"), ("delete", "custom_audience_name")])
def test_a_field_of_the_other_action_is_refused(api: Api, action: str, field: str) -> None:
    reply = api.post("/segment/audience/", advertiser_id=ADVERTISER, action=action, **{field: "1"})

    assert (reply.code, reply.message.split(":")[0]) == (40002, field)


def test_rows_become_members_under_their_own_types(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()

    reply = api.stream(
        [
            [cell(md5("a"), audience_id), cell(SHA256, audience_id)],
            [{}, cell("cd" * 32, audience_id)],
            [cell(md5("b"), audience_id), {}],
        ],
        id_schema=["AAID_MD5", "EMAIL_SHA256"],
    )

    assert reply.code == 0
    assert members(sandbox, audience_id) == {
        ("AAID_MD5", md5("a")),
        ("AAID_MD5", md5("b")),
        ("EMAIL_SHA256", SHA256),
        ("EMAIL_SHA256", "cd" * 32),
    }


def test_the_same_hash_under_two_types_is_two_identifiers(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    api.stream([[cell(md5("a"), audience_id)]], id_schema=["IDFA_MD5"])
    api.stream([[cell(md5("a"), audience_id)]], id_schema=["AAID_MD5"])

    assert sandbox.controls.member_count(audience_id) == 2


def test_adding_and_deleting_again_changes_nothing(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    row = [cell(md5("a"), audience_id)]

    assert [api.stream([row, row]).code, api.stream([row]).code] == [0, 0]
    assert members(sandbox, audience_id) == {("IDFA_MD5", md5("a"))}
    assert [api.stream([row], action="delete").code, api.stream([row], action="delete").code] == [0, 0]
    assert members(sandbox, audience_id) == frozenset()


def test_deleting_takes_out_of_the_named_audience_only(api: Api, sandbox: Sandbox) -> None:
    first, second = api.create(), api.create()
    api.stream([[cell(md5("a"), first, second)]])

    api.stream([[cell(md5("a"), first)]], action="delete")

    assert members(sandbox, first) == frozenset()
    assert members(sandbox, second) == {("IDFA_MD5", md5("a"))}


def test_upper_case_hashes_are_the_same_identifiers(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    api.stream([[cell(md5("a").upper(), audience_id)]])

    assert members(sandbox, audience_id) == {("IDFA_MD5", md5("a"))}


@pytest.mark.parametrize("name", SIZES)
def test_every_id_schema_takes_its_own_hash(api: Api, name: str) -> None:
    audience_id = api.create()

    assert api.stream([[cell("a" * SIZES[name], audience_id)]], id_schema=[name]).code == 0
    assert api.stream([[cell("a" * (96 - SIZES[name]), audience_id)]], id_schema=[name]).code == 40062


@pytest.mark.parametrize(
    "identifier",
    [
        "",
        "person@example.com",
        "6d92078a-8246-4ba4-ae5b-76104861e7dc",
        "g" * 32,
        "a" * 31,
        "a" * 33,
        "aB" * 16,
        "a" * 32 + "\n",
        " " + "a" * 31,
        "٣" * 32,
    ],
)
def test_what_is_not_hashed_fails_loudly_and_is_not_repeated(api: Api, sandbox: Sandbox, identifier: str) -> None:
    audience_id = api.create()

    reply = api.stream([[cell(md5("good"), audience_id)], [cell(identifier, audience_id)]])

    assert reply.code == 40062
    assert reply.message.startswith("batch_data[1][0].id: ")
    assert not identifier or identifier not in reply.message
    assert members(sandbox, audience_id) == frozenset()


@pytest.mark.parametrize(
    "row",
    [
        [],
        [{}, {}],
        {},
        None,
        "row",
        [None],
        [[]],
        ["a"],
        [{"id": "a" * 32}],
        [{"audience_ids": ["1"]}],
        [{"id": "a" * 32, "audience_ids": ["ID"], "extra": 1}],
        [{"id": 7, "audience_ids": ["ID"]}],
        [{"id": None, "audience_ids": ["ID"]}],
        [{"id": "a" * 32, "audience_ids": []}],
        [{"id": "a" * 32, "audience_ids": "ID"}],
        [{"id": "a" * 32, "audience_ids": [7300000000000000042]}],
        [{"id": "a" * 32, "audience_ids": [["ID"]]}],
        [{"id": "a" * 32, "audience_ids": [{}]}],
        [{"id": "a" * 32, "audience_ids": ["ID", None]}],
        [{"id": "a" * 32, "audience_ids": ["7300000000000000042"]}],
    ],
    ids=str,
)
def test_one_malformed_row_fails_the_whole_batch(api: Api, sandbox: Sandbox, row: object) -> None:
    audience_id = api.create()
    if isinstance(row, list) and row and isinstance(row[0], dict) and isinstance(row[0].get("audience_ids"), list):
        named = [audience_id if each == "ID" else each for each in row[0]["audience_ids"]]
        row = [{**row[0], "audience_ids": named}]

    reply = api.stream([[cell(md5("good"), audience_id)], row])

    assert reply.code == 40002
    assert reply.message.startswith("batch_data[1]")
    assert members(sandbox, audience_id) == frozenset()


@pytest.mark.parametrize(
    "id_schema", [[], ["IDFA_MD5", "IDFA_MD5"], ["GAID_MD5"], ["idfa_md5"], "IDFA_MD5", None, [None], [["IDFA_MD5"]]]
)
def test_an_id_schema_has_distinct_known_values(api: Api, id_schema: list[str]) -> None:
    reply = api.stream([[{}]], id_schema=id_schema)

    assert (reply.code, reply.message.split(":")[0]) == (40002, "id_schema")


@pytest.mark.parametrize(("rows", "code"), [(0, 40002), (1, 0), (10_000, 0), (10_001, 40002)])
def test_a_batch_has_1_to_10000_rows(api: Api, rows: int, code: int) -> None:
    assert api.stream([[{}]] * rows).code == code


@pytest.mark.parametrize("rows", [{}, None, "rows"])
def test_a_batch_is_a_list(api: Api, rows: list[object]) -> None:
    assert api.stream(rows).code == 40002


def test_a_row_may_feed_several_audiences(api: Api, sandbox: Sandbox) -> None:
    first, second = api.create(), api.create()

    assert api.stream([[cell(md5("a"), first, second)]]).code == 0
    assert members(sandbox, first) == members(sandbox, second) == {("IDFA_MD5", md5("a"))}


def test_each_cell_names_its_own_audiences(api: Api, sandbox: Sandbox) -> None:
    first, second, third = api.create(), api.create(), api.create()
    id_schema = ["IDFA_MD5", "AAID_MD5"]
    rows = [
        [cell(md5("a"), first, second), cell(md5("b"), third)],
        [{}, cell(md5("c"), second, third, first)],
        [cell(md5("d"), second), {}],
    ]

    assert api.stream(rows, id_schema=id_schema).code == 0

    assert members(sandbox, first) == {("IDFA_MD5", md5("a")), ("AAID_MD5", md5("c"))}
    assert members(sandbox, second) == {("IDFA_MD5", md5("a")), ("IDFA_MD5", md5("d")), ("AAID_MD5", md5("c"))}
    assert members(sandbox, third) == {("AAID_MD5", md5("b")), ("AAID_MD5", md5("c"))}
    assert (
        api.stream([[cell(md5("a"), second), cell(md5("b"), first, third)]], id_schema=id_schema, action="delete").code
        == 0
    )
    assert members(sandbox, first) == {("IDFA_MD5", md5("a")), ("AAID_MD5", md5("c"))}
    assert members(sandbox, second) == {("IDFA_MD5", md5("d")), ("AAID_MD5", md5("c"))}
    assert members(sandbox, third) == {("AAID_MD5", md5("c"))}


def test_one_unknown_audience_among_several_fails_the_whole_batch(api: Api, sandbox: Sandbox) -> None:
    first, second = api.create(), api.create()
    rows = [[cell(md5("a"), first, second)], [cell(md5("b"), first, "7300000000000000042", second)]]

    reply = api.stream(rows)

    assert reply.code == 40002
    assert reply.message.startswith("batch_data[1][0].audience_ids: ")
    assert members(sandbox, first) == members(sandbox, second) == frozenset()


def test_a_row_counts_once_against_the_limits_however_many_audiences_it_feeds(api: Api, sandbox: Sandbox) -> None:
    audience_ids = [api.create() for _ in range(3)]
    sandbox.controls.set_tier("basic")
    rows = [[cell(md5(str(number)), *audience_ids)] for number in range(5000)]

    assert [api.stream(rows).code, api.stream(rows).code, api.stream(rows[:1]).code] == [0, 0, 40100]


def test_a_request_may_feed_several_accounts_row_by_row(api: Api, sandbox: Sandbox) -> None:
    mine, theirs = api.create(), api.create(advertiser_id=SECOND_ADVERTISER)

    reply = api.stream(
        [[cell(md5("a"), mine)], [cell(md5("b"), theirs)]], advertiser_ids=[ADVERTISER, SECOND_ADVERTISER]
    )

    assert reply.code == 0
    assert sandbox.controls.member_count(mine) == sandbox.controls.member_count(theirs) == 1


def test_a_row_names_audiences_of_one_account(api: Api) -> None:
    mine, theirs = api.create(), api.create(advertiser_id=SECOND_ADVERTISER)
    both = [ADVERTISER, SECOND_ADVERTISER]

    together = api.stream([[cell(md5("a"), mine, theirs)]], advertiser_ids=both)
    apart = api.stream(
        [[cell(md5("a"), mine), cell(md5("a"), theirs)]], advertiser_ids=both, id_schema=["IDFA_MD5", "AAID_MD5"]
    )

    assert [together.code, apart.code] == [40002, 40002]


def test_an_account_that_is_not_named_gets_nothing(api: Api, sandbox: Sandbox) -> None:
    theirs = api.create(advertiser_id=SECOND_ADVERTISER)

    assert api.stream([[cell(md5("a"), theirs)]]).code == 40002
    assert sandbox.controls.member_count(theirs) == 0


def test_the_accounts_of_a_request_belong_to_one_business(api: Api, sandbox: Sandbox) -> None:
    sandbox.controls.outside_business_center(SECOND_ADVERTISER)

    reply = api.stream([[{}]], advertiser_ids=[ADVERTISER, SECOND_ADVERTISER])

    assert reply.code == 40002
    assert "one business" in reply.message


def test_only_streaming_audiences_are_streamed_into(api: Api, sandbox: Sandbox) -> None:
    made_of_files = sandbox.controls.add_audience(ADVERTISER, "From files")

    reply = api.stream([[cell(md5("a"), made_of_files)]])

    assert reply.code == 40002
    assert "not a streaming audience" in reply.message


def test_a_shared_in_audience_is_not_streamed_into(api: Api, sandbox: Sandbox) -> None:
    shared_in = sandbox.controls.add_audience(ADVERTISER, "Theirs", "Partner Audience", is_creator=False)

    assert api.stream([[cell(md5("a"), shared_in)]]).code == 40002


def test_a_list_that_was_good_once_lets_no_other_spelling_pass(api: Api) -> None:
    audience_id = api.create()
    rows = [[cell(md5("a"), audience_id)], [{"id": md5("b"), "audience_ids": [int(audience_id)]}]]

    assert api.stream(rows).code == 40002


IDENTIFIERS = st.sampled_from([md5(str(number)) for number in range(8)])
STEPS = st.lists(st.tuples(st.sampled_from(["add", "delete"]), st.lists(IDENTIFIERS, min_size=1, max_size=6)))


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_members_are_what_adding_and_deleting_leave(
    steps: list[tuple[str, list[str]]], tmp_path_factory: TempPathFactory, runner: asyncio.Runner
) -> None:
    expected: set[tuple[str, str]] = set()
    with Sandbox(tmp_path_factory.mktemp("steps") / "sandbox.db") as sandbox:
        sandbox.ensure([ADVERTISER])
        api = Api(sandbox, runner)
        audience_id = api.create()

        for action, identifiers in steps:
            assert api.stream([[cell(each, audience_id)] for each in identifiers], action=action).code == 0
            touched = {("IDFA_MD5", each) for each in identifiers}
            expected = expected | touched if action == "add" else expected - touched

        assert members(sandbox, audience_id) == expected
