"""A command on a terminal of its own, and what a person types there."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from select import select
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.project import Project

_SECONDS = 30


def on_terminal(project: Project, *arguments: str, answers: dict[str, str], **environ: str) -> tuple[int, str]:
    """Run a command on a terminal; return its exit code and everything the terminal showed.

    Args:
        project: Where.
        arguments: The command line.
        answers: What to type once the terminal shows a text, in this order; a lone surrogate is a byte of its own.
        environ: Variables beside the project's.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=project.folder,
        env={**os.environ, **project.environ, "TERM": "dumb", "COLUMNS": "200", **environ},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown, waiting = "", dict(answers)
    try:
        while select([ours], [], [], _SECONDS)[0]:
            try:
                read = os.read(ours, 4096)
            except OSError:  # how Linux says that nobody is left at the other end
                break
            if not read:
                break
            shown += read.decode()
            if waiting and (prompt := next(iter(waiting))) in shown:
                os.write(ours, waiting.pop(prompt).encode(errors="surrogateescape") + b"\n")
        return process.wait(_SECONDS), shown
    finally:
        process.kill()
        process.wait()
        os.close(ours)
