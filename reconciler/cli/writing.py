"""Files that are written whole: whoever reads one finds the old or the new, never half of either."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from uuid import uuid4

from reconciler.errors import ReconcilerError


class CannotWriteError(ReconcilerError):
    """A file cannot be written where it was asked for."""


def write_whole(path: Path, content: bytes, *, what: str, option: str) -> None:
    """Write `content` to `path`, in folders that are made where there are none.

    Links are followed, so that what they lead to is replaced and they stay; what is no file at all, a pipe or
    ``/dev/stdout`` for example, is written to as it is.

    Args:
        path: Where to.
        content: The whole file.
        what: What it is, for the error: ``the plan``.
        option: The option that named the file, for the way out.

    Raises:
        CannotWriteError: It cannot be written; what was there before still is.
    """
    try:
        _write(Path(os.path.realpath(path)), content)
    except OSError as problem:
        raise CannotWriteError(
            f"cannot save {what} to {path}: {problem.strerror or problem}",
            hint=f"Name a file that you may write, with {option}.",
        ) from problem


def _write(path: Path, content: bytes) -> None:
    if path.is_dir():
        raise IsADirectoryError(None, "it is a folder")
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{uuid4().hex}.tmp")  # never longer than the name itself may be
    try:
        beside.write_bytes(content)
        if path.exists():
            beside.chmod(path.stat().st_mode & 0o777)
        beside.replace(path)
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
