"""The stores the tests run on, and other processes to share them with."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
import pytest
from obstore.exceptions import AlreadyExistsError, PreconditionError
from obstore.store import MemoryStore

import reconciler
from reconciler.state.local import LocalStore
from reconciler.state.repository import StateStore
from reconciler.state.store import StoredObject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.state.store import Store


class BucketStore:
    """The seam over an object store's own client: what S3, Google Cloud Storage and Azure offer, and no disk."""

    def __init__(self) -> None:
        self._bucket = MemoryStore()

    @property
    def url(self) -> str:
        return "memory://bucket"

    def get(self, name: str, /) -> StoredObject | None:
        try:
            found = obstore.get(self._bucket, name)
        except FileNotFoundError:
            return None
        return StoredObject(bytes(found.bytes()), found.meta["e_tag"] or "")

    def swap(self, name: str, content: bytes, expected: str | None, /) -> str | None:
        try:
            put = obstore.put(
                self._bucket,
                name,
                content,
                mode="create" if expected is None else {"e_tag": expected},
            )
        except (AlreadyExistsError, PreconditionError):
            return None
        return put["e_tag"]

    def put(self, name: str, content: bytes | Path, /) -> None:
        obstore.put(self._bucket, name, content)

    def delete(self, name: str, expected: str | None = None, /) -> bool:
        found = self.get(name)
        if found is None or (expected is not None and found.version != expected):
            return False
        obstore.delete(self._bucket, name)
        return True

    def names(self, prefix: str, /) -> list[str]:
        listed = obstore.list_with_delimiter(self._bucket, prefix)
        return sorted(each["path"] for each in listed["objects"])

    def has(self, name: str, /) -> bool:
        return self.get(name) is not None

    def fetch(self, name: str, scratch: Path, /) -> Path | None:
        found = self.get(name)
        if found is None:
            return None
        path = scratch / Path(name).name
        path.write_bytes(found.content)
        return path

    def tidy(self) -> None:
        """Nothing is ever half written here."""


@pytest.fixture(autouse=True)
def temporary_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for proofs of life that no other run on this machine shares."""
    directory = tmp_path / "tmp"
    directory.mkdir()
    monkeypatch.setenv("TMPDIR", str(directory))
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    return directory


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture(params=["directory", "bucket"])
def store(request: pytest.FixtureRequest, root: Path) -> Store:
    """A store of either kind: what holds for one has to hold for the other."""
    return LocalStore(root) if request.param == "directory" else BucketStore()


@pytest.fixture
def state_store(store: Store) -> StateStore:
    return StateStore(store)


@pytest.fixture
def spawn(temporary_directory: Path) -> Iterator[Callable[..., tuple[str, subprocess.Popen[str]]]]:
    """Start Python processes, each given once it has said its first line; all are gone when the test is."""
    package_root = str(Path(reconciler.__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": package_root, "TMPDIR": str(temporary_directory)}
    with ExitStack() as children:

        def start(script: str, *arguments: str) -> tuple[str, subprocess.Popen[str]]:
            process = children.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", script, *arguments],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    env=environment,
                )
            )
            children.callback(process.kill)
            assert process.stdout is not None
            return process.stdout.readline().strip(), process

        yield start
