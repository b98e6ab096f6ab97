"""What is true of a store in a bucket alone: what is asked of the cloud, and what becomes of its refusals."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import obstore
import pytest
from obstore.store import S3Store

from reconciler.state.errors import DamagedSetError, StoreError
from reconciler.state.remote import probe, tombstone
from reconciler.state.remote.errors import (
    BucketMissingError,
    ClockSkewError,
    StoreCredentialsError,
    StoreDeniedError,
    UnlockableStoreError,
    UnreachableStoreError,
)
from reconciler.state.remote.opening import open_bucket
from reconciler.state.repository import StateStore, open_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.state.conftest import Bucket

MEGABYTE = 1 << 20


@contextmanager
def answering(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Start a server of one's own on loopback, and return where it is."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


class Quiet(BaseHTTPRequestHandler):
    """A server's side that logs nothing."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send an answer whole."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@pytest.fixture
def refusing() -> Iterator[Callable[[str, str], str]]:
    """Return what starts a server that refuses everything with a code and a message, as S3 does."""
    with ExitStack() as servers:

        def start(code: str, message: str) -> str:
            signed = "<StringToSign>AWS4-HMAC-SHA256 AKIAIOSFODNN7EXAMPLE</StringToSign>"
            body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message>{signed}</Error>"

            class Refusing(Quiet):
                def do_GET(self) -> None:
                    self.answer(403, body.encode(), Content_Type="application/xml")

                do_PUT = do_GET  # noqa: N815  # the server asks for these names

            return servers.enter_context(answering(Refusing))

        yield start


@pytest.fixture
def careless() -> Iterator[str]:
    """A server that takes conditions and writes regardless, as some that speak like S3 do."""
    kept: dict[str, bytes] = {}

    class Careless(Quiet):
        def do_PUT(self) -> None:
            kept[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
            del self.headers["Content-Length"]
            self.answer(200, ETag=f'"{hashlib.md5(kept[self.path]).hexdigest()}"')

        def do_GET(self) -> None:
            if self.path not in kept:
                self.answer(404, b"<Error><Code>NoSuchKey</Code><Message>No.</Message></Error>")
                return
            etag = f'"{hashlib.md5(kept[self.path]).hexdigest()}"'
            self.answer(200, kept[self.path], ETag=etag, Last_Modified="Mon, 02 Mar 2026 09:30:00 GMT")

        def do_DELETE(self) -> None:
            kept.pop(self.path, None)
            self.answer(204)

    with answering(Careless) as url:
        yield url


def client(bucket: Bucket) -> S3Store:
    """Return a client of the test's own, at the same folder."""
    name, _, prefix = bucket.url.removeprefix("s3://").partition("/")
    return S3Store(name, prefix=prefix, client_options={"allow_http": True})


def test_a_bucket_that_is_not_there_is_named(bucket: Bucket) -> None:
    scheme = bucket.url.partition("://")[0]
    with pytest.raises(BucketMissingError, match=r"has no (bucket|container) nobody-made-this") as refused:
        open_state(f"{scheme}://nobody-made-this/state").read()
    assert "reconciler makes none" in (refused.value.hint or "")


def test_where_nobody_answers_that_is_said_and_soon(s3_bucket: Bucket) -> None:
    with pytest.raises(UnreachableStoreError, match=r"no answer from http://127\.0\.0\.1:9") as refused:
        open_state(f"{s3_bucket.url}?endpoint=http://127.0.0.1:9").read()
    assert "Check the network" in (refused.value.hint or "")


def test_without_credentials_it_is_said_where_they_come_from(
    s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    with pytest.raises(StoreCredentialsError, match="there are no credentials") as refused:
        open_state(s3_bucket.url).read()
    assert "AWS_ACCESS_KEY_ID" in (refused.value.hint or "")


def test_a_profile_that_is_not_there_is_named(s3_bucket: Bucket) -> None:
    with pytest.raises(StoreCredentialsError, match="nobodys-profile"):
        open_state(f"{s3_bucket.url}?profile=nobodys-profile").read()


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("AccessDenied", "Access Denied", StoreDeniedError),
        ("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", StoreDeniedError),
        (
            "RequestTimeTooSkewed",
            "The difference between the request time and the server's is too large.",
            ClockSkewError,
        ),
    ],
)
def test_a_refusal_is_told_in_the_clouds_words_and_without_what_was_signed(
    refusing: Callable[[str, str], str], code: str, message: str, kind: type[StoreError], s3_bucket: Bucket
) -> None:
    endpoint = refusing(code, message)
    with pytest.raises(kind, match=code) as refused:
        open_state(f"{s3_bucket.url}?endpoint={endpoint}").read()
    told = refused.value.message + (refused.value.hint or "")
    assert message in told
    assert "StringToSign" not in told
    assert "AKIA" not in told


def test_a_store_that_writes_regardless_of_conditions_is_refused_before_anything_is_written(
    careless: str, s3_bucket: Bucket
) -> None:
    store = open_state(f"{s3_bucket.url}?endpoint={careless}")
    with pytest.raises(UnlockableStoreError, match="cannot keep a lock"), store.lock("test"):
        pytest.fail("it was locked")


def test_the_probe_leaves_nothing_behind(s3_bucket: Bucket) -> None:
    store = open_bucket(s3_bucket.url)
    assert store.swap("lock.json", b"{}", None)
    assert store.names(probe.FOLDER) == []


def test_a_lock_that_was_removed_is_no_object_to_anyone(bucket: Bucket, tmp_path: Path) -> None:
    store = open_bucket(bucket.url)
    version = store.swap("lock.json", b"mine", None)
    assert store.delete("lock.json", version)
    assert store.get("lock.json") is None
    assert not store.has("lock.json")
    assert store.fetch("lock.json", tmp_path) is None
    assert store.names("") == []
    assert store.swap("lock.json", b"yours", None)
    assert not store.delete("lock.json", version)


def test_what_looks_like_a_tombstone_by_its_size_alone_is_an_object(bucket: Bucket) -> None:
    store = open_bucket(bucket.url)
    store.put("sets/x", b"x" * tombstone.SIZE)
    assert store.names("sets/") == ["sets/x"]


@pytest.mark.parametrize("name", ["state.json", "lock.json"])
def test_a_write_whose_answer_was_lost_counts_as_written(s3_bucket: Bucket, name: str) -> None:
    """A client that asks again is refused by its own first write; what stands there tells."""
    store = open_bucket(s3_bucket.url)
    first = store.swap(name, b"first", None)
    assert store.swap(name, b"first", None) == first
    second = store.swap(name, b"second", first)
    assert store.swap(name, b"second", first) == second
    assert store.swap(name, b"third", first) is None


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("sse=AES256", {"ServerSideEncryption": "AES256"}),
        ("sse=aws:kms&kms_key_id=abc-1", {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "abc-1"}),
    ],
)
def test_what_the_url_says_of_encryption_arrives(s3_bucket: Bucket, options: str, expected: dict[str, str]) -> None:
    import boto3  # type: ignore[import-untyped]  # it comes without types

    store = open_state(f"{s3_bucket.url}?{options}")
    with store.lock("test"):
        state = store.open()
        state.save(state.state)
    name, _, prefix = s3_bucket.url.removeprefix("s3://").partition("/")
    found = boto3.client("s3").head_object(Bucket=name, Key=f"{prefix}/state.json")
    assert {key: found.get(key, "").rpartition("/")[2] for key in expected} == expected


def test_a_set_of_many_parts_arrives_as_it_was(bucket: Bucket, tmp_path: Path) -> None:
    content = b"".join(bytes([number]) * MEGABYTE for number in range(20)) + b"end"
    (tmp_path / "set").write_bytes(content)
    store, scratch = StateStore(open_bucket(bucket.url)), tmp_path / "scratch"
    scratch.mkdir()
    digest = store.put_set(tmp_path / "set")
    assert store.set_path(digest, scratch).read_bytes() == content
    assert store.set_path(digest, scratch) == store.set_path(digest, scratch)


def test_a_large_set_is_never_whole_in_memory(s3_bucket: Bucket, tmp_path: Path) -> None:
    """Beside a small one a set of 256 MB costs less than 96 MB more: parts on their way, not the set."""
    peaks = {}
    for megabytes in (1, 256):
        path = tmp_path / f"set_{megabytes}"
        with path.open("wb") as file:
            for number in range(megabytes):
                file.write(bytes([number]) * MEGABYTE)
        done = subprocess.run(
            [sys.executable, "-c", ROUND_TRIP, s3_bucket.url, str(path), str(tmp_path)],
            capture_output=True,
            text=True,
            check=True,
        )
        peaks[megabytes] = int(done.stdout)
    assert peaks[256] - peaks[1] < 96 * MEGABYTE


ROUND_TRIP = """
import resource, sys
from pathlib import Path
from reconciler.state.repository import open_state
store = open_state(sys.argv[1])
digest = store.put_set(Path(sys.argv[2]))
assert store.set_path(digest, Path(sys.argv[3])).stat().st_size == Path(sys.argv[2]).stat().st_size
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def test_a_damaged_set_is_noticed_where_it_is_fetched(s3_bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "set").write_bytes(b"a set of people")
    store = open_state(s3_bucket.url)
    digest = store.put_set(tmp_path / "set")
    obstore.put(client(s3_bucket), f"sets/{digest}.parquet", b"a set of peoplf")
    with pytest.raises(DamagedSetError):
        store.set_path(digest, tmp_path)


def test_nothing_is_asked_before_the_first_use() -> None:
    assert open_state("s3://bucket/folder?endpoint=http://127.0.0.1:9").url == "s3://bucket/folder"
