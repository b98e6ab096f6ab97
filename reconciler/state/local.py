"""A store in a local directory, readable by its owner alone.

On the standard library rather than an object-store client, because a state has to survive more than those promise
of a local disk: files are private from their first byte, are on the disk before their name appears (a power cut
leaves the old one or the new one), compare-and-swap works, and half-written leftovers can be found and removed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from reconciler.bounded import read_bounded
from reconciler.state import sizes
from reconciler.state.errors import StoreError
from reconciler.state.store import StoredObject

if TYPE_CHECKING:
    from collections.abc import Iterator

_GUARD = ".guard"  # locked for the moment of a compare-and-swap; unlike the state's lock no person ever meets it
_GUARD_SECONDS = 30  # a swap takes milliseconds; whoever holds the guard this long is stopped or the disk is gone
_INCOMING = ".incoming"  # files being written; on the same file system as the rest, so that a rename is atomic
_LEFTOVER_SECONDS = 24 * 60 * 60


class LocalStore:
    """Objects as files under one directory, which is made (0700) at the first write; see `Store` for the operations.

    Args:
        root: An absolute path. It need not exist.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def url(self) -> str:
        """The directory's path."""
        return str(self._root)

    def get(self, name: str, /) -> StoredObject | None:
        """Return the object, or None where there is none."""
        with self._reported("read", name):
            try:
                content, version = self._read(name)
            except FileNotFoundError:
                return None
        if content is None:
            raise sizes.oversized(self.url, name, version)
        return StoredObject(content, version)

    def swap(self, name: str, content: bytes, expected: str | None, /) -> str | None:
        """Put `content` where the object still has the version `expected`; with None: where there is no object."""
        sizes.check_writable(self.url, name, content)
        with self._reported("write", name), self._incoming(content) as written, self._guarded():
            if self._current_version(name) != expected:
                return None
            self._move_into_place(written, name)
            return _version(content)

    def put(self, name: str, content: bytes | Path, /) -> None:
        """Put bytes, or a file's bytes, whatever stood there before."""
        if isinstance(content, bytes):
            sizes.check_writable(self.url, name, content)
        with self._reported("write", name), self._incoming(content) as written:
            self._move_into_place(written, name)

    def delete(self, name: str, expected: str | None = None, /) -> bool:
        """Remove the object, where given only if it still has the version `expected`; return whether it did."""
        if not self.has(name):  # so that looking after a store nobody ever wrote to does not make its directory
            return False
        with self._reported("remove", name), self._guarded():
            if expected is not None and self._current_version(name) != expected:
                return False
            try:
                self._path(name).unlink()
            except FileNotFoundError:
                return False
            return True

    def names(self, prefix: str, /) -> list[str]:
        """Return the names of all objects directly under `prefix`, which ends in ``/``, sorted."""
        with self._reported("list", prefix):
            try:
                return sorted(f"{prefix}{each.name}" for each in self._path(prefix).iterdir() if each.is_file())
            except FileNotFoundError:
                return []

    def has(self, name: str, /) -> bool:
        """Return whether there is such an object."""
        with self._reported("read", name):
            return self._path(name).is_file()

    def fetch(self, name: str, _scratch: Path, /) -> Path | None:
        """Return the object's own file, or None where there is no object."""
        return self._path(name) if self.has(name) else None

    def tidy(self) -> None:
        """Remove half-written files that nobody has added a byte to for a day."""
        with self._reported("tidy", _INCOMING):
            oldest = time.time() - _LEFTOVER_SECONDS
            incoming = self._path(_INCOMING)
            for leftover in incoming.iterdir() if incoming.is_dir() else ():
                if leftover.stat().st_mtime < oldest:
                    leftover.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._root.joinpath(*name.split("/"))

    def _current_version(self, name: str) -> str | None:
        try:
            return self._read(name)[1]
        except FileNotFoundError:
            return None

    def _read(self, name: str) -> tuple[bytes | None, str]:
        """Return an object's bytes, or None of one that is too long, and its version."""
        path = self._path(name)
        content = read_bounded(path, sizes.most_bytes(name))
        if content is not None:
            return content, _version(content)
        found = path.stat()
        return None, f"{found.st_size} bytes of {found.st_mtime_ns}"  # to hash it would be to read it

    @contextmanager
    def _incoming(self, content: bytes | Path) -> Iterator[Path]:
        """Write a private file beside the objects, down to the disk; remove it if it was not moved away."""
        directory = self._path(_INCOMING)
        self._make_private(directory)
        with tempfile.NamedTemporaryFile(dir=directory, delete=False) as file:  # made with mode 0600
            written = Path(file.name)
            try:
                if isinstance(content, Path):
                    with content.open("rb") as source:
                        shutil.copyfileobj(source, file, 1 << 20)
                else:
                    file.write(content)
                file.flush()
                os.fsync(file.fileno())
                file.close()  # Windows renames no open file
                yield written
            finally:
                written.unlink(missing_ok=True)

    def _move_into_place(self, written: Path, name: str) -> None:
        path = self._path(name)
        self._make_private(path.parent)
        written.replace(path)
        _sync_directory(path.parent)

    def _make_private(self, directory: Path) -> None:
        """Make the root and `directory` in it, for their owner alone; what exists keeps its permissions."""
        self._root.parent.mkdir(parents=True, exist_ok=True)
        self._root.mkdir(mode=0o700, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Keep every other process and thread out of a compare-and-swap; a process that dies lets go of it."""
        self._make_private(self._root)
        try:
            with FileLock(self._path(_GUARD), timeout=_GUARD_SECONDS, mode=0o600, thread_local=False):
                yield
        except Timeout as error:
            raise StoreError(
                f"the state store {self.url} has been busy for {_GUARD_SECONDS} seconds",
                hint="See whether another reconciler is stopped in the middle of a write, or the disk hangs.",
            ) from error

    @contextmanager
    def _reported(self, verb: str, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"cannot {verb} {name} in the state store {self.url}: {error.strerror or error}",
                hint="Check that the directory is yours to write, and that its disk is there and has space.",
            ) from error


def _version(content: bytes) -> str:
    """Return the hash of the content: the one thing a file system cannot get wrong about a change."""
    return hashlib.sha256(content).hexdigest()


def _sync_directory(directory: Path) -> None:
    """Bring a rename to the disk. Windows opens no directories and needs none of it."""
    if os.name == "nt":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
