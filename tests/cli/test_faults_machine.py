"""A machine that fails ends a run in a sentence and a way out; once it is well again, the next run goes on."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.project import Project

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no such shell")

APPLY = ("apply", "--sandbox", "--auto-approve")


def in_shell(project: Project, before: str, after: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """Apply in a process of its own, in a shell that has done `before`, and redirects as `after` says."""
    command = shlex.join([sys.executable, "-m", "reconciler", *APPLY])
    return subprocess.run(
        ["sh", "-c", f"{before}; exec {command} {after}"],
        cwd=project.folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def assert_told(ran: subprocess.CompletedProcess[str], said: str) -> None:
    """Check that it ended in words: what is wrong, and what to do."""
    assert ran.returncode == 1, ran.stderr
    assert "Traceback" not in ran.stderr
    assert "something unexpected" not in ran.stderr
    assert said in ran.stderr, ran.stderr


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("ulimit -f 8", "the disk of the temporary files is full"),
        ("ulimit -v 700000", "memory"),
    ],
    ids=["disk full", "out of memory"],
)
def test_a_machine_that_fails_is_told_and_gone_on_after(project: Project, before: str, said: str) -> None:
    ran = in_shell(project, before)
    assert_told(ran, said)
    project.apply()
    project.assert_settled()


def test_a_stdout_that_takes_nothing_leaves_the_state_usable(project: Project) -> None:
    ran = in_shell(project, "true", ">/dev/full")
    assert ran.returncode == 1, ran.stderr
    assert "Traceback" not in ran.stderr
    assert "No space left" in ran.stderr
    project.apply()
    project.assert_settled()
