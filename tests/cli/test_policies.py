"""Policies, from the line that is wrong to an apply that does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.cli.project import Project

RULED: Final = """\
version: 1
rate_limit: ultimate
advertisers:
  acme:
    advertiser_id: "7000000000000000001"
sources:
  people:
    path: people.parquet
    identities: {mpid: mpid, idfa: idfa, gaid: gaid}
audiences:
  buyers:
    advertiser: acme
    name: Buyers
    source: people
    where: ltv >= 0
    identities: [idfa, gaid]
policies:
  us_customers:
    advertisers: [acme]
    audiences: [buy*]
    maximum_people: 1_000
    forbidden_identities: [gaid]
    name_pattern: "US · .+"
    require_prevent_destroy: true
"""
KEPT: Final = (
    RULED.replace("name: Buyers", "name: US · Buyers")
    .replace("[idfa, gaid]", "[idfa]\n    lifecycle: {prevent_destroy: true}")
    .replace("ltv >= 0", "ltv < 1000")
)
FOUND: Final = [
    'audiences.yaml:13:11: error: audience.buyers: policy us_customers does not allow the name "Buyers"',
    "audiences.yaml:16:5: error: audience.buyers: policy us_customers forbids gaid",
    "audiences.yaml:11:3: error: audience.buyers: policy us_customers requires prevent_destroy",
    "audiences.yaml:15:12: error: audience.buyers: policy us_customers allows 1,000 people, not 1,200",
]


def test_a_plan_tells_each_rule_that_is_broken_once_with_its_place_and_the_way_out(project: Project) -> None:
    project.write(RULED)
    ran = project("plan")
    assert ran.code == 1
    for told in FOUND:
        assert ran.text.count(told) == 1
    assert "or change maximum_people of policy us_customers at audiences.yaml:21:21." in ran.text


def test_a_plan_as_json_holds_the_places_apart(project: Project) -> None:
    project.write(RULED)
    ran = project("plan", "--format", "json")
    assert ran.code == 1
    errors = [each for each in ran.document["diagnostics"] if each["severity"] == "error"]
    assert len(errors) == len(FOUND)
    assert errors[0]["location"] == {"file": "audiences.yaml", "line": 13, "column": 11}
    assert "policy us_customers" in errors[0]["summary"]


def test_an_apply_does_nothing_while_a_policy_is_broken_not_even_what_is_not_blocked(project: Project) -> None:
    project.write(RULED)
    for arguments in (("--auto-approve",), ("--auto-approve", "--skip-blocked")):
        ran = project("apply", *arguments)
        assert ran.code == 1
        assert "policy us_customers forbids gaid" in ran.text
    assert project.names() == []


def test_a_saved_plan_that_breaks_a_policy_is_not_applied_even_once_the_files_have_changed(project: Project) -> None:
    project.write(RULED)
    assert project("plan", "--out", "plan.json").code == 1
    assert "policy us_customers forbids gaid" in project.run("show", "plan.json").text
    project.write(KEPT)
    ran = project("apply", "plan.json")
    assert ran.code == 1
    assert "policy us_customers forbids gaid" in ran.text
    assert project.names() == []


def test_what_keeps_its_policies_is_applied(project: Project) -> None:
    project.write(KEPT)
    project.load(slice(0, 1_000))
    project.apply()
    assert project.names() == ["US · Buyers"]
    project.assert_settled()


def test_an_audience_that_was_applied_before_a_rule_came_breaks_it_too(project: Project) -> None:
    project.write(RULED.partition("policies:")[0])
    project.apply()
    project.write(RULED)
    ran = project("plan", "--detailed-exitcode")
    assert ran.code == 1
    assert FOUND[0] in ran.text


def test_an_audience_that_breaks_a_policy_may_be_taken_out(project: Project) -> None:
    project = project.structure()
    project.write(RULED.partition("policies:")[0])
    project.apply()
    project.write(RULED.replace("buyers:\n", "others:\n").replace("Buyers", "Others"))
    project.apply()
    assert project.names() == ["Others"]


def test_without_looking_at_people_a_maximum_is_told_to_be_unchecked_and_the_rest_is_checked(project: Project) -> None:
    project.write(RULED)
    ran = project.structure()("plan")
    assert ran.code == 1
    for told in FOUND[:3]:
        assert told in ran.text
    assert "allows 1,000 people" not in ran.text
    assert "audiences.yaml:21:21: warning: policy us_customers: maximum_people is not checked" in ran.text


def test_only_what_is_targeted_has_to_keep_its_policies(project: Project) -> None:
    project = project.structure()
    project.write(RULED.replace("policies:", "  others: {advertiser: acme, source: people}\npolicies:"))
    assert project("plan", "--target", "audience.others").code == 0
    assert project("plan", "--target", "audience.buyers").code == 1


def test_drift_is_still_reported_while_a_policy_is_broken(project: Project) -> None:
    project = project.structure()
    project.write(RULED)
    ran = project("drift")
    assert "policy" not in ran.text
    assert ran.code == 0


def test_a_rule_that_cannot_be_kept_or_read_stops_every_command(project: Project) -> None:
    project.write(RULED.replace("[acme]", "[acmee]").replace("US · .+", "US ("))
    ran = project("plan")
    assert ran.code == 1
    assert 'audiences.yaml:19:19: error: unknown advertiser "acmee" Did you mean "acme"?' in ran.text
    assert 'audiences.yaml:23:19: error: "name_pattern" is no regular expression: "US ("' in ran.text


def test_validate_tells_what_the_files_alone_can_tell(project: Project) -> None:
    project.write(RULED)
    for arguments in (("validate",), ("validate", "--skip-sources")):
        ran = project.run(*arguments)
        assert ran.code == 1
        assert all(ran.text.count(told) == 1 for told in FOUND[:3])
        assert "maximum_people" not in ran.text
