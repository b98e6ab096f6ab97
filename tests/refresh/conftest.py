"""Files as people write them, sources beside them, and a local TikTok with two accounts."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from reconciler.config import Config, load
from reconciler.identity import Engine
from reconciler.sandbox import BASE_PATH, TOKEN, Sandbox
from reconciler.tiktok.client import TikTok
from tests.apply.world import THE_TIME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

US, EU = "7000000000000000001", "7000000000000000002"
ENVIRON = {"TIKTOK_ACCESS_TOKEN": TOKEN}

FILES = f"""
version: 1
advertisers:
  us: {{advertiser_id: "{US}"}}
  eu: {{advertiser_id: "{EU}"}}
sources:
  customers:
    path: customers.csv
    identities: {{mpid: mpid, idfa: {{column: idfa, hashed: md5}}}}
audiences:
  buyers:
    advertiser: us
    source: customers
    where: ltv > 10
  everybody:
    advertiser: eu
    source: customers
"""


@pytest.fixture
def declare(tmp_path: Path) -> Callable[..., Config]:
    """Write the files, with words of them exchanged for others, and load them."""
    rows = [f"{number},{hashlib.md5(b'%d' % number).hexdigest()},{number}" for number in range(30)]
    (tmp_path / "customers.csv").write_text("mpid,idfa,ltv\n" + "\n".join(rows) + "\n")

    def declare(*exchanges: tuple[str, str], files: str = FILES) -> Config:
        for word, other in exchanges:
            assert word in files
            files = files.replace(word, other)
        (tmp_path / "audiences.yaml").write_text(files)
        loaded = load(tmp_path / "audiences.yaml", {})
        assert loaded.diagnostics == ()
        return loaded.config

    return declare


@pytest.fixture
def config(declare: Callable[..., Config]) -> Config:
    return declare()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(tmp_path / "engine", threads=1) as engine:
        yield engine


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(tmp_path / "sandbox.db", clock=lambda: THE_TIME) as sandbox:
        sandbox.ensure([US, EU])
        yield sandbox


@pytest.fixture
def tiktok(sandbox: Sandbox) -> TikTok:
    return TikTok(f"http://local.tiktok{BASE_PATH}", tier="ultimate", transport=sandbox.transport())
