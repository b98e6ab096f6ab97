"""Every row of the decision table, from files to TikTok and back: after an apply, the next plan finds nothing to do.

Each test runs on both transports: the local TikTok in process, and over HTTP as the real one is reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.project import Project

STREAMING = "Partner Audience"


def carry_out(project: Project, **expected: int) -> None:
    """Plan, check the counts (those not named are 0), apply that plan, and plan again to "No changes"."""
    planned = project("plan", "--format", "json", "--detailed-exitcode", "--out", "plan.json")
    assert planned.code == 2, planned.text
    counts = {kind: number for kind, number in planned.document["summary"].items() if number}
    assert counts == expected
    applied = project.run("apply", *project.options, "plan.json")
    assert applied.code == 0, applied.text
    project.assert_settled()


def test_what_is_declared_and_not_there_is_created_and_filled(anywhere: Project) -> None:
    anywhere.declare({"buyers": {"name": "Buyers", "where": "country = 'US'"}})
    carry_out(anywhere, create=1)
    assert anywhere.tiktok.members(anywhere.audience_id("Buyers")) == anywhere.hashed(country="US")


def test_a_name_that_is_taken_is_an_error_with_the_line_that_adopts_it(anywhere: Project) -> None:
    project = anywhere.structure()
    theirs = project.tiktok.add_audience(project.account, "Buyers", STREAMING)
    refused = project("plan")
    assert refused.code == 1
    assert f'import: "{theirs}"' in refused.text
    assert project("apply", "--auto-approve").code == 1
    assert project.names() == ["Buyers"]

    project.declare({"buyers": {"name": "Buyers", "import": theirs}})
    carry_out(project, **{"import": 1})
    assert project("state list").out == "audience.buyers\n"


def test_an_import_adopts_renames_and_fills(anywhere: Project) -> None:
    theirs = anywhere.tiktok.add_audience(anywhere.account, "Made by hand", STREAMING)
    anywhere.declare({"buyers": {"name": "Buyers", "import": theirs}})
    carry_out(anywhere, **{"import": 1})
    assert anywhere.names() == ["Buyers"]
    assert anywhere.tiktok.members(theirs) == anywhere.hashed()


def test_an_import_of_an_id_that_is_not_there_is_an_error(anywhere: Project) -> None:
    project = anywhere.structure()
    project.declare({"buyers": {"name": "Buyers", "import": "7300000000000000042"}})
    ran = project("plan")
    assert ran.code == 1
    assert "has no audience 7300000000000000042" in ran.text
    assert project.names() == []


def test_what_is_the_same_everywhere_needs_nothing(anywhere: Project) -> None:
    anywhere.apply()
    anywhere.tiktok.clear_requests()
    anywhere.assert_settled()
    assert "POST" not in {each.method for each in anywhere.tiktok.requests()}


def test_people_who_changed_are_delivered_as_the_difference(anywhere: Project) -> None:
    anywhere.load(slice(0, 1_100))
    anywhere.apply()
    anywhere.load(slice(50, 1_200))
    (action,) = anywhere.plan()["actions"]
    assert (action["members"]["add"], action["members"]["remove"]) == (200, 100)
    carry_out(anywhere, update=1)
    assert anywhere.tiktok.members(anywhere.audience_id("Buyers")) == anywhere.hashed(slice(50, 1_200))


def test_a_new_name_is_given_in_place(anywhere: Project) -> None:
    project = anywhere.structure()
    project.apply()
    before = project.audience_id("Buyers")
    project.declare({"buyers": {"name": "Best buyers"}})
    carry_out(project, update=1)
    assert project.audience_id("Best buyers") == before
    assert project.names() == ["Best buyers"]


def test_a_name_changed_by_hand_is_put_back(anywhere: Project) -> None:
    project = anywhere.structure()
    project.apply()
    project.tiktok.rename(project.audience_id("Buyers"), "Sellers")
    carry_out(project, update=1)
    assert project.names() == ["Buyers"]


def test_what_cannot_be_changed_in_place_is_replaced_and_the_old_one_goes(anywhere: Project) -> None:
    anywhere.apply()
    anywhere.declare({"buyers": {"name": "Buyers", "advertiser": "globex"}})
    carry_out(anywhere, replace=1)
    assert anywhere.names() == []
    made = anywhere.audience_id("Buyers", anywhere.other_account)
    assert anywhere.tiktok.members(made) == anywhere.hashed()


def test_what_was_replaced_stays_while_an_ad_group_uses_it_and_goes_after(anywhere: Project) -> None:
    project = anywhere
    project.apply()
    old = project.audience_id("Buyers")
    ad_group = project.tiktok.add_ad_group(project.account, "Spring sale", includes=[old])
    project.declare({"buyers": {"name": "Buyers", "advertiser": "globex"}})
    planned = project("plan")
    assert planned.code == 0
    assert '"Spring sale"' in planned.text

    carry_out(project, replace=1)
    assert project.audience_id("Buyers") == old

    project.tiktok.delete_ad_group(ad_group)
    carry_out(project, delete=1, noop=1)
    assert project.names() == []
    assert project.names(project.other_account) == ["Buyers"]


def test_what_was_deleted_by_hand_is_created_again_and_the_plan_says_so(anywhere: Project) -> None:
    anywhere.apply()
    gone = anywhere.audience_id("Buyers")
    anywhere.tiktok.delete(gone)
    (action,) = anywhere.plan()["actions"]
    assert action["reason"] == f"{gone} was deleted outside of reconciler"
    carry_out(anywhere, create=1)
    assert anywhere.tiktok.members(anywhere.audience_id("Buyers")) == anywhere.hashed()


def test_what_is_no_longer_declared_is_deleted(anywhere: Project) -> None:
    project = anywhere.structure()
    project.declare({"buyers": {"name": "Buyers"}, "sellers": {"name": "Sellers", "where": "country = 'DE'"}})
    project.apply()
    project.declare({"sellers": {"name": "Sellers", "where": "country = 'DE'"}})
    carry_out(project, delete=1, noop=1)
    assert project.names() == ["Sellers"]


def test_what_is_handed_over_is_forgotten_and_stays_on_tiktok(anywhere: Project) -> None:
    project = anywhere.structure()
    project.apply()
    project.declare({}, removed=[{"from": "audience.buyers", "destroy": False}])
    carry_out(project, forget=1)
    assert project.names() == ["Buyers"]
    assert project("state list").out == ""


def test_what_is_neither_declared_nor_there_is_forgotten(anywhere: Project) -> None:
    project = anywhere.structure()
    project.apply()
    project.tiktok.delete(project.audience_id("Buyers"))
    project.declare({})
    carry_out(project, forget=1)
    assert project("state list").out == ""


def test_what_nobody_declared_is_never_touched_and_drift_lists_it(anywhere: Project) -> None:
    project = anywhere.structure()
    stranger = project.tiktok.add_audience(project.account, "Somebody else's", STREAMING)
    carry_out(project, create=1)
    drift = project("drift", "--format", "json")
    assert drift.code == 2
    assert [(each["kind"], each["audience_id"]) for each in drift.document["drift"]] == [("unmanaged", stranger)]
    assert project.names() == ["Buyers", "Somebody else's"]


def test_what_moved_keeps_its_audience(anywhere: Project) -> None:
    project = anywhere.structure()
    project.apply()
    before = project.audience_id("Buyers")
    project.declare({"customers": {"name": "Buyers"}}, moved=[{"from": "audience.buyers", "to": "audience.customers"}])
    carry_out(project, noop=1)
    assert project.audience_id("Buyers") == before
    assert project("state list").out == "audience.customers\n"


def test_everything_at_once_converges_in_one_apply(project: Project) -> None:
    germans = "country = 'DE'"
    project.declare({key: {"name": key.title(), "where": germans} for key in ("renamed", "gone", "dropped", "handed")})
    project.apply()
    project.tiktok.delete(project.audience_id("Gone"))
    theirs = project.tiktok.add_audience(project.account, "Theirs", STREAMING)
    project.declare(
        {
            "renamed": {"name": "Renamed again", "where": germans},
            "gone": {"name": "Gone", "where": germans},
            "adopted": {"name": "Theirs", "where": germans, "import": theirs},
        },
        removed=[{"from": "audience.handed", "destroy": False}],
    )
    carry_out(project, update=1, create=1, delete=1, forget=1, **{"import": 1})
    assert project.names() == ["Gone", "Handed", "Renamed again", "Theirs"]
    assert project.tiktok.members(theirs) == project.hashed(country="DE")
