"""Spark computes the very sets, differences and routes that DuckDB computes, and fails in the same words."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import hashlib
import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import traceback
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reconciler.identifiers import Form, Hash, Identity, IdType, MappedColumn, When
from reconciler.identity import (
    Delivered,
    Engine,
    IdentityError,
    Leg,
    Selection,
    SetUnreadableError,
    SourceUnreadableError,
    UnsupportedEngineError,
    WhereError,
)
from reconciler.identity.engines.spark import session
from reconciler.identity.engines.spark import url as spark_url
from reconciler.identity.sets import ownership
from reconciler.identity.sets.setfile import schema_of, writing
from reconciler.identity.sources import reading
from reconciler.origin import FileOrigin, QueryOrigin
from reconciler.secret import Secret
from tests.services import spark

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.identity import SetSummary

pytestmark = pytest.mark.slow

MPID = MappedColumn(Identity.MPID, "mpid")
IDFA = MappedColumn(Identity.IDFA, "idfa")
GAID = MappedColumn(Identity.GAID, "gaid", Hash.SHA256)
EMAIL = MappedColumn(Identity.EMAIL, "email", Hash.SHA256)
PHONE = MappedColumn(Identity.PHONE, "phone", Hash.SHA256)
UUID = "01234567-89AB-cdef-0123-456789abcdef"
PEOPLE: Mapping[str, Sequence[str | None]] = {
    "mpid": ["1", "2", "3", "2", None],
    "idfa": [UUID, UUID[::-1], "", UUID.replace("0", "f"), "nonsense"],
    "country": ["US", "DE", "US", "", "FR"],
    "orders": ["1", "2", "3", "4", "5"],
    "spent": ["1.5", "2", "", "4.25", "-1"],
    "since": ["2024-01-01", "2024-02-29", "2025-12-31", "", "2023-06-01"],
}


@dataclass(frozen=True, slots=True)
class Both:
    """The same asked of both engines."""

    duckdb: Engine
    spark: Engine
    folder: Path

    def build(
        self, path: Path | str, columns: Sequence[MappedColumn], *wheres: str | None
    ) -> tuple[dict[str, SetSummary], dict[str, SetSummary]]:
        """Build sets of a source, one for each `where`; the files' digests are in the summaries."""
        origin = FileOrigin(str(path), str(path))
        identities = tuple(dict.fromkeys(each.identity for each in columns if each.identity is not Identity.MPID))
        selections = {f"set{i}": Selection(where, identities) for i, where in enumerate(wheres or (None,))}
        built = []
        for name, engine in (("duckdb", self.duckdb), ("spark", self.spark)):
            (self.folder / name).mkdir(exist_ok=True)
            built.append(engine.build(origin, columns, selections, self.folder / name))
        return built[0], built[1]

    def refused(
        self, path: Path | str, columns: Sequence[MappedColumn], where: str | None = None
    ) -> list[IdentityError]:
        """Build a set that cannot be built; return both errors."""
        errors: list[IdentityError] = []
        for engine in (self.duckdb, self.spark):
            with pytest.raises(IdentityError) as caught:
                engine.build(
                    FileOrigin(str(path), str(path)), columns, {"set": Selection(where, (Identity.IDFA,))}, self.folder
                )
            errors.append(caught.value)
        return errors


@pytest.fixture(scope="module", autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in spark.environment(tmp_path_factory.mktemp("java")).items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def on_spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with Engine(tmp_path_factory.mktemp("scratch"), url=spark.URL) as engine:
        yield engine


@pytest.fixture
def both(engine: Engine, on_spark: Engine, tmp_path: Path) -> Both:
    return Both(engine, on_spark, tmp_path)


def hostile() -> list[str | None]:
    """Return values that are nearly identifiers, with every kind of character at every kind of place."""
    chosen = random.Random(7)
    characters = [
        chr(c) for c in [*range(0x100), *range(0x2000, 0x2070), 0x130, 0x3A3, 0x1C89, 0xA7CB, 0xFEFF, 0x10D50]
    ]
    characters += [chr(chosen.choice([*range(0x300, 0xD800), *range(0xE000, 0x110000)])) for _ in range(200)]
    shells = [
        *("{}", "{}{{" + UUID + "}}", UUID[:-1] + "{}", UUID + "{}", "{}" + UUID.replace("-", ""), "a" * 31 + "{}"),
        *(
            "a" * 63 + "{}",
            "{}" + "0" * 64,
            "me{}@example.org",
            "ME+{}@example.org",
            "me@example.org{}",
            "{}+4412345678",
        ),
        *("+44123{}45678", "+4412345678{}", "12{}", "{}12.0", "0{}e5", '["{}"]', '["' + UUID + '"{}]'),
    ]
    return [None, "", *(shell.format(each) for shell in shells for each in characters)]


def test_every_rule_reads_every_value_alike(both: Both) -> None:
    values = hostile()
    hashed = [
        MappedColumn(identity, f"value{i}", hash_, hashed=True)
        for i, (identity, hash_) in enumerate(
            [(Identity.IDFA, Hash.MD5), (Identity.GAID, Hash.SHA256), (Identity.EMAIL, Hash.SHA256)]
        )
    ]
    columns = [
        MPID,
        IDFA,
        GAID,
        EMAIL,
        PHONE,
        MappedColumn(Identity.IDFA, "listed", form=Form.JSON_ARRAY),
        *hashed,
    ]
    table = {column.column: values[i:] + values[:i] for i, column in enumerate(columns)}
    pq.write_table(pa.table(table), both.folder / "hostile.parquet")
    duckdb, on_spark = both.build(both.folder / "hostile.parquet", columns)
    assert on_spark == duckdb
    assert all(count > 10 for count in duckdb["set0"].identifiers.values())


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.tsv", "a.csv.gz", "a.jsonl", "a.ndjson.gz"])
def test_every_format_is_read_and_judged_alike(both: Both, name: str) -> None:
    path = write(both.folder / name, PEOPLE)
    wheres = [None, "country = 'US' or country is null or country = ''", "mpid in ('2', '3')", "upper(mpid) = '1'"]
    if ".csv" in name or ".tsv" in name:
        wheres = [None, "country is null", "orders > 2 and spent < 4.5", "since >= date '2024-02-01'", "mpid = 2"]
    duckdb, on_spark = both.build(path, [MPID, IDFA], *wheres)
    assert on_spark == duckdb
    assert duckdb["set0"].users == 2


@pytest.mark.parametrize(
    "lines",
    [
        'idfa,note\r\n"{UUID}","two\nlines, and ""quotes"""\r\n{UUID},plain\r\n',
        'idfa;note\n{UUID};a,b\n"";""\n;\n',
        "\ufeffidfa,note\n{UUID},x\n",
        "idfa,note\n  {UUID} , x \n'{UUID}',#\n#{UUID},x\n",
        "idfa,note\n",
        "IDFA,Note\n{UUID},x\n",
    ],
)
def test_csv_is_read_as_strictly(both: Both, lines: str) -> None:
    path = both.folder / "a.csv"
    path.write_text(lines.replace("{UUID}", UUID), encoding="utf-8", newline="")
    duckdb, on_spark = both.build(path, [IDFA], None, "note is null", "note <> 'x'")
    assert on_spark == duckdb


def test_json_values_keep_the_text_they_were_written_in(both: Both) -> None:
    rows = [
        '{"mpid": 12345678901234567890, "idfa": "%s", "n": 1.50}',
        '{"mpid": 1.0, "idfa": "%s"}',
        '{"mpid": null}',
        "{}",
    ]
    path = both.folder / "a.jsonl"
    path.write_text("".join(row.replace("%s", str(uuid.UUID(int=i + 1))) + "\n" for i, row in enumerate(rows)))
    duckdb, on_spark = both.build(path, [MPID, IDFA], None, "n = 1.5", "n is null")
    assert on_spark == duckdb


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("narrow.csv", b"idfa,n\nx,1\ny\n"),
        ("wide.csv", b"idfa,n\nx,1\ny,2,3\n"),
        ("latin.csv", b"idfa,n\nx\xff,1\n"),
        ("open.csv", b'idfa,n\n"x,1\n'),
        ("cut.csv.gz", gzip.compress(b"idfa,n\n" + os.urandom(99).hex().encode())[:-9]),
        ("cut.jsonl", b'{"idfa": "x"}\n{"idfa": "y\n'),
        ("cut.parquet", b"PAR1 and no more"),
        ("empty.csv", b""),
    ],
)
def test_a_broken_file_is_refused_in_the_same_words(both: Both, name: str, rows: bytes) -> None:
    path = both.folder / name
    path.write_bytes(rows)
    duckdb, on_spark = both.refused(path, [IDFA])
    assert (type(on_spark), str(on_spark)) == (type(duckdb), str(duckdb))


def test_columns_of_every_type_stand_beside_identifiers(both: Both) -> None:
    moment = dt.datetime.fromisoformat("2024-05-06 07:08:09")
    columns = {
        "mpid": pa.array([2**64 - 1, 1, None], pa.uint64()),
        "idfa": pa.array([uuid.UUID(int=each).bytes for each in (1, 2, 3)], pa.uuid()),
        "gaid": pa.array([[UUID], [], None]),
        "exact": pa.array([moment, moment.replace(year=1969), None], pa.timestamp("ns")),
        "moment": pa.array([moment, moment.replace(year=1969), None], pa.timestamp("us", "UTC")),
        "clock": pa.array([moment.time()] * 3, pa.time64("us")),
        "small": pa.array([1, 2, 3], pa.uint8()),
        "told": pa.array(["a", "b", None]).dictionary_encode(),
        "nothing": pa.nulls(3),
        "nested": pa.array([{"a": 1}] * 3),
    }
    pq.write_table(pa.table(columns), both.folder / "a.parquet")
    wheres = [
        None,
        "exact < '1970-01-01 00:00:00'",
        "moment > date '2000-01-01'",
        "small >= 2 and told = 'b'",
        "nothing is null",
    ]
    duckdb, on_spark = both.build(both.folder / "a.parquet", [MPID, IDFA, GAID], *wheres)
    assert on_spark == duckdb
    assert duckdb["set1"].rows == 1


def test_a_person_key_may_be_a_number_with_a_fraction(both: Both) -> None:
    keys = [1.0, 2.5, 2.0**53, float("nan"), float("inf"), None, -7.0]
    table = {"mpid": keys, "idfa": [str(uuid.UUID(int=each + 1)) for each in range(len(keys))]}
    pq.write_table(pa.table(table), both.folder / "a.parquet")
    duckdb, on_spark = both.build(both.folder / "a.parquet", [MPID, IDFA])
    assert on_spark["set0"].digest == duckdb["set0"].digest


def test_files_may_differ_in_a_columns_type_and_order(both: Both) -> None:
    first = {
        "mpid": pa.array([1, 2], pa.int64()),
        "idfa": [UUID, UUID[::-1]],
        "seen": pa.array([0, 1], pa.timestamp("us")),
    }
    second = {
        "idfa": [UUID.replace("0", "1")],
        "seen": pa.array([2], pa.timestamp("ns")),
        "mpid": pa.array([3], pa.int32()),
    }
    third = {"idfa": pa.nulls(1), "mpid": pa.array([4], pa.int64()), "seen": pa.nulls(1)}
    for name, columns in (("a", first), ("b", second), ("c", third)):
        pq.write_table(pa.table(columns), both.folder / f"{name}.parquet")
    duckdb, on_spark = both.build(f"{both.folder}/*.parquet", [MPID, IDFA], None, "seen > '1970-01-01 00:00:00'")
    assert on_spark == duckdb


def test_columns_as_people_have_them(both: Both) -> None:
    devices = [str(uuid.UUID(int=each + 1)) for each in range(8)]
    table = {
        "mpid": ["1", "2", "2", "3"],
        "idfa": devices[:4],
        "idfa_2": [devices[4], "", devices[0], None],
        "listed": [[devices[5], devices[6]], [], None, [None, "x"]],
        "json": [json.dumps(devices[:2]), devices[7], "[]", None],
        "kind": ["Email", " email\t", "phone", None],
        "value": ["a@b.c", "D@e.f", "+4412345678", "x"],
    }
    pq.write_table(pa.table(table), both.folder / "a.parquet")
    columns = [
        MPID,
        IDFA,
        MappedColumn(Identity.IDFA, "idfa_2"),
        MappedColumn(Identity.GAID, "listed"),
        MappedColumn(Identity.GAID, "json", form=Form.JSON_ARRAY),
        MappedColumn(Identity.EMAIL, "value", Hash.SHA256, when=When("kind", ("email",))),
        MappedColumn(Identity.PHONE, "value", Hash.SHA256, when=When("kind", ("PHONE",))),
    ]
    duckdb, on_spark = both.build(both.folder / "a.parquet", columns)
    assert on_spark == duckdb
    assert duckdb["set0"].identifiers[IdType.EMAIL_SHA256] == 2


@pytest.mark.parametrize(
    "text",
    [
        "['{}']",
        '["{}"] x',
        '["{}"],["{}"]',
        '["{}",]',
        '["{}" , ] ',
        '["{}"',
        '{{"a": "{}"}}',
        '["{}"]],[["x"]',
        '"{}"',
    ],
)
def test_what_is_no_json_array_is_taken_as_one_value(both: Both, text: str) -> None:
    column = MappedColumn(Identity.IDFA, "idfa", form=Form.JSON_ARRAY)
    pq.write_table(pa.table({"idfa": [text.format(UUID, UUID)]}), both.folder / "a.parquet")
    duckdb, on_spark = both.build(both.folder / "a.parquet", [column])
    assert on_spark == duckdb


def test_sources_in_parts_make_the_same_sets(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [str(uuid.UUID(int=each % 60 + 1)) for each in range(100)]
    pq.write_table(
        pa.table({"mpid": [str(each % 70) for each in range(100)], "idfa": people}), both.folder / "a.parquet"
    )
    whole, _ = both.build(both.folder / "a.parquet", [MPID, IDFA])
    monkeypatch.setattr(reading, "_ONE_PART", 10)
    monkeypatch.setattr(ownership, "_AT_ONCE", 30)
    assert both.build(both.folder / "a.parquet", [MPID, IDFA]) == (whole, whole)


def test_rows_that_a_database_gives_make_the_same_sets(both: Both) -> None:
    with sqlite3.connect(both.folder / "people.db") as database:
        database.execute("create table people (mpid text, idfa text, email text)")
        devices = [(str(each % 30), str(uuid.UUID(int=each + 1)), f"ME{each % 7}@example.org") for each in range(50)]
        database.executemany("insert into people values (?, ?, ?)", devices)
    database.close()
    origin = QueryOrigin(Secret(f"sqlite:///{both.folder / 'people.db'}"), "select * from people")
    selections = {"set": Selection("mpid <> '3'", (Identity.IDFA, Identity.EMAIL))}
    duckdb, on_spark = (
        engine.build(origin, [MPID, IDFA, EMAIL], selections, both.folder) for engine in (both.duckdb, both.spark)
    )
    assert on_spark == duckdb
    assert duckdb["set"].users == 29


def put(path: Path, people: Mapping[int, Sequence[int]]) -> Path:
    """Write a set: persons by number, each with devices by number."""
    types = (IdType.IDFA_MD5, IdType.EMAIL_SHA256)
    rows = [
        {
            "person": hashlib.md5(str(person).encode()).digest(),
            "idfa_md5": hashlib.md5(str(device).encode()).digest(),
            "email_sha256": None if device % 3 else hashlib.sha256(str(device).encode()).digest(),
        }
        for person, devices in sorted(people.items(), key=lambda each: hashlib.md5(str(each[0]).encode()).digest())
        for device in devices
    ]
    with writing(path, schema_of(types)) as writer:
        writer.write([pa.RecordBatch.from_pylist(rows, schema=schema_of(types))])
    return path


@pytest.mark.parametrize("at_once", [2_000_000, 40])
def test_differences_and_routes_are_the_same(both: Both, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(ownership, "_AT_ONCE", at_once)
    old = put(both.folder / "old.parquet", {each: [each, each + 1000] for each in range(40)})
    new = put(both.folder / "new.parquet", {each: [each, each + 2000] for each in range(30, 90)})
    begun = put(both.folder / "begun.parquet", {each: [each] for each in range(50, 120)})
    legs = [Leg(Delivered(), old), Leg(Delivered(old), new), Leg(Delivered(old, (begun,)), new)]
    compared, routed = [], []
    for engine in (both.duckdb, both.spark):
        compared.append([engine.delta(leg.delivered, leg.target) for leg in legs])
        routes = [engine.route(legs), engine.route(legs[1:2])]
        routed.append(
            [
                (route.rows_alone, mappings.direction, mappings.rows, mappings.legs)
                for route in routes
                for partition in range(route.partitions)
                for mappings in route.batches(partition, size=50)
            ]
        )
    assert compared[1] == compared[0]
    assert routed[1] == routed[0]
    assert {each[1] for each in routed[0]} == {"add", "remove"}


def test_a_where_that_fails_on_a_value_does_not_show_it(both: Both, capfd: pytest.CaptureFixture[str]) -> None:
    pq.write_table(pa.table({"idfa": [UUID], "note": ["a secret"]}), both.folder / "a.parquet")
    duckdb, on_spark = both.refused(both.folder / "a.parquet", [IDFA], "cast(note as integer) > 1")
    assert isinstance(on_spark, WhereError)
    assert str(on_spark) == str(duckdb)
    assert "a secret" not in "".join(traceback.format_exception(on_spark)) + capfd.readouterr().err


def test_a_where_that_spark_would_read_otherwise_is_refused_before_it_starts(tmp_path: Path) -> None:
    pq.write_table(pa.table({"idfa": [UUID]}), tmp_path / "a.parquet")
    with (
        Engine(tmp_path / "scratch", url="spark://nowhere.invalid:7077") as engine,
        pytest.raises(WhereError, match="Spark: REGEXP_EXTRACT"),
    ):
        engine.check_where(FileOrigin(str(tmp_path / "a.parquet"), "a.parquet"), "regexp_extract(idfa, 'a+') = 'a'")


def test_a_column_spark_has_no_type_for_is_named(both: Both) -> None:
    clock = pa.array([dt.time(1, 2)], pa.time64("us"))
    pq.write_table(pa.table({"idfa": [UUID], "clock": clock}), both.folder / "a.parquet")
    origin = FileOrigin(str(both.folder / "a.parquet"), "a.parquet")
    with pytest.raises(SourceUnreadableError, match=r'"clock" of a\.parquet, which is TIME'):
        both.spark.build(origin, [IDFA], {"set": Selection("clock is null", (Identity.IDFA,))}, both.folder)


def test_a_file_that_spark_would_pass_over_is_refused(both: Both) -> None:
    pq.write_table(pa.table({"idfa": [UUID]}), both.folder / "_a.parquet")
    origin = FileOrigin(str(both.folder / "*.parquet"), "*.parquet")
    with pytest.raises(SourceUnreadableError, match="begins with _"):
        both.spark.build(origin, [IDFA], {"set": Selection(None, (Identity.IDFA,))}, both.folder)


def test_paths_may_hold_characters_that_globs_are_made_of(both: Both) -> None:
    folder = both.folder / "we[i]r{d}, a b*%41?"
    folder.mkdir()
    pq.write_table(pa.table({"idfa": [UUID]}), folder / "a.parquet")
    duckdb, on_spark = both.build(f"{both.folder}/we*/a.parquet", [IDFA])
    assert on_spark == duckdb


def test_a_damaged_set_is_named_as_such(both: Both) -> None:
    whole = put(both.folder / "whole.parquet", {1: [1]})
    damaged = both.folder / "damaged.parquet"
    content = whole.read_bytes()
    damaged.write_bytes(content[:4] + bytes(60) + content[64:])
    with pytest.raises(SetUnreadableError):
        both.spark.delta(Delivered(whole), damaged)


def test_nothing_raw_is_left_in_the_scratch_folder(both: Both, tmp_path: Path) -> None:
    secret = "somebody@example.org"
    pq.write_table(pa.table({"email": [secret] * 100}), tmp_path / "a.parquet")
    kept: list[bytes] = []
    with Engine(tmp_path / "scratch", url=spark.URL) as engine, pytest.MonkeyPatch.context() as patch:
        removed = shutil.rmtree

        def look_and_remove(path: Any, *arguments: Any, **options: Any) -> None:
            kept.extend(each.read_bytes() for each in Path(path).rglob("*") if each.is_file())
            removed(path, *arguments, **options)

        patch.setattr(shutil, "rmtree", look_and_remove)
        engine.build(
            FileOrigin(str(tmp_path / "a.parquet"), "a"), [EMAIL], {"a": Selection(None, (Identity.EMAIL,))}, tmp_path
        )
    assert kept
    assert not any(secret.encode() in content for content in kept)


def test_the_sql_that_spark_runs_is_shown(both: Both) -> None:
    pq.write_table(pa.table({"idfa": [UUID], "n": [1]}), both.folder / "a.parquet")
    origin = FileOrigin(str(both.folder / "a.parquet"), "people/*.parquet")
    shown = both.spark.explain(origin, [IDFA], {"a": Selection("n > 0", (Identity.IDFA,))})
    assert shown.startswith("-- Spark (local[2]) reads people/*.parquet\n")
    assert "`n` > 0" in shown
    assert "MD5(" in shown


def test_spark_connect_makes_the_same_sets(engine: Engine, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", PEOPLE)
    with spark.connect_server(tmp_path / "server") as url, Engine(tmp_path / "scratch", url=url) as there:
        both = Both(engine, there, tmp_path)
        duckdb, on_spark = both.build(path, [MPID, IDFA], None, "orders > 2 and since < date '2025-01-01'")
        assert on_spark == duckdb
        old, new = (tmp_path / "duckdb" / name for name in ("set1.parquet", "set0.parquet"))
        assert there.delta(Delivered(old), new) == engine.delta(Delivered(old), new)
        assert isinstance(both.refused(path, [IDFA], "cast(country as integer) > 1")[1], WhereError)


@pytest.mark.parametrize(
    "url", ["local[0]", "local[two]", "spark://", "sc://", "spark://host:port", "local[2", "spark"]
)
def test_a_url_that_is_none_of_sparks_is_refused_with_those_that_are(tmp_path: Path, url: str) -> None:
    with pytest.raises(UnsupportedEngineError, match="is not a URL of Spark") as caught:
        Engine(tmp_path, url=url)
    assert "sc://host:15002" in str(caught.value.hint)


@pytest.mark.parametrize("scheme", ["spark", "sc"])
def test_a_cluster_that_does_not_answer_is_named(tmp_path: Path, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    target = put(tmp_path / "set.parquet", {1: [1]})
    with (
        Engine(tmp_path / "scratch", url=f"{scheme}://127.0.0.1:{port}") as engine,
        pytest.raises(UnsupportedEngineError, match=f"no Spark answers at 127.0.0.1:{port}"),
    ):
        engine.delta(Delivered(), target)


def test_without_java_the_way_to_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(UnsupportedEngineError, match="Spark needs Java 17 or 21") as caught:
        session._check_java()
    assert "sc://host:15002, which needs no Java here" in str(caught.value.hint)


def test_a_java_that_does_not_start_is_quoted(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    java = tmp_path / "bin" / "java"
    java.write_text("#!/bin/sh\necho Error: out of luck >&2\nexit 1\n")
    java.chmod(0o755)
    path = write(tmp_path / "a.parquet", PEOPLE)
    asking = (
        "from pathlib import Path\nfrom reconciler.identity import *\nfrom reconciler.identifiers import *\n"
        "from reconciler.origin import FileOrigin\n"
        f"origin, columns = FileOrigin({str(path)!r}, 'a'), [MappedColumn(Identity.IDFA, 'idfa')]\n"
        f"with Engine(Path({str(tmp_path)!r}) / 'scratch', url='local[2]') as engine:\n"
        f"    try: engine.build(origin, columns, {{'a': Selection(None, (Identity.IDFA,))}}, Path({str(tmp_path)!r}))\n"
        "    except EngineError as error: print(error)\n"
    )
    environment = {**os.environ, "JAVA_HOME": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", asking], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout == "Spark does not start at local[2]: Error: out of luck\n"
    assert ran.stderr == ""


def test_without_pyspark_the_way_to_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark_url, "find_spec", lambda _name: None)
    with pytest.raises(UnsupportedEngineError, match="not installed") as caught:
        Engine(tmp_path, url="local[*]")
    assert caught.value.hint == 'In a checkout of reconciler, run: pip install ".[spark]"'


def write(path: Path, columns: Mapping[str, Sequence[str | None]]) -> Path:
    """Write columns of text to `path` in the format of its suffix; in CSV null and empty text are the same."""
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    name = path.name.removesuffix(".gz")
    if name.endswith(".parquet"):
        pq.write_table(pa.table(dict(columns)), path)
        return path
    beside = path.with_name(name)
    with beside.open("w", encoding="utf-8", newline="") as file:
        if name.endswith((".csv", ".tsv")):
            writer = csv.DictWriter(file, list(columns), delimiter="\t" if name.endswith(".tsv") else ",")
            writer.writeheader()
            writer.writerows(rows)
        else:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    if path != beside:
        path.write_bytes(gzip.compress(beside.read_bytes()))
        beside.unlink()
    return path
