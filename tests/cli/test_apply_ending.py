"""How an apply ends: what it did is told though tidying up afterwards fails, and it stops when it is told to."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, NoReturn

import pytest

from reconciler.state import lock, sets
from reconciler.state.errors import StoreError

if TYPE_CHECKING:
    from tests.cli.project import Project


def fail(*_: object) -> NoReturn:
    raise StoreError("the store does not answer", hint="Try again.")


@pytest.mark.parametrize(("room", "call"), [(sets, "sweep"), (sets, "unstage"), (lock, "_release")])
def test_an_outcome_is_told_though_tidying_up_fails(
    project: Project, monkeypatch: pytest.MonkeyPatch, room: object, call: str
) -> None:
    assert project.structure()("plan", "--out", "plan.json").code == 0
    with monkeypatch.context() as patched:
        patched.setattr(room, call, fail)
        ran = project("apply", "plan.json", "--format", "json", "-o", "outcome.json")

    assert (ran.code, project.names()) == (0, ["Buyers"])
    assert "Warning: " in ran.err
    assert "the store does not answer" in ran.text
    outcome = json.loads((project.folder / "outcome.json").read_text(encoding="utf-8"))
    assert outcome["summary"]["done"] == 1


def test_a_lock_that_could_not_be_released_is_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(lock, "_release", fail)
        ran = project.structure()("apply", "--auto-approve")
    standing = json.loads((project.folder / ".reconciler" / "sandbox-state" / "lock.json").read_text(encoding="utf-8"))

    assert ran.code == 0
    assert f"reconciler state unlock {standing['id']}" in ran.text


def test_what_nothing_needs_is_removed_though_something_is_blocked_for_good(project: Project) -> None:
    project.declare({"buyers": {"name": "Buyers"}, "sellers": {"name": "Sellers", "where": "country = 'DE'"}})
    project.apply()
    project.declare({"buyers": {"name": "Buyers"}, "sellers": {"name": "Sellers", "where": "country = 'nowhere'"}})
    kept = project.folder / ".reconciler" / "sandbox-state" / "sets"
    for rows in (1100, 1000, 900):
        project.load(slice(0, rows))
        ran = project("apply", "--auto-approve", "--skip-blocked")
        assert (ran.code, "max_removal" in ran.text) == (1, True)

    snapshots = {
        project("state show", address).document["members"]["snapshot"]
        for address in ("audience.buyers", "audience.sellers")
    }
    here = {each.stem for each in kept.iterdir()}
    assert here >= snapshots
    assert len(here) <= len(snapshots) + 1, "and what the last apply, which has not ended, was to deliver"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_comes_after_the_loop_has_ended_stops_the_command_too(number: signal.Signals) -> None:
    program = """
import asyncio, os, sys, time
from reconciler.cli import root, workspace
from reconciler.cli.root import reconciler

def wait(**_):
    workspace.drive(asyncio.sleep(0))
    os.kill(os.getpid(), int(sys.argv[1]))
    time.sleep(20)

reconciler.main = wait
sys.exit(root.run(["plan"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(int(number))], capture_output=True, text=True, timeout=15, check=False
    )
    assert (done.returncode, "Stopped." in done.stderr, "Traceback" in done.stderr) == (130, True, False)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_a_command_leaves_signals_as_they_were(project: Project) -> None:
    before = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)]
    project.structure().apply()
    assert [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)] == before
