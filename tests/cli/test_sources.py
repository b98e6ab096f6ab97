"""Where rows come from and how they are kept is all the same to TikTok: from the source to the audience and back."""

from __future__ import annotations

import importlib
import json
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from tests.services import postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.cli.project import Project
    from tests.services.postgres import Postgres

COLUMNS: Final = {"mpid": "mpid", "idfa": "idfa", "gaid": "gaid"}
CHOSEN: Final = "country = 'US'"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres.running() as server:
        yield server


@dataclass(frozen=True, slots=True)
class Kept:
    """One way of keeping people.

    Attributes:
        write: Keeps people so; given anew, they take the place of those before.
        source: What the files say about it, but for the identities.
        identities: Which columns hold what.
    """

    write: Callable[[Project, pa.Table], None]
    source: Mapping[str, object]
    identities: Mapping[str, object]

    @property
    def declared(self) -> dict[str, object]:
        """The source as people declare it."""
        return {**self.source, "identities": dict(self.identities)}


def _query(url: str, query: str = "SELECT * FROM people") -> Mapping[str, object]:
    return {"connection": url, "query": query}


def _to_sqlite(project: Project, table: pa.Table) -> None:
    rows = [tuple(row.values()) for row in table.to_pylist()]
    with closing(sqlite3.connect(project.folder / "people.db")) as lite, lite:
        lite.execute("DROP TABLE IF EXISTS people")
        lite.execute(f"CREATE TABLE people ({', '.join(table.column_names)})")
        lite.executemany(f"INSERT INTO people VALUES ({', '.join('?' * table.num_columns)})", rows)


def _to_duckdb(project: Project, table: pa.Table) -> None:
    with duckdb.connect(str(project.folder / "people.duckdb")) as duck:
        duck.register("arriving", table)
        duck.execute("CREATE OR REPLACE TABLE people AS SELECT * FROM arriving")


def _to_postgres(project: Project, table: pa.Table) -> None:
    connect = importlib.import_module("adbc_driver_postgresql.dbapi").connect
    with connect(os.environ["WAREHOUSE_URL"], autocommit=True) as there, there.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS people")
        cursor.adbc_ingest("people", table)


def _to_parquet(project: Project, table: pa.Table) -> None:
    pq.write_table(table, project.folder / "kept.parquet")


def _to_csv(project: Project, table: pa.Table) -> None:
    pa.csv.write_csv(table, project.folder / "kept.csv")


def long(table: pa.Table) -> pa.Table:
    """Return people with a row for each of their identifiers."""
    rows = [
        {"mpid": person["mpid"], "country": person["country"], "type": type_, "value": f' "{person[column]}" '}
        for person in table.to_pylist()
        for column, type_ in (("idfa", "IDFA"), ("gaid", " android "))
    ]
    return pa.Table.from_pylist(rows)


def listed(table: pa.Table) -> pa.Table:
    """Return people whose devices are in arrays, every other one twice and among empty ones."""
    people = table.to_pylist()
    columns = {
        name: [[each[name], None, "", f"{{{each[name]}}}"] if i % 2 else [each[name]] for i, each in enumerate(people)]
        for name in ("idfa", "gaid")
    }
    return pa.table({"mpid": table["mpid"], "country": table["country"], **columns})


def in_json(table: pa.Table) -> pa.Table:
    """Return the same with the arrays as JSON."""
    arrays = listed(table)
    for name in ("idfa", "gaid"):
        texts = [json.dumps(each) for each in arrays[name].to_pylist()]
        arrays = arrays.set_column(arrays.schema.get_field_index(name), name, pa.array(texts))
    return arrays


def halved(table: pa.Table) -> pa.Table:
    """Return people who have either device in one of two columns."""
    people = table.to_pylist()
    columns: dict[str, list[Any]] = {
        f"{name}_{half}": [each[name] if i % 2 == half else None for i, each in enumerate(people)]
        for name in ("idfa", "gaid")
        for half in (0, 1)
    }
    return pa.table({"mpid": table["mpid"], "country": table["country"], **columns})


LONG: Final = {
    "mpid": "mpid",
    "idfa": {"column": "value", "when": {"type": "idfa"}},
    "gaid": {"column": "value", "when": {"type": ["gaid", "android"]}},
}
JSON: Final = {"mpid": "mpid", **{name: {"column": name, "format": "json_array"} for name in ("idfa", "gaid")}}
HALVED: Final = {"mpid": "mpid", "idfa": ["idfa_0", "idfa_1"], "gaid": ["gaid_0", "gaid_1"]}
POSTGRES: Final = _query("${WAREHOUSE_URL}")
SQLITE: Final = _query("sqlite:///people.db")

WAYS: Final[Mapping[str, Kept]] = {
    "postgres": Kept(_to_postgres, POSTGRES, COLUMNS),
    "postgres, long": Kept(lambda project, table: _to_postgres(project, long(table)), POSTGRES, LONG),
    "postgres, arrays": Kept(lambda project, table: _to_postgres(project, listed(table)), POSTGRES, COLUMNS),
    "sqlite": Kept(_to_sqlite, SQLITE, COLUMNS),
    "sqlite, json": Kept(lambda project, table: _to_sqlite(project, in_json(table)), SQLITE, JSON),
    "duckdb": Kept(_to_duckdb, _query("duckdb:///people.duckdb"), COLUMNS),
    "files, long": Kept(lambda project, table: _to_csv(project, long(table)), {"path": "kept.csv"}, LONG),
    "files, arrays": Kept(
        lambda project, table: _to_parquet(project, listed(table)), {"path": "kept.parquet"}, COLUMNS
    ),
    "files, columns": Kept(
        lambda project, table: _to_parquet(project, halved(table)), {"path": "kept.parquet"}, HALVED
    ),
}


@pytest.fixture
def kept(request: pytest.FixtureRequest, project: Project, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """The people of the project in the way that a test names, declared as the source of "Buyers"."""
    if request.param.startswith("postgres"):
        server: Postgres = request.getfixturevalue("server")
        monkeypatch.setenv("WAREHOUSE_URL", server.url)
    way = WAYS[request.param]
    way.write(project, project.table)
    declare(project, way)
    return way


def in_ways(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("kept", names, indirect=True)


def declare(project: Project, way: Kept) -> None:
    """Declare "Buyers" of the people in the US."""
    project.declare({"buyers": {"name": "Buyers", "where": CHOSEN}}, sources={"people": way.declared})


def held(project: Project) -> frozenset[tuple[str, str]]:
    return frozenset(project.tiktok.members(project.audience_id("Buyers")))


def planned(project: Project) -> Any:
    """Return what a plan says of the people of "Buyers"."""
    return project.plan()["actions"][0]["members"]


@in_ways("postgres, long", "sqlite", "files, arrays")
def test_whoever_leaves_the_source_leaves_tiktok(project: Project, kept: Kept) -> None:
    project.apply()
    assert held(project) == project.hashed(country="US")

    kept.write(project, project.table.slice(0, 1000))
    members = planned(project)
    assert (members["users"], members["add"], members["remove"]) == (600, 0, 240)
    project.apply()
    assert held(project) == project.hashed(slice(0, 1000), country="US")
    project.assert_settled()


@in_ways(*WAYS)
@pytest.mark.usefixtures("kept")
def test_rows_that_come_from_elsewhere_are_the_very_same_people(project: Project) -> None:
    elsewhere = planned(project)
    assert (elsewhere["users"], elsewhere["identifiers"]) == (720, 1440)
    project.declare({"buyers": {"name": "Buyers", "where": CHOSEN}})
    here = planned(project)
    assert here.pop("recipe") != elsewhere.pop("recipe")  # another source, and yet the same people
    assert here == elsewhere


@in_ways("postgres", "sqlite")
def test_a_table_that_came_empty_takes_nobody_out(project: Project, kept: Kept) -> None:
    project.apply()
    kept.write(project, project.table.slice(0, 0))
    ran = project("apply", "--auto-approve")
    assert ran.code == 1
    assert "the source holds nobody" in ran.text
    assert held(project) == project.hashed(country="US")
