"""Rows of a database give the very sets that the same rows in a file give, whoever hashes them."""

from __future__ import annotations

import datetime as dt
import importlib
import json
import re
import sqlite3
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reconciler.identifiers import Form, Hash, Identity, MappedColumn, When
from reconciler.identity import ColumnMissingError, ColumnTypeError, IdentityError, Selection, SourceError, WhereError
from reconciler.origin import QueryOrigin
from reconciler.secret import Secret
from tests.identity.conftest import at
from tests.services import postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from reconciler.identity import Engine, SetSummary
    from tests.services.postgres import Postgres

    Store = Callable[[str, pa.Table], str]

A, B, C, D = (f"0bfb14a7-8b38-4a3b-9f8b-00000000000{letter}" for letter in "abcd")
MPID = MappedColumn(Identity.MPID, "mpid")
IDFA = MappedColumn(Identity.IDFA, "idfa")
GAID = MappedColumn(Identity.GAID, "gaid", Hash.SHA256)
EMAIL = MappedColumn(Identity.EMAIL, "email", Hash.SHA256)
PHONE = MappedColumn(Identity.PHONE, "phone", Hash.SHA256)
KINDS: Final = ("sqlite", "duckdb", "postgres")
PUSHING: Final = ("duckdb", "postgres")
REFUSING: Final = ("sqlite", "postgres")
"""One that judges on this side, and one that judges itself."""
QUERY: Final = "SELECT * FROM people"

PEOPLE: Final = pa.table(
    {
        "mpid": pa.array([1, 2, 2, 3, None, 5, 6, 7], pa.int64()),
        "idfa": [A, f" {{{B.upper()}}}\t", C, "nonsense-1", D, A, "00000000-0000-0000-0000-000000000000", None],
        "gaid": [B, "", A.replace("-", ""), f"'{C}'\r\n", D.upper(), "\u201c" + D + "\u201d", B + "\n", "0" * 32],
        "email": [
            "Ada+x@Example.com",
            "\u00c4\u00d6@Example.com",
            "\u0130\u03a3@x.com",
            "a@b@c",
            "",
            None,
            "@",
            "z@x.y",
        ],
        "phone": [
            "+1 (555) 123-4567",
            "00491511",
            "+49\u2011151\u00ad2345\u20101234.5",
            None,
            "",
            "+1555",
            "7",
            "+15551",
        ],
        "other": [None, A, D, B.upper(), "", "bad \U0001f600", None, C],
        "devices": [json.dumps([A, B]), "[]", "", None, D, "[broken", f'[null, "{C}"]', '{"id": 1}'],
        "kind": ["idfa", " IDFA ", "gaid", None, "ios", "email", "", "gaid"],
        "country": ["US", "us", None, "DE", "US", "", "US", "FR"],
        "orders": pa.array([3, 0, None, -7, 4, 9, 2, 1], pa.int64()),
        "joined": pa.array([dt.date(2024, month, 29) for month in range(1, 9)], pa.date32()),
    }
)
ALL: Final = (MPID, IDFA, GAID, EMAIL, PHONE)
FEW: Final = (MPID, IDFA, EMAIL)
LONG: Final = (
    MPID,
    MappedColumn(Identity.IDFA, "idfa", when=When("kind", ("idfa", "ios"))),
    MappedColumn(Identity.GAID, "idfa", Hash.SHA256, when=When("kind", ("gaid",))),
)
SEVERAL: Final = (MPID, IDFA, MappedColumn(Identity.IDFA, "gaid"), MappedColumn(Identity.IDFA, "other"))
JSON: Final = (MPID, MappedColumn(Identity.IDFA, "devices", form=Form.JSON_ARRAY), GAID)
CHOSEN: Final = "country = 'US' and orders > 2 or joined >= date '2024-07-01'"

CASES: Final[Mapping[str, tuple[Sequence[MappedColumn], tuple[str | None, ...]]]] = {
    "everybody": (ALL, (None,)),
    "chosen": (FEW, (CHOSEN,)),
    "nobody": ((MPID, IDFA), ("orders > 100",)),
    "without the person key": ((IDFA, EMAIL), (None,)),
    "several audiences": (FEW, (None, CHOSEN, "country is null", "lower(country) = 'us' -- both")),
    "several columns": (SEVERAL, (None,)),
    "a long table": (LONG, ("kind <> 'gaid'",)),
    "arrays in text": (JSON, (CHOSEN,)),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres.running() as server:
        server.run(
            "CREATE DATABASE latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
            "CREATE DATABASE plain ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0",
        )
        yield server


@dataclass(frozen=True, slots=True)
class Databases:
    """Puts rows into the table ``people`` of a database, and gives its URL."""

    folder: Path
    request: pytest.FixtureRequest

    def __call__(self, kind: str, table: pa.Table) -> str:
        if kind.startswith("postgres"):
            server: Postgres = self.request.getfixturevalue("server")
            return _in_postgres(server, kind.partition(" ")[2] or "postgres", table)
        path = self.folder / f"people.{kind}"
        path.unlink(missing_ok=True)
        (_in_sqlite if kind == "sqlite" else _in_duckdb)(path, table)
        return f"{kind}:///{path}"


def _in_postgres(server: Postgres, database: str, table: pa.Table) -> str:
    url = server.url_of("postgres", database=database)
    connect = importlib.import_module("adbc_driver_postgresql.dbapi").connect
    with connect(url, autocommit=True) as there, there.cursor() as cursor:
        # What is sent is UTF-8, whatever the database keeps it in.
        cursor.execute("SET client_encoding = 'UTF8'")
        cursor.execute("DROP TABLE IF EXISTS people")
        cursor.adbc_ingest("people", table)
    return url


def _in_sqlite(path: Path, table: pa.Table) -> None:
    lite = sqlite3.connect(path)
    types = {pa.int64(): "INTEGER", pa.date32(): "DATE"}
    declared = ", ".join(f"{each.name} {types.get(each.type, 'TEXT')}" for each in table.schema)
    lite.execute(f"CREATE TABLE people ({declared})")
    rows = [[str(v) if isinstance(v, dt.date) else v for v in row.values()] for row in table.to_pylist()]
    lite.executemany(f"INSERT INTO people VALUES ({', '.join('?' * table.num_columns)})", rows)
    lite.commit()
    lite.close()


def _in_duckdb(path: Path, table: pa.Table) -> None:
    with duckdb.connect(str(path)) as duck:
        duck.register("arriving", table)
        duck.execute("CREATE TABLE people AS SELECT * FROM arriving")


@pytest.fixture
def store(tmp_path: Path, request: pytest.FixtureRequest) -> Store:
    return Databases(tmp_path, request)


def of(url: str, query: str = QUERY) -> QueryOrigin:
    return QueryOrigin(Secret(url), query)


def selections(columns: Sequence[MappedColumn], wheres: Sequence[str | None]) -> dict[str, Selection]:
    sent = tuple(dict.fromkeys(each.identity for each in columns if each.id_type))
    return {f"set{i}": Selection(where, sent) for i, where in enumerate(wheres)}


@dataclass(frozen=True, slots=True)
class Reader:
    """Builds sets out of a database and out of a file."""

    engine: Engine
    folder: Path

    def of_query(
        self, origin: QueryOrigin, columns: Sequence[MappedColumn], *wheres: str | None
    ) -> list[tuple[SetSummary, bytes]]:
        return self._built(self.engine.build(origin, columns, selections(columns, wheres), self.folder))

    def of_file(
        self, table: pa.Table, columns: Sequence[MappedColumn], *wheres: str | None
    ) -> list[tuple[SetSummary, bytes]]:
        pq.write_table(table, self.folder / "people.parquet")
        origin = at(self.folder / "people.parquet")
        return self._built(self.engine.build(origin, columns, selections(columns, wheres), self.folder))

    def _built(self, summaries: Mapping[str, SetSummary]) -> list[tuple[SetSummary, bytes]]:
        return [(summary, (self.folder / f"{name}.parquet").read_bytes()) for name, summary in summaries.items()]

    def explained(self, origin: QueryOrigin, columns: Sequence[MappedColumn], *wheres: str | None) -> str:
        return self.engine.explain(origin, columns, selections(columns, wheres))


@pytest.fixture
def read(engine: Engine, tmp_path: Path) -> Reader:
    (tmp_path / "sets").mkdir()
    return Reader(engine, tmp_path / "sets")


# The very same sets


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_query_gives_the_very_sets_that_a_file_gives(store: Store, read: Reader, kind: str, case: str) -> None:
    columns, wheres = CASES[case]
    in_file = read.of_file(PEOPLE, columns, *wheres)
    assert read.of_query(of(store(kind, PEOPLE)), columns, *wheres) == in_file
    assert (case == "nobody") == (in_file[0][0].total == 0)


@pytest.mark.parametrize("kind", PUSHING)
def test_an_array_column_of_the_databases_own_is_taken_apart(store: Store, read: Reader, kind: str) -> None:
    table = PEOPLE.select(["mpid", "orders"]).append_column("idfa", pa.array([[A, B], [], None, ["x", None, C]] * 2))
    in_file = read.of_file(table, (MPID, IDFA), "orders > 2")
    assert read.of_query(of(store(kind, table)), (MPID, IDFA), "orders > 2") == in_file


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_a_nul_in_a_value_spoils_no_other(store: Store, read: Reader, kind: str) -> None:
    table = pa.table({"idfa": [f"{A}\0", f"\0{B}", C, f"x\0{D}"], "email": ["a@x.com\0", "b\0@x.com", "\0", "c@x.com"]})
    in_file = read.of_file(table, (IDFA, EMAIL), None)
    assert read.of_query(of(store(kind, table)), (IDFA, EMAIL), None) == in_file


@pytest.mark.parametrize("mpid", ["mpid::numeric", "mpid::numeric(20, 0)", "mpid::double precision", "mpid::text"])
def test_a_person_is_the_same_whatever_numbers_a_database_keeps_them_in(store: Store, read: Reader, mpid: str) -> None:
    url = store("postgres", PEOPLE)
    in_file = read.of_file(PEOPLE, (MPID, IDFA), None)
    assert read.of_query(of(url, f"SELECT {mpid} AS mpid, idfa FROM people"), (MPID, IDFA), None) == in_file


def test_a_device_id_may_be_of_a_type_for_it(store: Store, read: Reader) -> None:
    table = PEOPLE.select(["mpid"]).append_column("idfa", pa.array([A, B, C, D] * 2))
    url = store("postgres", table)
    in_file = read.of_file(table, (MPID, IDFA), None)
    assert read.of_query(of(url, "SELECT mpid, idfa::uuid FROM people"), (MPID, IDFA), None) == in_file


def test_columns_are_found_in_upper_and_lower_case(store: Store, read: Reader) -> None:
    url = store("postgres", PEOPLE)
    query = 'SELECT mpid AS "MPID", idfa AS "Idfa", country AS "Country" FROM people'
    in_file = read.of_file(PEOPLE, (MPID, IDFA), "country = 'US'")
    assert read.of_query(of(url, query), (MPID, IDFA), "COUNTRY = 'US'") == in_file


def test_what_a_database_spells_otherwise_is_hashed_on_this_side(store: Store, read: Reader) -> None:
    """In a database that knows no lower case of a letter with dots, the address would be another one."""
    emails = pa.table({"email": ["\u00c4\u00d6@Example.com", "Ada@Example.com"]})
    url = store("postgres latin1", emails)
    assert "it cannot hash, or not as the rules ask" in read.explained(of(url), (EMAIL,), None)
    assert read.of_query(of(url), (EMAIL,), None) == read.of_file(emails, (EMAIL,), None)


TOWNS: Final = pa.table(
    {
        "idfa": [A, B, C, D],
        "town": ["\u00c9vry", "\u00e9vry", "Oslo", "a\nb"],
    }
)


@pytest.mark.parametrize("database", ["postgres", "plain"])
@pytest.mark.parametrize(
    "where",
    [
        "lower(town) = '\u00e9vry'",
        "upper(town) = '\u00c9VRY'",
        "town ilike '\u00e9%'",
        "town < 'b'",
        "town between 'P' and 'z'",
        "regexp_matches(town, '^\\w+$')",
        "regexp_matches(town, 'a.b')",
        "town = 'Oslo'",
    ],
)
def test_a_where_chooses_the_same_people_in_every_collation(
    store: Store, read: Reader, database: str, where: str
) -> None:
    url = store(f"postgres {database}", TOWNS)
    assert read.of_query(of(url), (IDFA,), where) == read.of_file(TOWNS, (IDFA,), where)


@pytest.mark.parametrize("where", ["length(country) = 2", "country = 'US'", "country like '%S'"])
def test_a_where_sees_a_padded_text_without_its_padding(store: Store, read: Reader, where: str) -> None:
    url = store("postgres", PEOPLE)
    query = "SELECT mpid, idfa, country::char(5) AS country FROM people"
    assert read.of_query(of(url, query), (MPID, IDFA), where) == read.of_file(PEOPLE, (MPID, IDFA), where)


# What is shown of it


def test_a_where_that_leans_on_another_lower_case_is_judged_on_this_side_and_it_is_said(
    store: Store, read: Reader
) -> None:
    url = store("postgres plain", PEOPLE)
    why = "where leans on lower case, and there it is not DuckDB's"
    assert read.explained(of(url), (IDFA,), "lower(country) = 'us'").splitlines()[0].endswith(why)
    assert "only digests leave it" in read.explained(of(url), (IDFA,), CHOSEN)


@pytest.mark.parametrize("kind", PUSHING)
@pytest.mark.parametrize("where", [None, CHOSEN])
def test_where_the_database_hashes_the_sql_that_runs_is_shown(
    store: Store, read: Reader, kind: str, where: str | None
) -> None:
    first, *sql = read.explained(of(store(kind, PEOPLE)), FEW, where).splitlines()
    assert first.startswith("-- ")
    assert first.endswith("judges and hashes; only digests leave it")
    assert QUERY in sql
    assert "md5" in "\n".join(sql).lower()


@pytest.mark.parametrize("columns", [ALL, LONG])
def test_only_digests_and_shapes_leave_a_database_that_hashes(
    store: Store, read: Reader, columns: Sequence[MappedColumn]
) -> None:
    url = store("postgres", PEOPLE)
    connect = importlib.import_module("adbc_driver_postgresql.dbapi").connect
    with connect(url) as there, there.cursor() as cursor:
        cursor.execute(read.explained(of(url), columns, CHOSEN))
        rows = cursor.fetch_arrow_table().to_pylist()
    shown = {str(value) for row in rows for name, value in row.items() if value is not None}
    digests = {each for each in shown if re.fullmatch("[0-9a-f]{32}|[0-9a-f]{64}", each)}
    shapes = {each for each in shown if re.fullmatch("[a9 -/:-@\\[-`{-~]+", each)}
    assert digests
    assert shown - digests - shapes <= {"blank", "untracked", "malformed", "True", "False"}
    raw = {value for name in ("idfa", "gaid", "email", "phone") for value in PEOPLE[name].to_pylist()}
    assert not [each for each in raw if each in shown and len(each) > 5]


@pytest.mark.parametrize(
    ("kind", "columns", "where", "why"),
    [
        ("sqlite", FEW, None, "it cannot hash, or not as the rules ask"),
        ("sqlite", FEW, CHOSEN, "its SQL may choose other rows than DuckDB's"),
        ("duckdb", JSON, None, "arrays are taken apart on this side"),
        ("postgres", JSON, CHOSEN, "arrays are taken apart on this side"),
    ],
)
def test_where_this_side_hashes_it_is_said_why(
    store: Store, read: Reader, kind: str, columns: Sequence[MappedColumn], where: str | None, why: str
) -> None:
    first, *sql = read.explained(of(store(kind, PEOPLE)), columns, where).splitlines()
    assert first.endswith(f"gives raw values, which this process hashes in memory: {why}")
    assert QUERY in sql
    # All columns leave it where a `where` is judged on this side, which may name any.
    assert ("*" in "".join(sql[-3:])) == (where is not None)


def test_what_is_shown_names_the_place_and_not_the_password(store: Store, read: Reader, server: Postgres) -> None:
    store("postgres", PEOPLE)
    server.run("DROP ROLE IF EXISTS reader", "CREATE ROLE reader LOGIN SUPERUSER PASSWORD 'p@ss/word'")
    shown = read.explained(of(server.url_of("reader", "p@ss/word")), FEW, None)
    assert shown.startswith(f"-- PostgreSQL at {server.folder} ")
    assert "p@ss" not in shown
    assert "p%40ss" not in shown


# What does not fit


def told(error: pytest.ExceptionInfo[IdentityError]) -> str:
    """Return what a person reads; it offers a way out, and nothing anywhere quotes a value."""
    assert error.value.hint
    shown = "".join(traceback.format_exception(error.value))
    assert not [each for each in ("nonsense-1", "xample.com", A) if each in shown]
    return f"{error.value.message} {error.value.hint}"


@pytest.mark.parametrize("kind", REFUSING)
def test_a_column_that_is_not_there_is_named_with_those_that_are(store: Store, read: Reader, kind: str) -> None:
    with pytest.raises(ColumnMissingError) as caught:
        read.of_query(of(store(kind, PEOPLE)), (MappedColumn(Identity.IDFA, "ifda"),), None)
    assert re.match(r'no column "ifda" for idfa in the \w+ query Did you mean "idfa"\? It has: mpid, ', told(caught))


@pytest.mark.parametrize("kind", REFUSING)
def test_a_column_that_holds_no_identifiers_is_refused(store: Store, read: Reader, kind: str) -> None:
    with pytest.raises(ColumnTypeError) as caught:
        read.of_query(of(store(kind, PEOPLE)), (MappedColumn(Identity.IDFA, "orders"),), None)
    assert '"orders"' in told(caught)
    assert "BIGINT, which holds no idfa" in told(caught)


@pytest.mark.parametrize("kind", REFUSING)
@pytest.mark.parametrize(
    ("where", "problem"),
    [
        ("county = 'US'", 'where names an unknown column "county" Did you mean country?'),
        ("no_such(country)", "where calls an unknown function no_such"),
        ("orders + 1", "where gives a BIGINT for each row, not true or false"),
        ("joined > 5", "where does not fit the source"),
        ("country = (select 'US')", "where holds a query of its own"),
    ],
)
def test_a_where_that_does_not_fit_is_refused_before_a_row_is_read(
    store: Store, engine: Engine, kind: str, where: str, problem: str
) -> None:
    with pytest.raises(WhereError) as caught:
        engine.check_where(of(store(kind, PEOPLE)), where)
    assert problem in told(caught)


@pytest.mark.parametrize("kind", REFUSING)
def test_what_reads_or_explains_a_query_checks_where_as_well(store: Store, read: Reader, kind: str) -> None:
    origin = of(store(kind, PEOPLE))
    for attempt in (read.of_query, read.explained):
        with pytest.raises(WhereError, match="unknown column") as caught:
            attempt(origin, (IDFA,), None, "county = 'US'")
        assert told(caught)


@pytest.mark.parametrize("where", ["regexp_extract(country, '[A-Z]+') = 'US'", "try_cast(country as integer) > 1"])
def test_a_where_that_is_not_sure_to_mean_the_same_there_is_refused(
    store: Store, read: Reader, engine: Engine, where: str
) -> None:
    origin = of(store("postgres", PEOPLE))
    for attempt in (lambda: engine.check_where(origin, where), lambda: read.of_query(origin, (IDFA,), where)):
        with pytest.raises(WhereError) as caught:
            attempt()
        assert "where does not translate to PostgreSQL" in told(caught)
        assert "use that column here" in told(caught)


@pytest.mark.parametrize("kind", REFUSING)
def test_a_where_that_fails_on_a_value_quotes_none(store: Store, read: Reader, kind: str) -> None:
    with pytest.raises((WhereError, SourceError)) as caught:
        read.of_query(of(store(kind, PEOPLE)), (IDFA,), "cast(email as integer) > 3")
    assert "does not convert or compute" in told(caught)


@pytest.mark.parametrize("kind", REFUSING)
def test_the_columns_of_a_query_are_told_in_duckdbs_types(store: Store, engine: Engine, kind: str) -> None:
    known = engine.columns(of(store(kind, PEOPLE), "SELECT mpid, idfa, joined FROM people"))
    assert dict(known) == {"mpid": "BIGINT", "idfa": "VARCHAR", "joined": "DATE"}
