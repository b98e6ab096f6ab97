"""`show`: one run makes the JSON, and `show` makes every other form of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.project import Project


@pytest.fixture
def results(project: Project) -> Project:
    """A folder with a plan, a drift report and an outcome."""
    project = project.structure()
    project.tiktok.add_audience(project.account, "Stranger", "Partner Audience")
    project("plan", "--out", "plan.json")
    project("drift", "--format", "json", "-o", "drift.json")
    project("apply", "--auto-approve", "--format", "json", "-o", "outcome.json")
    return project


@pytest.mark.parametrize("form", ["text", "markdown", "json", "junit"])
def test_a_saved_drift_report_is_shown_as_drift_showed_it(results: Project, form: str) -> None:
    results.tiktok.delete(results.audience_id("Stranger"))
    (results.folder / "audiences.yaml").unlink()
    shown = results.run("show", "drift.json", "--format", form)
    assert shown.code == 0
    sign = {"text": "Stranger", "markdown": "### Drift: 1 unmanaged", "json": "checked_at", "junit": "<failure"}[form]
    assert sign in shown.out
    if form == "json":
        assert shown.out == (results.folder / "drift.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("form", "sign"), [("text", "Apply complete!"), ("markdown", "### Apply complete! 1 created.")]
)
def test_a_saved_outcome_is_shown(results: Project, form: str, sign: str) -> None:
    shown = results.run("show", "outcome.json", "--format", form)
    assert shown.code == 0
    assert sign in shown.out


def test_a_saved_outcome_is_the_same_in_json(results: Project) -> None:
    shown = results.run("show", "outcome.json", "--format", "json")
    assert shown.out == (results.folder / "outcome.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["plan.json", "drift.json"])
def test_a_page_draws_a_past_only_when_asked_to(results: Project, name: str) -> None:
    (results.folder / "audiences.yaml").rename(results.folder / "other.yaml")
    without = results.run("show", name, "--format", "html")
    assert without.code == 0
    with_past = results.run("show", name, "--format", "html", "--history", "--sandbox", "-c", "other.yaml")
    assert with_past.code == 0, with_past.err
    assert results.run("show", name, "--format", "html", "--history").code == 1  # there are no files to take it from


@pytest.mark.parametrize(
    ("name", "form", "said"),
    [
        ("plan.json", "junit", "holds a plan, which has no form junit"),
        ("outcome.json", "html", "holds what an apply did, which has no form html"),
    ],
)
def test_a_form_that_a_result_has_not_is_refused_with_those_it_has(
    results: Project, name: str, form: str, said: str
) -> None:
    ran = results.run("show", name, "--format", form)
    assert ran.code == 1
    assert said in ran.text
    assert "text, markdown" in ran.text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is not JSON"),
        ("{}", "neither a plan, nor a drift report, nor what an apply did"),
        ("[1]", "neither a plan"),
        ('{"checked_at": 1, "drift": []}', "thing.json"),
        ('{"plan_id": 1, "outcomes": [], "format_version": 1}', "is damaged"),
        ('{"plan_id": 1, "actions": [], "format_version": 1}', "is damaged"),
    ],
)
def test_a_file_that_holds_nothing_to_show_is_refused_with_how_to_make_one(
    project: Project, content: str, said: str
) -> None:
    project.write(content, "thing.json")
    ran = project.run("show", "thing.json")
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.text
    assert ran.err.count("\n") > 1  # what is wrong, and the way out


def test_only_what_is_shown_is_said_in_actions(results: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = results.folder / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert results.run("show", "drift.json", "--format", "markdown").err == ""
    assert not summary.exists()


def test_a_file_without_an_end_is_not_read_to_it(project: Project) -> None:
    shown = project.run("show", "/dev/zero")
    assert shown.code == 1
    assert "/dev/zero is larger than 64 MB" in shown.text
