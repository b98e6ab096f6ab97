"""People who join or leave several audiences of an account travel once, and a person is told what that saved."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from tests.cli.project import Project, Ran

AUDIENCES: Final = 20
SHARE: Final = 0.6
MOVING: Final = 0.05
DECLARED: Final = {f"segment_{number:02}": {"where": f"in_{number:02}"} for number in range(AUDIENCES)}

Holding: TypeAlias = dict[str, list[bool]]
"""By audience: for each person, whether it wants them."""


def drawn(people: int) -> Holding:
    """Let each audience want its share of the people, whatever the others want."""
    chance = random.Random(3)  # the same in every run
    return {key: [chance.random() < SHARE for _ in range(people)] for key in DECLARED}


def moved(holding: Holding) -> Holding:
    """Let some of the people join or leave each audience."""
    chance = random.Random(4)
    return {key: [wanted ^ (chance.random() < MOVING) for wanted in held] for key, held in holding.items()}


def write(project: Project, holding: Holding) -> None:
    table = project.table
    for key, held in holding.items():
        table = table.append_column(DECLARED[key]["where"], pa.array(held))
    pq.write_table(table, project.folder / "people.parquet")


def rows_received(project: Project) -> int:
    """Return how many mapping rows TikTok has received since the last time."""
    rows = sum(each.rows for each in project.tiktok.requests() if each.path == "/segment/mapping/")
    project.tiktok.clear_requests()
    return rows


def assert_each_holds_its_own(project: Project, holding: Holding) -> None:
    for key, held in holding.items():
        wanted = replace(project, table=project.table.filter(pa.array(held))).hashed()
        assert project.tiktok.members(project.audience_id(key)) == wanted


@pytest.fixture
def shared(project: Project) -> tuple[Project, Holding]:
    """A project with many audiences over one source, none of them on TikTok yet."""
    holding = drawn(project.table.num_rows)
    write(project, holding)
    project.declare(DECLARED)
    return project, holding


def apply_as_json(project: Project) -> Ran:
    ran = project("apply", "--auto-approve", "--format", "json")
    assert ran.code == 0
    return ran


def test_audiences_that_overlap_take_at_most_a_quarter_of_the_rows_they_take_alone(
    shared: tuple[Project, Holding],
) -> None:
    project, holding = shared
    alone = sum(map(sum, holding.values()))  # a row a person and audience: each person has one row of two devices
    applied = apply_as_json(project).document
    received = rows_received(project)
    assert received <= alone / 4
    assert (applied["rows"], applied["saved"]["rows"]) == (received, alone - received)
    assert applied["identifiers"] == {"added": 2 * alone, "removed": 0}
    assert_each_holds_its_own(project, holding)


def test_people_who_move_between_audiences_travel_once_in_each_direction(shared: tuple[Project, Holding]) -> None:
    project, before = shared
    project.apply()
    rows_received(project)
    after = moved(before)
    write(project, after)
    people = range(project.table.num_rows)
    joining = [sum(after[key][person] and not before[key][person] for key in after) for person in people]
    leaving = [sum(before[key][person] and not after[key][person] for key in after) for person in people]
    alone = sum(joining) + sum(leaving)
    applied = apply_as_json(project).document
    assert rows_received(project) == applied["rows"] == sum(map(bool, joining)) + sum(map(bool, leaving))
    assert applied["saved"]["rows"] == alone - applied["rows"]
    assert_each_holds_its_own(project, after)
    project.assert_settled()


def test_the_last_line_says_what_sharing_saved(shared: tuple[Project, Holding]) -> None:
    project, holding = shared
    alone = sum(map(sum, holding.values()))
    ran = project.apply()
    saved = alone - rows_received(project)
    assert f"Sharing them between audiences saved {saved:,} mapping rows and" in ran.text
    assert f"+{2 * alone:,} identifiers in" in ran.text


def test_one_audience_alone_is_said_to_have_saved_nothing(project: Project) -> None:
    assert "Sharing" not in project.apply().text
