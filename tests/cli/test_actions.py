"""Inside GitHub Actions: notes at the lines of a pull request on stderr, and a report on the page of the job."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.runner import harmless, harmless_json

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.project import Project


@pytest.fixture
def summary(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in GitHub Actions; return where the job's summary is."""
    path = folder / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder.parent))
    return path


def commands(err: str) -> list[str]:
    return [line for line in err.splitlines() if line.startswith("::")]


def test_errors_in_the_files_stand_at_their_lines(project: Project, summary: Path) -> None:
    project.write("version: 1\nadvertisers:\n  acme: {advertiser_id: 7}\n")
    for command in ("validate", "plan", "apply", "drift"):
        ran = project(command)
        assert ran.code == 1
        assert f"::error file={project.folder.name}/audiences.yaml,line=3,col=" in ran.err
        assert "**error:**" in summary.read_text(encoding="utf-8")
        summary.unlink()


def test_files_that_hold_leave_no_note_and_no_summary(project: Project, summary: Path) -> None:
    ran = project("validate")
    assert (ran.code, ran.err) == (0, "")
    assert not summary.exists()


def test_a_plan_is_on_the_page_of_the_job_and_what_is_blocked_at_its_line(project: Project, summary: Path) -> None:
    project = project.structure()
    project.apply()
    project.tiktok.set_role(project.account, "ANALYST")
    project.declare({"buyers": {"name": "Better buyers"}})
    summary.unlink()
    ran = project("plan", "--format", "json")
    assert ran.document["summary"]["blocked"] == 1
    assert any("title=audience.buyers%3A update is blocked::" in each for each in commands(ran.err))
    assert "> **1 action is blocked.**" in summary.read_text(encoding="utf-8")


def test_every_command_of_a_step_adds_to_the_summary(project: Project, summary: Path) -> None:
    project = project.structure()
    project("plan")
    project("apply", "--auto-approve")
    project("drift")
    text = summary.read_text(encoding="utf-8")
    places = [text.find(each) for each in ("### Plan: 1 to create", "\n### Apply complete!", "\n### No drift.")]
    assert -1 not in places
    assert places == sorted(places)


def test_drift_is_noted_as_a_warning(project: Project, summary: Path) -> None:
    project = project.structure()
    project.apply()
    project.tiktok.delete(project.audience_id("Buyers"))
    ran = project("drift")
    assert ran.code == 2
    (command,) = commands(ran.err)
    assert command.startswith("::warning ")
    assert "Drift%3A audience.buyers deleted" in command


def test_a_refused_apply_is_one_error_and_on_the_page_of_the_job(project: Project, summary: Path) -> None:
    project = project.structure()
    project("plan", "--out", "plan.json")
    project.apply()
    ran = project.run("apply", *project.options, "plan.json")
    assert ran.code == 1
    (command,) = commands(ran.err)
    assert command.startswith("::error title=reconciler::the plan is stale")
    assert "### Nothing was applied: the plan is stale" in summary.read_text(encoding="utf-8")


def test_outside_of_actions_nothing_of_it_happens(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = project.folder / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    ran = project.structure()("plan")
    assert ran.err == ""
    assert not summary.exists()


def test_a_summary_that_is_full_is_left_as_it_is(project: Project, summary: Path) -> None:
    summary.write_bytes(b"x" * (1024 * 1024 - 1000))
    assert project.structure()("plan").code == 0
    assert summary.stat().st_size == 1024 * 1024 - 1000


def test_a_summary_that_cannot_be_written_keeps_no_plan_from_being_made(
    project: Project, summary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project.folder))
    ran = project.structure()("plan")
    assert ran.code == 0
    assert "the job's summary cannot be written" in ran.err


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_a_name_on_tiktok_is_no_command_to_the_runner(project: Project, summary: Path, form: str) -> None:
    name = "##[add-mask]x ::error::y"
    project = project.structure()
    project.tiktok.add_audience(project.account, name, "Partner Audience")
    ran = project("drift", "--format", form)
    assert ran.code == 2
    assert "add-mask" in ran.out
    rest = [
        line for line in ran.err.splitlines() if not line.startswith("::warning") and not line.startswith("::notice")
    ]
    assert "##[" not in "\n".join([ran.out, *rest])
    if form == "json":
        assert name in json.loads(ran.out)["drift"][0]["summary"]


def test_only_commands_are_spelled_out(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "::error::x\n  ::warning::y\na ::b:: c\nd ##[e] ## [f]\n::"
    assert harmless(text) == text
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert harmless(text) == "\\x3a:error::x\n  \\x3a:warning::y\na ::b:: c\nd \\x23#[e] ## [f]\n\\x3a:"
    assert json.loads(harmless_json(json.dumps({"a": "\\##[b]"}))) == {"a": "\\##[b]"}
