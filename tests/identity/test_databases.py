"""Rows out of real databases: what is read, what is computed there, what is refused, and what is never said."""

from __future__ import annotations

import datetime as dt
import sqlite3
import traceback
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import ibis
import pyarrow as pa
import pytest

from reconciler.identifiers import Hash, Identity, MappedColumn
from reconciler.identity.errors import SourceError
from reconciler.identity.sources.databases import connect
from reconciler.identity.sources.dialects import Leaning
from reconciler.identity.sources.drivers import model
from reconciler.identity.sources.translation import translate
from reconciler.origin import QueryOrigin
from reconciler.secret import Secret
from tests.services import postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from reconciler.identity.sources.databases import Database
    from tests.services.postgres import Postgres

    Ask = Callable[[str], Any]

PASSWORD = "p@ss/word"
COLUMNS = [
    MappedColumn(Identity.MPID, "mpid"),
    MappedColumn(Identity.IDFA, "idfa"),
    MappedColumn(Identity.GAID, "gaid", Hash.SHA256),
    MappedColumn(Identity.EMAIL, "email", Hash.SHA256),
    MappedColumn(Identity.PHONE, "phone", Hash.SHA256),
    MappedColumn(Identity.IDFA, "idfa", Hash.MD5, hashed=True),
    MappedColumn(Identity.EMAIL, "email", Hash.SHA256, hashed=True),
]
PEOPLE = "SELECT 1 AS mpid, 'a' AS idfa UNION ALL SELECT 2, 'b' UNION ALL SELECT 3, NULL"


def origin(url: str, query: str = PEOPLE) -> QueryOrigin:
    return QueryOrigin(Secret(url), query)


def numbers(columns: str) -> str:
    """A query of 100,000 rows, in whose columns ``i`` counts from 0, and is 99,999 in the last."""
    digits = "WITH d(n) AS (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))"
    i = "a.n * 10000 + b.n * 1000 + c.n * 100 + d.n * 10 + e.n"
    return f"{digits} SELECT {columns} FROM (SELECT {i} AS i FROM d a, d b, d c, d d, d e) AS numbers ORDER BY i"


def rows(database: Database, table: Any = None) -> list[dict[str, Any]]:
    batches = list(database.batches(database.table if table is None else table))
    return [row for batch in batches for row in batch.to_pylist()]


def refusal(url: str, query: str = PEOPLE) -> str:
    """Everything that a person could see of a refused connection, hint and traceback included."""
    with pytest.raises(SourceError) as caught, connect(origin(url, query)):
        pass
    assert caught.value.hint
    shown = "".join(traceback.format_exception(caught.value))
    assert PASSWORD not in shown
    assert "p%40ss" not in shown
    return f"{caught.value.message} | {caught.value.hint}"


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    with postgres.running() as server:
        server.run(
            f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'",
            "CREATE TABLE secrets (id bigint)",
            "CREATE DATABASE latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
            "CREATE DATABASE plain ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0",
        )
        yield server


@pytest.fixture(scope="session")
def by_dictionary(server: Postgres) -> str:
    """A database that orders texts as dictionaries do. The package brings no such locale, so an operator stands in."""
    name = "by_dictionary"
    server.run(f"CREATE DATABASE {name}")
    server.run(
        "CREATE FUNCTION before(text, text) RETURNS boolean IMMUTABLE LANGUAGE sql"
        " AS $$ SELECT lower($1) OPERATOR(pg_catalog.<) lower($2) $$",
        "CREATE OPERATOR < (LEFTARG = text, RIGHTARG = text, FUNCTION = before)",
        f"ALTER DATABASE {name} SET search_path = public, pg_catalog",
        database=name,
    )
    return server.url_of("postgres", database=name)


@pytest.fixture
def files(tmp_path: Path) -> Mapping[str, str]:
    """A SQLite and a DuckDB file with the same table, by their URLs."""
    create = "CREATE TABLE people (mpid INTEGER, idfa TEXT, joined DATE, spend REAL, active BOOLEAN)"
    insert = "INSERT INTO people VALUES (1, 'a', '2020-01-31', 1.5, true), (NULL, NULL, NULL, NULL, NULL)"
    lite = sqlite3.connect(tmp_path / "people.db")
    lite.execute(create)
    lite.execute(insert)
    lite.commit()
    lite.close()
    with duckdb.connect(str(tmp_path / "people.duckdb")) as duck:
        duck.execute(create)
        duck.execute(insert)
    return {"sqlite": f"sqlite:///{tmp_path}/people.db", "duckdb": f"duckdb:///{tmp_path}/people.duckdb"}


@pytest.fixture(params=["postgres", "sqlite", "duckdb"])
def url(request: pytest.FixtureRequest, files: Mapping[str, str]) -> str:
    if request.param == "postgres":
        server: Postgres = request.getfixturevalue("server")
        return server.url
    return files[request.param]


def test_a_query_comes_back_as_typed_columns(url: str) -> None:
    with connect(origin(url)) as database:
        assert rows(database) == [{"mpid": 1, "idfa": "a"}, {"mpid": 2, "idfa": "b"}, {"mpid": 3, "idfa": None}]


def test_an_expression_runs_in_the_database_with_the_query_as_it_was_written(url: str) -> None:
    query = "WITH all_of_them AS (SELECT 1 AS mpid) SELECT mpid FROM all_of_them -- everybody ;"
    with connect(origin(url, query)) as database:
        doubled = database.table.select(twice=database.table["mpid"] * 2)
        assert query in database.sql(doubled)
        assert rows(database, doubled) == [{"twice": 2}]


def test_an_expression_with_a_with_of_its_own_joins_the_query(url: str) -> None:
    with connect(origin(url)) as database:
        counted = database.table.group_by("idfa").aggregate(times=database.table.count())
        twice = counted.join(counted.view(), "idfa").order_by("idfa")
        assert [row["idfa"] for row in rows(database, twice)] == ["a", "b"]


@pytest.mark.parametrize("query", ["SELECT 1 AS id;", "SELECT 1 AS id ; -- done", "SELECT 1 AS id UNION SELECT 1"])
def test_how_people_end_their_queries_is_understood(url: str, query: str) -> None:
    with connect(origin(url, query)) as database:
        assert rows(database) == [{"id": 1}]


def test_many_rows_come_in_batches(url: str) -> None:
    with connect(origin(url, numbers("i, 'some text of some length, some text of some length' AS t"))) as database:
        sizes = [batch.num_rows for batch in database.batches(database.table)]
    assert (sum(sizes), len(sizes) > 1) == (100_000, True)


def test_a_query_without_rows_still_has_columns(url: str) -> None:
    with connect(origin(url, "SELECT mpid, idfa FROM (SELECT 1 AS mpid, 'a' AS idfa) AS t WHERE mpid > 1")) as database:
        assert (list(database.table.columns), rows(database)) == (["mpid", "idfa"], [])


@pytest.mark.parametrize(
    "query",
    [
        "",
        "nonsense from",
        "SELECT 1 AS a; SELECT 2 AS a",
        "DELETE FROM people",
        "WITH gone AS (DELETE FROM people RETURNING *) SELECT * FROM gone",
        "SELECT * INTO copied FROM people",
        "SELECT * FROM people FOR UPDATE",
        "CREATE TABLE other (id integer)",
        "COPY people TO '/tmp/people.csv'",
        "SET x = 1",
        "(" * 3000,
    ],
)
def test_what_is_not_one_select_is_refused_before_anything_runs(url: str, query: str) -> None:
    assert "not one SELECT" in refusal(url, query)


def test_a_query_that_does_not_run_is_told_in_the_databases_words(url: str) -> None:
    assert "no_such_table" in refusal(url, "SELECT * FROM no_such_table")


def test_columns_that_only_case_tells_apart_are_refused(server: Postgres) -> None:
    assert 'the column "Id" twice' in refusal(server.url, 'SELECT 1 AS id, 2 AS "Id"')


class TestPostgreSQL:
    def test_the_types_of_its_own_become_ones_that_a_where_knows(self, server: Postgres) -> None:
        query = """
            SELECT 1::smallint AS small, 1.50::numeric(6, 2) AS price, 42::numeric AS number, true AS yes,
                '0bfb14a7-8b38-4a3b-9f8b-97f3e4d4a1f2'::uuid AS idfa, '{"a": [1]}'::jsonb AS document,
                ARRAY['x', NULL] AS list, date '2020-01-31' AS day, timestamptz '2020-01-31 12:00+00' AS moment,
                '10.0.0.1'::inet AS address, interval '1 day' AS span
        """
        with connect(origin(server.url, query)) as database:
            assert rows(database) == [
                {
                    "small": 1,
                    "price": Decimal("1.50"),
                    "number": Decimal("42.000000000"),
                    "yes": True,
                    "idfa": "0bfb14a7-8b38-4a3b-9f8b-97f3e4d4a1f2",
                    "document": '{"a": [1]}',
                    "list": ["x", None],
                    "day": dt.date(2020, 1, 31),
                    "moment": dt.datetime(2020, 1, 31, 12, tzinfo=dt.UTC),
                    "address": "10.0.0.1/32",
                    "span": "1 day",
                }
            ]

    def test_it_hashes_as_duckdb_does(self, server: Postgres) -> None:
        with connect(origin(server.url)) as database:
            assert database.can_hash(COLUMNS)

    @pytest.mark.parametrize(
        ("database", "leaning", "alike"),
        [
            ("postgres", Leaning.LOWER, True),
            ("postgres", Leaning.ORDER, True),
            ("postgres", Leaning.EQUALITY, True),
            ("plain", Leaning.LOWER, False),
            ("plain", Leaning.UPPER, False),
            ("plain", Leaning.ILIKE, False),
            ("plain", Leaning.ORDER, True),
            ("postgres", Leaning.CLASSES, False),
            ("postgres", Leaning.DOT, False),
        ],
    )
    def test_a_database_reads_texts_as_its_locale_has_it(
        self, server: Postgres, database: str, leaning: Leaning, alike: bool
    ) -> None:
        with connect(origin(server.url_of("postgres", database=database))) as there:
            assert there.reads_alike(leaning, ["idfa"]) is alike

    def test_a_database_whose_order_is_a_dictionarys_is_told_apart(self, by_dictionary: str) -> None:
        with connect(origin(by_dictionary)) as database:
            assert not database.reads_alike(Leaning.ORDER, ["idfa"])
            assert database.reads_alike(Leaning.EQUALITY, ["idfa"])

    def test_a_columns_own_collation_counts_and_those_of_others_do_not(self, server: Postgres) -> None:
        query = """SELECT 1 AS mpid, 'x' AS town, 'x'::varchar(1) COLLATE "C" AS "Own" """
        with connect(origin(server.url, query)) as database:
            assert database.reads_alike(Leaning.LOWER, ["mpid", "town"])
            assert not database.reads_alike(Leaning.LOWER, ["town", "Own"])

    def test_a_padded_text_comes_without_its_padding(self, server: Postgres) -> None:
        with connect(origin(server.url, "SELECT 'US'::char(5) AS country")) as database:
            judged = database.judging({"short": "length(country) = 2", "same": "country = 'US'"})
            assert rows(judged) == [{"country": "US", "short": True, "same": True}]

    def test_a_database_whose_lower_case_is_another_does_not_hash_emails_but_still_device_ids(
        self, server: Postgres
    ) -> None:
        with connect(origin(server.url_of("postgres", database="latin1"))) as database:
            assert not database.can_hash([MappedColumn(Identity.EMAIL, "email", Hash.SHA256)])

    def test_it_cannot_write_even_through_a_function(self, server: Postgres) -> None:
        server.run(
            "CREATE TABLE log (id bigint)",
            "CREATE FUNCTION writes() RETURNS bigint LANGUAGE sql AS 'INSERT INTO log VALUES (1) RETURNING id'",
            "CREATE VIEW writing AS SELECT writes() AS id",
        )
        with connect(origin(server.url, "SELECT id FROM writing")) as database, pytest.raises(SourceError):
            rows(database)
        with connect(origin(server.url, "SELECT id FROM log")) as database:
            assert rows(database) == []

    @pytest.mark.parametrize("settings", ["standard_conforming_strings=off", "client_encoding=SJIS"])
    def test_a_text_ends_where_it_was_found_to_end_whatever_the_url_and_the_server_say(
        self, server: Postgres, settings: str
    ) -> None:
        server.run("CREATE ROLE of_old LOGIN", "ALTER ROLE of_old SET standard_conforming_strings = off")
        try:
            url = f"{server.url_of('of_old')}&options=-c%20{settings.replace('=', '%3D')}"
            with connect(origin(url, "SELECT '\\' AS a, ' , version() AS b --\u00e9' AS c")) as database:
                assert rows(database) == [{"a": "\\", "c": " , version() AS b --\u00e9"}]
        finally:
            server.run("DROP ROLE of_old")

    def test_a_text_is_what_it_is_whatever_the_database_keeps_it_in(self, server: Postgres) -> None:
        with connect(origin(server.url_of("postgres", database="latin1"), "SELECT chr(196) AS a")) as database:
            assert rows(database) == [{"a": "\u00c4"}]

    def test_a_quote_behind_a_backslash_is_refused_by_the_server(self, server: Postgres) -> None:
        assert "unsafe use of" in refusal(server.url, r"SELECT e'it\'s' AS a")

    def test_after_an_error_the_connection_reads_on(self, server: Postgres) -> None:
        with connect(origin(server.url)) as database:
            broken = database.table.select(x=database.table["idfa"].cast("int64"))
            with pytest.raises(SourceError):
                rows(database, broken)
            assert len(rows(database)) == 3

    def test_a_value_that_fails_is_not_quoted(self, server: Postgres) -> None:
        with connect(origin(server.url, "SELECT 'confidential' AS idfa")) as database:
            broken = database.table.select(x=database.table["idfa"].cast("int64"))
            with pytest.raises(SourceError) as caught:
                rows(database, broken)
        assert "confidential" not in "".join(traceback.format_exception(caught.value)) + str(caught.value.hint)
        assert "does not convert or compute" in caught.value.message

    def test_a_missing_permission_is_said(self, server: Postgres) -> None:
        assert "does not let this user read" in refusal(server.url_of("reader", PASSWORD), "SELECT * FROM secrets")

    def test_an_unknown_user_is_said(self, server: Postgres) -> None:
        assert "refuses the user or the password" in refusal(server.url_of("nobody", PASSWORD))

    def test_an_unknown_database_is_said(self, server: Postgres) -> None:
        assert "no such database" in refusal(server.url_of("postgres", PASSWORD, database="elsewhere"))

    @pytest.mark.parametrize("host", ["127.0.0.1:1", "unknown.invalid:5432"])
    def test_a_host_that_does_not_answer_is_named(self, host: str) -> None:
        assert f"PostgreSQL at {host} does not answer" in refusal(f"postgres://me:p%40ss%2Fword@{host}/people")

    def test_a_translated_where_chooses_the_rows_that_duckdb_chooses(self, server: Postgres) -> None:
        people = """
            SELECT * FROM (VALUES
                (1, 'US', 3, 1.5, date '2020-01-31', 'a.b@example.com'), (2, 'us', 0, 0.5, date '2999-01-31', ''),
                (3, NULL, NULL, NULL, NULL, NULL), (4, 'FR', -7, 2.0, date '2024-02-29', '50%_off\\')
            ) AS t(id, "Country", orders, spend, last_order_at, email)
        """
        choices = [
            "country = 'US'",
            "Country in ('US', 'FR') and orders between -7 and 3 -- both",
            "last_order_at < current_date - interval 90 day",
            "orders / 2 > 1",
            "orders % 4 = -3",
            "spend * 2 >= 3 or spend is null",
            "email like '%@%' or email ilike '50%'",
            "regexp_matches(email, '^[a-z.]+@\\w+[.]com$')",
            "coalesce(country, '') <> 'US'",
            "case when orders > 0 then true else false end",
            "lower(country) = 'us' and length(email) = 0",
            "last_order_at::varchar like '2024%'",
            "extract(year from last_order_at) = 2024",
            "date_trunc('month', last_order_at) = date '2024-02-01'",
            "country is distinct from 'US'",
            "substring(email, 1, 1) = 'a'",
            "not (orders > 0)",
            "starts_with(email, '50')",
        ]
        with connect(origin(server.url, people)) as database:
            known = database.table.columns
            judged = database.judging({f"in_{i}": translate(each, "postgres", known) for i, each in enumerate(choices)})
            chosen = rows(judged, judged.table.order_by("id"))
            everybody = pa.Table.from_batches(database.batches(database.table))
        local = duckdb.connect(":memory:")
        local.register("people", everybody)
        for i, choice in enumerate(choices):
            expected = {id_ for (id_,) in local.execute(f"SELECT id FROM people WHERE (\n{choice}\n)").fetchall()}
            assert {row["id"] for row in chosen if row[f"in_{i}"]} == expected, choice
        local.close()

    def test_a_condition_that_the_database_does_not_take_is_refused_before_a_row_is_read(
        self, server: Postgres
    ) -> None:
        with connect(origin(server.url)) as database, pytest.raises(SourceError, match="does not run the query"):
            database.judging({"in_0": "idfa > 5"})

    def test_what_does_not_compile_or_run_there_is_not_accepted(self, server: Postgres) -> None:
        with connect(origin(server.url)) as database:
            table = database.table
            assert database.accepts(table.select(upper=table["idfa"].upper()))
            assert not database.accepts(table.select(n=table["idfa"].try_cast("int64")))
            unknown = ibis.udf.scalar.builtin(lambda text: text, name="no_such", signature=(("string",), "string"))
            assert not database.accepts(table.select(n=unknown(table["idfa"])))


class TestFiles:
    def test_declared_types_hold(self, files: Mapping[str, str]) -> None:
        for each in files.values():
            with connect(origin(each, "SELECT * FROM people")) as database:
                assert rows(database) == [
                    {"mpid": 1, "idfa": "a", "joined": dt.date(2020, 1, 31), "spend": 1.5, "active": True},
                    {"mpid": None, "idfa": None, "joined": None, "spend": None, "active": None},
                ]

    def test_a_duckdb_file_hashes_itself_and_sqlite_has_no_hash(self, files: Mapping[str, str]) -> None:
        for kind, hashes in (("duckdb", True), ("sqlite", False)):
            with connect(origin(files[kind])) as database:
                assert database.can_hash(COLUMNS) is hashes

    def test_a_duckdb_column_with_a_collation_of_its_own_is_told_apart(self, tmp_path: Path) -> None:
        with duckdb.connect(str(tmp_path / "own.duckdb")) as duck:
            duck.execute("CREATE TABLE people (idfa VARCHAR, town VARCHAR COLLATE NOCASE)")
        with connect(origin(f"duckdb:///{tmp_path}/own.duckdb", "SELECT * FROM people")) as database:
            for leaning in (Leaning.ORDER, Leaning.EQUALITY):
                assert database.reads_alike(leaning, ["idfa"])
                assert not database.reads_alike(leaning, ["idfa", "town"])

    def test_reading_leaves_the_file_as_it_was(self, files: Mapping[str, str], tmp_path: Path) -> None:
        before = {path: path.read_bytes() for path in tmp_path.iterdir()}
        for each in files.values():
            with connect(origin(each, "SELECT *, mpid + 1 AS next FROM people")) as database:
                rows(database)
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before

    @pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
    def test_a_file_that_is_not_there_is_not_created(self, kind: str, tmp_path: Path) -> None:
        assert "there is no file" in refusal(f"{kind}:///{tmp_path}/missing.db")
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
    def test_a_file_of_another_kind_is_refused(self, kind: str, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("these are notes, and not a database of any kind" * 100)
        assert refusal(f"{kind}:///{tmp_path}/notes.txt")

    def test_a_duckdb_query_reaches_no_other_file(self, files: Mapping[str, str], tmp_path: Path) -> None:
        (tmp_path / "other.csv").write_text("a\n1\n")
        assert refusal(files["duckdb"], f"SELECT * FROM read_csv('{tmp_path}/other.csv')")

    def test_a_sqlite_column_of_no_declared_type_is_typed_by_all_of_its_values(self, files: Mapping[str, str]) -> None:
        mixed = "mpid + 1 AS n, upper(idfa) AS t, CASE mpid WHEN 1 THEN 1 ELSE 'x' END AS m, 1 / 2.0 AS r"
        with connect(origin(files["sqlite"], f"SELECT {mixed} FROM people")) as database:
            assert rows(database)[0] == {"n": 2, "t": "A", "m": "1", "r": 0.5}

    def test_nulls_before_the_first_value_do_not_decide_a_type(self, files: Mapping[str, str]) -> None:
        late = numbers("CAST(CASE WHEN i = 99999 THEN 'late' END AS TEXT) AS t")
        with connect(origin(files["sqlite"], late)) as database:
            assert rows(database)[-1] == {"t": "late"}

    def test_a_sqlite_value_that_is_not_of_its_columns_type_fails_unquoted(self, tmp_path: Path) -> None:
        lite = sqlite3.connect(tmp_path / "odd.db")
        lite.execute("CREATE TABLE people (mpid INTEGER)")
        lite.execute("INSERT INTO people VALUES (1), ('confidential')")
        lite.commit()
        lite.close()
        odd = origin(f"sqlite:///{tmp_path}/odd.db", "SELECT mpid FROM people")
        with connect(odd) as database, pytest.raises(SourceError) as caught:
            rows(database)
        assert "confidential" not in "".join(traceback.format_exception(caught.value))


class TestUrls:
    def test_an_unknown_kind_is_refused_with_what_was_probably_meant(self) -> None:
        assert "Did you mean postgres" in refusal("postgre://me:p%40ss%2Fword@there/db")

    @pytest.mark.parametrize("url", [f"postgres://me:{PASSWORD}@there:port/db", "no url at all", ""])
    def test_what_is_no_url_is_refused(self, url: str) -> None:
        assert "URL" in refusal(url)

    @pytest.mark.parametrize(
        ("url", "extra"),
        [
            ("postgres://h/d", "postgres"),
            ("mysql://h/d", "mysql"),
            ("snowflake://a/d", "snowflake"),
            ("trino://h", "trino"),
        ],
    )
    def test_a_driver_that_is_not_installed_is_told_with_what_to_run(
        self, url: str, extra: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(model, "is_installed", lambda _: False)
        assert f'pip install ".[{extra}]"' in refusal(url)
