"""Hours after the members, the users show."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.sandbox import Sandbox, SandboxError, arrivals
from tests.sandbox.conftest import ADVERTISER, THE_TIME, Api, cell, md5

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

    from _pytest.tmpdir import TempPathFactory


def users(api: Api, audience_id: str) -> int:
    cover_num = api.listed(audience_id)["cover_num"]
    assert isinstance(cover_num, int)
    return cover_num


def pair(first: str, second: str, audience_id: str) -> list[object]:
    return [cell(md5(first), audience_id) if first else {}, cell(md5(second), audience_id) if second else {}]


def stream_pairs(api: Api, audience_id: str, *pairs: tuple[str, str], action: str = "add") -> None:
    rows = [pair(first, second, audience_id) for first, second in pairs]
    assert api.stream(rows, action=action, id_schema=["IDFA_MD5", "AAID_MD5"]).code == 0


def test_users_show_24_hours_after_the_last_change(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    api.fill(audience_id, 3)
    sandbox.controls.advance(23)
    assert users(api, audience_id) == 0

    sandbox.controls.advance(1)

    assert users(api, audience_id) == 3


def test_a_change_puts_the_moment_off(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    api.fill(audience_id, 3)
    sandbox.controls.advance(23)
    api.fill(audience_id, 4)
    sandbox.controls.advance(23)

    assert users(api, audience_id) == 0


def test_sending_the_same_again_does_not(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    api.fill(audience_id, 3)
    sandbox.controls.advance(23)
    api.fill(audience_id, 3)
    sandbox.controls.advance(1)

    assert users(api, audience_id) == 3


def test_the_old_number_shows_until_the_new_one_does(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    api.fill(audience_id, 3)
    sandbox.controls.advance(24)
    api.fill(audience_id, 5)

    assert users(api, audience_id) == 3
    sandbox.controls.advance(24)
    assert users(api, audience_id) == 5


@pytest.mark.parametrize(("people", "is_valid"), [(999, False), (1000, True)])
def test_an_audience_is_valid_from_1000_users(api: Api, sandbox: Sandbox, people: int, is_valid: bool) -> None:
    audience_id = api.create()
    api.fill(audience_id, people)
    assert not api.listed(audience_id)["is_valid"]

    sandbox.controls.advance(24)

    assert api.listed(audience_id)["is_valid"] is is_valid


def test_a_row_is_one_user_however_many_identifiers_it_has(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    stream_pairs(api, audience_id, ("phone a", "tablet a"), ("phone b", ""))
    sandbox.controls.advance(24)

    assert users(api, audience_id) == 2
    assert sandbox.controls.member_count(audience_id) == 3


def test_rows_that_begin_with_the_same_identifier_are_one_user(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    stream_pairs(api, audience_id, ("phone a", "tablet a"))
    stream_pairs(api, audience_id, ("phone a", "new tablet a"), ("phone b", "tablet b"), ("phone b", "new tablet b"))
    sandbox.controls.advance(24)

    assert users(api, audience_id) == 2
    assert sandbox.controls.member_count(audience_id) == 6


def test_an_identifier_stays_with_the_user_it_has(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    stream_pairs(api, audience_id, ("phone", "tablet"))
    stream_pairs(api, audience_id, ("", "tablet"))
    sandbox.controls.advance(24)

    assert users(api, audience_id) == 1


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "delete"]), st.lists(st.integers(0, 5), min_size=1), st.sampled_from([0, 1, 23, 24])
    ),
    max_size=6,
)


@settings(max_examples=30, deadline=None)
@given(steps=STEPS)
def test_nobody_can_tell_whether_anybody_looked_in_between(
    steps: list[tuple[str, list[int], int]], tmp_path_factory: TempPathFactory, runner: asyncio.Runner
) -> None:
    def seen(*, is_looking: bool) -> object:
        with Sandbox(tmp_path_factory.mktemp("looks") / "sandbox.db", clock=lambda: THE_TIME) as sandbox:
            sandbox.ensure([ADVERTISER])
            api = Api(sandbox, runner)
            audience_id = api.create()
            for action, people, hours in steps:
                assert api.stream([[cell(md5(str(each)), audience_id)] for each in people], action=action).code == 0
                if is_looking:
                    api.listed(audience_id)
                sandbox.controls.advance(hours)
            (entry,) = api.get(
                "/dmp/custom_audience/get/", advertiser_id=ADVERTISER, custom_audience_ids=[audience_id]
            ).listed
            del entry["audience_details"]["audience_id"]
            return entry, sandbox.controls.members(audience_id)

    assert seen(is_looking=True) == seen(is_looking=False)


def test_what_waits_to_be_looked_at_is_bounded(
    api: Api, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "MOST_BYTES", 240)  # ten identifiers
    audience_id = api.create()

    for _ in range(5):
        api.fill(audience_id, 9)

    with closing(sqlite3.connect(tmp_path / "sandbox.db")) as connection:
        (waiting,) = connection.execute("SELECT sum(length(records)) FROM arrivals").fetchone()
    assert 0 < waiting <= 240 + 9 * 24
    assert sandbox.controls.member_count(audience_id) == 9


def test_a_user_stays_until_the_last_identifier_has_left(api: Api, sandbox: Sandbox) -> None:
    audience_id = api.create()
    stream_pairs(api, audience_id, ("phone a", "tablet a"))
    counted = []
    for leaving in (("phone a", ""), ("", "tablet a")):
        stream_pairs(api, audience_id, leaving, action="delete")
        sandbox.controls.advance(24)
        counted.append(users(api, audience_id))

    assert counted == [1, 0]


def test_a_change_of_members_is_one_line_of_history(api: Api) -> None:
    audience_id = api.create()
    for people in (1, 2, 3):
        api.fill(audience_id, people)

    (entry,) = api.get("/dmp/custom_audience/get/", advertiser_id=ADVERTISER, custom_audience_ids=[audience_id]).listed

    assert [(line["action"], line["editor"]) for line in entry["audience_history"]] == [
        ("Update members", "open_api"),
        ("Create", "open_api"),
    ]


def test_the_clock_is_told_and_moved(sandbox: Sandbox) -> None:
    sandbox.controls.advance(1.5)

    assert sandbox.controls.now() == datetime(2026, 1, 1, 1, 30, tzinfo=UTC)


def test_the_clock_does_not_go_back(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="moved by -1 hours"):
        sandbox.controls.advance(-1)
