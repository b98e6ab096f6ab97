"""`drift` and `status`: what TikTok has become, told without changing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.project import Project


@pytest.fixture
def drifted(project: Project) -> Project:
    """A project with one audience of each kind of drift, and one that is as it should be."""
    project.declare({key: {"name": key.title(), "where": "country = 'DE'"} for key in ("fine", "gone", "renamed")})
    project.apply()
    project.tiktok.delete(project.audience_id("Gone"))
    project.tiktok.rename(project.audience_id("Renamed"), "Other")
    project.tiktok.add_audience(project.account, "Stranger", "Partner Audience")
    project.load(slice(0, 1_150))
    project.tiktok.clear_requests()
    return project


def kinds(project: Project, *arguments: str) -> list[tuple[str, str | None]]:
    """Return what drifted, as kind and address."""
    ran = project("drift", "--format", "json", *arguments)
    assert ran.code == (2 if ran.document["drift"] else 0)
    return sorted((each["kind"], each["address"] or "") for each in ran.document["drift"])


def test_every_kind_is_found_and_can_be_ignored_or_targeted(drifted: Project) -> None:
    members = [("members", f"audience.{key}") for key in ("fine", "renamed")]
    named = [("deleted", "audience.gone"), *members, ("renamed", "audience.renamed"), ("unmanaged", "")]
    assert kinds(drifted) == named
    assert kinds(drifted, "--skip-members") == [each for each in named if each[0] != "members"]
    assert kinds(drifted, "--ignore", "members", "--ignore", "unmanaged", "--skip-members") == [named[0], named[3]]
    every_kind = [option for kind in ("deleted", "renamed", "unmanaged") for option in ("--ignore", kind)]
    assert kinds(drifted, "--skip-members", *every_kind) == []
    assert kinds(drifted, "--skip-members", "--target", "audience.renamed") == [("renamed", "audience.renamed")]
    assert kinds(drifted, "--skip-members", "--target", "audience.fine") == []
    assert "POST" not in {each.method for each in drifted.tiktok.requests()}


def test_what_drifted_is_told_in_words_and_apply_puts_it_right(anywhere: Project) -> None:
    project = anywhere.structure()
    project.apply()
    quiet = project("drift")
    assert (quiet.code, "No drift." in quiet.out) == (0, True)
    project.tiktok.rename(project.audience_id("Buyers"), "Sellers")
    told = project("drift")
    assert told.code == 2
    assert 'renamed from "Buyers" to "Sellers"' in told.out
    assert 'apply renames it to "Buyers"' in told.out
    project.apply()
    assert project("drift").code == 0


def test_a_kind_of_drift_that_is_not_one_names_those_that_are(project: Project) -> None:
    refused = project("drift", "--ignore", "everything")
    assert refused.code == 1
    assert "unmanaged" in refused.text
    assert '"none" stands alone' in project("drift", "--fail-on", "none,deleted").text
    assert "stands alone" not in project("drift", "--ignore", "none").text


def test_status_shows_how_an_audience_comes_to_life(project: Project) -> None:
    project.apply()
    before = project("status", "--format", "json").document["audiences"]
    assert [(each["delivered_users"], each["cover_num"], each["is_valid"]) for each in before] == [(1_200, 0, False)]
    project.tiktok.advance(26)
    shown = project("status")
    assert shown.code == 0
    assert "1,200 people" in shown.text
    assert "1,200 (100%)" in shown.text
    project.tiktok.delete(project.audience_id("Buyers"))
    assert "no longer on TikTok" in project("status").text


def test_status_of_nothing_is_no_error(project: Project) -> None:
    assert project("status").code == 0
    assert project("status", "--format", "json").document["audiences"] == []
