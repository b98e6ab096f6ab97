"""Files that their owner alone may read, from their first byte on, and that are written whole."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from reconciler.auth.errors import CannotKeepError


def private_folder(folder: Path) -> None:
    """Make a folder for its owner alone, where there is none.

    Raises:
        CannotKeepError: It cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotKeepError(folder, error.strerror or str(error)) from error


def write_private(path: Path, content: bytes) -> None:
    """Write a file so that a reader, and a power cut, find the old one or the new one whole.

    Not for a token: a process that is killed meanwhile leaves it in a file beside, until the next `sweep`.

    Raises:
        CannotKeepError: It cannot be written; what was there before still is.
    """
    private_folder(path.parent)
    try:
        descriptor, written = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600, and nobody else's
        try:
            _fill(descriptor, content)
            Path(written).replace(path)
        except BaseException:
            Path(written).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CannotKeepError(path, error.strerror or str(error)) from error


def write_new_private(path: Path, content: bytes) -> None:
    """Write a file where none is to be; it stands under no other name at any time.

    Raises:
        CannotKeepError: It cannot be written; none is there then.
    """
    private_folder(path.parent)
    try:
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            _fill(descriptor, content)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CannotKeepError(path, error.strerror or str(error)) from error


def sweep(folder: Path, name: str) -> None:
    """Remove what a process left in a folder that was killed while it wrote a file of this name."""
    for each in folder.glob(f".{name}.*"):
        each.unlink(missing_ok=True)


def _fill(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
