"""The local TikTok for tests, over HTTP: in a process of its own, reached as the real one is."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def running(folder: Path) -> Iterator[tuple[Sandbox, str]]:
    """Start it in a folder, with nothing of a CI's or TikTok's environment; yields it and its base URL."""
    command = [sys.executable, "-m", "reconciler", "sandbox", "serve", "--port", "0"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "TIKTOK_"))}
    with (
        subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True, env=environ) as process,
        Sandbox(folder / ".reconciler" / "sandbox.db") as sandbox,
    ):
        assert process.stderr is not None
        try:
            yield sandbox, process.stderr.readline().split()[-1]
        finally:
            process.terminate()
