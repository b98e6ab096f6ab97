"""A file that may be read and not written: said in words, with what to do about it."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox import Sandbox, SandboxError
from tests.sandbox.conftest import ADVERTISER, Api

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from pathlib import Path


def forbid_writing(sandbox: Sandbox) -> None:
    """Let SQLite refuse what it refuses on a file of mode 400; a superuser may write to that."""
    sandbox._database._connection.execute("PRAGMA query_only = ON")


@pytest.mark.parametrize(
    "act",
    [
        lambda sandbox: sandbox.ensure([ADVERTISER]),
        lambda sandbox: sandbox.controls.advance(1),
        lambda sandbox: sandbox.reset(),
    ],
    ids=["ensure", "advance", "reset"],
)
def test_what_cannot_be_written_is_said_with_the_way_out(tmp_path: Path, act: Callable[[Sandbox], None]) -> None:
    with Sandbox(tmp_path / "sandbox.db") as sandbox:
        forbid_writing(sandbox)
        with pytest.raises(SandboxError, match=r"sandbox\.db cannot be used.*readonly") as caught:
            act(sandbox)

    assert "Let yourself write to it" in caught.value.hint


def test_a_file_that_is_read_only_from_the_start_is_not_called_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, connect = tmp_path / "sandbox.db", sqlite3.connect
    Sandbox(path).close()
    monkeypatch.setattr(
        sqlite3, "connect", lambda file, **options: connect(f"file:{file}?mode=ro", uri=True, **options)
    )

    with pytest.raises(SandboxError, match="readonly") as caught, Sandbox(path) as sandbox:
        sandbox.ensure([ADVERTISER])

    assert "delete" not in caught.value.hint


def test_another_process_in_the_middle_of_writing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with Sandbox(path) as sandbox, sqlite3.connect(path) as other:
        sandbox._database._connection.execute("PRAGMA busy_timeout = 0")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(SandboxError, match="locked") as caught:
            sandbox.ensure([ADVERTISER])
        other.rollback()
    other.close()

    assert "Another process" in caught.value.hint


def test_a_request_is_answered_as_tiktok_s_own_fault(tmp_path: Path, runner: asyncio.Runner) -> None:
    with Sandbox(tmp_path / "sandbox.db") as sandbox:
        forbid_writing(sandbox)

        assert Api(sandbox, runner).get("/user/info/").code == 50000
