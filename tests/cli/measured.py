"""A command line in a process of its own, and the memory that it took at its peak."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# A process counts the memory of the one that started it as its own peak, and the process of many tests holds much. So
# one that holds little starts the one that is measured.
_MEASURE: Final = """\
import os, sys
started = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(started, 0)
print(used.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""

can_measure = pytest.mark.skipif(sys.platform == "win32", reason="os.wait4 tells a child's peak memory on Unix alone")


@dataclass(frozen=True, slots=True)
class Measured:
    """How a command line ended.

    Attributes:
        code: Its exit code.
        out: What it wrote to stdout.
        err: What it wrote to stderr.
        peak: The most memory it held, in bytes.
    """

    code: int
    out: str
    err: str
    peak: int


def measured(folder: Path, *arguments: str) -> Measured:
    """Run `reconciler` in `folder` to its end."""
    command = [sys.executable, "-c", _MEASURE, sys.executable, "-m", "reconciler", *arguments]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    *lines, peak = ran.stderr.splitlines()
    unit = 1 if sys.platform == "darwin" else 1024
    return Measured(ran.returncode, ran.stdout, "\n".join(lines), int(peak) * unit)
