"""A stand-in for Google Cloud Storage's XML API, over HTTP on loopback: as much as a store of objects asks for.

It knows what Google does that others do not: an object's version is its generation, conditions name generations, and
an ETag in a condition of a write means nothing.
"""

from __future__ import annotations

import email.utils
import hashlib
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TOKEN: Final = "ya29.token-of-the-tests"


@dataclass(frozen=True, slots=True)
class Object:
    content: bytes
    generation: int
    written: float


@dataclass(slots=True)
class Gcs:
    """A running server.

    Attributes:
        environment: What points a client at it, as people would set it.
        buckets: What it holds: objects by their keys, by bucket.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    buckets: dict[str, dict[str, Object]] = field(default_factory=dict)
    generations: int = 1_700_000_000_000_000
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    turn: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def running() -> Iterator[Gcs]:
    """Start a server, and stop it at the end."""
    gcs = Gcs()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(gcs))
    server.daemon_threads = True
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    gcs.environment = {
        "GOOGLE_BASE_URL": f"http://127.0.0.1:{server.server_port}",
        "GOOGLE_BEARER_TOKEN": TOKEN,
    }
    try:
        yield gcs
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def _handler(gcs: Gcs) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            bucket, _, key = unquote(parts.path.removeprefix("/")).partition("/")
            query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            with gcs.turn:
                if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    self.refuse(HTTPStatus.FORBIDDEN, "AccessDenied", "Access denied.")
                elif bucket not in gcs.buckets:
                    self.refuse(HTTPStatus.NOT_FOUND, "NoSuchBucket", "The specified bucket does not exist.")
                else:
                    self.act(gcs.buckets[bucket], key, query, body)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer  # noqa: N815  # the server asks for these names

        def act(self, objects: dict[str, Object], key: str, query: Mapping[str, str], body: bytes) -> None:
            match self.command:
                case "GET" if not key:
                    self.list(objects, query)
                case "GET" | "HEAD":
                    self.read(objects.get(key))
                case "PUT" if "uploadId" in query:
                    gcs.uploads[query["uploadId"]][int(query["partNumber"])] = body
                    self.give(headers={"ETag": f'"{len(body)}"'})
                case "PUT":
                    self.write(objects, key, body)
                case "POST" if "uploads" in query:
                    upload = str(len(gcs.uploads) + 1)
                    gcs.uploads[upload] = {}
                    self.give(
                        f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
                    )
                case "POST" if "uploadId" in query:
                    parts = gcs.uploads.pop(query["uploadId"])
                    self.write(objects, key, b"".join(parts[number] for number in sorted(parts)), multipart=True)
                case "DELETE" if key in objects:
                    del objects[key]
                    self.give(status=HTTPStatus.NO_CONTENT)
                case _:
                    self.refuse(HTTPStatus.NOT_FOUND, "NoSuchKey", "The specified key does not exist.")

        def list(self, objects: Mapping[str, Object], query: Mapping[str, str]) -> None:
            prefix = query.get("prefix", "")
            below = {key: each for key, each in objects.items() if key.startswith(prefix)}
            direct = {key: each for key, each in below.items() if "/" not in key.removeprefix(prefix)}
            contents = "".join(
                f"<Contents><Key>{escape(key)}</Key><Size>{len(each.content)}</Size><ETag>{_tag(each)}</ETag>"
                f"<LastModified>{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(each.written))}</LastModified>"
                "</Contents>"
                for key, each in sorted(direct.items())
            )
            self.give(f"<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>")

        def read(self, found: Object | None) -> None:
            if found is None:
                self.refuse(HTTPStatus.NOT_FOUND, "NoSuchKey", "The specified key does not exist.")
                return
            size, status, content = len(found.content), HTTPStatus.OK, found.content
            headers = _described(found)
            if wanted := self.headers.get("Range"):
                first, last = wanted.removeprefix("bytes=").split("-")
                content = content[int(first) : int(last) + 1]
                status = HTTPStatus.PARTIAL_CONTENT
                headers["Content-Range"] = f"bytes {first}-{int(first) + len(content) - 1}/{size}"
            self.give(content, status, headers)

        def write(self, objects: dict[str, Object], key: str, content: bytes, *, multipart: bool = False) -> None:
            stands = objects.get(key)
            wanted = self.headers.get("x-goog-if-generation-match")
            if wanted is not None and int(wanted) != (stands.generation if stands else 0):
                self.refuse(HTTPStatus.PRECONDITION_FAILED, "PreconditionFailed", "At least one did not hold.")
                return
            gcs.generations += 1
            made = objects[key] = Object(content, gcs.generations, time.time())
            done = f"<CompleteMultipartUploadResult><ETag>{_tag(made)}</ETag></CompleteMultipartUploadResult>"
            self.give(done if multipart else "", headers=_described(made))

        def refuse(self, status: HTTPStatus, code: str, message: str) -> None:
            self.give(f"<Error><Code>{code}</Code><Message>{message}</Message></Error>", status)

        def give(
            self,
            content: str | bytes = "",
            status: HTTPStatus = HTTPStatus.OK,
            headers: Mapping[str, str] | None = None,
        ) -> None:
            body = content.encode() if isinstance(content, str) else content
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def _described(found: Object) -> dict[str, str]:
    return {
        "ETag": _tag(found),
        "x-goog-generation": str(found.generation),
        "Last-Modified": email.utils.formatdate(found.written, usegmt=True),
    }


def _tag(found: Object) -> str:
    return f'"{hashlib.md5(found.content, usedforsecurity=False).hexdigest()}"'
