"""Files that are somewhere else: how they are found, how little of them is fetched, and what goes wrong in words."""

from __future__ import annotations

import gzip
import hashlib
import io
import ssl
import threading
import traceback
import tracemalloc
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import stamina
import trustme

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

    @pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "identity"}])
    def test_a_server_that_sends_more_than_asked_is_refused_before_it_takes_memory(
        self, web: Web, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answers(monkeypatch, {"Content-Range": "bytes 0-0/5", **headers}, bytes(32 << 20))
        with little_memory(), pytest.raises(SourceUnreadableError, match="other parts than those asked for") as caught:
            find(f"{web.url}/people.csv")
        assert "Download it" in str(caught.value.hint)

    @pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip", "zstd", "deflate", "br"])
    def test_a_part_that_comes_compressed_is_refused_before_it_takes_memory(
        self, web: Web, encoding: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        content = gzip.compress(gzip.compress(bytes(32 << 20)))
        answers(monkeypatch, {"Content-Range": "bytes 0-0/5", "Content-Encoding": encoding}, content)
        with little_memory(), pytest.raises(SourceUnreadableError, match="comes compressed on its way") as caught:
            find(f"{web.url}/people.csv")
        assert "Download it" in str(caught.value.hint)

    @pytest.mark.parametrize("encoding", ["gzip", "x-gzip"])
    def test_a_file_that_is_compressed_itself_is_read_as_it_is(
        self, web: Web, encoding: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        web.files["/people.csv.gz"] = content = gzip.compress(b"id\n1\n")
        right = http.Web.answer

        def naming(*asked: Any) -> tuple[int, dict[str, str], bytes]:
            status, headers, body = right(*asked)
            return status, {**headers, "Content-Encoding": encoding}, body

        monkeypatch.setattr(http.Web, "answer", naming)
        (file,) = find(f"{web.url}/people.csv.gz?signature={SECRET}")
        assert file.read(0, file.size) == content

    @pytest.mark.parametrize(
        ("status", "told", "body", "said"),
        [
            (206, "bytes 0-3/5", b"id\n1", "other parts than those asked for"),
            (206, "bytes 0-4/5", b"id\n1", "other parts than those asked for"),
            (206, "bytes 0-4/5", b"", "other parts than those asked for"),
            (206, "bytes 5-9/10", b"id\n2\n", "other parts than those asked for"),
            (200, "", b"id\n1\n", "comes only whole"),
            (206, "", b"id\n1\n", "comes only whole"),
        ],
    )
    def test_a_part_that_is_not_the_one_asked_for_makes_no_row(
        self, web: Web, status: int, told: str, body: bytes, said: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        web.files["/people.csv"] = b"id\n1\n"
        (file,) = find(f"{web.url}/people.csv")
        answers(monkeypatch, {"Content-Range": told} if told else {}, body, status)
        with pytest.raises(SourceUnreadableError, match=said) as caught:
            file.read(0, 5)
        assert caught.value.hint

    def test_no_compression_is_asked_for(self) -> None:
        asked: list[str] = []
        nowhere = HTTPServer(("127.0.0.1", 0), redirecting("/elsewhere", asked))
        with serving(nowhere) as port, pytest.raises(SourceError):
            find(f"http://127.0.0.1:{port}/people.csv")
        assert set(asked) == {"identity"}

    def test_a_redirect_is_followed(self, web: Web) -> None:
        web.files["/people.csv"] = b"id\n1\n"
        with serving(HTTPServer(("127.0.0.1", 0), redirecting(f"{web.url}/people.csv"))) as port:
            (file,) = find(f"http://127.0.0.1:{port}/moved.csv")
            assert file.read(0, 5) == b"id\n1\n"

    def test_a_redirect_of_any_length_takes_little_memory(self, web: Web) -> None:
        web.files["/people.csv"] = b"id\n1\n"
        bomb = gzip.compress(bytes(32 << 20))
        with serving(HTTPServer(("127.0.0.1", 0), redirecting(f"{web.url}/people.csv", body=bomb))) as port:
            with little_memory():
                (file,) = find(f"http://127.0.0.1:{port}/moved.csv")
            assert file.size == 5

    def test_redirects_in_a_circle_come_to_an_end(self) -> None:
        asked: list[str] = []
        circle = HTTPServer(("127.0.0.1", 0), redirecting("?", asked))
        with serving(circle) as port, pytest.raises(SourceError) as caught:
            find(f"http://127.0.0.1:{port}/people.csv")
        assert caught.value.hint
        assert 2 < len(asked) < 100

    def test_a_redirect_from_https_to_http_is_not_followed(
        self, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        web.files["/people.csv"] = b"id\n1\n"
        authority, server = trustme.CA(), HTTPServer(("127.0.0.1", 0), redirecting(f"{web.url}/people.csv"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        with serving(server) as port, pytest.raises(SourceUnreadableError, match="from https to http,") as caught:
            find(f"https://127.0.0.1:{port}/people.csv?signature={SECRET}")
        assert caught.value.hint
        assert SECRET not in "".join(traceback.format_exception(caught.value))
        assert web.sent == 0

    @pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"])
    def test_a_password_in_unusable_proxy_settings_is_not_shown(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(name, "http://user:S3cr3t#Pw99@proxy.example:3128")
        with pytest.raises(SourceUnreadableError, match=f"{name} has .* percent-encoded") as caught:
            find("https://host.test/people.csv")
        said = "".join(traceback.format_exception(caught.value)) + str(caught.value.hint)
        assert not [part for part in ("S3cr3t", "Pw99") if part in said]

    def test_a_certificate_file_that_is_not_there_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file.pem")
        with pytest.raises(SourceUnreadableError, match=r"certificate settings are unusable: .*No such file"):
            find("https://host.test/people.csv")


def answers(monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], body: bytes, status: int = 206) -> None:
    """Let the server answer everything so, and bear that nobody reads it to its end."""
    monkeypatch.setattr(ThreadingHTTPServer, "handle_error", lambda *_: None)
    monkeypatch.setattr(http.Web, "answer", lambda *_: (status, headers, body))


@contextmanager
def little_memory() -> Iterator[None]:
    """Fail where the block takes more than 4 MB at any time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def redirecting(target: str, encodings: list[str] | None = None, body: bytes = b"") -> type[BaseHTTPRequestHandler]:
    """Return what redirects all requests but its own to `target`, and writes down what compression is asked for."""

    class Redirecting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if encodings is not None:
                encodings.append(self.headers["Accept-Encoding"])
            self.send_response(302 if self.path != target else 404)
            self.send_header("Location", target)
            self.send_header("Content-Encoding", "gzip" if body else "identity")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Redirecting


@contextmanager
def serving(server: HTTPServer) -> Iterator[int]:
    """Serve on loopback; gives the port."""
    with server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


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
    assert caught.value.hint == f'In a checkout of reconciler, run: pip install ".[{extra}]"'


@pytest.mark.parametrize("url", ["http://[bad/people.csv", "http://host:port/people.csv", "https://"])
def test_a_url_that_cannot_be_read_is_refused(url: str) -> None:
    with pytest.raises(SourceError) as caught:
        find(url)
    assert caught.value.hint


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(SourceError, match="of no kind that is read"):
        find("ftp://host/people.csv")
