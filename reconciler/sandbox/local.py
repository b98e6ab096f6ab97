"""The local TikTok as one object: a database, the application on it, and the controls beside it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from reconciler.sandbox import server
from reconciler.sandbox.app import create_app
from reconciler.sandbox.controls import TOKEN, Controls
from reconciler.sandbox.database import Database
from reconciler.sandbox.transport import LocalTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    import httpx
    from starlette.applications import Starlette

DEFAULT_PORT = 8642


class Sandbox:
    """A strict Marketing API v1.3 on this machine, kept in one file.

    Several of these, in several processes, may use the same file at once.

    Args:
        path: The database file; made where there is none.
        clock: The real time, in seconds since 1970, which the virtual clock runs on.
        anew: Whether one that another version made is emptied, instead of being refused.

    Raises:
        SandboxError: The file cannot be used.

    Attributes:
        app: The ASGI application.
        controls: Whatever a person would do on TikTok's side, and what a test needs to see.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time, *, anew: bool = False) -> None:
        self._database = Database(path, clock, anew=anew)
        self.app: Starlette = create_app(self._database)
        self.controls = Controls(self._database)
        self.controls.add_token(TOKEN, ())

    def ensure(self, advertiser_ids: Iterable[str]) -> None:
        """Make the accounts that do not exist yet; existing ones stay as they are.

        They are enabled, in US dollars and New York time, in the one Business Center there is, and `TOKEN` is
        Admin on them.

        Raises:
            SandboxError: An id is no string of digits.
        """
        self.controls.ensure(advertiser_ids)

    def transport(self) -> httpx.AsyncBaseTransport:
        """Return a transport that reaches this TikTok in process, whatever host the URL names."""
        return LocalTransport(self.app)

    def serve(
        self,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        on_ready: Callable[[str], None] | None = None,
    ) -> None:
        """Serve over HTTP until Ctrl-C.

        Args:
            host: The address to listen on.
            port: The port to listen on; 0 takes any free one.
            on_ready: Told the base URL with the real port, once connections are accepted.

        Raises:
            SandboxError: The address cannot be listened on.
        """
        server.serve(self.app, host, port, on_ready)

    def serving(self, host: str = "127.0.0.1", port: int = 0) -> AbstractContextManager[str]:
        """Serve over HTTP from a thread while the block runs; gives the base URL."""
        return server.serving(self.app, host, port)

    def reset(self) -> None:
        """Remove everything: accounts, audiences, other tokens, faults, the log, and the clock's offset."""
        self._database.empty()
        self.controls.add_token(TOKEN, ())

    def close(self) -> None:
        """Close the file; what is in it stays."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
