"""A real S3 for tests: moto's server, over HTTP on loopback."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock, Thread
from typing import TYPE_CHECKING

import obstore
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from obstore.store import S3Store
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


@dataclass(frozen=True, slots=True)
class S3:
    """A running server.

    Attributes:
        environment: What points a client at it, as people would set it.
    """

    environment: Mapping[str, str]

    def bucket(self, name: str) -> S3Store:
        """Return a bucket to write to, made if it is not there."""
        import httpx

        endpoint = self.environment["AWS_ENDPOINT_URL"]
        httpx.put(f"{endpoint}/{name}").raise_for_status()
        return S3Store(
            name,
            endpoint=endpoint,
            access_key_id="key",
            secret_access_key="secret",
            region="us-east-1",
            client_options={"allow_http": True},
        )

    def put(self, bucket: str, objects: Mapping[str, bytes]) -> None:
        """Write objects by their keys."""
        store = self.bucket(bucket)
        for key, content in objects.items():
            obstore.put(store, key, content)


class _OneAtATime:
    """Every request as a whole, as S3 makes conditional writes; moto looks and writes in two steps."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._turn = Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._turn:
            return self._app(environ, start_response)


@contextmanager
def running() -> Iterator[S3]:
    """Start a server, and stop it at the end."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = _OneAtATime(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=MotoRequestHandler)
    serving = Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield S3(
            {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
                "AWS_ACCESS_KEY_ID": "key",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_REGION": "us-east-1",
            }
        )
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
