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
from reconciler.state.journal import Journal

if TYPE_CHECKING:
    from reconciler.state.journal_model import RunRecord
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


def test_an_outcome_is_told_though_the_journal_does_not_get_its_end(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = Journal.keep

    def keep_beginnings(journal: Journal, record: RunRecord) -> None:
        if record.ended is not None:
            fail()
        keep(journal, record)

    monkeypatch.setattr(Journal, "keep", keep_beginnings)
    ran = project.structure()("apply", "--auto-approve", "--format", "json")

    assert (ran.code, ran.document["summary"]["done"]) == (0, 1)
    assert "not in the journal: the store does not answer" in ran.text


def test_a_lock_that_could_not_be_released_does_not_hide_why_a_run_failed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert project.structure()("plan", "--out", "plan.json").code == 0
    project.apply()
    monkeypatch.setattr(lock, "_release", fail)
    ran = project("apply", "plan.json")

    assert (ran.code, "stale" in ran.err) == (1, True)
    assert "Warning: the lock may still stand" in ran.text
    assert "reconciler state unlock " in ran.text


def test_what_is_left_in_the_store_is_left_to_the_next_apply(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    staged = project.folder / ".reconciler" / "sandbox-state" / "staged"
    with monkeypatch.context() as patched:
        patched.setattr(sets, "sweep", fail)
        patched.setattr(sets, "unstage", fail)
        ran = project.structure()("apply", "--auto-approve")
    assert (ran.code, len(list(staged.iterdir()))) == (0, 1)
    assert "the next apply removes it" in ran.text

    project.declare({"buyers": {"name": "Renamed"}})
    project.apply()
    assert list(staged.iterdir()) == []


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
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_an_apply_that_is_stopped_while_it_tidies_up_has_told_its_outcome_and_lets_go_of_the_lock(
    project: Project, number: signal.Signals
) -> None:
    program = """
import os, signal, sys, time
from reconciler.cli import main
from reconciler.state import sets

def slow(*_):
    os.kill(os.getpid(), number)
    time.sleep(20)

number = int(sys.argv[1])
signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
sets.sweep = slow
sys.exit(main(sys.argv[2:]))
"""
    apply = ["apply", "--sandbox", "--auto-approve", "--format", "json", "-o", "outcome.json"]
    done = subprocess.run(
        [sys.executable, "-c", program, str(int(number)), *apply],
        cwd=project.structure().folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (done.returncode, "Stopped." in done.stderr, "Traceback" in done.stderr) == (130, True, False)
    outcome = json.loads((project.folder / "outcome.json").read_text(encoding="utf-8"))
    assert outcome["summary"]["done"] == 1
    assert not (project.folder / ".reconciler" / "sandbox-state" / "lock.json").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_a_command_leaves_signals_as_they_were(project: Project) -> None:
    before = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)]
    project.structure().apply()
    assert [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)] == before
