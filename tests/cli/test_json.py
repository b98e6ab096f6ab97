"""`--format json`: one document on stdout and nothing else, in the shape of its schema where it has one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from reconciler import schemas

if TYPE_CHECKING:
    from tests.cli.project import Project


def assert_valid(document: Any, schema: str) -> None:
    """Check a document against the schema it is promised to have."""
    Draft202012Validator(schemas.load(schema), format_checker=Draft202012Validator.FORMAT_CHECKER).validate(document)


def in_many_ways(project: Project) -> Project:
    """Leave a project in which a plan has every kind of action but a replace, one of them blocked, and a warning."""
    keys = ("kept", "renamed", "gone", "dropped", "used", "handed", "moved")
    project = project.structure()
    project.declare({key: {"name": key.title()} for key in keys})
    project.apply()
    project.tiktok.delete(project.audience_id("Gone"))
    project.tiktok.add_ad_group(project.account, "Spring sale", includes=[project.audience_id("Used")])
    theirs = project.tiktok.add_audience(project.account, "Theirs", "Partner Audience")
    project.tiktok.outside_business_center(project.account)
    project.declare(
        {
            "kept": {"name": "Kept"},
            "renamed": {"name": "Renamed again"},
            "gone": {"name": "Gone"},
            "elsewhere": {"name": "Moved"},
            "fresh": {"name": "Fresh"},
            "theirs": {"name": "Theirs", "import": theirs},
        },
        moved=[{"from": "audience.moved", "to": "audience.elsewhere"}],
        removed=[{"from": "audience.handed", "destroy": False}],
    )
    return project


def test_a_plan_of_everything_is_in_the_shape_of_its_schema_printed_or_saved(project: Project) -> None:
    project = in_many_ways(project)
    printed = project("plan", "--format", "json", "--out", "plan.json")
    assert printed.code == 1
    document = printed.document
    assert_valid(document, "plan")
    assert document["summary"] == {
        "create": 2, "update": 1, "replace": 0, "delete": 2, "import": 1, "forget": 1, "noop": 2, "blocked": 1,
    }  # fmt: skip
    saved = json.loads((project.folder / "plan.json").read_bytes())
    assert_valid(saved, "plan")
    assert {name: value for name, value in saved.items() if name != "checksum"} == document
    assert project.run("show", "plan.json", "--format", "json").out == printed.out


def test_a_plan_with_people_is_in_the_shape_of_its_schema(project: Project) -> None:
    document = project.plan()
    assert_valid(document, "plan")
    members = document["actions"][0]["members"]
    assert {name: members[name] for name in ("users", "identifiers", "add", "remove")} == {
        "users": 1_200,
        "identifiers": 2_400,
        "add": 2_400,
        "remove": 0,
    }


def test_drift_of_every_kind_is_in_the_shape_of_its_schema(project: Project) -> None:
    project = in_many_ways(project)
    ran = project("drift", "--format", "json")
    assert ran.code == 2
    assert_valid(ran.document, "drift")
    assert ran.document["summary"]["deleted"] == 1


def test_the_state_on_disk_is_in_the_shape_of_its_schema(project: Project) -> None:
    project.apply()
    project.declare({"buyers": {"name": "Buyers", "advertiser": "globex"}})
    project.tiktok.add_ad_group(project.account, "Spring sale", includes=[project.audience_id("Buyers")])
    project.apply()
    state = json.loads((project.folder / ".reconciler/sandbox-state/state.json").read_text(encoding="utf-8"))
    assert_valid(state, "state")
    assert state["resources"]["audience.buyers"]["deposed"]


def test_what_an_apply_did_is_one_document(project: Project) -> None:
    ran = project("apply", "--auto-approve", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    document = ran.document
    assert_valid(document, "outcome")
    assert (document["succeeded"], document["status"]) == (True, "complete")
    assert document["identifiers"] == {"added": 2_400, "removed": 0}
    (outcome,) = document["outcomes"]
    assert (outcome["address"], outcome["action"], outcome["status"]) == ("audience.buyers", "create", "done")
    again = project("apply", "--auto-approve", "--format", "json")
    assert (again.code, again.document["outcomes"]) == (0, [])


def test_an_apply_that_is_refused_says_so_in_its_document_and_why(project: Project) -> None:
    project.apply()
    project.load(slice(0, 0))
    ran = project("apply", "--auto-approve", "--format", "json")
    assert ran.code == 1
    assert_valid(ran.document, "outcome")
    assert (ran.document["status"], ran.document["succeeded"]) == ("refused", False)
    assert "blocked actions (audience.buyers)" in ran.document["reason"]
    assert "--skip-blocked" in ran.document["way_out"]
    (outcome,) = ran.document["outcomes"]
    assert (outcome["address"], outcome["status"]) == ("audience.buyers", "blocked")
    assert "blocked by max_removal" in ran.err


def test_a_stale_plan_is_refused_in_the_document_too(project: Project) -> None:
    project = project.structure()
    project("plan", "--out", "plan.json")
    project.apply()
    ran = project.run("apply", *project.options, "plan.json", "--format", "json")
    assert (ran.code, ran.document["status"], ran.document["outcomes"]) == (1, "refused", [])
    assert "the plan is stale" in ran.document["reason"]
    assert "the plan is stale" in ran.err


def test_an_answer_that_is_not_yes_is_a_refusal(project: Project) -> None:
    ran = project.run("apply", *project.options, "--skip-members", "--format", "json", stdin="no\n")
    assert (ran.code, ran.document["status"]) == (1, "refused")
    assert "the answer was not yes" in ran.document["reason"]
    nobody = project.structure()("apply", "--format", "json")
    assert (nobody.code, nobody.document["status"]) == (1, "refused")
    assert "there is no terminal to ask on" in nobody.document["reason"]


def test_an_apply_that_could_not_do_everything_says_so_in_its_document(project: Project) -> None:
    project = in_many_ways(project)
    ran = project("apply", "--auto-approve", "--skip-blocked", "--format", "json")
    assert ran.code == 1
    assert_valid(ran.document, "outcome")
    assert (ran.document["succeeded"], ran.document["status"]) == (False, "incomplete")
    assert ran.document["summary"]["blocked"] == 1
    assert ran.document["summary"]["done"] == len(ran.document["outcomes"]) - 1


@pytest.mark.parametrize("command", ["validate", "plan", "drift", "status", "state list"])
def test_every_other_document_is_valid_json_that_ends_in_a_line(project: Project, command: str) -> None:
    ran = project(command, "--format", "json")
    assert ran.out.endswith("\n")
    assert isinstance(ran.document, dict)
    assert ran.err == ""


def test_names_from_outside_survive_the_way_into_json(project: Project) -> None:
    name = 'Grüße "🎉" \\ \u202e\x1b[31m'
    project.tiktok.add_audience(project.account, name, "Partner Audience")
    ran = project("drift", "--skip-members", "--format", "json")
    assert_valid(ran.document, "drift")
    assert name in ran.document["drift"][0]["summary"]
    assert "\x1b" not in project("drift", "--skip-members").out
