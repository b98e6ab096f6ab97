"""An address that is not TikTok's is told so, by name, with what to check."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from reconciler.tiktok import retry
from tests.services import tls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.project import Project


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("tiktok", "is not a web address"),
        ("ftp://example.com", "is not a web address"),
        ("http://tiktok.invalid/open_api/v1.3", "tiktok.invalid"),
    ],
)
def test_an_address_that_leads_nowhere_is_named(
    served: Project, monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    monkeypatch.setenv("TIKTOK_BASE_URL", url)
    ran = served("plan", "--skip-members")
    assert ran.code == 1
    assert said in ran.text
    assert "TIKTOK_BASE_URL" in ran.text


def test_a_tiktok_that_does_not_answer_is_told_after_a_while(served: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "SILENCE_SECONDS", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("TIKTOK_BASE_URL", f"http://127.0.0.1:{port}/open_api/v1.3")
    ran = served("plan", "--skip-members")
    assert ran.code == 1
    assert "cannot be reached" in ran.text
    assert f"127.0.0.1:{port}" in ran.text


@pytest.mark.parametrize("status", [200, 302, 404, 503])
def test_an_address_that_answers_with_a_web_page_is_told_so(
    served: Project, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(retry, "SILENCE_SECONDS", 0.0)
    with web_page(status) as url:
        monkeypatch.setenv("TIKTOK_BASE_URL", url)
        ran = served("plan", "--skip-members")
    assert ran.code == 1
    assert "No readable answer" in ran.text
    assert f"HTTP {status}" in ran.text
    assert "TIKTOK_BASE_URL" in ran.text


def test_a_certificate_that_nobody_vouches_for_is_not_trusted_and_told(
    served: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    with tls.of_nobody(asked) as url:
        monkeypatch.setenv("TIKTOK_BASE_URL", f"{url}/open_api/v1.3")
        ran = served("plan", "--skip-members")
    assert ran.code == 1
    assert "certificate" in ran.text.lower()
    assert asked == [], "a request, and with it the token, went to somebody who could not say who they are"


def test_a_redirect_is_not_followed_and_the_token_stays_here(served: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "SILENCE_SECONDS", 0.0)
    asked: list[str] = []
    with web_page(200, asked) as elsewhere, web_page(307, [], elsewhere) as url:
        monkeypatch.setenv("TIKTOK_BASE_URL", url)
        ran = served("plan", "--skip-members")
    assert ran.code == 1
    assert "a token is never sent along" in ran.text
    assert asked == []


@contextmanager
def web_page(status: int, asked: list[str] | None = None, to: str = "https://example.com/login") -> Iterator[str]:
    """Serve a web page for every request, under an HTTP status; `asked` gets the path of each."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if asked is not None:
                asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "text/html")
            self.send_header("Location", to)
            self.end_headers()
            self.wfile.write(b"<html>Log in</html>")

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/open_api/v1.3"
        server.shutdown()
        thread.join()
