"""What a plan and an apply cost where few people have come or gone, or nobody: that much, and one reading."""

from __future__ import annotations

import io
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from reconciler.identity.sources.arriving import ArrivingSource
from reconciler.identity.sources.lakes import Lake
from reconciler.identity.sources.query import QuerySource
from reconciler.identity.sources.reading import FileSource
from tests.services import http

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cli.project import Project
    from tests.services.http import Web

PEOPLE: Final = 20_000
CHURN: Final = PEOPLE // 20
"""So many have gone, and as many have come."""
MANY: Final = {f"over_{number}": {"where": f"ltv >= {number}"} for number in range(20)}


def crowd(people: int) -> pa.Table:
    """People with two devices each, the same in every run."""
    numbers = range(people)
    return pa.table(
        {
            "mpid": pa.array(numbers, pa.int64()),
            "idfa": [str(uuid.UUID(int=each + 1)) for each in numbers],
            "gaid": [str(uuid.UUID(int=(each + 1) << 64)) for each in numbers],
            "country": ["US"] * people,
            "ltv": pa.array([float(each % 100) for each in numbers], pa.float64()),
        }
    )


@pytest.fixture(scope="module")
def everyone() -> pa.Table:
    return crowd(PEOPLE + CHURN)


@pytest.fixture
def crowded(project: Project, everyone: pa.Table) -> Project:
    """The project with many people, all but those who are still to come."""
    made = replace(project, table=everyone)
    made.load(slice(PEOPLE))
    return made


@pytest.fixture
def web() -> Iterator[Web]:
    with http.running() as web:
        yield web


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The readings of sources, by kind, as they happen."""
    readings: list[str] = []
    for kind in (FileSource, QuerySource, ArrivingSource):

        def landing(source: Any, *of: Any, land: Any = kind.land, name: str = kind.__name__) -> Any:
            readings.append(name)
            return land(source, *of)

        monkeypatch.setattr(kind, "land", landing)
    return readings


def writes(project: Project) -> list[str]:
    """Return the paths of the requests that change something, since the last time."""
    paths = [each.path for each in project.tiktok.requests() if each.method == "POST"]
    project.tiktok.clear_requests()
    return paths


def rows_received(project: Project) -> int:
    return sum(each.rows for each in project.tiktok.requests())


def test_a_few_who_came_and_went_are_all_that_is_sent(crowded: Project) -> None:
    crowded.apply()
    crowded.tiktok.clear_requests()
    crowded.load(slice(CHURN, PEOPLE + CHURN))
    planned = crowded.plan()["actions"][0]["members"]
    assert (planned["add"], planned["remove"]) == (2 * CHURN, 2 * CHURN)
    ran = crowded("apply", "--auto-approve", "--format", "json")
    assert ran.document["identifiers"] == {"added": 2 * CHURN, "removed": 2 * CHURN}
    assert rows_received(crowded) == ran.document["rows"] == 2 * CHURN
    wanted = crowded.hashed(slice(CHURN, PEOPLE + CHURN))
    assert crowded.tiktok.members(crowded.audience_id("Buyers")) == wanted


def test_where_nobody_came_or_went_nothing_is_sent_and_the_source_is_read_once(
    crowded: Project, read: list[str]
) -> None:
    crowded.apply()
    writes(crowded)
    read.clear()
    crowded.assert_settled()
    assert (writes(crowded), read) == ([], ["FileSource"])
    read.clear()
    assert crowded.apply().code == 0
    assert (writes(crowded), read) == ([], ["FileSource"])


def test_many_audiences_over_one_source_read_it_once(crowded: Project, read: list[str]) -> None:
    crowded.declare(MANY)
    assert crowded.plan()["summary"]["create"] == len(MANY)
    assert read == ["FileSource"]


@pytest.mark.parametrize(
    ("name", "write", "times"),
    [("people.parquet", pq.write_table, 1.5), ("people.csv", csv.write_csv, 5)],
    ids=["parquet", "csv, whose types take a reading of their own, and whose header comes with a MB"],
)
def test_what_is_fetched_from_elsewhere_does_not_grow_with_the_audiences(
    name: str, write: Callable[[pa.Table, io.BytesIO], None], times: float, crowded: Project, web: Web
) -> None:
    content = io.BytesIO()
    write(crowded.table, content)
    web.files[f"/{name}"] = content.getvalue()
    identities = {"mpid": "mpid", "idfa": "idfa", "gaid": "gaid"}
    crowded.declare(MANY, sources={"people": {"path": f"{web.url}/{name}", "identities": identities}})
    assert crowded.plan()["summary"]["create"] == len(MANY)
    assert web.sent < times * len(content.getvalue())


def test_many_audiences_over_one_table_read_it_once(
    crowded: Project, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scans: list[str] = []
    batches = Lake.batches

    def scanning(lake: Lake, columns: Any) -> Any:
        scans.append(lake.kind)
        return batches(lake, columns)

    monkeypatch.setattr(Lake, "batches", scanning)
    deltalake.write_deltalake(crowded.folder / "table", crowded.table)
    identities = {"mpid": "mpid", "idfa": "idfa", "gaid": "gaid"}
    crowded.declare(MANY, sources={"people": {"path": "table", "format": "delta", "identities": identities}})
    assert crowded.plan()["summary"]["create"] == len(MANY)
    assert (read, len(scans)) == (["ArrivingSource"], 1)
