"""The local TikTok over HTTP, on uvicorn."""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import uvicorn

from reconciler.sandbox.app import ConnectionDropped
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.operations import BASE_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.applications import Starlette


class _QuietDrops(logging.Filter):
    """Keeps out of uvicorn's log what is no error: connections that a fault broke, and callers that went away."""

    def filter(self, record: logging.LogRecord) -> bool:
        exception = record.exc_info[1] if record.exc_info else None
        return not isinstance(exception, ConnectionDropped)


_QUIET_DROPS = _QuietDrops()


def serve(app: Starlette, host: str, port: int, on_ready: Callable[[str], None] | None) -> None:
    """Serve until Ctrl-C.

    Args:
        app: The application.
        host: The address to listen on.
        port: The port to listen on; 0 takes any free one.
        on_ready: Told the base URL, ``http://127.0.0.1:8642/open_api/v1.3``, once connections are accepted.

    Raises:
        SandboxError: The address cannot be listened on.
    """
    with _listen(host, port) as listener:
        server = _server(app)
        if on_ready is not None:
            on_ready(_base_url(listener))
        # uvicorn shuts down in order on Ctrl-C and then raises it again; for a server it is the normal end.
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


@contextmanager
def serving(app: Starlette, host: str, port: int) -> Iterator[str]:
    """Serve from a thread while the block runs; yields the base URL.

    Raises:
        SandboxError: The address cannot be listened on.
    """
    with _listen(host, port) as listener:
        server = _server(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield _base_url(listener)
        finally:
            server.should_exit = True
            thread.join()


def _server(app: Starlette) -> uvicorn.Server:
    logging.getLogger("uvicorn.error").addFilter(_QUIET_DROPS)
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise SandboxError(
            f"the local TikTok cannot listen on {host}:{port}: {error}",
            hint="Choose another port, or 0 for any that is free.",
        ) from error
    # asyncio sets this on sockets of its own alone; without it an answer waits some 40 ms for the client's
    # acknowledgement (Nagle's algorithm against delayed acknowledgements).
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _base_url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{BASE_PATH}"
