"""A folder to write files in, and their findings as lines an editor could jump to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from reconciler.config import Loaded, load

if TYPE_CHECKING:
    from pathlib import Path


class Read(Protocol):
    """Writes `text` as audiences.yaml in the working directory and loads it."""

    def __call__(self, text: str | bytes, **environ: str) -> Loaded: ...


class Findings(Protocol):
    """The same, as ``file:line:column: severity: summary`` lines."""

    def __call__(self, text: str | bytes, **environ: str) -> list[str]: ...


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def read(folder: Path) -> Read:
    def read(text: str | bytes, **environ: str) -> Loaded:
        path = folder / "audiences.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(path, environ)

    return read


@pytest.fixture
def findings(read: Read) -> Findings:
    def findings(text: str | bytes, **environ: str) -> list[str]:
        found = read(text, **environ).diagnostics
        return [f"{each.location or '-'}: {each.severity}: {each.summary}" for each in found]

    return findings


@pytest.fixture
def base() -> str:
    """A sound document of twelve lines; it ends inside the audience, so that keys can be added to it."""
    return """\
version: 1
advertisers:
  acme:
    advertiser_id: "7000000000000000001"
sources:
  people:
    path: people.csv
    identities: {mpid: mpid, idfa: idfa, email: email}
audiences:
  buyers:
    advertiser: acme
    source: people
"""
