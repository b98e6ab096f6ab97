"""The local TikTok as an ASGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from reconciler.sandbox.dispatch import Received, answer
from reconciler.sandbox.forms import MEDIA_TYPE, read_form
from reconciler.sandbox.portal import PATH as PORTAL_PATH
from reconciler.sandbox.portal import decide, show

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from reconciler.sandbox.database import Database
    from reconciler.sandbox.forms import Form
    from reconciler.sandbox.portal import Reply

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class ConnectionDropped(Exception):  # noqa: N818 - a fault that was asked for
    """Ends a request whose connection breaks; whatever carries the requests closes the connection on it."""


class BrokenResponse(Response):
    """An answer that ends in the middle: it declares a longer body than it sends."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a beginning, and break."""
        del scope, receive
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        raise ConnectionDropped


def create_app(database: Database) -> Starlette:
    """Return the application that answers from this database."""

    async def endpoint(request: Request) -> Response:
        # Answering takes milliseconds (a file of 50 MB: seconds), and writes are one at a time anyway, so it runs
        # on the event loop.
        try:
            if _content_type(request).lower().startswith(MEDIA_TYPE):
                async with read_form(request) as form:
                    answered = answer(database, _received(request, form.text if form else b"", form))
            else:
                answered = answer(database, _received(request, await request.body()))
        except ClientDisconnect:
            return BrokenResponse()
        if answered.is_broken:
            return BrokenResponse()
        return Response(answered.body, answered.http_status, media_type=answered.media_type)

    async def portal(request: Request) -> Response:
        if request.method == "POST":
            form = parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True)
            return _shown(decide(database, form))
        return _shown(show(database, request.query_params.multi_items()))

    # Paths are told apart in `dispatch`, not by Starlette's routes, which would redirect a missing slash.
    return Starlette(
        routes=[
            Route(PORTAL_PATH, portal, methods=["GET", "POST"]),
            Route("/{path:path}", endpoint, methods=_METHODS),
        ]
    )


def _shown(reply: Reply) -> Response:
    if reply.location is not None:
        return RedirectResponse(reply.location, reply.status, dict(reply.headers))
    return HTMLResponse(reply.page, reply.status, dict(reply.headers))


def _received(request: Request, body: bytes, form: Form | None = None) -> Received:
    return Received(
        method=request.method,
        path=request.url.path,
        query=tuple(request.query_params.multi_items()),
        token=request.headers.get("access-token"),
        content_type=_content_type(request),
        body=body,
        form=form,
    )


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "")
