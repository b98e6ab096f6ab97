"""`plan --explain-sources`: the SQL that would run and where, without a row read or TikTok asked."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import duckdb
import pytest

from tests.services import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.project import Project
    from tests.services.postgres import Postgres

PASSWORD: Final = "p@ss/word"
IDENTITIES: Final = {"mpid": "mpid", "idfa": "idfa", "gaid": "gaid"}
WAREHOUSE: Final = {
    "connection": "${WAREHOUSE_URL}",
    "query": "SELECT mpid, idfa, gaid, country FROM people",
    "identities": IDENTITIES,
}
FILE: Final = {"path": "people.parquet", "identities": IDENTITIES}


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres.running() as server:
        server.run(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
        yield server


@pytest.fixture
def warehouse(project: Project, server: Postgres, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project, its people in a PostgreSQL, to be read by somebody with a password."""
    connect = importlib.import_module("adbc_driver_postgresql.dbapi").connect
    with connect(server.url, autocommit=True) as there, there.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS people")
        cursor.adbc_ingest("people", project.table)
        cursor.execute("GRANT SELECT ON people TO reader")
    monkeypatch.setenv("WAREHOUSE_URL", server.url_of("reader", PASSWORD))
    project.declare({"buyers": {"name": "Buyers", "where": "country = 'US'"}}, sources={"people": WAREHOUSE})
    return project


def explained(project: Project, *arguments: str) -> str:
    ran = project("plan", "--explain-sources", *arguments)
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def digests(rows: list[dict[str, Any]]) -> frozenset[str]:
    """Return the digests in the columns that hold some."""
    return frozenset(
        value.hex() if isinstance(value, bytes) else str(value).replace("-", "")
        for row in rows
        for name, value in row.items()
        if name.startswith("hash_") and value is not None
    )


def test_a_file_is_explained_by_the_sql_that_duckdb_runs(project: Project) -> None:
    project.declare({"buyers": {"name": "Buyers", "where": "country = 'DE'"}})
    shown = explained(project)
    assert shown.startswith("-- source people\n-- DuckDB reads people.parquet in this process\n")
    with duckdb.connect() as connection:
        rows = connection.execute(shown).to_arrow_table().to_pylist()
    assert digests(rows) == {digest for _, digest in project.hashed(country="DE")}
    raw = {str(UUID(each)) for name in ("idfa", "gaid") for each in project.table[name].to_pylist()}
    assert not raw & {str(value).lower() for row in rows for name, value in row.items() if name != "person"} - digests(
        rows
    )


def test_a_query_is_explained_by_the_sql_that_the_database_runs(warehouse: Project, server: Postgres) -> None:
    shown = explained(warehouse)
    source, where, *sql = shown.splitlines()
    assert source == "-- source people"
    assert where == f"-- PostgreSQL at {server.folder} judges and hashes; only digests leave it"
    connect = importlib.import_module("adbc_driver_postgresql.dbapi").connect
    with connect(server.url) as there, there.cursor() as cursor:
        cursor.execute("\n".join(sql))
        rows = cursor.fetch_arrow_table().to_pylist()
    assert digests(rows) == {digest for _, digest in warehouse.hashed(country="US")}
    assert len(rows) == 720


def test_a_database_that_cannot_hash_is_said_to_give_raw_values(project: Project) -> None:
    with project.folder.joinpath("people.db").open("wb"):
        pass  # an empty file is an empty database
    query = "SELECT 1 AS mpid, 'x' AS idfa, 'y' AS gaid"
    source = {"connection": "sqlite:///people.db", "query": query, "identities": IDENTITIES}
    project.declare({"buyers": {"name": "Buyers"}}, sources={"people": source})
    shown = explained(project)
    assert "gives raw values, which this process hashes in memory: it cannot hash" in shown
    assert query in shown


def test_as_json_each_source_is_a_text(warehouse: Project) -> None:
    sources = {"people": WAREHOUSE, "files": FILE, "unused": FILE}
    audiences = {"buyers": {"name": "Buyers"}, "others": {"name": "Others", "source": "files"}}
    warehouse.declare(audiences, sources=sources)
    ran = warehouse("plan", "--explain-sources", "--format", "json")
    assert list(ran.document) == ["sources"]
    told = ran.document["sources"]
    assert set(told) == {"people", "files"}
    assert "only digests leave it" in told["people"]
    assert "DuckDB reads people.parquet" in told["files"]
    assert [each for each in told.values() if each in explained(warehouse)] == list(told.values())


def test_with_a_target_only_its_source_is_explained(project: Project) -> None:
    unreachable = {"connection": "postgresql://nobody@127.0.0.1:1/none", "query": "SELECT 1", "identities": IDENTITIES}
    audiences = {"buyers": {"name": "Buyers"}, "others": {"name": "Others", "source": "elsewhere"}}
    project.declare(audiences, sources={"people": FILE, "elsewhere": unreachable})
    shown = explained(project, "--target", "audience.buyers")
    assert shown.count("-- source ") == 1
    assert "-- source people" in shown


def test_a_target_that_is_not_there_is_refused(project: Project) -> None:
    ran = project("plan", "--explain-sources", "--target", "audience.nobody")
    assert ran.code == 1
    assert "there is no such address" in ran.text


def test_no_row_is_read_tiktok_is_not_asked_and_nothing_is_kept(warehouse: Project, server: Postgres) -> None:
    server.run("REVOKE SELECT ON people FROM reader")
    assert "does not let this user read" in warehouse("plan", "--explain-sources").text
    server.run("GRANT SELECT ON people TO reader")
    explained(warehouse)
    assert warehouse.tiktok.requests() == ()
    assert not (warehouse.folder / ".reconciler" / "sandbox-state").exists()


def test_no_password_and_no_raw_value_is_shown(warehouse: Project) -> None:
    for arguments in (["-vv"], ["--format", "json", "-vv"]):
        ran = warehouse("plan", "--explain-sources", *arguments)
        shown = (ran.out + ran.err).lower()
        assert ran.code == 0
        assert not [each for each in (PASSWORD, "p%40ss", "p@ss") if each in shown]
        for person in warehouse.table.slice(0, 50).to_pylist():
            assert not [each for each in ("idfa", "gaid", "mpid") if str(person[each]).lower() in shown]


def test_the_password_stays_hidden_where_the_database_refuses_it(
    warehouse: Project, server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", server.url_of("nobody", PASSWORD))
    ran = warehouse("plan", "--explain-sources", "-vv")
    assert ran.code == 1
    assert "refuses the user or the password" in ran.text
    assert not [each for each in (PASSWORD, "p%40ss") if each in ran.text]


def test_the_sql_is_shown_as_it_is_whatever_the_screen_makes_of_brackets(project: Project) -> None:
    where = f"country = '[red]US[/red]' or country = '{'long' * 60}'"
    project.declare({"buyers": {"name": "Buyers", "where": where}})
    shown = explained(project)
    assert "'[red]US[/red]'" in shown
    assert "long" * 60 in shown


@pytest.mark.parametrize("query", [True, False])
def test_what_does_not_fit_is_an_error(warehouse: Project, *, query: bool) -> None:
    source = WAREHOUSE if query else FILE
    warehouse.declare({"buyers": {"name": "Buyers", "where": "county = 'US'"}}, sources={"people": source})
    ran = warehouse("plan", "--explain-sources")
    assert (ran.code, ran.out) == (1, "")
    assert 'unknown column "county" Did you mean country?' in ran.text


@pytest.mark.parametrize("option", [["--out", "plan.json"], ["--detailed-exitcode"], ["--skip-members"]])
def test_options_of_a_plan_are_refused_since_none_is_made(project: Project, option: list[str]) -> None:
    ran = project("plan", "--explain-sources", *option)
    assert ran.code != 0
    assert "--explain-sources plans nothing" in ran.text
    assert not (project.folder / "plan.json").exists()


def test_where_no_audience_has_a_source_it_is_said_so(project: Project) -> None:
    project.declare({}, sources={})
    ran = project("plan", "--explain-sources")
    assert (ran.code, ran.out) == (0, "")
    assert "No audience draws on a source." in ran.text
