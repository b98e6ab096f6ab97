"""A store in a bucket: S3 and what speaks like it, Google Cloud Storage, Azure Blob Storage; through obstore."""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, Literal

import obstore
from obstore.exceptions import AlreadyExistsError, PreconditionError

from reconciler.state import sizes
from reconciler.state.errors import StoreError
from reconciler.state.remote import probe, tombstone
from reconciler.state.remote.errors import UnlockableStoreError, UnreachableStoreError, explained, is_without_bucket
from reconciler.state.store import StoredObject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from obstore import GetResult, ObjectMeta, PutResult, UpdateVersion
    from obstore.store import ObjectStore

    from reconciler.buckets import BucketUrl

_FIRST_ANSWER: Final = timedelta(seconds=10)
"""Until anything has answered: whoever has a typing error in the URL is told before they look away."""
_PATIENCE: Final = timedelta(minutes=3)
"""From then on: an outage of the store in the middle of an apply is waited out. Signatures are good for 15 minutes."""
_PART: Final = 8 << 20
"""Bytes of a part of a large object. S3 takes 10,000 parts ("Amazon S3 multipart upload limits"), so 80 GB."""
_PARTS_AT_ONCE: Final = 4
_LEFTOVER: Final = timedelta(days=1)


class BucketStore:
    """Objects below a folder of a bucket; see `reconciler.state.store.Store` for the operations.

    An object removed on condition leaves a tombstone, which is no object to anyone; see
    `reconciler.state.remote.tombstone`. Nothing large is ever whole in memory.

    Args:
        place: Where it is.
        connect: Opens obstore's client, whose root is that folder; it gives up on a request after the time it is given.
            Called at the first use and not before.
    """

    def __init__(self, place: BucketUrl, connect: Callable[[timedelta], ObjectStore]) -> None:
        self._place = place
        self._connect = connect
        self._hasty: ObjectStore | None = None
        self._patient: ObjectStore | None = None
        self._has_answered = False
        self._keeps_locks = False

    @property
    def url(self) -> str:
        """The bucket and the folder, as people write them, without options."""
        return str(self._place)

    def get(self, name: str, /) -> StoredObject | None:
        """Return the object, or None where there is none."""
        found = self._read(name)
        return None if found is None or tombstone.is_tombstone(found.content) else found

    def swap(self, name: str, content: bytes, expected: str | None, /) -> str | None:
        """Put `content` where the object still has the version `expected`; with None: where there is no object.

        Where it stands there already with exactly these bytes, it was put: the answer to an earlier try got lost.
        """
        sizes.check_writable(self.url, name, content)
        self._require_conditional_writes()
        return self._swap(name, content, expected)

    def put(self, name: str, content: bytes | Path, /) -> None:
        """Put bytes, or a file's bytes part by part, whatever stood there before."""
        if isinstance(content, bytes):
            sizes.check_writable(self.url, name, content)
            with self._asking("write", name) as client:
                obstore.put(client, name, content)
            return
        try:
            file = content.open("rb")
        except OSError as error:
            raise StoreError(
                f"cannot read {content}: {error.strerror or error}",
                hint="Check that its disk is there and that the file is yours to read.",
            ) from error
        with file, self._asking("write", name) as client:
            obstore.put(client, name, file, chunk_size=_PART, max_concurrency=_PARTS_AT_ONCE)

    def delete(self, name: str, expected: str | None = None, /) -> bool:
        """Remove the object, where given only if it still has the version `expected`; return whether it did."""
        if expected is not None:
            return self.swap(name, tombstone.new(), expected) is not None
        if not self.has(name):
            return False
        self._remove(name)
        return True

    def names(self, prefix: str, /) -> list[str]:
        """Return the names of all objects directly under `prefix`, which ends in ``/``, sorted."""
        return sorted(each["path"] for each in self._list(prefix) if self._is_object(each))

    def has(self, name: str, /) -> bool:
        """Return whether there is such an object."""
        meta = self._look(name)
        return meta is not None and self._is_object(meta)

    def fetch(self, name: str, scratch: Path, /) -> Path | None:
        """Download the object into `scratch` part by part, or return None where there is none.

        The same version is downloaded once for each `scratch`.
        """
        meta = self._look(name)
        if meta is None or not self._is_object(meta):
            return None
        version = hashlib.sha256(f"{name}\n{self._version(meta)}".encode()).hexdigest()[:16]
        path = scratch / f"{version}-{PurePosixPath(name).name}"
        if not path.exists():
            self._download(name, meta["size"], path)
        return path

    def tidy(self) -> None:
        """Remove probes that were left by writers that were killed. Parts of large objects are the bucket's to expire.

        Only the bucket's own lifecycle rules see those.
        """
        oldest = datetime.now(UTC) - _LEFTOVER
        for each in self._list(probe.FOLDER):
            if each["last_modified"] < oldest:
                self._remove(each["path"])

    def _swap(self, name: str, content: bytes, expected: str | None) -> str | None:
        if expected is not None:
            return self._write_on_condition(name, content, self._condition(expected))
        version = self._write_on_condition(name, content, "create")
        if version is None:
            stands = self._read(name)
            if stands is not None and tombstone.is_tombstone(stands.content):
                return self._write_on_condition(name, content, self._condition(stands.version))
        return version

    def _write_on_condition(self, name: str, content: bytes, mode: UpdateVersion | Literal["create"]) -> str | None:
        """Put and return the new version, or None where the condition does not hold.

        A refusal may be the answer to a second try, of which the first arrived; and where no answer came at all the
        write may have been made. What stands there decides.
        """
        try:
            with self._asking("write", name) as client:
                try:
                    put = obstore.put(client, name, content, mode=mode, use_multipart=False)
                except (AlreadyExistsError, PreconditionError):
                    put = None
                except FileNotFoundError as error:  # S3, where what was to be replaced is gone
                    if is_without_bucket(error):
                        raise
                    put = None
        except UnreachableStoreError:
            stands = self._read(name)
            if stands is None or stands.content != content:
                raise
            return stands.version
        if put is not None:
            return self._version(put)
        stands = self._read(name)
        return stands.version if stands is not None and stands.content == content else None

    def _read(self, name: str) -> StoredObject | None:
        with self._asking("read", name) as client:
            try:
                found = obstore.get(client, name)
            except FileNotFoundError as error:
                if is_without_bucket(error):
                    raise
                return None
            version = self._version(found.meta)
            content = _bounded(found, sizes.most_bytes(name))
        if content is None:
            raise sizes.oversized(self.url, name, version)
        return StoredObject(content, version)

    def _look(self, name: str) -> ObjectMeta | None:
        """Return what is known of what stands there, a tombstone included."""
        with self._asking("read", name) as client:
            try:
                return obstore.head(client, name)
            except FileNotFoundError:
                return None

    def _list(self, prefix: str) -> list[ObjectMeta]:
        with self._asking("list", prefix) as client:
            return list(obstore.list_with_delimiter(client, prefix)["objects"])

    def _remove(self, name: str) -> None:
        with self._asking("remove", name) as client:
            try:
                obstore.delete(client, name)
            except FileNotFoundError:
                return  # gone already

    def _is_object(self, meta: ObjectMeta) -> bool:
        return meta["size"] != tombstone.SIZE or self.get(meta["path"]) is not None

    def _download(self, name: str, size: int, path: Path) -> None:
        """Read an object range by range, each with its own retries, into a private file that appears whole."""
        try:
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                written = Path(file.name)
                try:
                    for start in range(0, size, _PART):
                        with self._asking("read", name) as client:
                            part = obstore.get_range(client, name, start=start, end=min(start + _PART, size))
                        file.write(part)
                    file.close()  # Windows renames no open file
                    written.replace(path)
                finally:
                    written.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot keep a copy of {name} in {path.parent}: {error.strerror or error}",
                hint="Check that the disk of the temporary directory has space; TMPDIR names another.",
            ) from error

    def _require_conditional_writes(self) -> None:
        """Check once, before the first write that depends on it, that the store honours conditions."""
        if not self._keeps_locks:
            if not probe.writes_on_condition(self._swap, self._remove):
                raise UnlockableStoreError(self._place)
            self._keeps_locks = True

    def _condition(self, version: str) -> UpdateVersion:
        return {"version": version} if self._place.scheme == "gs" else {"e_tag": version}

    def _version(self, known: ObjectMeta | PutResult) -> str:
        """Return what a condition compares with: Google's generation, everybody else's ETag."""
        version = known["version"] if self._place.scheme == "gs" else known["e_tag"]
        if version is None:
            raise UnlockableStoreError(self._place)
        return version

    @contextmanager
    def _asking(self, verb: str, name: str) -> Iterator[ObjectStore]:
        with explained(self._place, verb, name):
            yield self._client()
        self._has_answered = True

    def _client(self) -> ObjectStore:
        if self._has_answered:
            self._patient = self._patient or self._connect(_PATIENCE)
            return self._patient
        self._hasty = self._hasty or self._connect(_FIRST_ANSWER)
        return self._hasty


def _bounded(found: GetResult, most: int) -> bytes | None:
    """Return an object's bytes, or None where they are more than `most`: of those no more is asked for."""
    if found.meta["size"] > most:
        return None
    parts, length = [], 0
    for part in found.stream(min_chunk_size=_PART):
        parts.append(part)
        length += len(part)
        if length > most:
            return None
    return b"".join(parts)
