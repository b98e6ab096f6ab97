"""Where a source's rows come from: files or a query, and what is wrong with either."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.config import load
from reconciler.origin import FileOrigin, Format, Origin, QueryOrigin
from reconciler.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from tests.config.conftest import Findings, Read

_QUERY = "connection: postgresql://db/crm\n    query: select idfa from people"


def _origin(read: Read, base: str, instead: str, **environ: str) -> Origin:
    loaded = read(base.replace("path: people.csv", instead), **environ)
    assert loaded.diagnostics == ()
    return loaded.config.sources["people"].origin


@pytest.mark.parametrize(
    ("instead", "expected"),
    [
        ("connection: postgresql://db/crm", '6:3: error: source "people" has no "query"'),
        ("query: select 1", '6:3: error: source "people" has no "connection"'),
        ("format: csv", '6:3: error: source "people" has no "path"'),
        (
            "path: people.csv\n    connection: postgresql://db/crm",
            '8:5: error: source "people" has connection beside path',
        ),
        ("path: people.csv\n    query: select 1", '8:5: error: source "people" has query beside path'),
        (f"path: people.csv\n    {_QUERY}", '7:5: error: source "people" has path beside connection and query'),
        (f"{_QUERY}\n    format: csv", '9:5: error: source "people" has format beside connection and query'),
        (f"{_QUERY.replace('connection:', 'conection:')}", '7:5: error: unknown key "conection"'),
        ("path: people.csv\n    format: json", '8:13: error: "format" must be parquet, csv, json_lines, delta or'),
        ("connection: 5\n    query: select 1", '7:17: error: "connection" must be text, not a number'),
        ("connection: db.example.com\n    query: select 1", '7:17: error: "connection" is not valid: "***"'),
        ("connection: |\n      pg://h/\n      x\n    query: select 1", '7:17: error: "connection" is not valid: "***"'),
        ("connection: pg://db/crm\n    query: ' '", '8:12: error: "query" is not valid: " "'),
        ('connection: pg://db/crm\n    query: "a\\u0000"', '8:12: error: "query" is not valid: "a\\u0000"'),
    ],
)
def test_a_mistake_is_told_once_at_its_place(findings: Findings, base: str, instead: str, expected: str) -> None:
    (found,) = findings(base.replace("path: people.csv", instead))
    assert found.startswith(f"audiences.yaml:{expected}")


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("gcs://bucket/people.csv", "has an unknown scheme"),
        ("postgresql://db/crm", "has an unknown scheme"),
        ("file:///data/people.csv", "is a file:// URL"),
        ("s3:///people.csv", "names no bucket"),
        ("S3://", "names no bucket"),
        ("s3://*/people.csv", "names no bucket"),
        ("https://", "names no host"),
        ("https://example.com/*.csv", "is a pattern, and the web has no folders to look in"),
        ("https://example.com/people?of=people.csv", "has no suffix that says what it is"),
        ("http://[/people.doc", "has no suffix that says what it is"),
        ("s3://bucket/people", "has no suffix that says what it is"),
        ("people.xlsx", "has no suffix that says what it is"),
        ("people/*", "has no suffix that says what it is"),
        ("a.parquet.gz", "has no suffix that says what it is"),
    ],
)
def test_a_path_no_reader_takes_is_an_error_at_its_place(
    findings: Findings, base: str, path: str, problem: str
) -> None:
    assert findings(base.replace("people.csv", f"'{path}'")) == [
        f'audiences.yaml:7:11: error: source path "{path}" {problem}'
    ]


@pytest.mark.parametrize(
    "path",
    [
        *("a.csv", "a.tsv", "a.parquet", "a.jsonl", "a.ndjson", "a.json", "a.csv.gz", "A.JSONL.GZ", "d/*/a-?.parquet"),
        *("s3://bucket/a-?.parquet", "gs://bucket/d/*.csv.gz", "az://container/a.json", "S3://bucket/a.csv"),
        "abfss://container@account.dfs.core.windows.net/a.parquet",
        *("http://localhost:8000/a.csv", "https://example.com/a.csv?signature=b*c", "https://example.com/a.csv#b"),
    ],
)
def test_every_format_is_known_by_its_suffix_wherever_it_lies(findings: Findings, base: str, path: str) -> None:
    assert findings(base.replace("people.csv", f"'{path}'")) == []


@pytest.mark.parametrize("format_", Format)
def test_a_stated_format_needs_no_suffix(read: Read, base: str, folder: Path, format_: Format) -> None:
    origin = _origin(read, base, f"path: export/people\n    format: {format_}")
    assert origin == FileOrigin(str(folder / "export" / "people"), "export/people", format_)


@pytest.mark.parametrize("format_", ["delta", "iceberg"])
def test_a_table_is_one_folder(findings: Findings, base: str, format_: str) -> None:
    assert findings(base.replace("people.csv", f"lake/*\n    format: {format_}")) == [
        'audiences.yaml:7:11: error: source path "lake/*" is a pattern'
    ]


def test_a_url_is_kept_as_it_is(read: Read, base: str) -> None:
    origin = _origin(read, base, "path: s3://bucket/../${FOLDER}/*.parquet", FOLDER="a b")
    assert origin == FileOrigin("s3://bucket/../a b/*.parquet", "s3://bucket/../${FOLDER}/*.parquet")


def test_the_scheme_of_a_url_is_in_lower_case_for_whoever_reads_it(read: Read, base: str) -> None:
    assert _origin(read, base, "path: S3://Bucket/A.parquet") == FileOrigin(
        "s3://Bucket/A.parquet", "S3://Bucket/A.parquet"
    )


def test_a_query_has_its_connection_and_its_text(read: Read, base: str) -> None:
    origin = _origin(
        read,
        base,
        "connection: ${WAREHOUSE_URL}\n    query: |\n      select idfa\n      from people",
        WAREHOUSE_URL="postgresql://u:p%40ss@db/crm",
    )
    assert origin == QueryOrigin(Secret("postgresql://u:p%40ss@db/crm"), "select idfa\nfrom people\n")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///people.db", "sqlite:///{folder}/people.db"),
        ("sqlite:///../data/people.db?mode=ro", "sqlite:///{parent}/data/people.db?mode=ro"),
        ("sqlite:////var/people.db", "sqlite:////var/people.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite://", "sqlite://"),
        ("sqlite:///~/people.db", "sqlite:///~/people.db"),
        ("SQLite:///people.db", "SQLite:///{folder}/people.db"),
        ("duckdb:///people.duckdb", "duckdb:///{folder}/people.duckdb"),
        ("duckdb://people.duckdb", "duckdb:///{folder}/people.duckdb"),
        ("duckdb:////var/people.duckdb", "duckdb:////var/people.duckdb"),
        ("postgresql:///people", "postgresql:///people"),
    ],
)
def test_the_file_of_an_embedded_database_is_relative_to_the_file_that_names_it(
    read: Read, base: str, folder: Path, url: str, expected: str
) -> None:
    origin = _origin(read, base, "connection: ${URL}\n    query: select 1", URL=url)
    assert isinstance(origin, QueryOrigin)
    assert origin.connection.reveal() == expected.format(folder=folder, parent=folder.parent)


def test_a_folder_s_name_does_not_end_a_url(folder: Path, base: str) -> None:
    strange = folder / "100% ours? #1"
    strange.mkdir()
    (strange / "audiences.yaml").write_text(
        base.replace("path: people.csv", "connection: sqlite:///people.db\n    query: select 1")
    )
    origin = load(strange / "audiences.yaml", {}).config.sources["people"].origin
    assert isinstance(origin, QueryOrigin)
    assert origin.connection.reveal() == f"sqlite:///{folder}/100%25 ours%3F %231/people.db"


@pytest.mark.parametrize(
    ("instead", "advice"),
    [
        ("format: csv", "Name its files with path, or a database with connection and query."),
        ("connection: postgresql://db/crm", "a SELECT in the database's own SQL"),
        ("query: select 1", "connection: ${WAREHOUSE_URL}"),
        (f"path: people.csv\n    {_QUERY}", "Keep one of the two."),
        (f"{_QUERY}\n    format: csv", "Take it out."),
        ("path: gcs://bucket/people.csv", 'Did you mean "gs"?'),
        ("path: postgresql://db/crm", "A database goes under connection, with a query."),
        ("path: file:///people.csv", "Give the path alone."),
        ("path: people", "Or say it with format."),
        ("path: people.csv\n    format: parket", 'Did you mean "parquet"?'),
        ("connection: db\n    query: select 1", "for example postgresql://user@host/database"),
    ],
)
def test_a_finding_says_what_to_do(read: Read, base: str, instead: str, advice: str) -> None:
    assert advice in read(base.replace("path: people.csv", instead)).diagnostics[0].detail


@pytest.mark.parametrize(
    "connection",
    ["db s3cr3t", "connection:s3cr3t://u@h", "[postgresql://u:s3cr3t@h/d]", "{s3cr3t: 1}", "u:s3cr3t@host/db"],
)
def test_a_malformed_connection_is_told_without_being_shown(read: Read, base: str, connection: str) -> None:
    found = read(base.replace("path: people.csv", f"connection: {connection}\n    query: select 1")).diagnostics
    assert [each.is_error for each in found] == [True]
    assert "s3cr3t" not in str(found)


def test_a_connection_is_shown_nowhere(read: Read, base: str) -> None:
    loaded = read(base.replace("path: people.csv", _QUERY.replace("//db", "//u:s3cr3t@db")))
    assert loaded.config.sources
    assert "s3cr3t" not in repr(loaded)


def test_a_source_may_be_called_connection(findings: Findings, base: str) -> None:
    document = base.replace("people:", "connection:").replace("source: people", "source: connection")
    assert findings(document.replace("people.csv", "people.doc")) == [
        'audiences.yaml:7:11: error: source path "people.doc" has no suffix that says what it is'
    ]


@pytest.mark.parametrize(
    ("key", "place"), [("connection", "7:17"), ("query", "8:12"), ("path", "6:3"), ("identities", "9:5")]
)
def test_each_part_has_its_place_or_that_of_the_source(read: Read, base: str, key: str, place: str) -> None:
    config = read(base.replace("path: people.csv", _QUERY)).config
    assert str(config.place("sources", "people", key)) == f"audiences.yaml:{place}"
