"""A `where` and a `query` only read, and only their own source, whatever people write into them."""

from __future__ import annotations

import hashlib
import resource
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

import duckdb
import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlglot.errors import SqlglotError

from reconciler.errors import ReconcilerError
from reconciler.identifiers import Identity, MappedColumn
from reconciler.identity import Engine, Selection, WhereError
from reconciler.identity.sources.checking import checked
from reconciler.identity.sources.databases import connect
from reconciler.identity.sources.drivers.duckdb_file import open_duckdb
from reconciler.identity.sources.drivers.kinds import driver_for
from reconciler.identity.sources.drivers.model import Resources, Url
from reconciler.identity.sources.drivers.sqlite import open_sqlite
from reconciler.origin import FileOrigin, QueryOrigin
from reconciler.secret import Secret
from reconciler.sql import reading
from tests.fuzz.cases import cases

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.fuzz

ID: Final = "0bfb14a7-8b38-4a3b-9f8b-97f3e4d4a1f2"
IDFA: Final = MappedColumn(Identity.IDFA, "idfa")

REACHING: Final = (
    "(select content from read_text('{canary}')) is not null",
    "exists (from read_csv('{canary}'))",
    "idfa in (from glob('/etc/*'))",
    "idfa = any(select idfa from people)",
    "(with x as (select 1) select * from x) = 1",
    "(select count(*) from information_schema.tables) > 0",
    "(select count(*) from duckdb_secrets()) = 0",
    "true) union all select * from read_csv('{canary}') where (true",
    "true) as v; copy (select 1) to '{out}'; select (true",
    "true; attach '{out}'",
    "true) from read_text('{canary}') where (true",
    "true) /* */ from read_text('{canary}') -- ",
    "/* /* */ true) from read_text('{canary}') where (true /* */",
    "$$a$$ = idfa or (select true from read_text($$/etc/hostname$$))",
    "e'\\'' = idfa or exists(select 1) or '' = ''",
    "\"getenv\"('HOME') is null",
    "getenv('HOME') is null",
    "current_setting('temp_directory') is not null",
    "getvariable('a') is null",
    "write_log('x') is null",
    "main.write_log(idfa) is null",
    "system.main.write_log(idfa) is null",
    "WRITE_LOG(idfa) is null",
    "idfa.write_log() is null",
    "list_transform([idfa], lambda a: write_log(a)) is null",
    "coalesce(sleep_ms(1) is null, true)",
    "pg_sleep(0.001) is null",
    "setseed(0.5) is null",
    "nextval('s') = 1",
    "currval('s') = 1",
    "random() < 2",
    "gen_random_uuid() is not null",
    "current_query() is not null",
    "txid_current() > 0",
    "error(idfa)",
    "json_execute_serialized_sql(idfa) = 1",
    "json_serialize_sql('select 1') is not null",
    "list_aggregate([1], 'sum') = 1",
    "sum(n) > 0",
    "row_number() over () = 1",
    "unnest([true])",
    "columns('.*') is not null",
    "* is not null",
    "#1 is not null",
    "n = ?",
    "n = $1",
    "icu_sort_key(idfa, 'de') is not null",
    "pg_read_file('/etc/passwd') is null",
    "lo_export(1, '{out}') = 1",
    "load_extension('{out}') is null",
    "xp_cmdshell('id') is null",
    "dblink('host=127.0.0.1', 'select 1') is null",
)
BOMBS: Final = (
    "len(range(n, 100000000000)) > 0",
    "len(generate_series(1, 1000000000000)) > 0",
    "len(repeat(idfa, 4000000000)) > 0",
    "len(lpad(idfa, 2000000000, 'b')) > 0",
    "len(rpad(idfa, 2000000000, 'b')) > 0",
    "len(list_resize([n], 4000000000)) > 0",
    "len(printf('%2000000000d', n)) > 0",
    "len(format('{{:2000000000}}', n)) > 0",
    "bit_length(bitstring('1', 2000000000)) > 0",
    "list_reduce([idfa], lambda a, b: a || a) = ''",
    "null::int[100000][100000] is null",
    "hex(hex(hex(idfa))) = ''",
    "to_json(to_json(idfa)) is null",
    "len(" + "replace(" * 6 + "idfa" + ", '', '" + "b" * 99 + "')" * 6 + ") > 0",
    "len(" + "regexp_replace(" * 6 + "idfa" + ", '', 'bbbbbbbb', 'g')" * 6 + ") > 0",
    "len(replace(idfa, 'a', '" + "b" * 5000 + "')) > 0",
    "len(list_transform(list_transform(list_transform([1], lambda a: [a]), lambda a: [a]), lambda a: [a])) > 0",
    "regexp_matches(idfa, '" + "(" * 200 + "a{{0,100}}" + "){{0,100}}" * 200 + "')",
    "(" * 100_000 + "true" + ")" * 100_000,
    "not " * 5_000 + "true",
    "case when " * 1_000 + "true" + " then true end" * 1_000,
    "[" * 9_000 + "]" * 9_000,
    "n" + "+ 1" * 6_000 + " > 0",
    "- " * 9_000 + "n > 0",
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a source and what nobody may touch."""
    folder = tmp_path_factory.mktemp("place")
    pq.write_table(pa.table({"idfa": [ID], "n": [1], "tags": [["a"]]}), folder / "people.parquet")
    (folder / "canary.csv").write_text("a\n1\n")
    with closing(sqlite3.connect(folder / "people.db")) as lite, lite:
        lite.execute("CREATE TABLE people (idfa TEXT, n INTEGER)")
        lite.execute("INSERT INTO people VALUES (?, 1)", [ID])
    with duckdb.connect(str(folder / "people.duckdb")) as duck:
        duck.execute("CREATE TABLE people (idfa VARCHAR, n INTEGER)")
        duck.execute("INSERT INTO people VALUES (?, 1)", [ID])
        duck.execute("CREATE SEQUENCE s")
    return folder


@pytest.fixture
def untouched(place: Path) -> Iterator[Path]:
    """See that every file is what it was, and that there is no other."""
    before = _contents(place)
    yield place
    assert _contents(place) == before


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with Engine(tmp_path_factory.mktemp("engine"), threads=1, memory_limit="128MB") as engine:
        yield engine


def _contents(folder: Path) -> dict[str, str]:
    return {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in sorted(folder.iterdir())}


def _filled(text: str, place: Path) -> str:
    return text.replace("{canary}", str(place / "canary.csv")).replace("{out}", str(place / "out"))


def _people(place: Path) -> FileOrigin:
    return FileOrigin(str(place / "people.parquet"), "people.parquet")


@pytest.mark.parametrize("where", [*REACHING, *BOMBS], ids=lambda where: where[:40])
def test_a_where_that_reaches_or_swells_is_refused(where: str, engine: Engine, untouched: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(WhereError) as caught:
        engine.check_where(_people(untouched), _filled(where, untouched).replace("{{", "{").replace("}}", "}"))
    assert caught.value.hint
    assert len(caught.value.message) < 500
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 256 << 10, f"{grown >> 10} MB"


_ATOMS: Final = (
    "idfa", "n", "tags", "1", "1e12", "'a'", "null", "true", "'/etc/passwd'", "'{canary}'", "[1]", "{'a': 1}",
    "current_date",
    "interval 1 day", "$$x$$", "U&'\\0061'", "E'\\x41'", '"idfa"', "x'41'", "?", "$1", "*", "source",
    "source.idfa", "#1",
    "information_schema.tables", "current_user", "ıdfa", "𝐢𝐝𝐟𝐚",
)  # fmt: skip
_CALLS: Final = (
    "lower", "len", "read_csv", "read_text", "glob", "repeat", "range", "getenv", "write_log", "sleep_ms",
    "error", "sum", "count",
    "unnest", "list_transform", "replace", "coalesce", "try_cast", "pg_read_file", '"LOWER"', "main.lower",
    "pg_catalog.lower",
    "system.main.range", "query", "query_table", "current_setting", "hash", "regexp_matches", "struct_pack",
    "columns", "exists",
)  # fmt: skip
_JOINTS: Final = (
    " and ", " or ", " = ", " < ", " || ", " + ", " -> ", "::", " in ", ", ", "; ", ") union (", " -- ", " /* ",
    " */ ", "\n",
    " from ", " where ", " is not ", " between ", " similar to ", " collate ", " over ", " filter ", " as ",
    ") from people where (",
)  # fmt: skip
_STATEMENTS: Final = (
    "(select 1)", "(from people)", "(table people)", "(values (1))", "(with a as (select 1) from a)",
    "copy people to '{out}'",
    "attach '{out}'", "install httpfs", "load httpfs", "set enable_external_access = true", "pragma version",
    "drop table people",
    "create table t as select 1", "(delete from people returning 1)", "case when n then idfa end",
    "cast(n as integer[100000])",
    "(n, idfa)", "not n", "lambda a: a", "a -> a", "[a for a in tags]",
)  # fmt: skip
_expressions: st.SearchStrategy[str] = st.recursive(
    st.sampled_from(_ATOMS + _STATEMENTS) | st.text(max_size=4),
    lambda inner: st.one_of(
        st.builds(lambda a, joint, b: f"{a}{joint}{b}", inner, st.sampled_from(_JOINTS), inner),
        st.builds(
            lambda name, args: f"{name}({', '.join(args)})", st.sampled_from(_CALLS), st.lists(inner, max_size=3)
        ),
        inner.map(lambda each: f"({each})"),
    ),
    max_leaves=8,
)


def _check_refusal(error: ReconcilerError) -> None:
    assert error.hint
    assert ID not in error.message + error.hint


def test_whatever_is_written_is_refused_or_only_chooses(engine: Engine, untouched: Path, tmp_path: Path) -> None:
    @cases(80)
    @example("((lower(?[, 0[)))")
    @given(_expressions)
    def holds(where: str) -> None:
        selection = {"set": Selection(_filled(where, untouched), (Identity.IDFA,))}
        try:
            summary = engine.build(_people(untouched), [IDFA], selection, tmp_path)["set"]
        except ReconcilerError as error:
            _check_refusal(error)
        else:
            assert summary.rows <= 1
        assert not (untouched / "out").exists()

    holds()


QUERIES: Final = (
    "COPY people TO '{out}'",
    "ATTACH '{out}' AS other",
    "INSTALL httpfs",
    "SELECT 1 AS n; DROP TABLE people",
    "SELECT * FROM people; ATTACH '{out}' AS o",
    "WITH gone AS (DELETE FROM people RETURNING *) SELECT * FROM gone",
    "SELECT * INTO other FROM people",
    "SELECT * FROM people FOR UPDATE",
    "SELECT * FROM read_csv('{canary}')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT load_extension('{out}') AS a",
    "SELECT writefile('{out}', 'x') AS a",
    "SELECT readfile('{canary}') AS a",
    "SELECT getenv('HOME') AS a",
    "SELECT pg_read_file('/etc/passwd') AS a",
    "SELECT pg_catalog.pg_read_file('/etc/passwd') AS a",
    "SELECT \"pg_read_file\"('/etc/passwd') AS a",
    "SELECT pg_ls_dir('/') AS a",
    "SELECT lo_export(1, '{out}') AS a",
    "SELECT lo_import('{canary}') AS a",
    "SELECT * FROM dblink('host=127.0.0.1', 'select 1') AS t(a int)",
    "SELECT setval('s', 9) AS a",
    "SELECT nextval('s') AS a",
    "SELECT pg_sleep(0.001) AS a",
    "SELECT pg_terminate_backend(1) AS a",
    "SELECT pg_notify('a', 'b') AS a",
    "SELECT set_config('transaction_read_only', 'off', true) AS a",
    "SELECT query_to_xml('delete from people', true, true, '') AS a",
    "SELECT pg_advisory_lock(1) AS a",
    "SELECT xp_cmdshell('id') AS a",
    "SELECT load_file('/etc/passwd') AS a",
    "SELECT evil.lower(idfa) AS a FROM people",
    "SELECT n /*!50000 INTO OUTFILE '{out}' */ FROM people",
    "/* /* */ SELECT 1 AS n INTO OUTFILE '{out}' -- */ SELECT 2 AS n",
    "SELECT transform(*) USING 'tee {out}' AS (a) FROM people",
    "SELECT idfa -- \\\n || '\n, pg_read_file('x') AS b FROM people -- ' FROM people",
    "SELECT idfa -- \\\n || '\n, pg_read_file(idfa) AS b FROM people -- ' AS a FROM people",
    "SELECT idfa /* \\*/ FROM people",
    "SELECT idfa --\r || '\n, pg_read_file(idfa) AS b FROM people --\r' AS a FROM people",
    "SELECT idfa AS a\f FROM people",
    "SELECT 'a\0b' AS a FROM people",
    "SELECT idfa\u00a0FROM people",
    "SELECT idfa --\u2028 FROM people\n FROM people",
    "SELECT {# a\n x pg_read_file('x')} AS a # #} idfa FROM people\n",
    "SELECT length(zeroblob(900000000)) AS a",
    "SELECT length(printf('%*d', 900000000, 1)) AS a",
    "SELECT " + "(" * 100_000 + "1" + ")" * 100_000 + " AS a",
)
SCHEMA: Final = ibis.schema({"n": "int64"})
ENGINES: Final = {"sqlite": "people.db", "duckdb": "people.duckdb"}


def _refused(url: str, query: str, scratch: Path) -> ReconcilerError:
    with (
        pytest.raises(ReconcilerError) as caught,
        connect(QueryOrigin(Secret(url), query), scratch=scratch) as database,
    ):
        list(database.batches(database.table))
    return caught.value


@pytest.mark.parametrize("engine_name", ENGINES)
def test_a_query_that_writes_or_reaches_is_refused(engine_name: str, untouched: Path, tmp_path: Path) -> None:
    url = f"{engine_name}:///{untouched / ENGINES[engine_name]}"
    for query in QUERIES:
        assert _refused(url, _filled(query, untouched), tmp_path).hint, query


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:40])
@pytest.mark.parametrize("dialect", ["postgres", "mysql", "trino", "snowflake", "bigquery", "databricks"])
def test_no_database_is_even_asked(dialect: str, query: str) -> None:
    scheme = {"postgres": "postgresql"}.get(dialect, dialect)
    with pytest.raises(ReconcilerError):
        checked(query, driver_for(scheme))


_queries: st.SearchStrategy[str] = st.one_of(
    _expressions,
    st.builds("SELECT {} AS a FROM people".format, _expressions),
    st.builds("SELECT * FROM {}".format, _expressions),
    st.builds("WITH a AS ({}) SELECT * FROM a".format, _expressions),
)


@pytest.mark.parametrize("engine_name", ENGINES)
def test_whatever_is_queried_is_refused_or_only_read(engine_name: str, untouched: Path, tmp_path: Path) -> None:
    url = Secret(f"{engine_name}:///{untouched / ENGINES[engine_name]}")
    before = _contents(untouched)

    @cases(40)
    @example("SELECT (idfa, n) AS a, '1'::BIT AS b, idfa FROM people")
    @given(_queries)
    def holds(query: str) -> None:
        try:
            with connect(QueryOrigin(url, _filled(query, untouched)), scratch=tmp_path) as database:
                for _ in database.batches(database.table):
                    pass
        except ReconcilerError as error:
            _check_refusal(error)
        assert not (untouched / "out").exists()

    holds()
    assert _contents(untouched) == before


@pytest.mark.parametrize("scheme", ["postgresql", "mysql", "trino", "snowflake", "bigquery", "databricks"])
def test_whatever_is_written_is_told_from_a_query(scheme: str) -> None:
    @cases(60)
    @given(_queries)
    def holds(query: str) -> None:
        try:
            assert query.startswith(checked(query, driver_for(scheme)))
        except ReconcilerError as error:
            _check_refusal(error)

    holds()


def test_what_a_parser_stumbles_over_is_no_sql() -> None:
    for stumble in (AttributeError("'NoneType' object has no attribute 'name'"), IndexError(), KeyError("a")):
        with pytest.raises(SqlglotError), reading():
            raise stumble
    with pytest.raises(RecursionError), reading():
        raise RecursionError


ROUND_THE_PARSER: Final = (
    "CREATE TABLE x (a INTEGER)",
    "INSERT INTO people VALUES ('x', 2)",
    "DELETE FROM people",
    "DROP TABLE people",
    "UPDATE people SET n = 2",
)


def test_the_connection_to_sqlite_writes_nothing_by_itself(untouched: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as lite, lite:
        lite.execute("CREATE TABLE people (idfa TEXT, n INTEGER)")
    before = other.read_bytes()
    with open_sqlite(Url.parse(f"sqlite:///{untouched / 'people.db'}"), Resources(tmp_path, "64MB")) as session:
        # What a session runs it wraps in a SELECT; this is past that too.
        cursor = vars(session)["_connection"].cursor()
        with closing(cursor):
            cursor.execute(f"ATTACH '{other}' AS other")
            for statement in (*ROUND_THE_PARSER, "INSERT INTO other.people VALUES ('x', 1)", "CREATE TEMP TABLE t (a)"):
                with pytest.raises(Exception, match="readonly"):
                    cursor.execute(statement)
    assert other.read_bytes() == before


def test_the_connection_to_duckdb_is_locked_by_itself(untouched: Path, tmp_path: Path) -> None:
    with open_duckdb(Url.parse(f"duckdb:///{untouched / 'people.duckdb'}"), Resources(tmp_path, "64MB")) as session:
        for statement in (
            *ROUND_THE_PARSER,
            f"COPY people TO '{untouched / 'out.csv'}'",
            f"ATTACH '{untouched / 'out'}' AS o",
            f"SELECT * FROM read_csv('{untouched / 'canary.csv'}')",
            "SET enable_external_access = true",
            "SET memory_limit = '1TB'",
            "LOAD httpfs",
        ):
            with pytest.raises(duckdb.Error, match=r"read-only|Permission|locked|disabled"):
                list(session.batches(statement, SCHEMA))


@pytest.mark.parametrize(
    ("scheme", "query"),
    [
        ("databricks", "SELECT * FROM parquet.`/mnt/people`"),
        ("databricks", "SELECT * FROM csv.`s3://bucket/people.csv`"),
        ("databricks", "SELECT * FROM main.people p JOIN text.`dbfs:/etc/passwd` t ON true"),
        ("snowflake", "SELECT $1 FROM @stage/people.csv"),
        ("snowflake", "SELECT * FROM people WHERE idfa IN (SELECT $1 FROM @~/x)"),
        ("duckdb", "SELECT * FROM '/etc/passwd'"),
        ("mysql", "SELECT * FROM `../people`"),
    ],
)
def test_a_file_is_no_table(scheme: str, query: str) -> None:
    with pytest.raises(ReconcilerError, match="which is a file and no table"):
        checked(query, driver_for(scheme))


@pytest.mark.parametrize("table", ["csv.people", "TEXT.`people`", "`binaryFile`.people", "`org.apache.CSV`.people"])
def test_a_format_is_no_schema_to_spark(table: str) -> None:
    with pytest.raises(ReconcilerError, match="which is a file and no table") as caught:
        checked(f"SELECT * FROM people JOIN {table} AS t ON true", driver_for("databricks"))
    assert "catalog.schema.table" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("scheme", "query", "says"),
    [
        ("databricks", "SELECT transform(*) USING 'tee x' AS (a) FROM people", "may not call TRANSFORM"),
        ("databricks", "SELECT /*+ BROADCAST(t) -- */ ' \n */ reflect(1) AS c -- ' AS d FROM t", "stands in a comment"),
        ("mysql", "SELECT 5--\u00a0+load_file('x') AS a\n FROM (SELECT 1 AS `\u00a0`) AS t", r"character U\+00A0"),
        ("mysql", "SELECT /*+ SET_VAR(sql_mode='ANSI_QUOTES') */ idfa FROM people", "stands in a comment"),
        ("sqlite", "SELECT $a::b('),zeroblob(900000000),$b(') AS c", r"holds a parameter, \$a"),
        ("sqlite", "SELECT idfa FROM people WHERE n = ?", r"holds a parameter, \?"),
        ("snowflake", "SELECT numbers.NEXTVAL FROM people", "may not call nextval"),
        ("snowflake", 'SELECT a.b.numbers."NEXTVAL" AS n, idfa FROM people', "may not call nextval"),
        ("snowflake", "SELECT a.b.c.d.e.numbers.nextval FROM people", "may not call nextval"),
        ("snowflake", "SELECT * FROM TABLE('@stage')", 'reads "@stage"'),
        ("snowflake", "SELECT * FROM TABLE($$@stage$$)", 'reads "@stage"'),
        ("snowflake", "SELECT * FROM TABLE(@stage)", 'reads "@stage"'),
        ("snowflake", "SELECT * FROM TABLE('@' || 'stage')", 'reads "@"'),
        ("snowflake", "SELECT * FROM TABLE(IDENTIFIER('@stage'))", 'reads "@stage"'),
        ("snowflake", "SELECT * FROM IDENTIFIER($stage)", 'reads "@stage"'),
    ],
)
def test_what_only_one_database_would_run_is_refused(scheme: str, query: str, says: str) -> None:
    with pytest.raises(ReconcilerError, match=says) as caught:
        checked(query, driver_for(scheme))
    assert caught.value.hint


COLLECTING: Final = (
    "string_agg(idfa, '')",
    "group_concat(idfa)",
    "listagg(idfa, ',')",
    "array_agg(idfa ORDER BY n)",
    "list(DISTINCT idfa)",
    "idfa.string_agg('')",
    "json_group_array(idfa)",
    "json_group_object(idfa, n)",
    "histogram(n)",
    "median(n)",
    "mode(n)",
    "quantile_cont(n, 0.5)",
    "ARRAY(SELECT idfa FROM people)",
    "count(DISTINCT n) OVER ()",
)


@pytest.mark.parametrize("collecting", COLLECTING)
def test_what_collects_without_bound_is_refused_for_duckdb(collecting: str, place: Path, tmp_path: Path) -> None:
    query = f"SELECT {collecting} AS a FROM people"
    # DuckDB itself would run it.
    with duckdb.connect(str(place / "people.duckdb"), read_only=True) as duck:
        assert duck.execute(query).fetchall()
    assert "may not call" in _refused(f"duckdb:///{place / 'people.duckdb'}", query, tmp_path).message


@pytest.mark.parametrize(
    "swelling",
    [
        "WITH RECURSIVE a(x) AS (SELECT 'aaaaaaaa' UNION ALL SELECT x || x FROM a LIMIT 25) SELECT x AS g FROM a",
        "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a LIMIT 9000000) SELECT group_concat(n) g FROM a",
    ],
)
def test_what_swells_in_sqlite_stops_at_the_limit(swelling: str, place: Path, tmp_path: Path) -> None:
    url = Secret(f"sqlite:///{place / 'people.db'}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with (
        pytest.raises(ReconcilerError, match="more than 64MB of memory") as caught,
        connect(QueryOrigin(url, swelling), scratch=tmp_path, memory="64MB") as database,
    ):
        list(database.batches(database.table))
    assert "table of the file" in str(caught.value.hint)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 160 << 10
    with connect(QueryOrigin(url, "SELECT n FROM people"), scratch=tmp_path, memory="64MB") as database:
        assert sum(batch.num_rows for batch in database.batches(database.table)) == 1


USUAL: Final = (
    ("sqlite", "SELECT group_concat(idfa) AS a, 'a:b ?' AS b FROM people -- who: all of them?"),
    ("sqlite", "SELECT a$b, [c:d] FROM people"),
    ("duckdb", "SELECT count(DISTINCT n) AS a, max(n) AS b, approx_quantile(n, 0.5) AS c FROM people"),
    ("duckdb", "SELECT sum(n) OVER (ORDER BY n) AS a, [1, 2] AS b, map(['a'], [1]) AS c FROM people"),
    ("postgresql", "SELECT 'a\\b\u00a0' AS \"c\u2003\",\r\n\tstring_agg(a, ',') FROM people -- caf\u00e9 \U0001f600"),
    ("postgresql", "SELECT e'a\\\\', $x$it's$x$, 'it''s' FROM people /* all */"),
    ("mysql", "SELECT 'it\\'s', \"it's\" FROM people # all"),
    ("databricks", "SELECT /*+ BROADCAST(people) */ r'\\d', transform(tags, x -> x + 1) FROM main.delta.people"),
    ("databricks", "SELECT * FROM main.csv.people JOIN csv ON true"),
    ("trino", "SELECT * FROM csv.people JOIN delta.raw.people ON true"),
    ("snowflake", "SELECT t.value, seq.next, nextval FROM TABLE(FLATTEN(tags)) AS t, TABLE('people') AS seq"),
    ("snowflake", "SELECT t.value FROM people, TABLE(FLATTEN(SPLIT(tags, '@'))) AS t -- by @"),
    ("bigquery", "SELECT r'\\d', '''it's''' FROM `p.d.people` # all"),
)


@pytest.mark.parametrize(("scheme", "query"), USUAL)
def test_what_people_usually_write_is_let_through(scheme: str, query: str) -> None:
    assert checked(query, driver_for(scheme)) == query
