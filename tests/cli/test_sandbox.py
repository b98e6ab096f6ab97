"""Trying drift out: what `reconciler sandbox` does on TikTok's side, and what `status` and lists then say."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.project import Project

PARTNER = "7000000000000000777"


@pytest.fixture
def audience_id(project: Project) -> str:
    """An audience that is valid."""
    return project.tiktok.add_audience(project.account, "Buyers", "Partner Audience", cover_num=5000)


def test_an_audience_is_shared_with_an_account_that_need_not_exist(project: Project, audience_id: str) -> None:
    ran = project.run("sandbox", "share", audience_id, PARTNER, "--editor", "ann@example.com")

    assert (ran.code, ran.text) == (0, f"{audience_id} is now shared with {PARTNER}.")
    assert project.tiktok.history(audience_id)[0]["editor"] == "ann@example.com"
    stopped = project.run("sandbox", "share", audience_id, PARTNER, "--stop")
    assert (stopped.code, stopped.text) == (0, f"{audience_id} is no longer shared with {PARTNER}.")
    assert project.tiktok.history(audience_id)[0]["editor"] == "someone@example.com"
    again = project.run("sandbox", "share", audience_id, PARTNER, "--stop")
    assert again.code == 1
    assert "not shared" in again.text


def test_an_audience_expires_now_or_in_so_many_days(project: Project, audience_id: str) -> None:
    assert project.run("sandbox", "expire", audience_id, "--in", "30").code == 0
    (expiring,) = project.tiktok.audiences(project.account)
    ran = project.run("sandbox", "expire", audience_id)
    (expired,) = project.tiktok.audiences(project.account)

    assert (expiring.is_valid, expiring.is_expiring) == (True, True)
    assert (expired.is_valid, expired.is_expiring) == (False, False)
    assert f"{audience_id} expired on " in ran.text


def test_people_are_matched_at_once(project: Project, audience_id: str) -> None:
    ran = project.run("sandbox", "match", audience_id, "0")

    assert ran.code == 0
    assert "matches 0 people" in ran.text
    assert [each.cover_num for each in project.tiktok.audiences(project.account)] == [0]


def test_a_failure_is_reported_and_taken_back(project: Project, audience_id: str) -> None:
    failed = project.run("sandbox", "fail", audience_id, "Source file\x1b[2J could not be read.")
    (broken,) = project.tiktok.audiences(project.account)
    well = project.run("sandbox", "fail", audience_id, "")
    (fine,) = project.tiktok.audiences(project.account)

    assert (failed.code, broken.is_valid) == (0, False)
    assert "\x1b" not in failed.out + failed.err
    assert (well.code, fine.is_valid, fine.error_msg) == (0, True, "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("share", "73", PARTNER),
        ("share", "73", "not-an-account"),
        ("expire", "73"),
        ("match", "73", "5"),
        ("match", "73", "-5"),
        ("fail", "73", "x"),
    ],
)
def test_what_cannot_be_is_an_error_in_words(project: Project, arguments: tuple[str, ...]) -> None:
    ran = project.run("sandbox", *arguments)

    assert ran.code == 1
    assert ran.err


def test_a_reset_starts_one_of_another_version_anew(project: Project, audience_id: str) -> None:
    with closing(sqlite3.connect(project.folder / ".reconciler" / "sandbox.db")) as connection:
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    refused = project.run("sandbox", "audiences")
    assert refused.code == 1
    assert "reconciler sandbox reset" in refused.text
    assert project.run("sandbox", "reset", "--yes").code == 0
    listed = project.run("sandbox", "audiences")
    assert (listed.code, audience_id in listed.out) == (0, False)
