"""A project to run commands in, on the local TikTok in process or over HTTP."""

from __future__ import annotations

import hashlib
import os
import shutil
import webbrowser
from typing import TYPE_CHECKING, Final
from uuid import UUID

import keyring.core
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from keyring.backends import fail

from reconciler.sandbox import TOKEN, Sandbox
from tests.cli.logging_in import SECRET
from tests.cli.project import ACCOUNT, OTHER_ACCOUNT, Project
from tests.consent import Visitor
from tests.services import tiktok

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PEOPLE: Final = 1_200
COUNTRIES: Final = ("US", "US", "US", "DE", "FR")
"""In turn, so that 720 of the people are in the US and 240 in each of the other two."""

_FOREIGN: Final = (
    "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS", "CI",
    "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "CI_PROJECT_DIR",
)  # fmt: skip


@pytest.fixture(scope="session")
def people() -> pa.Table:
    """The people, the same in every run; ids are spelled in upper case and lower case."""

    def device(kind: str, number: int) -> str:
        return str(UUID(bytes=hashlib.sha256(f"{kind} {number}".encode()).digest()[:16], version=4))

    numbers = range(PEOPLE)
    return pa.table(
        {
            "mpid": pa.array([4_711_000_000_000 + each for each in numbers], pa.int64()),
            "idfa": [device("idfa", each).upper() for each in numbers],
            "gaid": [device("gaid", each) for each in numbers],
            "country": [COUNTRIES[each % len(COUNTRIES)] for each in numbers],
            "ltv": pa.array([float(each) for each in numbers], pa.float64()),
        }
    )


@pytest.fixture(scope="session")
def people_file(people: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("people") / "people.parquet"
    pq.write_table(people, path)
    return path


@pytest.fixture
def folder(tmp_path: Path, people_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with the people in it and nothing of the real environment."""
    for name in [each for each in os.environ if each.startswith("TIKTOK_") or each in _FOREIGN]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RECONCILER_HOME", str(tmp_path / ".home"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")  # of processes of their own
    monkeypatch.setattr(keyring.core, "_keyring_backend", fail.Keyring())  # type: ignore[no-untyped-call]
    shutil.copy(people_file, tmp_path / "people.parquet")
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)  # no power cut to survive, and hundreds of writes
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def project(folder: Path, people: pa.Table) -> Iterator[Project]:
    """A project on the local TikTok in process, which declares one audience, "Buyers"."""
    with Sandbox(folder / ".reconciler" / "sandbox.db") as sandbox:
        sandbox.ensure([ACCOUNT, OTHER_ACCOUNT])
        made = Project(folder, people, sandbox.controls)
        made.declare({"buyers": {"name": "Buyers"}})
        yield made


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, str]]:
    """The local TikTok in a process of its own, one for all tests, and its base URL."""
    with tiktok.running(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture
def served(folder: Path, people: pa.Table, server: tuple[Sandbox, str], monkeypatch: pytest.MonkeyPatch) -> Project:
    """The same project on a local TikTok over HTTP, reached as the real one is."""
    sandbox, url = server
    sandbox.reset()
    sandbox.ensure([ACCOUNT, OTHER_ACCOUNT])
    environ = {"TIKTOK_BASE_URL": url, "TIKTOK_ACCESS_TOKEN": TOKEN}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    made = Project(folder, people, sandbox.controls, (), environ)
    made.declare({"buyers": {"name": "Buyers"}})
    return made


@pytest.fixture
def here(served: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project on TikTok over HTTP with no token anywhere, but with a developer app."""
    monkeypatch.delenv("TIKTOK_ACCESS_TOKEN")
    monkeypatch.setenv("TIKTOK_APP_SECRET", SECRET)
    served.tiktok.set_app("7011", SECRET)
    return served.structure()


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """Somebody in front of a browser."""
    visitor = Visitor()
    monkeypatch.setenv("BROWSER", "a-browser")
    monkeypatch.setattr(webbrowser, "open", visitor.open)
    return visitor


@pytest.fixture(params=["in_process", "over_http"])
def anywhere(request: pytest.FixtureRequest) -> Project:
    """The project on either transport: everything has to hold on both."""
    made: Project = request.getfixturevalue("project" if request.param == "in_process" else "served")
    return made
