"""A plan that was saved, reviewed and applied: exactly that, or nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.project import Project, Ran


def apply_saved(project: Project, *arguments: str) -> Ran:
    """Apply plan.json."""
    return project.run("apply", *project.options, *arguments, "plan.json")


def test_a_saved_plan_is_applied_without_asking_and_to_the_letter(anywhere: Project) -> None:
    planned = anywhere("plan", "--out", "plan.json")
    assert planned.code == 0
    anywhere.load(slice(0, 0))  # what happens to the source after the review changes nothing
    ran = apply_saved(anywhere)
    assert ran.code == 0, ran.text
    assert anywhere.tiktok.members(anywhere.audience_id("Buyers")) == anywhere.hashed()


def test_the_command_to_apply_it_is_told_ready_to_paste(project: Project) -> None:
    project = project.structure()
    (project.folder / "files").mkdir()
    (project.folder / "audiences.yaml").rename(project.folder / "files" / "my audiences.yaml")
    (project.folder / "people.parquet").rename(project.folder / "files" / "people.parquet")
    planned = project("plan", "-c", "files/my audiences.yaml", "--out", "plans/new.json")
    assert planned.err.endswith("reconciler apply -c 'files/my audiences.yaml' --sandbox plans/new.json\n")


def test_nobody_is_told_to_apply_what_would_be_refused(project: Project) -> None:
    project = project.structure()
    project.tiktok.set_role(project.account, "ANALYST")
    assert project("plan", "--out", "plan.json").err.strip() == "Saved to plan.json."


def test_show_prints_what_plan_printed(project: Project) -> None:
    planned = project("plan", "--out", "plan.json")
    assert project.run("show", "plan.json").out == planned.out
    as_json = project.run("show", "plan.json", "--format", "json")
    saved = json.loads((project.folder / "plan.json").read_bytes())
    assert saved.pop("checksum").startswith("sha256:")
    assert (as_json.document, list(as_json.document)) == (saved, list(saved))


def test_show_needs_neither_files_nor_tiktok(project: Project) -> None:
    project.structure()("plan", "--out", "plan.json")
    (project.folder / "audiences.yaml").unlink()
    assert project.run("show", "plan.json").code == 0


def test_a_plan_is_stale_once_the_state_has_moved_on(project: Project) -> None:
    project = project.structure()
    project("plan", "--out", "plan.json")
    assert apply_saved(project).code == 0
    again = apply_saved(project)
    assert again.code == 1
    assert "the plan is stale" in again.text
    assert "Plan again" in again.text
    assert project.names() == ["Buyers"]


def test_a_plan_of_another_state_is_refused(project: Project) -> None:
    project = project.structure()
    project.apply()
    project.declare({"buyers": {"name": "Better buyers"}})
    project("plan", "--out", "plan.json")
    path = project.folder / "plan.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    del document["checksum"]
    path.write_text(json.dumps({**document, "lineage": "another"}), encoding="utf-8")
    refused = apply_saved(project)
    assert refused.code == 1
    assert "another state" in refused.text
    assert project.names() == ["Buyers"]


def test_a_plan_of_the_local_tiktok_does_nothing_on_the_real_one(served: Project) -> None:
    assert served.run("plan", "--sandbox", "--out", "plan.json").code == 0
    refused = apply_saved(served)
    assert refused.code == 1
    assert "not in the state store" in refused.text
    assert served.names() == []


def test_what_was_renamed_since_the_plan_is_left_alone_and_the_rest_is_done(project: Project) -> None:
    project = project.structure()
    project.declare({"buyers": {"name": "Buyers"}, "sellers": {"name": "Sellers"}})
    project.apply()
    buyers = project.audience_id("Buyers")
    project.declare({"buyers": {"name": "Best buyers"}, "sellers": {"name": "Best sellers"}})
    project("plan", "--out", "plan.json")
    project.tiktok.rename(buyers, "Renamed by hand")
    ran = apply_saved(project)
    assert ran.code == 1
    assert f'{buyers} was renamed to "Renamed by hand" since the plan' in ran.text
    assert project.names() == ["Best sellers", "Renamed by hand"]


def test_a_name_that_was_taken_since_the_plan_is_not_made_twice(project: Project) -> None:
    project = project.structure()
    project("plan", "--out", "plan.json")
    project.tiktok.add_audience(project.account, "Buyers", "Partner Audience")
    ran = apply_saved(project)
    assert ran.code == 1
    assert "has appeared since the plan" in ran.text
    assert project.names() == ["Buyers"]


def test_a_plan_with_nothing_in_it_says_so(project: Project) -> None:
    project = project.structure()
    project.apply()
    project("plan", "--out", "plan.json")
    ran = apply_saved(project)
    assert (ran.code, ran.out) == (0, "")
    assert "nothing to do" in ran.err


def test_options_of_planning_are_refused_with_a_saved_plan(project: Project) -> None:
    project = project.structure()
    project("plan", "--out", "plan.json")
    for option in (["--target", "audience.buyers"], ["--skip-members"]):
        refused = apply_saved(project, *option)
        assert refused.code == 1
        assert "a saved plan is applied as it is" in refused.text
    assert project.names() == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON"),
        (b"PAR1\x00\xff", "is not JSON"),
        (b"[]", "plan.json"),
        (b'{"format_version": 1}', "plan.json"),
    ],
)
def test_a_file_that_is_no_plan_is_refused_with_how_to_make_one(project: Project, content: bytes, said: str) -> None:
    (project.folder / "plan.json").write_bytes(content)
    for ran in (apply_saved(project), project.run("show", "plan.json")):
        assert ran.code == 1
        assert said in ran.err
        assert "plan.json" in ran.err
    assert project.names() == []


def test_a_plan_of_a_later_version_is_refused_by_its_number(project: Project) -> None:
    project = project.structure()
    project("plan", "--out", "plan.json")
    document = json.loads((project.folder / "plan.json").read_text(encoding="utf-8"))
    (project.folder / "plan.json").write_text(json.dumps({**document, "format_version": 99}), encoding="utf-8")
    refused = apply_saved(project)
    assert refused.code == 1
    assert "99" in refused.text


def test_a_plan_that_is_not_there_is_refused_with_how_to_make_one(project: Project) -> None:
    for ran in (project("apply", "nowhere.json"), project.run("show", "nowhere.json")):
        assert ran.code == 1
        assert "reconciler plan --out" in ran.text


def test_detailed_exit_codes_tell_nothing_changes_and_trouble_apart(project: Project) -> None:
    project = project.structure()
    assert project("plan").code == 0
    assert project("plan", "--detailed-exitcode").code == 2
    project.apply()
    assert project("plan", "--detailed-exitcode").code == 0
    project.tiktok.set_role(project.account, "ANALYST")
    project.declare({"buyers": {"name": "Best buyers"}})
    assert project("plan", "--detailed-exitcode").code == 1


def test_a_target_limits_everything_to_one_address(project: Project) -> None:
    sources = {
        key: {"path": f"{key}.parquet", "identities": {"idfa": "idfa", "gaid": "gaid"}} for key in ("people", "broken")
    }
    project.declare({"buyers": {"name": "Buyers"}, "sellers": {"name": "Sellers", "source": "broken"}}, sources=sources)
    planned = project("plan", "--target", "audience.buyers", "--format", "json")
    assert planned.code == 0
    assert [each["address"] for each in planned.document["actions"]] == ["audience.buyers"]
    assert project("apply", "--auto-approve", "--target", "audience.buyers").code == 0
    assert project.names() == ["Buyers"]
    assert project("plan").code == 1  # the other one's source does not exist


def test_a_target_that_is_not_there_names_those_that_are(project: Project) -> None:
    refused = project("plan", "--target", "audience.byers")
    assert refused.code == 1
    assert "audience.buyers" in refused.text


def test_without_people_the_structure_alone_is_applied_and_people_follow(project: Project) -> None:
    (project.folder / "people.parquet").rename(project.folder / "away.parquet")
    structure = project.structure()
    assert "people were not looked at" in structure("plan").text.lower()
    structure.apply()
    assert project.tiktok.members(project.audience_id("Buyers")) == frozenset()
    (project.folder / "away.parquet").rename(project.folder / "people.parquet")
    project.apply()
    assert project.tiktok.members(project.audience_id("Buyers")) == project.hashed()
