"""Who did what to an audience: a line for every change, by whatever way it came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import ADVERTISER, SECOND_ADVERTISER, cell, lines, md5

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.sandbox import Controls, Sandbox
    from tests.sandbox.conftest import Api, Reply

GET = "/dmp/custom_audience/get/"
UPDATE = "/dmp/custom_audience/update/"
SHARE = "/dmp/custom_audience/share/"
CANCEL = "/dmp/custom_audience/share/cancel/"

PAT = "pat@example.com"


def history(api: Api, audience_id: str) -> list[dict[str, Any]]:
    (entry,) = api.get(GET, advertiser_id=ADVERTISER, custom_audience_ids=[audience_id]).listed
    shown: list[dict[str, Any]] = entry["audience_history"]
    return shown


def update(api: Api, audience_id: str, **fields: str) -> Reply:
    return api.post(UPDATE, advertiser_id=ADVERTISER, custom_audience_id=audience_id, **fields)


def share(api: Api, audience_id: str) -> Reply:
    return api.post(
        SHARE,
        advertiser_id=ADVERTISER,
        custom_audience_ids=[audience_id],
        shared_advertiser_ids=[SECOND_ADVERTISER],
    )


def cancel(api: Api, audience_id: str) -> Reply:
    return api.post(
        CANCEL, advertiser_id=ADVERTISER, custom_audience_id=audience_id, shared_advertiser_id=SECOND_ADVERTISER
    )


def shared_and_cancelled(api: Api, audience_id: str) -> Reply:
    assert share(api, audience_id).code == 0
    return cancel(api, audience_id)


API_WRITES: dict[str, Callable[[Api, str], Reply]] = {
    "Rename": lambda api, audience_id: update(api, audience_id, custom_audience_name="New"),
    "Change sub type": lambda api, audience_id: update(api, audience_id, audience_sub_type="REACH_FREQUENCY"),
    "Update members": lambda api, audience_id: api.stream([[cell(md5("somebody"), audience_id)]]),
    "Share": share,
    "Stop sharing": shared_and_cancelled,
}


def test_a_line_says_what_was_done_by_whom_and_when_newest_first(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create("First")
    update(api, audience_id, custom_audience_name="Second")
    sandbox.controls.advance(2)
    sandbox.controls.rename(audience_id, "Third", editor=PAT)

    newest, middle, oldest = history(api, audience_id)

    assert newest == {
        "action": "Rename",
        "action_detail": "Second -> Third",
        "editor": PAT,
        "msg": "",
        "opt_time": "2026-01-01 02:00:00",
    }
    assert (middle["editor"], oldest["editor"]) == ("open_api", "open_api")


@pytest.mark.parametrize("action", API_WRITES)
def test_every_write_through_the_api_is_open_api_s(api: Api, sandbox: Sandbox, action: str) -> None:
    audience_id = api.create()
    sandbox.controls.advance(1)

    assert API_WRITES[action](api, audience_id).code == 0

    newest = history(api, audience_id)[0]
    assert (newest["action"], newest["editor"], newest["opt_time"]) == (action, "open_api", "2026-01-01 01:00:00")


def test_files_are_open_api_s_too(api: Api, sandbox: Sandbox) -> None:
    created = api.create_from(api.uploaded(lines(range(1500)))).content["custom_audience_id"]
    sandbox.controls.advance(1)
    assert api.change(created, api.uploaded(lines(range(2000))), action="APPEND").code == 0

    assert [(each["action"], each["editor"]) for each in history(api, created)] == [
        ("Update members", "open_api"),
        ("Create", "open_api"),
    ]


BY_HAND: dict[str, Callable[[Controls, str], None]] = {
    "Rename": lambda controls, audience_id: controls.rename(audience_id, "New", editor=PAT),
    "Change sub type": lambda controls, audience_id: controls.set_sub_type(audience_id, "REACH_FREQUENCY", editor=PAT),
    "Update members": lambda controls, audience_id: controls.empty(audience_id, editor=PAT),
    "Share": lambda controls, audience_id: controls.share(audience_id, SECOND_ADVERTISER, editor=PAT),
    "Add tags": lambda controls, audience_id: controls.edit(audience_id, "Add tags", "spring, sale", editor=PAT),
}


@pytest.mark.parametrize("action", BY_HAND)
def test_what_a_person_does_is_that_person_s(api: Api, sandbox: Sandbox, action: str) -> None:
    audience_id = api.create()
    sandbox.controls.advance(1)

    BY_HAND[action](sandbox.controls, audience_id)

    newest = history(api, audience_id)[0]
    assert (newest["action"], newest["editor"], newest["opt_time"]) == (action, PAT, "2026-01-01 01:00:00")


def test_a_test_sees_the_history_as_a_caller_does(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    sandbox.controls.rename(audience_id, "New")

    assert sandbox.controls.history(audience_id) == history(api, audience_id)


def test_who_made_an_audience_by_hand_is_told(api: Api, sandbox: Sandbox) -> None:
    made = sandbox.controls.add_audience(ADVERTISER, "By hand", editor=PAT)

    assert [(each["action"], each["editor"]) for each in history(api, made)] == [("Create", PAT)]


def test_sharing_once_more_what_is_shared_already_leaves_no_line(api: Api) -> None:
    audience_id = api.create()
    share(api, audience_id)
    share(api, audience_id)

    assert [each["action"] for each in history(api, audience_id)] == ["Share", "Create"]


def test_a_stream_of_requests_is_one_line_that_moves(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    for number in range(3):
        sandbox.controls.advance(1)
        api.fill(audience_id, number + 1)
        history(api, audience_id)

    newest, oldest = history(api, audience_id)

    assert (newest["action"], newest["opt_time"]) == ("Update members", "2026-01-01 03:00:00")
    assert oldest["action"] == "Create"


def test_a_stream_after_a_person_leaves_that_person_s_line_alone(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    api.fill(audience_id, 3)
    sandbox.controls.empty(audience_id, editor=PAT)
    api.fill(audience_id, 3)

    assert [each["editor"] for each in history(api, audience_id)[:3]] == ["open_api", PAT, "open_api"]


@pytest.mark.parametrize(("size", "code"), [(0, 40002), (1, 0), (100, 0), (101, 40002)])
def test_a_caller_may_ask_for_1_to_100_lines(api: Api, size: int, code: int) -> None:
    audience_id = api.create()
    update(api, audience_id, custom_audience_name="New")

    reply = api.get(GET, advertiser_id=ADVERTISER, custom_audience_ids=[audience_id], history_size=size)

    assert reply.code == code
    if code == 0:
        assert len(reply.listed[0]["audience_history"]) == min(size, 2)


def test_a_caller_who_does_not_ask_gets_100_lines(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    for number in range(101):
        sandbox.controls.edit(audience_id, f"Edit {number}")

    assert len(history(api, audience_id)) == 100
