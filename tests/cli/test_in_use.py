"""An audience that something uses is not deleted: refused at plan by name, and again at apply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.sandbox import Controls
    from tests.cli.project import Project

    Use = Callable[[Controls, str, str], str]

USES: Final[dict[str, tuple[str, Use]]] = {
    "an ad group that includes it": (
        'ad group "Spring sale"',
        lambda tiktok, account, audience: tiktok.add_ad_group(account, "Spring sale", includes=[audience]),
    ),
    "an ad group that excludes it": (
        'ad group "Newcomers only"',
        lambda tiktok, account, audience: tiktok.add_ad_group(account, "Newcomers only", excludes=[audience]),
    ),
    "an ad group that is paused": (
        'ad group "Paused"',
        lambda tiktok, account, audience: tiktok.add_ad_group(account, "Paused", includes=[audience], status="DISABLE"),
    ),
    "a Smart+ ad group that includes it": (
        'Smart+ ad group "Smart sale"',
        lambda tiktok, account, audience: tiktok.add_ad_group(
            account, "Smart sale", includes=[audience], kind="smart_plus"
        ),
    ),
    "a Smart+ ad group that excludes it": (
        'Smart+ ad group "Smart newcomers"',
        lambda tiktok, account, audience: tiktok.add_ad_group(
            account, "Smart newcomers", excludes=[audience], kind="smart_plus"
        ),
    ),
    "a TopView ad group": (
        'ad group "Top of the day"',
        lambda tiktok, account, audience: tiktok.add_ad_group(
            account, "Top of the day", includes=[audience], kind="top_view"
        ),
    ),
    "a saved audience": (
        'saved audience "Our regulars"',
        lambda tiktok, account, audience: tiktok.add_saved_audience(account, "Our regulars", includes=[audience]),
    ),
    "a Lookalike that grew from it": (
        'Lookalike "Like buyers"',
        lambda tiktok, account, audience: tiktok.add_audience(
            account, "Like buyers", "Lookalike Audience", source_audience_id=audience
        ),
    ),
}

each_use = pytest.mark.parametrize(("shown", "use"), USES.values(), ids=USES.keys())


@each_use
def test_a_delete_is_blocked_at_plan_by(project: Project, shown: str, use: Use) -> None:
    project = project.structure()
    project.apply()
    buyers = project.audience_id("Buyers")
    user = use(project.tiktok, project.account, buyers)
    project.declare({})

    planned = project("plan", "--format", "json")
    assert planned.code == 1
    (action,) = planned.document["actions"]
    (block,) = action["blocked_by"]
    assert block["guard"] == "in_use"
    assert any(shown in line and user in line for line in block["details"]), block

    refused = project("apply", "--auto-approve")
    assert refused.code == 1
    assert shown in refused.text
    assert buyers in {each.audience_id for each in project.tiktok.audiences(project.account)}


def test_the_same_holds_over_http_and_once_nothing_uses_it_the_audience_goes(anywhere: Project) -> None:
    project = anywhere.structure()
    project.apply()
    ad_group = project.tiktok.add_ad_group(project.account, "Spring sale", includes=[project.audience_id("Buyers")])
    project.declare({})
    planned = project("plan")
    assert planned.code == 1
    assert f'ad group "Spring sale" ({ad_group}) includes it' in planned.text

    project.tiktok.delete_ad_group(ad_group)
    assert project("plan").code == 0
    project.apply()
    project.assert_settled()
    assert project.names() == []


@each_use
def test_apply_still_refuses_what_appeared_after_the_plan_and_does_the_rest(
    project: Project, shown: str, use: Use
) -> None:
    project = project.structure()
    project.declare({"buyers": {"name": "Buyers"}, "renamed": {"name": "Before"}, "dropped": {"name": "Dropped"}})
    project.apply()
    project.declare({"renamed": {"name": "After"}, "fresh": {"name": "Fresh"}})
    assert project("plan", "--out", "plan.json").code == 0
    use(project.tiktok, project.account, project.audience_id("Buyers"))

    ran = project.run("apply", *project.options, "--format", "json", "plan.json")

    assert ran.code == 1
    outcomes = {each["address"]: each for each in ran.document["outcomes"]}
    assert {address: each["status"] for address, each in outcomes.items()} == {
        "audience.buyers": "blocked",
        "audience.dropped": "done",
        "audience.fresh": "done",
        "audience.renamed": "done",
    }
    assert any(shown in line for line in outcomes["audience.buyers"]["details"])
    assert {"Buyers", "After", "Fresh"} <= set(project.names())
    assert "Dropped" not in project.names()
    assert "audience.buyers" in project("state list").out


def test_what_is_blocked_can_be_left_out_and_the_rest_applied(project: Project) -> None:
    project = project.structure()
    project.apply()
    project.tiktok.add_ad_group(project.account, "Spring sale", includes=[project.audience_id("Buyers")])
    project.declare({"fresh": {"name": "Fresh"}})

    stopped = project("apply", "--auto-approve")
    assert stopped.code == 1
    assert "--skip-blocked" in stopped.text
    assert project.names() == ["Buyers"]

    rest = project("apply", "--auto-approve", "--skip-blocked")
    assert rest.code == 1
    assert '"Spring sale"' in rest.text
    assert project.names() == ["Buyers", "Fresh"]


def test_a_protected_audience_is_neither_deleted_nor_replaced(project: Project) -> None:
    project = project.structure()
    project.declare({"buyers": {"name": "Buyers", "lifecycle": {"prevent_destroy": True}}})
    project.apply()
    for later in ({}, {"buyers": {"name": "Buyers", "advertiser": "globex", "lifecycle": {"prevent_destroy": True}}}):
        project.declare(later)
        planned = project("plan", "--format", "json")
        assert planned.code == 1
        (action,) = planned.document["actions"]
        assert [each["guard"] for each in action["blocked_by"]] == ["prevent_destroy"]
        assert project("apply", "--auto-approve").code == 1
        assert project.names() == ["Buyers"]
