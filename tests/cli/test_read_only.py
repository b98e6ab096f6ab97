"""A folder that may not be written, or read, is told in a sentence and a way out, before TikTok is written to."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from tests.cli.project import Ran

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.project import Project

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="permissions are another matter there")

# Nothing is forbidden to root, who runs the tests in many a container, until the right to that is given up for good.
_AS_ANYBODY: Final = """\
import ctypes, os, sys
if os.geteuid() == 0:
    drop, override, read_search = 24, 1, 2
    process = ctypes.CDLL(None, use_errno=True)
    for capability in (override, read_search):
        if process.prctl(drop, capability, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "the right to write everywhere could not be given up")
os.execv(sys.executable, [sys.executable, "-m", "reconciler", *sys.argv[1:]])
"""


def ran(project: Project, *arguments: str) -> Ran:
    """Run a command line as somebody to whom permissions apply."""
    command = [sys.executable, "-c", _AS_ANYBODY, *arguments]
    environ = {**os.environ, **project.environ}
    done = subprocess.run(
        command, cwd=project.folder, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr
    assert "something unexpected" not in done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


@contextmanager
def only(path: Path, mode: int) -> Iterator[None]:
    """Let a path be no more than `mode` allows while the block runs."""
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        yield
    finally:
        path.chmod(before)


def assert_refused(refused: Ran, what: str) -> None:
    assert refused.code == 1
    assert what in refused.err
    assert "may not be read" in refused.err or "Permission denied" in refused.err
    assert "\n  " in refused.err, "there is no way out"


def writes(project: Project) -> list[str]:
    return [each.path for each in project.tiktok.requests() if each.method == "POST"]


@pytest.fixture
def changed(served: Project) -> Project:
    """A project that was applied, and whose people have changed since."""
    served.apply()
    served.load(slice(0, 1_100))
    served.tiktok.clear_requests()
    return served


def test_a_plan_needs_to_write_nowhere(served: Project) -> None:
    with only(served.folder, 0o555):
        assert ran(served, "plan", "--detailed-exitcode").code == 2
        assert_refused(ran(served, "apply", "--auto-approve"), "lock.json")
        assert_refused(ran(served, "plan", "--format", "json", "--output", "plan.json"), "plan.json")
    assert writes(served) == []
    served.apply()
    served.assert_settled()


@pytest.mark.parametrize("within", [".", "sets", "staged", "runs"])
def test_a_state_that_may_not_be_written_ends_an_apply_before_it_writes(changed: Project, within: str) -> None:
    state = changed.folder / ".reconciler" / "state"
    with only(state / within, 0o555):
        assert ran(changed, "plan", "--detailed-exitcode").code == 2
        assert_refused(ran(changed, "apply", "--auto-approve"), "the state store")
    assert writes(changed) == []
    changed.apply()
    changed.assert_settled()


@pytest.mark.parametrize("name", ["people.parquet", ".reconciler/state", ".reconciler/state/state.json"])
def test_what_may_not_be_read_ends_a_plan(changed: Project, name: str) -> None:
    path = changed.folder / name
    with only(path, 0):
        for command in (("plan",), ("apply", "--auto-approve")):
            assert_refused(ran(changed, *command), path.name if path.is_file() else "the state store")
    assert writes(changed) == []
    changed.apply()
    changed.assert_settled()


def test_snapshots_that_may_not_be_read_end_a_plan(changed: Project) -> None:
    with only(changed.folder / ".reconciler" / "state" / "sets", 0):
        assert_refused(ran(changed, "plan"), "sets/")
        assert_refused(ran(changed, "apply", "--auto-approve"), "sets/")
    assert writes(changed) == []
