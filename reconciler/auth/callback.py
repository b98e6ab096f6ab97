"""Receives TikTok's answer to a login: a server on this machine alone, for one request.

What may call it: the browser of the person who logs in, sent there by TikTok. What else can: every page open in that
browser, every program on this machine. They are told apart by the state, which only TikTok and this process know; and,
before that is looked at, by what no page can make a browser send: a ``Host`` that is not this server's (a foreign name
that was pointed at this machine), and a fetch that is no visit to a page.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import socket
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit, urlunsplit

import uvicorn
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from reconciler.auth.consent import read_answer, require_address
from reconciler.auth.errors import (
    BusyPortError,
    DeniedError,
    LoginError,
    NoAnswerError,
    RedirectUriError,
    WrongStateError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.requests import Request

    from reconciler.secret import Secret

_LOOPBACK: Final = {"localhost": ("127.0.0.1", "::1"), "::1": ("::1",)}
_PORTS: Final = {"http": 80, "https": 443}
_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_NOT_ON_THIS_MACHINE: Final = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
_LARGEST_REQUEST: Final = 16 * 1024
_SECONDS_TO_END: Final = 1


class Callback:
    """Waits for the one answer.

    Args:
        redirect_uri: Where TikTok sends the browser.
        state: The request's.

    Attributes:
        redirect_uri: The same, with the port that is really listened on.
    """

    def __init__(self, redirect_uri: str, state: Secret) -> None:
        self.redirect_uri = redirect_uri
        self._state = state
        self._turn = threading.Lock()
        self._came = threading.Event()
        self._answer: Secret | LoginError | None = None

    def wait(self, seconds: float) -> Secret:
        """Return the code of the answer.

        Raises:
            DeniedError: The person said no.
            NoAnswerError: None came in time.
        """
        if not self._came.wait(seconds) or self._answer is None:
            raise NoAnswerError(seconds)
        if isinstance(self._answer, LoginError):
            raise self._answer
        return self._answer

    def take(self, query: str) -> Response:
        """Take an answer if it is the one, and return the page that says what became of it."""
        with self._turn:
            if self._came.is_set():
                return _page("used", 410)
            try:
                self._answer = read_answer(f"?{query}", self._state)
            except DeniedError as denied:
                self._answer = denied
            except WrongStateError:
                return _page("foreign", 403)
            except LoginError:
                return _page("unreadable", 400)
            self._came.set()
        return _page("denied" if isinstance(self._answer, DeniedError) else "arrived", 200)


@contextmanager
def listening(
    redirect_uri: str, state: Secret, *, port: int | None = None, path: str | None = None
) -> Iterator[Callback]:
    """Listen for TikTok's answer while the block runs.

    Args:
        redirect_uri: Where TikTok sends the browser.
        state: What the answer has to bring along.
        port: Where to listen, if not at the port of `redirect_uri`: something that stands in front passes it on. 0
            takes any that is free, and puts it into a redirect URI that leads to this machine.
        path: The path that is asked for, if not the one of `redirect_uri`.

    Raises:
        RedirectUriError: `redirect_uri` is no address, or leads to where nobody answers in plain HTTP.
        BusyPortError: Something else listens there.
    """
    require_address(redirect_uri)
    parts = urlsplit(redirect_uri)
    if parts.scheme == "https" and port is None:
        raise RedirectUriError(
            f"{redirect_uri} is asked for over HTTPS, and this machine would answer in plain HTTP",
            hint="Register one that begins with http:// for it; or add --port, where something in front takes HTTPS "
            "and passes it on; or --paste.",
        )
    host = parts.hostname or ""
    wanted = parts.port or _PORTS[parts.scheme] if port is None else port
    with ExitStack() as stack:
        listeners = [stack.enter_context(each) for each in _listen(_LOOPBACK.get(host, ("127.0.0.1",)), wanted)]
        real = listeners[0].getsockname()[1]
        if port == 0 and host in {"127.0.0.1", "localhost", "::1"}:
            named = f"[{host}]" if ":" in host else host
            redirect_uri = urlunsplit(parts._replace(netloc=f"{named}:{real}"))
        callback = Callback(redirect_uri, state)
        stack.enter_context(_serving(_app(callback, unquote(path or parts.path or "/"), real), listeners))
        yield callback


def _app(callback: Callback, path: str, port: int) -> Starlette:
    hosts = _hosts(callback.redirect_uri, port)

    async def endpoint(request: Request) -> Response:
        if request.headers.get("host", "").lower() not in hosts:
            return _page("foreign", 421)
        if request.scope["path"] != path:
            return _page("elsewhere", 404)
        if request.method != "GET":
            return _page("elsewhere", 405)
        if not _is_visit(request):
            return _page("foreign", 403)
        return callback.take(request.scope["query_string"].decode("ascii", "replace"))

    return Starlette(routes=[Route("/{path:path}", endpoint, methods=_METHODS)])


def _hosts(redirect_uri: str, port: int) -> frozenset[str]:
    """Return what the ``Host`` of a request may be: where TikTok sends the browser, or this machine by name."""
    parts = urlsplit(redirect_uri)
    named = parts.netloc.rpartition("@")[2].lower()
    hosts = {named, *(f"{host}:{port}" for host in ("127.0.0.1", "localhost", "[::1]"))}
    usual = f":{_PORTS[parts.scheme]}"  # browsers leave it out, and people may not
    return frozenset({*hosts, *(host.removesuffix(usual) for host in hosts)})


def _is_visit(request: Request) -> bool:
    """Whether a browser says that a person goes there, rather than a page asking for it; old ones say nothing."""
    destinations, modes = (request.headers.getlist(f"sec-fetch-{each}") for each in ("dest", "mode"))
    return destinations in ([], ["document"]) and modes in ([], ["navigate"])  # said twice it is nothing a browser says


def _listen(hosts: Sequence[str], port: int) -> Iterator[socket.socket]:
    """Yield a socket for each of `hosts` that this machine has; the first one it must have.

    A browser may take any of them, so where somebody else listens at one, the code would go there.
    """
    for number, host in enumerate(hosts):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listener = socket.create_server((host, port), family=family)
        except OSError as error:
            if number and error.errno in _NOT_ON_THIS_MACHINE:
                continue
            raise BusyPortError(port, error.strerror or str(error)) from error
        port = listener.getsockname()[1]
        yield listener


@contextmanager
def _serving(app: Starlette, listeners: list[socket.socket]) -> Iterator[None]:
    """Serve from a thread while the block runs. Nothing is logged: an address holds the code."""
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        http="h11",
        h11_max_incomplete_event_size=_LARGEST_REQUEST,
        timeout_graceful_shutdown=_SECONDS_TO_END,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": listeners}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def _page(kind: str, status: int) -> HTMLResponse:
    """Return a page for the person in front of the browser; nothing of the request is repeated in it."""
    templates = Environment(loader=PackageLoader("reconciler.auth"), autoescape=True, undefined=StrictUndefined)
    style, script = (templates.get_template(name).render() for name in ("page.css", "page.js"))
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; frame-ancestors 'none'; "
        "base-uri 'none'; form-action 'none'"
    )
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Connection": "close",
    } | ({"Allow": "GET"} if status == 405 else {})
    page = templates.get_template("page.html.j2").render(kind=kind, style=style, script=script)
    return HTMLResponse(page, status, headers)


def _hash(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"
