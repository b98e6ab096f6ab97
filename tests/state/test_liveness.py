"""When a holder may be called dead, and above all when not."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from reconciler.state.liveness import forget, is_provably_dead, proof_of_life

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import Popen

    Spawn = Callable[..., tuple[str, Popen[str]]]

LOCK_ID = "0b8f0f5e-45a3-4d0c-9b60-0d7a2f7c9a11"

LIVE = """
import sys
from reconciler.state.liveness import proof_of_life

with proof_of_life(sys.argv[1]):
    print("alive", flush=True)
    sys.stdin.read()
"""


def kill(process: Popen[str]) -> None:
    """End it as ``kill -9`` and the out-of-memory killer do: without a chance to clean up."""
    process.kill()
    process.wait()


def test_a_living_process_is_not_dead(spawn: Spawn) -> None:
    spawn(LIVE, LOCK_ID)
    assert not is_provably_dead(LOCK_ID)


def test_a_killed_process_is_dead_and_stays_so(spawn: Spawn) -> None:
    _, process = spawn(LIVE, LOCK_ID)
    kill(process)
    assert is_provably_dead(LOCK_ID)
    assert is_provably_dead(LOCK_ID)


def test_this_very_process_is_not_dead() -> None:
    with proof_of_life(LOCK_ID):
        assert not is_provably_dead(LOCK_ID)


def test_nothing_is_proved_about_a_holder_that_never_was_here() -> None:
    assert not is_provably_dead(LOCK_ID)


def test_nothing_is_proved_about_a_holder_on_another_machine_that_shares_the_directory(
    spawn: Spawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, process = spawn(LIVE, LOCK_ID)
    kill(process)
    monkeypatch.setattr(socket, "gethostname", lambda: "another-machine")
    assert not is_provably_dead(LOCK_ID)


@pytest.mark.skipif(os.name == "nt", reason="on Windows the temporary directory is each user's own")
def test_nothing_is_proved_by_a_directory_another_user_made(
    spawn: Spawn, temporary_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, process = spawn(LIVE, LOCK_ID)
    kill(process)
    stranger = os.getuid() + 1
    (temporary_directory / f"reconciler-{os.getuid()}").rename(temporary_directory / f"reconciler-{stranger}")
    monkeypatch.setattr(os, "getuid", lambda: stranger)
    assert not is_provably_dead(LOCK_ID)


def test_a_run_goes_on_where_nothing_can_be_proved(temporary_directory: Path) -> None:
    temporary_directory.rmdir()
    with proof_of_life(LOCK_ID):
        assert not is_provably_dead(LOCK_ID)


def test_forgetting_the_dead_leaves_no_proof(spawn: Spawn) -> None:
    _, process = spawn(LIVE, LOCK_ID)
    kill(process)
    forget(LOCK_ID)
    assert not is_provably_dead(LOCK_ID)


def test_the_living_are_not_forgotten(spawn: Spawn) -> None:
    _, process = spawn(LIVE, LOCK_ID)
    forget(LOCK_ID)
    kill(process)
    assert is_provably_dead(LOCK_ID)


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_proof_is_private(temporary_directory: Path) -> None:
    with proof_of_life(LOCK_ID):
        (directory,) = temporary_directory.iterdir()
        (proof,) = directory.iterdir()
        assert directory.stat().st_mode & 0o777 == 0o700
        assert proof.stat().st_mode & 0o777 == 0o600
