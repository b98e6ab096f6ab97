"""The stores the tests run on, and other processes to share them with."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import pytest

import reconciler
from reconciler.state.local import LocalStore
from reconciler.state.remote.opening import open_bucket
from reconciler.state.repository import StateStore
from tests.services import azure, gcs, s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reconciler.state.store import Store

BUCKET: Final = "team-state"
FOREIGN: Final = ("AWS_", "AZURE_", "GOOGLE_")
"""How the variables begin that point clients at a cloud: those of whoever runs the tests point at theirs."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """An empty folder in a bucket of its own kind, on a real server.

    Attributes:
        url: The folder.
        environment: What leads there: an endpoint and credentials.
    """

    url: str
    environment: Mapping[str, str]


@pytest.fixture(scope="session")
def s3_environment() -> Iterator[Mapping[str, str]]:
    with s3.running() as running:
        running.bucket(BUCKET)
        yield running.environment


@pytest.fixture(scope="session")
def gcs_environment() -> Iterator[Mapping[str, str]]:
    with gcs.running() as running:
        running.buckets[BUCKET] = {}
        yield running.environment


@pytest.fixture(scope="session")
def azure_environment() -> Iterator[Mapping[str, str]]:
    with azure.running() as running:
        running.make_container(BUCKET)
        yield running.environment


@pytest.fixture
def open_place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Bucket]:
    """Return what makes an empty folder in a cloud, ``s3``, ``gs`` or ``az``, and points this process there."""

    def make(scheme: str) -> Bucket:
        environment: Mapping[str, str] = request.getfixturevalue(
            {"s3": "s3_environment", "gs": "gcs_environment", "az": "azure_environment"}[scheme]
        )
        for name in [each for each in os.environ if each.startswith(FOREIGN)]:
            monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return Bucket(f"{scheme}://{BUCKET}/{uuid4()}/state", environment)

    return make


@pytest.fixture(params=["s3", "gs", "az"])
def bucket(request: pytest.FixtureRequest, open_place: Callable[[str], Bucket]) -> Bucket:
    """A bucket of every kind: what holds for one has to hold for the others."""
    return open_place(request.param)


@pytest.fixture
def s3_bucket(open_place: Callable[[str], Bucket]) -> Bucket:
    return open_place("s3")


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


@pytest.fixture(params=["directory", "s3", "gs", "az"])
def store(request: pytest.FixtureRequest, root: Path, open_place: Callable[[str], Bucket]) -> Store:
    """A store of every kind: what holds for one has to hold for the others."""
    return LocalStore(root) if request.param == "directory" else open_bucket(open_place(request.param).url)


@pytest.fixture
def state_store(store: Store) -> StateStore:
    return StateStore(store)


@pytest.fixture
def spawn(temporary_directory: Path) -> Iterator[Callable[..., tuple[str, subprocess.Popen[str]]]]:
    """Start Python processes, each given once it has said its first line; all are gone when the test is."""
    package_root = str(Path(reconciler.__file__).parent.parent)
    with ExitStack() as children:

        def start(script: str, *arguments: str) -> tuple[str, subprocess.Popen[str]]:
            environment = {**os.environ, "PYTHONPATH": package_root, "TMPDIR": str(temporary_directory)}
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
