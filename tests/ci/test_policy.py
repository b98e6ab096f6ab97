"""The example policies judge real plans: made by the command line on the local TikTok, which keep or break a rule.

Rego is evaluated as conftest does, jq is the real one; both have to say the same.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import pyarrow as pa
import pytest

from reconciler.sandbox import Sandbox
from tests.ci.linters import ROOT
from tests.ci.policies import denied_by_jq, denied_by_rego, run_jq
from tests.cli.project import ACCOUNT, OTHER_ACCOUNT, Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PEOPLE: Final = 1_200


def denied(plan: Any) -> list[str]:
    """Return what both say of a plan."""
    said = denied_by_rego(plan)
    assert denied_by_jq(plan) == said
    return said


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project on the local TikTok; its one audience, "Buyers", keeps every rule."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)  # no power cut to survive, and many writes
    monkeypatch.chdir(tmp_path)

    def device(number: int) -> str:
        return str(UUID(bytes=hashlib.sha256(str(number).encode()).digest()[:16], version=4))

    numbers = range(PEOPLE)
    columns = {
        "mpid": pa.array(numbers, pa.int64()),
        "idfa": [device(each) for each in numbers],
        "gaid": [device(-1 - each) for each in numbers],
    }
    with Sandbox(tmp_path / ".reconciler" / "sandbox.db") as sandbox:
        sandbox.ensure([ACCOUNT, OTHER_ACCOUNT])
        made = Project(tmp_path, pa.table(columns), sandbox.controls)
        made.load()
        made.declare({"buyers": {"name": "Buyers"}})
        yield made


def test_a_plan_that_keeps_every_rule_passes(project: Project) -> None:
    assert denied(project.plan()) == []


def test_a_plan_without_changes_passes(project: Project) -> None:
    project.apply()

    assert denied(project.plan()) == []


def test_an_identity_that_may_not_be_sent_for_an_account_is_denied(project: Project) -> None:
    (project.folder / "readers.csv").write_text("email\n" + "".join(f"p{each}@example.com\n" for each in range(PEOPLE)))
    account = {"advertiser_id": OTHER_ACCOUNT}
    project.declare(
        {"readers": {"advertiser": "acme_eu", "source": "readers"}, "buyers": {"name": "Buyers"}},
        advertisers={"acme": {"advertiser_id": ACCOUNT}, "acme_eu": account},
        sources={
            "readers": {"path": "readers.csv", "identities": {"email": "email"}},
            "people": {"path": "people.parquet", "identities": {"mpid": "mpid", "idfa": "idfa"}},
        },
    )

    assert denied(project.plan()) == ["audience.readers would send email for acme_eu"]


def test_more_deletes_than_allowed_are_denied(project: Project) -> None:
    project.declare({f"old_{each}": {"where": f"mpid > {each}"} for each in range(3)})
    project.apply()
    project.declare({})

    assert denied(project.plan()) == ["the plan deletes 3 audiences, more than 2: split the request"]


def test_more_changes_than_allowed_are_denied(project: Project) -> None:
    project.declare({f"new_{each}": {"where": f"mpid >= {each}"} for each in range(26)})

    assert denied(project.plan()) == ["the plan holds 26 changes, more than 25: split the request"]


def test_an_audience_that_more_than_doubles_is_denied(project: Project) -> None:
    project.load(slice(0, 599))
    project.apply()
    project.load()

    assert denied(project.plan()) == ["audience.buyers would grow from 599 to 1200 people, by more than 100 %"]


def test_an_audience_that_just_doubles_passes(project: Project) -> None:
    project.load(slice(0, 600))
    project.apply()
    project.load()

    assert denied(project.plan()) == []


def test_a_plan_that_did_not_look_at_people_is_denied(project: Project) -> None:
    assert denied(project.plan("--skip-members")) == ["the plan did not look at people: plan without --skip-members"]


@pytest.mark.parametrize("document", [{}, {"format_version": 2, "actions": []}], ids=["no plan", "another format"])
def test_what_the_rules_cannot_judge_is_denied(document: Any) -> None:
    assert denied(document) == ["this is no plan in format 1: these rules cannot judge it"]


def test_every_broken_rule_is_told_at_once(project: Project) -> None:
    project.declare({f"new_{each}": {} for each in range(26)})

    assert len(denied(project.plan("--skip-members"))) == 2


def test_nothing_at_all_is_no_good_plan_to_jq(project: Project) -> None:
    assert run_jq("-n", "-r", "-f", str(ROOT / "examples/policy/plan.jq"), plan=None, stdin="").returncode == 5


@pytest.mark.parametrize(
    "condition",
    re.findall(r"\| jq -e '([^']+)'", (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")),
)
def test_a_condition_from_the_documentation_tells_a_plan_with_a_delete_from_one_without(
    condition: str, project: Project
) -> None:
    project.apply()
    good = run_jq("-e", condition, plan=project.plan()).returncode
    project.declare({})
    bad = run_jq("-e", condition, plan=project.plan()).returncode

    assert (good, bad) == (0, 1)
