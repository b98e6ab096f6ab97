"""Remote files as an fsspec filesystem, which is what DuckDB reads from beside disks."""

from __future__ import annotations

import io
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Final

from fsspec import AbstractFileSystem

from reconciler.errors import ReconcilerError
from reconciler.identity.sources.urls import glob_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _typeshed import WriteableBuffer

    from reconciler.identity.sources.urls import RemoteFile

_AHEAD: Final = 1 << 20
"""Bytes fetched at least at a time: DuckDB reads text in small pieces."""
_EDGES: Final = 16 << 20
"""Bytes of the beginnings and ends of files that are remembered: there stands what is in them, in the header of CSV
and the footer of Parquet, and DuckDB asks for it whenever a query mentions them."""


class Remote(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A read-only filesystem of known files; their sizes are known too, so nothing but contents is ever fetched.

    Attributes:
        failure: What the last failed read failed with, in words of ours; None for none.
    """

    protocol: ClassVar[tuple[str, ...]] = ("s3", "s3a", "gs", "gcs", "az", "azure", "abfs", "abfss", "http", "https")
    cachable: ClassVar[bool] = False

    def __init__(self, files: Sequence[RemoteFile]) -> None:
        super().__init__()
        self._files = {file.url: file for file in files}
        self._edges: dict[tuple[str, int], bytes] = {}
        self._turn = threading.Lock()
        self.failure: ReconcilerError | None = None

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        """Return a file's own name, which here is its URL."""
        return path

    def info(self, path: str, **_: object) -> dict[str, object]:
        """Return name, size and type of a file; FileNotFoundError for any other."""
        file = self._known(path)
        return {"name": file.url, "size": file.size, "type": "file"}

    def glob(self, path: str, **_: object) -> list[str]:
        """Return the files that a path names or a glob matches."""
        matches = glob_pattern(path).fullmatch
        return [path] if path in self._files else [url for url in self._files if matches(url)]

    def modified(self, path: str) -> datetime:
        """Return when a file last changed."""
        return datetime.fromtimestamp(self._known(path).modified, UTC)

    def fetch(self, file: RemoteFile, start: int, least: int, most: int) -> bytes:
        """Return between `least` and `most` bytes of a file; its beginning and its end are fetched once."""
        for (url, first), edge in tuple(self._edges.items()):
            if url == file.url and first <= start and start + least <= first + len(edge):
                return edge[start - first :][:most]
        try:
            fetched = file.read(start, most)
        except ReconcilerError as failure:
            self.failure = failure
            raise
        if most <= _AHEAD and (start == 0 or start + most == file.size):
            self._remember(file.url, start, fetched)
        return fetched

    def _remember(self, url: str, start: int, edge: bytes) -> None:
        with self._turn:
            self._edges[url, start] = edge
            while sum(map(len, self._edges.values())) > _EDGES:
                del self._edges[next(iter(self._edges))]

    def _open(self, path: str, mode: str = "rb", **_: object) -> _Window:
        if mode != "rb":
            raise PermissionError(f"{path} is only read")
        return _Window(self._known(path), self)

    def _known(self, path: str) -> RemoteFile:
        try:
            return self._files[path]
        except KeyError:
            raise FileNotFoundError(path) from None


class _Window(io.RawIOBase):
    """An open file: a window of its bytes is in memory."""

    def __init__(self, file: RemoteFile, owner: Remote) -> None:
        super().__init__()
        self._file = file
        self._owner = owner
        self._position = 0
        self._start = 0
        self._bytes = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._file.size}[whence]
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        target = memoryview(buffer).cast("B")
        wanted = max(0, min(len(target), self._file.size - self._position))
        if not wanted:
            return 0
        if not self._start <= self._position <= self._position + wanted <= self._start + len(self._bytes):
            self._start = self._position
            most = min(max(wanted, _AHEAD), self._file.size - self._start)
            self._bytes = self._owner.fetch(self._file, self._start, wanted, most)
        offset = self._position - self._start
        target[:wanted] = memoryview(self._bytes)[offset : offset + wanted]
        self._position += wanted
        return wanted
