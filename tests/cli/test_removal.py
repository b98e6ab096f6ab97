"""A source that lost its people, by accident more often than not, takes nobody out of an audience on TikTok."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.project import Project


def emptied(project: Project) -> None:
    project.load(slice(0, 0))


def half_loaded(project: Project) -> None:
    project.load(slice(0, 600))


def without_a_column(project: Project) -> None:
    project.load(gaid=pa.nulls(project.table.num_rows, pa.string()))


def with_a_condition_nobody_meets(project: Project) -> None:
    project.declare({"buyers": {"name": "Buyers", "where": "country = 'XX'"}})


def with_other_people(project: Project) -> None:
    project.load(
        **{
            name: pa.array(
                [each[:-12] + f"{number:012d}" for number, each in enumerate(project.table[name].to_pylist())]
            )
            for name in ("idfa", "gaid")
        }
    )


@pytest.mark.parametrize(
    "lose", [emptied, half_loaded, without_a_column, with_a_condition_nobody_meets, with_other_people]
)
def test_nobody_is_removed_by_a_source_that_came(project: Project, lose: Callable[[Project], None]) -> None:
    project.apply()
    buyers = project.audience_id("Buyers")
    lose(project)

    planned = project("plan", "--format", "json", "--out", "plan.json")
    assert planned.code == 1
    (action,) = planned.document["actions"]
    assert [each["guard"] for each in action["blocked_by"]] == ["max_removal"]
    project.tiktok.clear_requests()
    assert project("apply", "--auto-approve").code == 1
    assert project("apply", "plan.json").code == 1
    assert "POST" not in {each.method for each in project.tiktok.requests()}
    assert project.tiktok.members(buyers) == project.hashed()


def test_an_emptied_file_removes_nobody_over_http_either(served: Project) -> None:
    served.apply()
    served.load(slice(0, 0))
    refused = served("apply", "--auto-approve", "--skip-blocked")
    assert refused.code == 1
    assert "the source holds nobody" in refused.text
    assert served.tiktok.members(served.audience_id("Buyers")) == served.hashed()


def test_people_who_really_left_leave_once_the_limit_is_raised(project: Project) -> None:
    project.apply()
    half_loaded(project)
    assert project("apply", "--auto-approve").code == 1
    project.declare({"buyers": {"name": "Buyers", "lifecycle": {"max_removal_percent": 60}}})
    project.apply()
    assert project.tiktok.members(project.audience_id("Buyers")) == project.hashed(slice(0, 600))


def test_an_empty_source_is_not_let_through_by_any_limit(project: Project) -> None:
    project.apply()
    emptied(project)
    project.declare({"buyers": {"name": "Buyers", "lifecycle": {"max_removal_percent": 100}}})
    assert project("apply", "--auto-approve").code == 1
    assert project.tiktok.members(project.audience_id("Buyers")) == project.hashed()
