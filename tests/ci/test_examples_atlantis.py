"""The example for Atlantis does what it says: its own lines, on a TikTok of this machine."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest
import yaml

from reconciler.sandbox import TOKEN, Sandbox
from tests.ci.conftest import ACCOUNT, STATE, config, people
from tests.ci.linters import ROOT
from tests.ci.pipeline import environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.sandbox import Controls

ATLANTIS: Final = ROOT / "examples" / "ci" / "atlantis"


@dataclass(frozen=True, slots=True)
class Atlantis:
    """A server of Atlantis with the example as its configuration, and a checkout of one pull request."""

    checkout: Path
    tiktok: Controls
    variables: Mapping[str, str]

    def push(self, audiences: Mapping[str, Mapping[str, object]]) -> None:
        """Let the pull request declare these audiences."""
        (self.checkout / "audiences.yaml").write_text(config(audiences), encoding="utf-8")

    def names(self) -> list[str]:
        """Return the names of the audiences on TikTok."""
        return sorted(each.name for each in self.tiktok.audiences(ACCOUNT))

    def comment(self, stage: str) -> tuple[int, str]:
        """Run a stage of the workflow; returns the exit code of the step it ended with, and what Atlantis shows."""
        text = (ATLANTIS / "repos.yaml").read_text(encoding="utf-8").replace(STATE, str(self.checkout.parent / "state"))
        exported: dict[str, str] = {"PLANFILE": str(self.checkout / "audiences-default.tfplan")}
        shown = ""
        for step in yaml.safe_load(text)["workflows"]["reconciler"][stage]["steps"]:
            ((kind, what),) = step.items()
            if kind == "env":
                exported[what["name"]] = what["value"]
                continue
            assert kind == "run"
            done = subprocess.run(
                ["sh", "-c", what],
                cwd=self.checkout,
                env=environment(self.checkout, {**self.variables, **exported}),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                timeout=60,
                check=False,
            )
            shown += done.stdout
            if done.returncode != 0:
                return done.returncode, shown
        return 0, shown


@pytest.fixture
def atlantis(tmp_path: Path, tiktok: tuple[Sandbox, str]) -> Atlantis:
    """A pull request that declares one audience."""
    sandbox, url = tiktok
    sandbox.reset()
    sandbox.ensure([ACCOUNT])
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "people.csv").write_text(people(), encoding="utf-8")
    made = Atlantis(checkout, sandbox.controls, {"TIKTOK_ACCESS_TOKEN": TOKEN, "TIKTOK_BASE_URL": url})
    made.push({"buyers": {"name": "Buyers"}})
    return made


def test_shows_the_plan_and_applies_exactly_that(atlantis: Atlantis) -> None:
    planned, plan = atlantis.comment("plan")
    assert planned == 0, plan
    assert "audience.buyers will be created" in plan
    assert atlantis.names() == []

    applied, outcome = atlantis.comment("apply")

    assert applied == 0, outcome
    assert atlantis.names() == ["Buyers"]


def test_shows_why_there_is_no_plan(atlantis: Atlantis) -> None:
    atlantis.push({"buyers": {"nam": "Buyers"}})

    code, shown = atlantis.comment("plan")

    assert code == 1
    assert "audiences.yaml:" in shown


def test_a_pull_request_cannot_choose_what_the_server_runs() -> None:
    server = yaml.safe_load((ATLANTIS / "repos.yaml").read_text(encoding="utf-8"))
    repository = yaml.safe_load((ATLANTIS / "atlantis.yaml").read_text(encoding="utf-8"))

    (rules,) = server["repos"]
    assert rules["allowed_overrides"] == ["workflow"]
    assert not rules.get("allow_custom_workflows", False)
    assert {each["workflow"] for each in repository["projects"]} <= set(rules["allowed_workflows"])
    assert set(rules["allowed_workflows"]) <= server["workflows"].keys()
