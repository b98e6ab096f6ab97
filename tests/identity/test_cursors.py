"""MySQL and Trino through their own drivers and protocols: types, streaming, and what goes wrong in words."""

from __future__ import annotations

import datetime as dt
import traceback
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.identifiers import Identity, MappedColumn
from reconciler.identity.errors import SourceError
from reconciler.identity.sources.databases import connect
from reconciler.identity.sources.drivers.adbc import bigquery_options
from reconciler.identity.sources.drivers.cursors import databricks_options, mysql_modes
from reconciler.identity.sources.drivers.model import Url
from reconciler.origin import QueryOrigin
from reconciler.secret import Secret
from tests.services import mysql, trino

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.identity.sources.databases import Database

PASSWORD = "p@ss/word"
PEOPLE = """
    SELECT CAST(1 AS BIGINT) AS mpid, 'a' AS idfa, CAST(1.5 AS DOUBLE) AS spend, CAST('2020-01-31' AS DATE) AS joined
    UNION ALL SELECT NULL, NULL, NULL, NULL
"""


@pytest.fixture(scope="session")
def mysql_port() -> Iterator[int]:
    with mysql.running(PASSWORD) as port:
        yield port


@pytest.fixture(scope="session")
def trino_place() -> Iterator[str]:
    with trino.running() as place:
        yield place


@pytest.fixture(params=["mysql", "trino"])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "mysql":
        return f"mysql://{mysql.USER}:p%40ss%2Fword@127.0.0.1:{request.getfixturevalue('mysql_port')}"
    return f"trino://reader@{request.getfixturevalue('trino_place')}/people"


def origin(url: str, query: str = PEOPLE) -> QueryOrigin:
    return QueryOrigin(Secret(url), query)


def rows(database: Database) -> list[dict[str, Any]]:
    return [row for batch in database.batches(database.table) for row in batch.to_pylist()]


def test_a_query_comes_back_as_typed_columns(url: str) -> None:
    with connect(origin(url)) as database:
        assert rows(database) == [
            {"mpid": 1, "idfa": "a", "spend": 1.5, "joined": dt.date(2020, 1, 31)},
            {"mpid": None, "idfa": None, "spend": None, "joined": None},
        ]


def test_many_rows_come_in_batches(url: str) -> None:
    digits = "(SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5)"
    many = f"SELECT 'some text' AS t FROM {', '.join(f'{digits} AS d{i}' for i in range(6))}"
    with connect(origin(url, many)) as database:
        sizes = [batch.num_rows for batch in database.batches(database.table)]
    assert (sum(sizes), max(sizes) <= 10_000) == (5**6, True)


def test_a_query_that_does_not_run_is_told_in_the_databases_words(url: str) -> None:
    with (
        pytest.raises(SourceError, match="does not run the query") as caught,
        connect(origin(url, "SELECT * FROM missing")),
    ):
        pass
    assert "missing" in caught.value.message


def test_a_server_that_cannot_or_answers_otherwise_does_not_hash(url: str) -> None:
    with connect(origin(url)) as database:
        # MySQL has no rules of its own; the DuckDB behind Trino's protocol lacks Trino's functions.
        assert not database.can_hash([MappedColumn(Identity.IDFA, "idfa")])


def test_a_text_in_mysql_ends_where_it_was_found_to_end_whatever_the_server_is_set_to(mysql_port: int) -> None:
    # The server's own mode is ANSI, which makes names of texts in double quotes.
    url = (
        f"mysql://{mysql.USER}:p%40ss%2Fword@127.0.0.1:{mysql_port}?sql_mode=ANSI&init_command=SET%20sql_mode%3D'ANSI'"
    )
    with connect(origin(url, "SELECT 1 AS n")) as database, closing(vars(database.session)["_cursor"]()) as cursor:
        cursor.execute("SELECT @@SESSION.sql_mode")
        assert cursor.fetchall() == [("",)]


@pytest.mark.parametrize(
    ("modes", "kept"),
    [
        ("", ""),
        ("ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES", "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES"),
        ("REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,ANSI", "REAL_AS_FLOAT,PIPES_AS_CONCAT,IGNORE_SPACE"),
        ("NO_BACKSLASH_ESCAPES,oracle", ""),
    ],
)
def test_the_other_modes_of_mysql_stay(modes: str, kept: str) -> None:
    assert mysql_modes(modes) == kept


def test_the_settings_of_a_session_are_no_part_of_a_databricks_url() -> None:
    url = "databricks://token:t@host/people?http_path=/sql/1&session_configuration=ansi"
    with pytest.raises(SourceError, match="may not change the session's settings") as caught:
        databricks_options(Url.parse(url))
    assert "session_configuration" in str(caught.value.hint)


def test_the_legacy_sql_of_bigquery_is_refused() -> None:
    with pytest.raises(SourceError, match="legacy SQL"):
        bigquery_options(Url.parse("bigquery://project/people?adbc.bigquery.sql.query.use_legacy_sql=true"))


def test_a_wrong_password_is_told_and_not_shown(mysql_port: int) -> None:
    wrong = f"mysql://{mysql.USER}:{PASSWORD.replace('@', '%40').replace('/', '%2F')}x@127.0.0.1:{mysql_port}"
    with pytest.raises(SourceError, match="refuses the user or the password") as caught, connect(origin(wrong)):
        pass
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("kind", ["mysql", "trino"])
def test_a_server_that_is_not_there_is_named(kind: str) -> None:
    with (
        pytest.raises(SourceError, match=r"at 127\.0\.0\.1:1 does not answer"),
        connect(origin(f"{kind}://me@127.0.0.1:1")),
    ):
        pass
