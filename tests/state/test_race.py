"""Two runs for one state: exactly one of them works, and the other says who does. Real processes, a hundred rounds."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import reconciler
from reconciler.state.repository import open_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.state.conftest import Bucket

ROUNDS = 100

RUNNER = """
import sys
from reconciler.state.errors import LockedError, StateConflictError
from reconciler.state.repository import open_state

me, url = sys.argv[1:]
print("ready", flush=True)
for line in sys.stdin:
    store = open_state(url)
    try:
        with store.lock(f"round {line.strip()} of {me}", who=me):
            state = store.open()
            state.save(state.state)
            print("won", flush=True)
            sys.stdin.readline()  # hold it until the other has been told
    except LockedError as locked:
        print("lost to", locked.lock.who, locked.lock.why.partition(" of ")[0], flush=True)
        sys.stdin.readline()
    print("released", flush=True)
"""
"""Tries for the state once a line, and holds it until the next one."""


class Runner:
    """A process that tries for the state when told."""

    def __init__(self, name: str, url: str, processes: ExitStack) -> None:
        self.name = name
        environment = {**os.environ, "PYTHONPATH": str(Path(reconciler.__file__).parent.parent)}
        self._process = processes.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", RUNNER, name, url],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                bufsize=1,
                env=environment,
            )
        )
        processes.callback(self._process.kill)
        assert self.told() == "ready"

    def tell(self, line: str) -> None:
        """Send a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")

    def told(self) -> str:
        """Return the next line it says."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@pytest.fixture(params=["directory", "s3"])
def url(request: pytest.FixtureRequest, root: Path, open_place: Callable[[str], Bucket]) -> str:
    """Where the state is that is raced for."""
    return str(root) if request.param == "directory" else open_place("s3").url


@pytest.mark.slow
def test_of_two_runs_exactly_one_works_each_time_and_the_other_says_who_does(url: str) -> None:
    with ExitStack() as processes, ThreadPoolExecutor(2) as both:
        runners = [Runner(name, url, processes) for name in ("ann", "ben")]
        for number in range(1, ROUNDS + 1):
            for runner in runners:
                runner.tell(str(number))
            told = dict(zip(("ann", "ben"), both.map(Runner.told, runners), strict=True))
            winners = [name for name, said in told.items() if said == "won"]
            assert len(winners) == 1, f"round {number}: {told}"
            (loser,) = told.keys() - set(winners)
            assert told[loser] == f"lost to {winners[0]} round {number}"
            for runner in runners:
                runner.tell("let go")
            assert [runner.told() for runner in runners] == ["released", "released"]
        state = open_state(url).read().state
        assert state.serial == ROUNDS
        assert open_state(url).read_lock() is None


WAITING = """
import sys
from reconciler.state.repository import open_state

url, number = sys.argv[1:]
store = open_state(url)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(number)):
    with store.lock("one of many", patience=60):
        state = store.open()
        state.save(state.state)
"""


@pytest.mark.slow
def test_runs_that_wait_for_each_other_all_get_their_turn(url: str) -> None:
    with ExitStack() as processes:
        waiting = []
        for _ in range(4):
            process = processes.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", WAITING, url, "5"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            waiting.append(process)
        for process in waiting:
            process.communicate("go\n")
        assert [process.returncode for process in waiting] == [0, 0, 0, 0]
    assert open_state(url).read().state.serial == 20
