"""Command lines in processes of their own that start at once: forked from one that has imported everything already.

A process forks before anything of ours runs in it, so no thread and no engine is copied.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_PARENT: Final = """
import os, sys
import orjson
import boto3, obstore.auth.boto3, uvloop
import reconciler.cli.apply, reconciler.cli.plan, reconciler.apply.run, reconciler.identity
import reconciler.state.remote.store
from reconciler.cli import main

for line in sys.stdin.buffer:
    task = orjson.loads(line)
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        sys.stdout.buffer.write(orjson.dumps({"code": os.waitstatus_to_exitcode(status)}) + b"\\n")
        sys.stdout.buffer.flush()
        continue
    os.chdir(task["folder"])
    os.environ.update(task["environ"])
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(task[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdin = open(0)
    exec(task["before"])
    code = main(task["arguments"])
    globals().get("at_end", lambda: None)()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command line ended: its exit code, or a signal's number below zero, and what it printed."""

    code: int
    out: str
    err: str


class Commands:
    """Runs command lines one after the other, each in a process of its own.

    Args:
        parent: The process that forks.
        scratch: Where output goes.
    """

    def __init__(self, parent: subprocess.Popen[bytes], scratch: Path) -> None:
        self._parent = parent
        self._out, self._err = scratch / "out", scratch / "err"

    def start(
        self, arguments: Sequence[str], folder: Path, environ: Mapping[str, str] | None = None, before: str = ""
    ) -> None:
        """Start a command line.

        Args:
            arguments: What follows ``reconciler``.
            folder: The working directory.
            environ: Added to the environment.
            before: Python that runs in the new process first; a function `at_end` that it defines runs last.
        """
        task = {
            "arguments": list(arguments),
            "folder": str(folder),
            "environ": dict(environ or {}),
            "before": before,
            "out": str(self._out),
            "err": str(self._err),
        }
        assert self._parent.stdin is not None
        self._parent.stdin.write(orjson.dumps(task) + b"\n")
        self._parent.stdin.flush()

    def said(self) -> str:
        """Return what the command line that was started has said on stderr so far."""
        return self._err.read_text() if self._err.exists() else ""

    def wait(self) -> Ended:
        """Return how the command line that was started ended."""
        assert self._parent.stdout is not None
        line = self._parent.stdout.readline()
        assert line, "the process that forks is gone"
        return Ended(orjson.loads(line)["code"], self._out.read_text(), self._err.read_text())


@contextmanager
def commands(scratch: Path) -> Iterator[Commands]:
    """Start what runs command lines, with this process' environment; `scratch` is its own folder."""
    scratch.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ)
    ) as parent:
        yield Commands(parent, scratch)
        assert parent.stdin is not None
        parent.stdin.close()
