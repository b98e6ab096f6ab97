"""The example for GitLab does what it says: its own lines, on a GitLab and a TikTok of this machine."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

import pytest
import yaml

from reconciler.sandbox import TOKEN, Sandbox
from tests.ci.conftest import ACCOUNT, STATE, config, people
from tests.ci.forge import running
from tests.ci.gitlab import PROJECT, GitLab
from tests.ci.linters import ROOT
from tests.ci.pipeline import Pipeline, environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reconciler.sandbox import Controls

GITLAB_CI: Final = ROOT / "examples" / "ci" / "gitlab" / ".gitlab-ci.yml"
GITLAB_TOKEN: Final = "glpat-of-a-project"
ONE: Final = {"buyers": {"name": "Buyers"}}
TWO: Final = {**ONE, "visitors": {"name": "Visitors"}}


@dataclass(slots=True)
class Group:
    """Whoever keeps audiences in a repository with the example as its only pipeline.

    Attributes:
        tiktok: TikTok's side.
        forge: GitLab.
        checkout: The files as they were last pushed.
        folder: Where everything of this test lies.
        variables: What the project's settings put into every job.
    """

    tiktok: Controls
    forge: GitLab
    checkout: Path
    folder: Path
    variables: Mapping[str, str]
    numbers: Iterator[int]

    def push(self, audiences: Mapping[str, Mapping[str, object]]) -> None:
        """Let the checkout hold these audiences."""
        (self.checkout / "audiences.yaml").write_text(config(audiences), encoding="utf-8")

    def pipeline(self, source: str, **predefined: str) -> Pipeline:
        """Start a pipeline."""
        text = GITLAB_CI.read_text(encoding="utf-8").replace(STATE, str(self.folder / "state"))
        workspace = self.folder / f"pipeline-{next(self.numbers)}"
        started = {
            "GITLAB_CI": "true",
            "CI": "true",
            "CI_API_V4_URL": self.forge.url,
            "CI_PROJECT_ID": PROJECT,
            "CI_PIPELINE_SOURCE": source,
            "CI_DEFAULT_BRANCH": "main",
            "CI_JOB_URL": "https://gitlab.example/acme/ads/-/jobs/1",
            **self.variables,
            **predefined,
        }
        return Pipeline(yaml.safe_load(text), self.checkout, workspace, started)

    def merge_request(self, number: int, source: str = PROJECT) -> Pipeline:
        """Start what a push to a merge request starts."""
        return self.pipeline(
            "merge_request_event",
            CI_MERGE_REQUEST_IID=str(number),
            CI_MERGE_REQUEST_PROJECT_ID=PROJECT,
            CI_MERGE_REQUEST_SOURCE_PROJECT_ID=source,
            CI_COMMIT_SHA="a" * 40,
        )

    def on_main(self, commit: str = "b" * 40) -> Pipeline:
        """Start what a push to the default branch starts."""
        return self.pipeline("push", CI_COMMIT_BRANCH="main", CI_COMMIT_SHA=commit)

    def night(self) -> Pipeline:
        """Start what the schedule starts."""
        return self.pipeline("schedule", CI_COMMIT_BRANCH="main", CI_COMMIT_SHA="c" * 40)

    def reconciler(self, *arguments: str) -> None:
        """Run a command with the state that the jobs use."""
        variables = {**self.variables, "RECONCILER_STATE": str(self.folder / "state")}
        environ = environment(self.folder, variables)
        subprocess.run(["reconciler", *arguments], cwd=self.checkout, env=environ, check=True, capture_output=True)

    def names(self) -> list[str]:
        """Return the names of the audiences on TikTok."""
        return sorted(each.name for each in self.tiktok.audiences(ACCOUNT))


@pytest.fixture
def group(tmp_path: Path, tiktok: tuple[Sandbox, str]) -> Iterator[Group]:
    """A group that has just copied the example."""
    sandbox, url = tiktok
    sandbox.reset()
    sandbox.ensure([ACCOUNT])
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "people.csv").write_text(people(), encoding="utf-8")
    variables = {"TIKTOK_ACCESS_TOKEN": TOKEN, "TIKTOK_BASE_URL": url, "GITLAB_TOKEN": GITLAB_TOKEN}
    with running(GitLab(tokens={GITLAB_TOKEN: 7})) as forge:
        made = Group(sandbox.controls, forge, checkout, tmp_path, variables, count(1))
        made.push(ONE)
        yield made
    assert forge.unexpected == []


def test_a_merge_request_has_one_note_with_its_last_plan(group: Group) -> None:
    number = group.forge.open_request("a" * 40)

    first = group.merge_request(number).run("plan")
    group.push(TWO)
    second = group.merge_request(number).run("plan")

    assert (first.code, second.code) == (0, 0), first.said + second.said
    (note,) = group.forge.thread("merge_requests", number)
    assert "audience.visitors" in note
    assert {path.name for path in second.artifacts.iterdir()} == {"plan.json", "plan.html"}
    assert group.names() == []
    assert all(token not in first.said + second.said for token in (TOKEN, GITLAB_TOKEN))


def test_a_plan_that_cannot_be_made_fails_the_job_and_is_told(group: Group) -> None:
    number = group.forge.open_request("a" * 40)
    group.push({"buyers": {"nam": "Buyers"}})

    ran = group.merge_request(number).run("plan")

    assert ran.code == 1
    (note,) = group.forge.thread("merge_requests", number)
    assert "There is no plan" in note
    assert "audiences.yaml:" in note


def test_after_the_merge_a_person_applies_the_plan_of_that_pipeline(group: Group) -> None:
    number = group.forge.open_request("a" * 40)
    group.forge.merge(number, "b" * 40)
    pipeline = group.on_main()

    planned = pipeline.run("plan")
    assert planned.code == 0, planned.said
    assert group.forge.thread("merge_requests", number) == []
    applied = pipeline.run("apply")

    assert applied.code == 0, applied.said
    assert group.names() == ["Buyers"]
    (note,) = group.forge.thread("merge_requests", number)
    assert "1 created" in note
    assert all(token not in planned.said + applied.said for token in (TOKEN, GITLAB_TOKEN))


def test_an_apply_of_a_commit_without_merge_request_tells_nobody(group: Group) -> None:
    pipeline = group.on_main()
    pipeline.run("plan")

    applied = pipeline.run("apply")

    assert applied.code == 0, applied.said
    assert group.names() == ["Buyers"]
    assert group.forge.notes == {}


def test_an_apply_that_is_refused_fails_the_job_and_is_told(group: Group) -> None:
    number = group.forge.open_request("a" * 40)
    group.forge.merge(number, "b" * 40)
    pipeline = group.on_main()
    plan = pipeline.run("plan").artifacts / "plan.json"
    document = json.loads(plan.read_text(encoding="utf-8"))
    del document["checksum"]
    plan.write_text(json.dumps({**document, "serial": 41}), encoding="utf-8")

    refused = pipeline.run("apply")

    assert refused.code == 1
    assert group.names() == []
    (note,) = group.forge.thread("merge_requests", number)
    assert "Nothing was applied" in note
    assert "stale" in note


@pytest.mark.slow
def test_the_nightly_look_opens_one_issue_and_closes_it(group: Group) -> None:
    group.reconciler("apply", "--auto-approve")
    (audience,) = group.tiktok.audiences(ACCOUNT)

    group.tiktok.rename(audience.audience_id, "By hand")
    drifted = group.night().run("drift")
    (issue,) = group.forge.open_issues()
    group.reconciler("apply", "--auto-approve")
    clean = group.night().run("drift")

    assert drifted.code == 2, drifted.said
    assert issue["title"] == "TikTok audiences have drifted"
    assert "By hand" in issue["description"]
    assert ET.parse(drifted.artifacts / "drift.xml").findall(".//failure") != []
    assert clean.code == 0, clean.said
    assert group.forge.open_issues() == []


@pytest.mark.parametrize(
    ("start", "jobs"),
    [
        pytest.param(lambda group: group.merge_request(1), {"plan": False}, id="merge request"),
        pytest.param(lambda group: group.merge_request(1, source="1234"), {}, id="merge request from a fork"),
        pytest.param(Group.on_main, {"plan": False, "apply": True}, id="default branch"),
        pytest.param(Group.night, {"drift": False}, id="schedule"),
        pytest.param(lambda group: group.pipeline("push", CI_COMMIT_BRANCH="mine"), {}, id="another branch"),
    ],
)
def test_runs_what_belongs_to_an_occasion_and_applies_by_hand_alone(
    start: Any, jobs: dict[str, bool], group: Group
) -> None:
    assert start(group).jobs() == jobs
