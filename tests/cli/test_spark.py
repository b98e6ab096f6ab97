"""`engine: local[2]` in the files: plan, apply and plan again, computed by a real Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.services import spark

if TYPE_CHECKING:
    from tests.cli.project import Project

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in spark.environment(tmp_path_factory.mktemp("java") / "home").items():
        monkeypatch.setenv(name, value)


def test_people_come_and_go_as_with_duckdb(project: Project) -> None:
    audiences = {"buyers": {"name": "Buyers", "where": "country = 'US'"}, "all": {"name": "All"}}
    project.declare(audiences, engine=spark.URL)
    project.apply()
    assert project.tiktok.members(project.audience_id("Buyers")) == project.hashed(country="US")
    assert project.tiktok.members(project.audience_id("All")) == project.hashed()
    project.assert_settled()
    project.load(slice(60, None))
    project.apply()
    assert project.tiktok.members(project.audience_id("All")) == project.hashed(slice(60, None))
    project.declare(audiences)
    project.assert_settled()


def test_a_run_of_its_own_prints_what_is_asked_for_and_nothing_of_sparks(project: Project) -> None:
    project.declare({"buyers": {"name": "Buyers", "where": "ltv >= 100"}}, engine=spark.URL)
    ran = project.spawn("plan", "--sandbox")
    assert ran.code == 0
    assert "1,100 people" in ran.text
    assert not [line for line in ran.err.splitlines() if "WARN" in line or "Spark" in line or "log4j" in line]
    assert {each.name for each in project.folder.iterdir()} == {"audiences.yaml", "people.parquet", ".reconciler"}
