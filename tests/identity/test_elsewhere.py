"""Rows that are elsewhere, on S3, on the web or in a lake, give the very sets that a file on this machine gives."""

from __future__ import annotations

import gzip
import io
import json
import socket
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import deltalake
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from reconciler.identifiers import Hash, Identity, MappedColumn
from reconciler.identity import (
    IdentityError,
    Selection,
    SourceMissingError,
    SourceUnreadableError,
    WhereError,
)
from reconciler.identity.sources import files, urls
from reconciler.origin import FileOrigin, Format
from tests.services import http, s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from reconciler.identity import Engine, SetSummary
    from tests.services.http import Web
    from tests.services.s3 import S3

A, B, C, D = (f"0bfb14a7-8b38-4a3b-9f8b-00000000000{letter}" for letter in "abcd")
MPID = MappedColumn(Identity.MPID, "mpid")
IDFA = MappedColumn(Identity.IDFA, "idfa")
GAID = MappedColumn(Identity.GAID, "gaid", Hash.SHA256)
EMAIL = MappedColumn(Identity.EMAIL, "email", Hash.SHA256)
COLUMNS: Final = (MPID, IDFA, GAID, EMAIL)
BUCKET: Final = "people"
PATIENCE_SECONDS: Final = 15
"""How long a person waits to be told that a URL cannot be read."""

PEOPLE: Final = pa.table(
    {
        "mpid": pa.array([1, 2, 2, 3, 4, 5, 6, 7], pa.int64()),
        "idfa": [A, f" {{{B.upper()}}}", C, "nonsense-1", D, A, "00000000-0000-0000-0000-000000000000", None],
        "gaid": [B, "", A.replace("-", ""), f"'{C}'", D.upper(), f"\u201c{D}\u201d", None, "0" * 32],
        "email": ["Ada+x@Example.com", "\u00c4\u00d6@Example.com", "a@b@c", None, "", "@", "z@x.y", "z@x.y"],
        "country": ["US", "us", None, "DE", "US", "", "US", "FR"],
        "ltv": pa.array([0.5, 1.5, 2.5, None, 4.0, 5.0, 6.0, 7.0], pa.float64()),
    }
)
SELECTIONS: Final = {
    "everybody": Selection(None, (Identity.IDFA, Identity.GAID, Identity.EMAIL)),
    "chosen": Selection("country = 'US' and ltv > 0.5", (Identity.IDFA, Identity.EMAIL)),
    "same": Selection("country = 'US' and ltv > 0.5", (Identity.GAID,)),
    "nobody": Selection("ltv > 100", (Identity.IDFA,)),
}
DEVICES: Final = pa.table(
    {
        "mpid": pa.array([1, 2, 3, 4, 5], pa.int64()),
        "idfa": pa.array([[A, B.upper(), None], [], None, [C, A], ["nonsense-2"]], pa.list_(pa.string())),
        "country": ["US", "DE", "US", "US", "DE"],
    }
)
DEVICE_SELECTIONS: Final = {
    "everybody": Selection(None, (Identity.IDFA,)),
    "chosen": Selection("country = 'US' and len(idfa) > 1", (Identity.IDFA,)),
}


def parquet(table: pa.Table) -> bytes:
    content = io.BytesIO()
    pq.write_table(table, content, row_group_size=3)
    return content.getvalue()


def csv(table: pa.Table) -> bytes:
    content = io.BytesIO()
    pa_csv.write_csv(table, content)
    return content.getvalue()


def json_lines(table: pa.Table) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in table.to_pylist())


WRITERS: Final[Mapping[str, Callable[[pa.Table], bytes]]] = {
    "parquet": parquet,
    "csv": csv,
    "csv.gz": lambda table: gzip.compress(csv(table)),
    "jsonl": json_lines,
    "jsonl.gz": lambda table: gzip.compress(json_lines(table)),
}


@pytest.fixture(scope="module")
def running_s3() -> Iterator[S3]:
    with s3.running() as running:
        running.bucket(BUCKET)
        yield running


@pytest.fixture(scope="module")
def running_web() -> Iterator[Web]:
    with http.running() as web:
        yield web


@pytest.fixture
def web(running_web: Web) -> Web:
    running_web.files.clear()
    return running_web


@dataclass(frozen=True, slots=True)
class Places:
    """Puts files where the engine is to read them from: ``s3`` or ``web``."""

    request: pytest.FixtureRequest

    def put(self, place: str, name: str, content: bytes) -> str:
        """Return the URL of a file of that name."""
        if place == "s3":
            cloud: S3 = self.request.getfixturevalue("cloud")
            cloud.put(BUCKET, {name: content})
            return f"s3://{BUCKET}/{name}"
        web: Web = self.request.getfixturevalue("web")
        web.files[f"/{name}"] = content
        return f"{web.url}/{name}"


@pytest.fixture
def places(request: pytest.FixtureRequest) -> Places:
    return Places(request)


@dataclass(frozen=True, slots=True)
class Building:
    """Builds sets, and gives each one's summary and bytes by its name."""

    engine: Engine
    folder: Path

    def __call__(
        self,
        path: object,
        stated: Format | None = None,
        columns: tuple[MappedColumn, ...] = COLUMNS,
        selections: Mapping[str, Selection] = SELECTIONS,
    ) -> dict[str, tuple[SetSummary, bytes]]:
        origin = FileOrigin(str(path), str(path), stated)
        built = self.engine.build(origin, columns, selections, self.folder)
        return {name: (summary, (self.folder / f"{name}.parquet").read_bytes()) for name, summary in built.items()}

    def here(
        self,
        table: pa.Table,
        columns: tuple[MappedColumn, ...] = COLUMNS,
        selections: Mapping[str, Selection] = SELECTIONS,
    ) -> dict[str, tuple[SetSummary, bytes]]:
        """The sets of the same rows in a Parquet file on this machine."""
        path = self.folder / "here.parquet"
        path.write_bytes(parquet(table))
        return self(path, None, columns, selections)


@pytest.fixture
def build(engine: Engine, tmp_path: Path) -> Building:
    (tmp_path / "sets").mkdir()
    return Building(engine, tmp_path / "sets")


def in_delta(table: pa.Table, folder: Path) -> tuple[str, Format]:
    deltalake.write_deltalake(folder / "delta", table.slice(0, 3))
    deltalake.write_deltalake(folder / "delta", table.slice(3), mode="append")
    return str(folder / "delta"), Format.DELTA


def in_iceberg(table: pa.Table, folder: Path) -> tuple[str, Format]:
    catalog = SqlCatalog("tests", uri=f"sqlite:///{folder}/catalog.db", warehouse=str(folder / "warehouse"))
    catalog.create_namespace("marketing")
    made = catalog.create_table("marketing.people", schema=table.schema)
    made.append(table.slice(0, 3))
    made.append(table.slice(3))
    catalog.close()
    return str(folder / "warehouse/marketing/people"), Format.ICEBERG


LAKES: Final = pytest.mark.parametrize("written", [in_delta, in_iceberg])


def told(caught: pytest.ExceptionInfo[IdentityError]) -> str:
    """Return all that a person or a log may see of an error."""
    return "".join(traceback.format_exception(caught.value)) + (caught.value.hint or "")


# The same sets ----------------------------------------------------------------------------------------------------


def test_the_rows_compared_make_sets_that_differ(build: Building) -> None:
    sets = build.here(PEOPLE)
    assert len({content for _, content in sets.values()}) == len(SELECTIONS)
    assert [summary.rows for summary, _ in sets.values()] == [8, 2, 2, 0]


@pytest.mark.parametrize(
    ("place", "suffix"),
    [("s3", "parquet"), ("s3", "csv.gz"), ("s3", "jsonl"), ("web", "parquet"), ("web", "csv"), ("web", "jsonl.gz")],
)
def test_a_file_gives_the_sets_it_gives_here(place: str, suffix: str, build: Building, places: Places) -> None:
    url = places.put(place, f"one/all.{suffix}", WRITERS[suffix](PEOPLE))
    assert build(url) == build.here(PEOPLE)


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl.gz"])
def test_a_glob_on_s3_gives_the_sets_of_all_its_files(suffix: str, build: Building, places: Places) -> None:
    for number, part in enumerate((PEOPLE.slice(0, 3), PEOPLE.slice(3))):
        places.put("s3", f"{suffix}/year 2024/part {number}.{suffix}", WRITERS[suffix](part))
    places.put("s3", f"{suffix}/year 2024/deeper/part.{suffix}", WRITERS[suffix](PEOPLE))
    assert build(f"s3://{BUCKET}/{suffix}/*/part *.{suffix}") == build.here(PEOPLE)


@pytest.mark.parametrize("suffix", ["parquet", "csv.gz"])
def test_a_signed_url_is_read(suffix: str, build: Building, places: Places) -> None:
    url = places.put("web", f"signed.{suffix}", WRITERS[suffix](PEOPLE))
    assert build(f"{url}?X-Signature=a%2Fb&part=1*") == build.here(PEOPLE)


@pytest.mark.parametrize(
    ("suffix", "stated"), [("parquet", Format.PARQUET), ("csv", Format.CSV), ("jsonl", Format.JSON_LINES)]
)
@pytest.mark.parametrize("place", ["s3", "web"])
def test_a_file_without_a_suffix_is_what_its_format_says(
    place: str, suffix: str, stated: Format, build: Building, places: Places
) -> None:
    url = places.put(place, f"export-{suffix}-of-today", WRITERS[suffix](PEOPLE))
    assert build(url, stated) == build.here(PEOPLE)


@LAKES
def test_a_table_in_a_lake_gives_the_sets_of_its_rows(written: Any, build: Building, tmp_path: Path) -> None:
    assert build(*written(PEOPLE, tmp_path)) == build.here(PEOPLE)


@LAKES
def test_a_column_of_arrays_in_a_lake_gives_the_sets_of_its_rows(written: Any, build: Building, tmp_path: Path) -> None:
    path, stated = written(DEVICES, tmp_path)
    there = build(path, stated, (MPID, IDFA), DEVICE_SELECTIONS)
    assert there == build.here(DEVICES, (MPID, IDFA), DEVICE_SELECTIONS)
    assert [summary.total for summary, _ in there.values()] == [3, 3]


def test_a_table_on_s3_gives_the_sets_of_its_rows(cloud: S3, build: Building) -> None:
    options = {"allow_http": "true", "aws_s3_allow_unsafe_rename": "true"}
    deltalake.write_deltalake(f"s3://{BUCKET}/delta", PEOPLE, storage_options=options)
    assert build(f"s3://{BUCKET}/delta", Format.DELTA) == build.here(PEOPLE)


def test_a_table_taken_apart_gives_the_sets_of_one_that_is_not(
    build: Building, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = in_delta(PEOPLE, tmp_path)
    whole = build(*there)
    monkeypatch.setattr("reconciler.identity.sources.reading._ONE_PART", 1)
    assert build(*there) == whole


# What goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "stated"),
    [
        (f"s3://{BUCKET}/none.parquet", None),
        (f"s3://{BUCKET}/none/*.parquet", None),
        (f"s3://{BUCKET}/none", Format.DELTA),
        (f"s3://{BUCKET}/none", Format.ICEBERG),
        (f"s3://{BUCKET}/none/metadata/v1.metadata.json", Format.ICEBERG),
        ("s3://no-such-bucket/people.parquet", None),
        ("s3://no-such-bucket/people", Format.DELTA),
        ("{web}/none.parquet", None),
    ],
)
def test_what_is_not_there_is_named(path: str, stated: Format | None, cloud: S3, web: Web, build: Building) -> None:
    path = path.replace("{web}", web.url)
    with pytest.raises(SourceMissingError) as caught:
        build(path, stated)
    assert path in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("path", "stated"), [(f"s3://{BUCKET}/people.parquet", None), (f"s3://{BUCKET}/table", Format.DELTA)]
)
def test_missing_credentials_are_told_before_a_person_looks_away(
    path: str, stated: Format | None, cloud: S3, build: Building, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    # Outside of a cloud nobody is where machines of a cloud ask for their credentials, or somebody who says nothing.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for name in ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_METADATA_ENDPOINT"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(SourceUnreadableError, match="there are no credentials for s3://people/") as caught:
            build(path, stated)
        assert time.monotonic() - began < PATIENCE_SECONDS
    assert "AWS_ACCESS_KEY_ID" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("path", "stated"),
    [
        (f"s3://{BUCKET}/people.parquet", None),
        (f"s3://{BUCKET}/*.parquet", None),
        (f"s3://{BUCKET}/table", Format.DELTA),
        (f"s3://{BUCKET}/table", Format.ICEBERG),
    ],
)
def test_an_endpoint_that_is_not_there_is_told_before_a_person_looks_away(
    path: str, stated: Format | None, cloud: S3, build: Building, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    began = time.monotonic()
    with pytest.raises(SourceUnreadableError, match="S3 does not answer for s3://people/"):
        build(path, stated)
    assert time.monotonic() - began < PATIENCE_SECONDS


@pytest.mark.parametrize(("path", "stated"), [("*.parquet", None), ("t", Format.DELTA), ("t", Format.ICEBERG)])
def test_credentials_that_do_not_suffice_are_told(
    path: str, stated: Format | None, cloud: S3, web: Web, build: Building, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", web.url)
    web.statuses[f"/{BUCKET}"] = [403]
    with pytest.raises(SourceUnreadableError, match=f"S3 does not let s3://{BUCKET}/.* be read") as caught:
        build(f"s3://{BUCKET}/{path}", stated)
    assert "AWS_ACCESS_KEY_ID" in str(caught.value.hint)


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl.gz"])
@pytest.mark.parametrize("place", ["s3", "web"])
def test_a_file_that_changes_while_it_is_read_makes_no_set(
    place: str, suffix: str, build: Building, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = places.put(place, f"changing.{suffix}", WRITERS[suffix](PEOPLE))

    def find_and_change(wanted: str) -> Any:
        found = urls.find(wanted)
        places.put(place, f"changing.{suffix}", WRITERS[suffix](PEOPLE.slice(1)))
        if place == "web":
            places.request.getfixturevalue("web").tags[f"/changing.{suffix}"] = "2"
        return found

    monkeypatch.setattr(files, "find", find_and_change)
    with pytest.raises(SourceUnreadableError, match="changed while it was read"):
        build(url)
    assert not list(build.folder.iterdir())


@pytest.mark.parametrize("suffix", ["csv.gz", "jsonl.gz", "parquet"])
@pytest.mark.parametrize("place", ["s3", "web"])
def test_a_file_that_is_cut_off_makes_no_set(place: str, suffix: str, build: Building, places: Places) -> None:
    url = places.put(place, f"half.{suffix}", WRITERS[suffix](PEOPLE)[:-20])
    with pytest.raises(SourceUnreadableError, match=rf"half\.{suffix}") as caught:
        build(url)
    assert "cut off" in told(caught)
    assert not list(build.folder.iterdir())


@pytest.mark.parametrize(("place", "suffix"), [("s3", "csv"), ("s3", "jsonl"), ("web", "csv.gz")])
def test_a_row_that_cannot_be_read_is_told_without_what_is_in_it(
    place: str, suffix: str, build: Building, places: Places
) -> None:
    lines = WRITERS[suffix.removesuffix(".gz")](PEOPLE).splitlines(keepends=True)
    lines[4] = f'"{A}",{B},ada@example.com\n'.encode() if "csv" in suffix else f'{{"idfa": "{A}", "gaid": \n'.encode()
    content = b"".join(lines)
    url = places.put(place, f"broken.{suffix}", gzip.compress(content) if suffix.endswith(".gz") else content)
    with pytest.raises(SourceUnreadableError, match=rf"broken\.{suffix}") as caught:
        build(url)
    assert not [value for value in (A, B, "ada@", "nonsense") if value in told(caught)]


@pytest.mark.parametrize("place", ["s3", "web", "delta", "iceberg"])
def test_a_where_that_fails_on_a_value_is_told_without_the_value(
    place: str, build: Building, places: Places, tmp_path: Path
) -> None:
    lakes = {"delta": in_delta, "iceberg": in_iceberg}
    if place in lakes:
        path, stated = lakes[place](PEOPLE, tmp_path)
    else:
        path, stated = places.put(place, "failing.parquet", parquet(PEOPLE)), None
    with pytest.raises(WhereError) as caught:
        build(path, stated, selections={"set": Selection("cast(email as integer) > 0", (Identity.IDFA,))})
    assert not [value for value in ("ada+", "Ada+", "Example.com") if value in told(caught)]


def test_a_password_and_a_signature_in_a_url_are_in_no_error(web: Web, build: Building, places: Places) -> None:
    url = places.put("web", "secret.csv.gz", gzip.compress(csv(PEOPLE))[:-20]).replace("//", "//me:hush-hush@")
    for path in (f"{url}?signature=confidential", f"{url.replace('secret', 'none')}?signature=confidential"):
        with pytest.raises(SourceUnreadableError if "secret" in path else SourceMissingError) as caught:
            build(path)
        assert not [word for word in ("hush-hush", "confidential") if word in told(caught)]
