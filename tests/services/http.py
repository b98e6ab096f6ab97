"""A web server for tests that knows ranges of bytes, and writes down what was asked of it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class Web:
    """A running server.

    Attributes:
        url: Where it is, without a slash at its end.
        files: Contents by path.
        ranges: Whether it gives parts of files.
        statuses: Answers to come before the right one, by path.
        sent: Bytes of the bodies sent.
        tags: What the file's version is, by path; "1" where it is not said.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    statuses: dict[str, list[int]] = field(default_factory=dict)
    sent: int = 0
    tags: dict[str, str] = field(default_factory=dict)

    def answer(self, path: str, wanted: str | None, tag: str | None) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body for a request for `path`, of the range `wanted`, if its version is `tag`."""
        if self.statuses.get(path):
            return self.statuses[path].pop(0), {}, b""
        if path not in self.files:
            return 404, {}, b""
        content, own = self.files[path], f'"{self.tags.get(path, "1")}"'
        if tag is not None and tag != own:
            return 412, {}, b""
        if wanted is None or not self.ranges:
            return 200, {"ETag": own}, content
        first, last = wanted.removeprefix("bytes=").split("-")
        start, end = int(first), min(int(last), len(content) - 1)
        return 206, {"ETag": own, "Content-Range": f"bytes {start}-{end}/{len(content)}"}, content[start : end + 1]


@contextmanager
def running() -> Iterator[Web]:
    """Start a server on loopback, and stop it at the end."""
    web = Web()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            status, headers, body = web.answer(path, self.headers.get("Range"), self.headers.get("If-Match"))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            web.sent += len(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        web.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield web
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
