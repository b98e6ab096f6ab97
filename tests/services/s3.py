"""A real S3 for tests: moto's server, over HTTP on loopback."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import obstore
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


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


@contextmanager
def running() -> Iterator[S3]:
    """Start a server, and stop it at the end."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        yield S3(
            {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
                "AWS_ACCESS_KEY_ID": "key",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_REGION": "us-east-1",
            }
        )
    finally:
        server.stop()
