"""What a plan costs TikTok: pages, not audiences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from tests.cli.project import Project

AUDIENCES = 400
MOST_REQUESTS = 20


@pytest.fixture
def full_account(project: Project) -> Project:
    """An account as full as TikTok lets it be, all of it declared."""
    for number in range(AUDIENCES):
        project.tiktok.add_audience(project.account, f"Segment {number}", "Partner Audience")
    project.declare({}, sources={})
    project.write(project("import", "--all", "acme").out)
    project.tiktok.clear_requests()
    return project.structure()


def requests_of_a_plan(project: Project) -> int:
    """Return how many requests a plan takes, having checked that it only reads."""
    project.tiktok.clear_requests()
    planned = project("plan", "--format", "json")
    asked = project.tiktok.requests()
    assert planned.document["summary"]["import"] + planned.document["summary"]["noop"] >= AUDIENCES - 1
    assert {each.method for each in asked} == {"GET"}
    return len(asked)


def test_planning_400_audiences_takes_at_most_20_requests(full_account: Project) -> None:
    assert requests_of_a_plan(full_account) <= MOST_REQUESTS

    full_account.apply()
    full_account.assert_settled()
    assert requests_of_a_plan(full_account) <= MOST_REQUESTS

    # A delete makes the plan look up what uses the audiences of the account: pages as well.
    path = full_account.folder / "audiences.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["audiences"].popitem()
    full_account.write(yaml.safe_dump(document))
    assert requests_of_a_plan(full_account) <= MOST_REQUESTS


def test_the_accounts_of_one_token_are_asked_about_together(project: Project) -> None:
    keys = {f"account_{number}": {"advertiser_id": f"70000000000000000{number:02d}"} for number in range(10, 50)}
    project.tiktok.ensure(each["advertiser_id"] for each in keys.values())
    project.declare({key: {"name": "Buyers", "advertiser": key} for key in keys}, advertisers=keys)
    project.tiktok.clear_requests()
    assert project("plan", "--skip-members").code == 0
    asked = [each.path for each in project.tiktok.requests()]
    assert len(asked) <= len(keys) + 4
    assert asked.count("/advertiser/info/") == 1
