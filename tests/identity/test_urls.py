"""Files that are somewhere else: how they are found, how little of them is fetched, and what goes wrong in words."""

from __future__ import annotations

import hashlib
import io
import traceback
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import stamina

from reconciler.identity.errors import SourceError, SourceMissingError, SourceUnreadableError
from reconciler.identity.sources import urls
from reconciler.identity.sources.urls import filesystem, find, glob_pattern, is_url
from tests.services import http, s3

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from reconciler.identity.sources.urls import RemoteFile
    from tests.services.http import Web
    from tests.services.s3 import S3

ROWS = 200_000
SECRET = "confidential"


@pytest.fixture(scope="session")
def parquet() -> bytes:
    """A file of two columns, one of them small, in several row groups."""
    content = io.BytesIO()
    table = pa.table({"id": range(ROWS), "wide": [hashlib.sha512(b"%d" % i).hexdigest() for i in range(ROWS)]})
    pq.write_table(table, content, row_group_size=ROWS // 4)
    return content.getvalue()


@pytest.fixture(scope="session")
def running_s3() -> Iterator[S3]:
    with s3.running() as running:
        yield running


@pytest.fixture
def web() -> Iterator[Web]:
    with http.running() as web, stamina.set_testing(True, attempts=4):
        yield web


def query(files: Sequence[RemoteFile], sql: str) -> list[tuple[object, ...]]:
    """What a locked-down DuckDB, as the engine's, answers that may read `files` and nothing else."""
    with duckdb.connect(":memory:") as connection:
        connection.register_filesystem(filesystem(files))
        connection.execute("SET allowed_paths = [{}]".format(", ".join(f"'{file.url}'" for file in files)))
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        return connection.execute(sql).fetchall()


class TestS3:
    def test_a_file_is_found_with_its_size_and_version(self, cloud: S3) -> None:
        cloud.put("found", {"a/people.csv": b"id\n1\n"})
        (file,) = find("s3://found/a/people.csv")
        assert (file.url, file.size, file.read(3, 2)) == ("s3://found/a/people.csv", 5, b"1\n")
        cloud.put("found", {"a/people.csv": b"id\n2\n"})
        assert find("s3://found/a/people.csv")[0].version != file.version

    def test_a_glob_finds_its_files_in_order(self, cloud: S3) -> None:
        cloud.put("globs", dict.fromkeys(["p/2.csv", "p/1.csv", "p/deep/3.csv", "p/1.csv.bak", "q/4.csv"], b"id\n"))
        assert [file.url for file in find("s3://globs/p/*.csv")] == ["s3://globs/p/1.csv", "s3://globs/p/2.csv"]
        assert [file.url[-5:] for file in find("s3://globs/**/*.csv")] == ["1.csv", "2.csv", "3.csv", "4.csv"]

    def test_duckdb_reads_parquet_by_ranges_behind_its_lock(self, cloud: S3, parquet: bytes) -> None:
        cloud.put("lake", {"people 1.parquet": parquet})
        files = find("s3://lake/*.parquet")
        counted = query(files, f"SELECT count(*), sum(id), sum(length(wide)) FROM read_parquet('{files[0].url}')")
        assert counted == [(ROWS, ROWS * (ROWS - 1) // 2, ROWS * 128)]

    def test_duckdb_reads_text(self, cloud: S3) -> None:
        content = b"id,word\n" + b"".join(b"%d,word\n" % i for i in range(300_000))
        cloud.put("text", {"people.csv": content})
        files = find("s3://text/people.csv")
        assert query(files, f"SELECT count(*), max(id) FROM read_csv('{files[0].url}')") == [(300_000, 299_999)]

    def test_nothing_but_the_files_found_is_reached(self, cloud: S3) -> None:
        cloud.put("locked", {"a.csv": b"id\n1\n", "b.csv": b"id\n2\n"})
        files = find("s3://locked/a.csv")
        for sql in ("FROM read_csv('s3://locked/b.csv')", "FROM read_csv('s3://locked/*.csv')", "FROM '/etc/hostname'"):
            with pytest.raises(duckdb.Error):
                query(files, sql)

    def test_nothing_is_written(self, cloud: S3) -> None:
        cloud.put("kept", {"a.csv": b"id\n1\n"})
        with pytest.raises(duckdb.Error):
            query(find("s3://kept/a.csv"), "COPY (SELECT 2 AS id) TO 's3://kept/a.csv'")
        assert find("s3://kept/a.csv")[0].read(0, 5) == b"id\n1\n"

    def test_a_file_that_changes_while_it_is_read_is_an_error(self, cloud: S3) -> None:
        cloud.put("changing", {"a.csv": b"id\n1\n"})
        files = find("s3://changing/a.csv")
        cloud.put("changing", {"a.csv": b"id\n2\n"})
        remote = filesystem(files)
        with pytest.raises(SourceUnreadableError, match="changed while it was read"):
            remote.open(files[0].url).read()
        assert remote.failure is not None

    def test_a_profile_of_the_aws_command_line_is_enough(
        self, cloud: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cloud.put("profiles", {"a.csv": b"id\n1\n"})
        (tmp_path / "credentials").write_text("[default]\naws_access_key_id = key\naws_secret_access_key = secret\n")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        assert find("s3://profiles/a.csv")[0].size == 5

    @pytest.mark.parametrize("url", ["s3://empty/none.csv", "s3://empty/*.csv", "s3://no-such-bucket/*.csv"])
    def test_what_is_not_there_is_named(self, cloud: S3, url: str) -> None:
        cloud.bucket("empty")
        with pytest.raises(SourceMissingError) as caught:
            find(url)
        assert url in caught.value.message
        assert caught.value.hint


class TestWeb:
    def test_only_the_columns_asked_for_are_fetched(self, web: Web, parquet: bytes) -> None:
        web.files["/people.parquet"] = parquet
        files = find(f"{web.url}/people.parquet")
        assert query(files, f"SELECT sum(id) FROM read_parquet('{files[0].url}')") == [(ROWS * (ROWS - 1) // 2,)]
        assert web.sent < len(parquet) / 2

    def test_a_signed_url_works_and_is_shown_without_its_signature(self, web: Web) -> None:
        web.files["/people.csv"] = b"id\n1\n"
        (file,) = find(f"{web.url}/people.csv?signature={SECRET}")
        assert file.read(0, 5) == b"id\n1\n"
        with pytest.raises(SourceMissingError) as caught:
            find(f"{web.url}/missing.csv?signature={SECRET}")
        assert SECRET not in "".join(traceback.format_exception(caught.value))

    def test_a_passing_failure_is_tried_again(self, web: Web) -> None:
        web.files["/people.csv"] = b"id\n1\n"
        web.statuses["/people.csv"] = [503, 500]
        assert find(f"{web.url}/people.csv")[0].size == 5

    def test_a_server_without_ranges_is_told(self, web: Web) -> None:
        web.files["/people.csv"], web.ranges = b"id\n1\n", False
        with pytest.raises(SourceUnreadableError, match="comes only whole"):
            find(f"{web.url}/people.csv")

    def test_a_file_that_changes_while_it_is_read_is_an_error(self, web: Web) -> None:
        web.files["/people.csv"] = b"id\n1\n"
        (file,) = find(f"{web.url}/people.csv")
        web.tags["/people.csv"] = "2"
        with pytest.raises(SourceUnreadableError, match="changed while it was read"):
            file.read(0, 5)

    @pytest.mark.parametrize(("status", "said"), [(401, "does not let"), (403, "does not let"), (418, "HTTP 418")])
    def test_a_refusal_is_told_without_the_password(self, web: Web, status: int, said: str) -> None:
        web.statuses["/people.csv"] = [status]
        with pytest.raises(SourceError, match=said) as caught:
            find(f"{web.url.replace('//', f'//me:{SECRET}@')}/people.csv")
        assert SECRET not in "".join(traceback.format_exception(caught.value))

    def test_a_server_that_is_not_there_is_named(self) -> None:
        with pytest.raises(SourceMissingError, match=r"127\.0\.0\.1 does not answer"):
            find("http://127.0.0.1:1/people.csv")


def test_a_window_of_a_file_reads_as_the_file_does(running_s3: S3, cloud: S3) -> None:
    content = bytes(range(256)) * 10_000
    cloud.put("windows", {"bytes": content})
    files = find("s3://windows/bytes")
    here, there = io.BytesIO(content), filesystem(files).open(files[0].url)
    for position, length in [(0, 10), (5, 3_000_000), (1_048_570, 12), (2_559_990, 100), (0, 0), (9_999_999, 5)]:
        here.seek(position)
        there.seek(position)
        assert (there.read(length), there.tell()) == (here.read(length), here.tell())


@pytest.mark.parametrize(
    ("glob", "matching", "other"),
    [
        ("a/*.csv", ["a/b.csv", "a/.csv"], ["a/b/c.csv", "a/b.csv.gz", "aa/b.csv"]),
        ("a/**/*.csv", ["a/b.csv", "a/b/c/d.csv"], ["b/a/c.csv"]),
        ("a/**", ["a/b", "a/b/c"], ["b"]),
        ("?.[ct]sv", ["a.csv", "a.tsv"], ["ab.csv", "a.psv", "/.csv"]),
        ("a+b(c).csv", ["a+b(c).csv"], ["aab(c).csv"]),
        ("a[*]b", ["a*b"], ["aab"]),
    ],
)
def test_a_glob_matches_names_folder_by_folder(glob: str, matching: list[str], other: list[str]) -> None:
    matches = glob_pattern(glob).fullmatch
    assert all(map(matches, matching))
    assert not any(map(matches, other))


def test_a_path_on_this_machine_is_no_url() -> None:
    assert [is_url(path) for path in ("s3://b/k", "https://h/f", "/data/f.csv", "C:\\f.csv", "file:///f", "s3:x")] == [
        *(True, True),
        *(False, False, False, False),
    ]


@pytest.mark.parametrize(
    ("url", "extra"), [("s3://b/k", "s3"), ("gs://b/k", "gcs"), ("az://b/k", "azure"), ("https://h/f", "http")]
)
def test_a_package_that_is_not_installed_is_told_with_what_to_run(
    url: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(urls, "is_installed", lambda _: False)
    with pytest.raises(SourceError) as caught:
        find(url)
    assert caught.value.hint == f'Run: pip install "reconciler[{extra}]"'


@pytest.mark.parametrize("url", ["http://[bad/people.csv", "http://host:port/people.csv", "https://"])
def test_a_url_that_cannot_be_read_is_refused(url: str) -> None:
    with pytest.raises(SourceError) as caught:
        find(url)
    assert caught.value.hint


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(SourceError, match="of no kind that is read"):
        find("ftp://host/people.csv")
