"""What a `where` and the rules become in the SQL of databases that no test can start."""

from __future__ import annotations

import ibis
import pytest
import sqlglot

from reconciler.identifiers import Hash, Identity, MappedColumn
from reconciler.identity.errors import SourceError, WhereError
from reconciler.identity.sources import dialects
from reconciler.identity.sources.dialects import Leaning
from reconciler.identity.sources.drivers.adbc import bigquery_options, snowflake_options
from reconciler.identity.sources.drivers.cursors import databricks_options, mysql_options, trino_options
from reconciler.identity.sources.drivers.model import Url
from reconciler.identity.sources.translation import leans, translate

JUDGING = ["pyspark", "postgres", "snowflake", "bigquery", "databricks", "trino"]
WORD = ibis.table({"word": "string"}, name="words")["word"]


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("duckdb", "last_order_at < current_date - interval 90 day -- lapsed"),
        ("postgres", "\"Last_Order_At\" < CURRENT_DATE - INTERVAL '90 DAY'"),
        ("snowflake", "\"Last_Order_At\" < CURRENT_DATE - INTERVAL '90 DAY'"),
        ("bigquery", "`Last_Order_At` < CURRENT_DATE - INTERVAL '90' DAY"),
        ("databricks", "`Last_Order_At` < CURRENT_DATE - INTERVAL '90' DAY"),
        ("pyspark", "`Last_Order_At` < CURRENT_DATE - INTERVAL '90' DAY"),
        ("trino", "\"Last_Order_At\" < CURRENT_DATE - INTERVAL '90' DAY"),
    ],
)
def test_a_where_is_spelled_as_the_engine_has_it(dialect: str, expected: str) -> None:
    where = "last_order_at < current_date - interval 90 day -- lapsed"
    assert translate(where, dialect, ["Last_Order_At"]) == expected


@pytest.mark.parametrize("dialect", JUDGING)
@pytest.mark.parametrize(
    "where",
    [
        "country in ('US', 'CA') and orders between 1 and 3",
        "name = 'it''s \\ here'",
        "case when orders = 1 then true else false end",
        "cast(joined as date) > date '2020-01-31'",
        "coalesce(lower(country), '') <> 'us' or orders is null",
        "now() - interval 1 day < seen",
        "orders / 2 > 0.5 and orders % 2 = 0",
        "country is not distinct from 'US'",
    ],
)
def test_what_is_translated_parses_there_as_one_expression(dialect: str, where: str) -> None:
    translated = translate(where, dialect)
    assert isinstance(sqlglot.parse_one(translated, dialect=dialects.sqlglot_name(dialect)), sqlglot.exp.Condition)


@pytest.mark.parametrize(
    ("where", "refusing"),
    [
        ("try_cast(age as integer) > 18", ["postgres", "snowflake"]),
        ("regexp_matches(name, '^a')", ["snowflake"]),
        ("regexp_matches(name, '(?i)a')", JUDGING),
        ("regexp_matches(name, '\\bword\\b')", JUDGING),
        ("regexp_matches(name, 'a', 'i')", JUDGING),
        ("regexp_matches(name, pattern)", JUDGING),
        ("name like '50\\%'", JUDGING),
        ("jaccard(name, 'x') > 0.5", JUDGING),
        ("substring(name, -2) = 'xy'", JUDGING),
        ("extract(dow from seen) = 1", JUDGING),
        ("address.city = 'Oslo'", JUDGING),
        ("'x' in tags", JUDGING),
        ("greatest(a, b) > 1", JUDGING),
        ("a::blob = b", JUDGING),
        ("country = 'US'", ["mysql", "sqlite"]),
    ],
)
def test_what_would_mean_something_else_there_is_refused_by_name(where: str, refusing: list[str]) -> None:
    for dialect in refusing:
        with pytest.raises(WhereError, match="does not translate to") as caught:
            translate(where, dialect)
        assert caught.value.hint


TYPES = {
    "Name": "VARCHAR",
    "orders": "BIGINT",
    "spend": "DECIMAL(38, 9)",
    "joined": "DATE",
    "seen": "TIMESTAMP WITH TIME ZONE",
    "tags": "VARCHAR[]",
    "active": "BOOLEAN",
}


@pytest.mark.parametrize(
    ("where", "on"),
    [
        ("lower(name) = 'x'", {Leaning.LOWER, Leaning.EQUALITY}),
        ("upper(name) in ('X')", {Leaning.UPPER, Leaning.EQUALITY}),
        ("not name ilike 'x%'", {Leaning.ILIKE}),
        ("name < 'x'", {Leaning.ORDER}),
        ("'x' <= trim(NAME)", {Leaning.ORDER}),
        ("left(name, 1) > 'x'", {Leaning.ORDER}),
        ("name between 'a' and 'b' or active", {Leaning.ORDER}),
        ("cast(joined as varchar) < '2024'", {Leaning.ORDER}),
        ("case name when 'x' then true else false end", {Leaning.EQUALITY}),
        ("name like 'x%'", {Leaning.EQUALITY}),
        ("regexp_matches(name, '\\w')", {Leaning.CLASSES}),
        ("regexp_matches(name, '[[:alpha:]]')", {Leaning.CLASSES}),
        ("regexp_matches(name, 'a.b')", {Leaning.DOT}),
        ("regexp_matches(name, '^[a-z.]+\\.com$')", set()),
        ("orders < 3 and spend >= 1.5 and orders in (1, 2)", set()),
        ("joined >= '2024-01-01' and seen between '2024-01-01' and now()", set()),
        ("joined = date '2024-01-01' and orders <> '3'", set()),
        ("case when orders = 1 then true else false end", set()),
        ("name is null or active", set()),
    ],
)
def test_what_a_collation_decides_for_a_where_is_known(where: str, on: set[Leaning]) -> None:
    assert leans(where, TYPES).on == on


def test_the_columns_that_a_where_names_are_known_as_the_source_spells_them() -> None:
    assert leans("NAME < 'x' and Orders > 1", TYPES).columns == {"Name", "orders"}


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "snowflake", "bigquery", "databricks", "trino"])
@pytest.mark.parametrize("leaning", Leaning)
def test_what_databases_are_asked_before_they_judge_parses_there(dialect: str, leaning: Leaning) -> None:
    table = ibis.table({"place": "int64", "text": "string"}, name="source")
    for sql in (
        dialects.texts(dialect, ["text"]),
        ibis.to_sql(dialects.read(table, ["text"], leaning), dialect=dialect),
    ):
        assert isinstance(sqlglot.parse_one(sql, dialect=dialect), sqlglot.exp.Query)


@pytest.mark.parametrize("where", ["", "orders = (select 1)", "orders = 1; drop table x", "and"])
def test_what_is_no_expression_is_refused_for_every_engine(where: str) -> None:
    for dialect in ("duckdb", *JUDGING):
        with pytest.raises(WhereError):
            translate(where, dialect)


@pytest.mark.parametrize(
    ("dialect", "md5", "sha256"),
    [
        ("postgres", "MD5(CONVERT_TO(word, 'UTF8'))", "ENCODE(SHA256(CONVERT_TO(word, 'UTF8')), 'hex')"),
        ("snowflake", "MD5(word)", "SHA2(word, 256)"),
        ("bigquery", "TO_HEX(MD5(word))", "TO_HEX(SHA256(word))"),
        ("databricks", "MD5(word)", "SHA2(word, 256)"),
        ("trino", "LOWER(TO_HEX(MD5(TO_UTF8(word))))", "LOWER(TO_HEX(SHA256(TO_UTF8(word))))"),
    ],
)
def test_a_digest_is_what_the_database_documents(dialect: str, md5: str, sha256: str) -> None:
    functions = dialects.functions_for(dialect)
    assert functions is not None
    for hash_, expected in ((Hash.MD5, md5), (Hash.SHA256, sha256)):
        sql = ibis.to_sql(functions.digest(WORD, hash_), dialect=dialect)
        plain = sql.replace('"t0".', "").replace("`t0`.", "").replace('"', "").replace("`", "")
        assert expected in plain


@pytest.mark.parametrize("dialect", ["sqlite", "mysql"])
def test_a_database_without_hashes_says_so(dialect: str) -> None:
    assert (dialects.functions_for(dialect), dialects.judges(dialect)) == (None, False)


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "snowflake", "bigquery", "databricks", "trino"])
def test_what_databases_are_asked_before_they_hash_parses_there(dialect: str) -> None:
    functions = dialects.functions_for(dialect)
    assert functions is not None
    samples = ibis.table({"place": "int64", "raw": "string"}, name="source")
    columns = [MappedColumn(Identity.MPID, "mpid"), MappedColumn(Identity.EMAIL, "email", Hash.SHA256)]
    for sql in (
        dialects.samples(dialect),
        ibis.to_sql(dialects.judged(samples, columns, functions), dialect=dialect),
    ):
        assert isinstance(sqlglot.parse_one(sql, dialect=dialect), sqlglot.exp.Query)


def test_the_samples_reach_every_verdict_of_a_rule() -> None:
    for identity in (Identity.IDFA, Identity.EMAIL, Identity.PHONE):
        rows = dialects.expected([MappedColumn(identity, "column", identity.hashes[0])])
        assert {"blank", "malformed", None} <= {row["flaw_0"] for row in rows}
        assert {True, False} == {row["plain_0"] for row in rows}


class TestUrls:
    def test_snowflake(self) -> None:
        url = Url.parse("snowflake://me:p%40ss@account-1/people/public?warehouse=w&role=r")
        assert snowflake_options(url) == {
            "username": "me",
            "password": "p@ss",
            "adbc.snowflake.sql.account": "account-1",
            "adbc.snowflake.sql.db": "people",
            "adbc.snowflake.sql.schema": "public",
            "adbc.snowflake.sql.warehouse": "w",
            "adbc.snowflake.sql.role": "r",
        }

    def test_bigquery(self) -> None:
        assert bigquery_options(Url.parse("bigquery://project/people?credentials_path=/keys/me.json")) == {
            "adbc.bigquery.sql.project_id": "project",
            "adbc.bigquery.sql.dataset_id": "people",
            "adbc.bigquery.sql.auth_type": "adbc.bigquery.sql.auth_type.json_credential_file",
            "adbc.bigquery.sql.auth_credentials": "/keys/me.json",
        }

    def test_databricks(self) -> None:
        url = Url.parse("databricks://token:dapi1@host.cloud/people?http_path=/sql/1.0/warehouses/1&catalog=main")
        assert databricks_options(url) == {
            "server_hostname": "host.cloud",
            "access_token": "dapi1",
            "schema": "people",
            "http_path": "/sql/1.0/warehouses/1",
            "catalog": "main",
        }

    def test_mysql(self) -> None:
        options = mysql_options(Url.parse("mysql+pymysql://me:p%40ss@there/people?ssl_ca=ca.pem&local_infile=1"))
        assert (options["password"], options["port"], options["ssl_ca"]) == ("p@ss", 3306, "ca.pem")
        assert options["local_infile"] is False

    def test_trino_takes_a_password_by_https(self) -> None:
        options = trino_options(Url.parse("trino://me:secret@there/hive/people"))
        assert (options["http_scheme"], options["port"], options["catalog"]) == ("https", 443, "hive")

    @pytest.mark.parametrize(
        "url", ["bigquery:///people", "databricks://token:t@host", "trino://a:b@h?http_scheme=http"]
    )
    def test_what_is_missing_is_said(self, url: str) -> None:
        parsed = Url.parse(url)
        options = {"bigquery": bigquery_options, "databricks": databricks_options, "trino": trino_options}
        with pytest.raises(SourceError) as caught:
            options[parsed.scheme](parsed)
        assert caught.value.hint

    def test_no_part_of_a_url_shows_its_password(self) -> None:
        assert "secret" not in repr(Url.parse("postgres://me:secret@there/people?password=secret"))
