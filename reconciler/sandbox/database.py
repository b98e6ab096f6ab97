"""The file everything is kept in: its connection, its transactions, and the virtual clock.

Several processes may have the file open at once: a server, and the controls of a test or of the command line.
Every transaction is short and takes the write lock at its start, so that none of them can fail half way.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.schema import APPLICATION_ID, SCHEMA_VERSION, TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Value: TypeAlias = str | int | bytes | None
"""What a column can hold here."""

BUSY_SECONDS = 30
"""How long one process waits for another's transaction."""


_WAYS_OUT: Final = {
    sqlite3.SQLITE_READONLY: "Let yourself write to it and to its folder: what only looks at it writes to it, too.",
    sqlite3.SQLITE_FULL: "Make room on its disk: nothing of this was written.",
    sqlite3.SQLITE_BUSY: "Another process is using it, such as `reconciler sandbox serve`: wait for that, or end it.",
}
"""By what SQLite says of the file."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One request's or one control's view of the database; it is committed whole or not at all.

    Attributes:
        connection: Where to run SQL.
        now: The virtual time, in whole seconds since 1970.
    """

    connection: sqlite3.Connection
    now: int

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what the block wrote if it raises, and keep what was written before it."""
        self.connection.execute("SAVEPOINT block")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK TO block")
            raise
        finally:
            self.connection.execute("RELEASE block")

    def setting(self, name: str) -> Value:
        """Return a setting, or None where it has never been set."""
        row: tuple[Value] | None = self.connection.execute(
            "SELECT value FROM settings WHERE name = ?", (name,)
        ).fetchone()
        return row[0] if row else None

    def set_setting(self, name: str, value: Value) -> None:
        """Keep a setting; None forgets it."""
        if value is None:
            self.connection.execute("DELETE FROM settings WHERE name = ?", (name,))
        else:
            self.connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    def new_id(self) -> str:
        """Return an id as TikTok makes them: 19 digits, the time in the upper half, never given twice."""
        sequence = 1 + int(self.setting("last_sequence") or 0)
        self.set_setting("last_sequence", sequence)
        return str((self.now << 32) + sequence)


class Database:
    """A connection to the file, which it creates where there is none. May be used from any thread.

    Args:
        path: The file. Folders above it are made; only its owner may open the file, and the folder made for it.
        clock: The real time, in seconds since 1970; tests pass one that they move themselves.
        anew: Whether a local TikTok of another version is emptied and made one of this.

    Raises:
        SandboxError: The file is not a local TikTok's, or was made by another version.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time, *, anew: bool = False) -> None:
        self._path = path
        self._clock = clock
        self._turn = threading.Lock()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise SandboxError(
                f"{path} cannot be opened as the local TikTok's database: {error}",
                hint="Name a file in a folder that you may write to.",
            ) from error
        try:
            self._prepare(path, anew=anew)
        except (OSError, sqlite3.Error) as error:
            self._connection.close()
            raise _unusable(path, error) from error
        except SandboxError:
            self._connection.close()
            raise

    def _prepare(self, path: Path, *, anew: bool) -> None:
        # The file may belong to something else: look before the first write, which setting WAL already is.
        with self._immediate():
            (marked,) = self._connection.execute("PRAGMA application_id").fetchone()
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            (tables,) = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if tables == 0:
                # SQLite makes it for everybody to read, and it will hold the hashes of people. Opening and closing it
                # here, to make it otherwise, would end the locks that this process's other connections hold on it.
                path.chmod(0o600)
                self._make_tables()
            elif marked != APPLICATION_ID:
                raise SandboxError(
                    f"{path} is not a local TikTok's database", hint="Name another file; this one is left as it is."
                )
            elif version != SCHEMA_VERSION and anew:
                self._drop_tables()
                self._make_tables()
            elif version != SCHEMA_VERSION:
                raise SandboxError(
                    f"{path} was made by another version of the local TikTok: its tables are of version {version},"
                    f" these of {SCHEMA_VERSION}",
                    hint="Start anew with `reconciler sandbox reset`, where what was tried out in it is lost; or name "
                    "another file.",
                )
        self._switch_to_wal()
        # A commit survives the death of this process; only the death of the machine can lose the last few.
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("PRAGMA temp_store = MEMORY")
        self._connection.execute("PRAGMA cache_size = -65536")
        # Identifiers are random: a batch of them dirties half the index. Rarer checkpoints write it less often.
        self._connection.execute("PRAGMA wal_autocheckpoint = 16000")

    def _make_tables(self) -> None:
        for statement in TABLES.split(";\n"):
            self._connection.execute(statement)
        self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _drop_tables(self) -> None:
        for table in self._tables():
            self._connection.execute(f'DROP TABLE "{table}"')

    def _tables(self) -> list[str]:
        named = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        return [name for (name,) in self._connection.execute(named).fetchall()]

    def _switch_to_wal(self) -> None:
        # The switch takes an exclusive lock, and SQLite waits for it no time at all: where several open a new
        # file at once, all but one are told that it is locked.
        give_up_at = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError:
                if time.monotonic() > give_up_at:
                    raise
                time.sleep(0.01)
            else:
                return

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Begin a transaction; leaving the block commits it, an exception takes everything back."""
        with self._turn, self._immediate():
            (offset,) = self._connection.execute(
                "SELECT coalesce((SELECT value FROM settings WHERE name = 'clock_offset'), 0)"
            ).fetchone()
            yield Transaction(self._connection, int(self._clock()) + offset)

    @contextmanager
    def acting(self) -> Iterator[Transaction]:
        """Begin a transaction for somebody at this machine, who is told why the file cannot be used.

        Raises:
            SandboxError: The file is read-only, its disk is full, or another process keeps it.
        """
        try:
            with self.transaction() as transaction:
                yield transaction
        except sqlite3.OperationalError as error:
            raise _unusable(self._path, error) from error

    @contextmanager
    def _immediate(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:  # a full disk has rolled back already
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def advance(self, seconds: int) -> None:
        """Move the virtual clock forward, for every process that has the file open."""
        with self.acting() as transaction:
            offset = int(transaction.setting("clock_offset") or 0)
            transaction.set_setting("clock_offset", offset + seconds)

    def empty(self) -> None:
        """Remove everything, the clock's offset included. Ids go on counting, as no id is ever given twice."""
        with self.acting() as transaction:
            sequence = transaction.setting("last_sequence")
            for table in self._tables():
                self._connection.execute(f"DELETE FROM {table}")
            transaction.set_setting("last_sequence", sequence)

    def close(self) -> None:
        """Close the connection; what was committed stays."""
        self._connection.close()


def _unusable(path: Path, error: OSError | sqlite3.Error) -> SandboxError:
    """Return what is wrong with the file, and the way out."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest of it tells kinds apart that have one way out
    hint = _WAYS_OUT.get(code, "Name another file, or delete this one to start anew.")
    return SandboxError(f"{path} cannot be used as the local TikTok's database: {error}", hint=hint)


def spell_time(seconds: int) -> str:
    """Spell a time as the Marketing API does: ``YYYY-MM-DD HH:MM:SS``, GMT."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
