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

    Raises:
        CannotKeepError: It cannot be written; what was there before still is.
    """
    private_folder(path.parent)
    try:
        descriptor, written = tempfile.mkstemp(dir=path.parent, prefix=".")  # mode 0600, and never someone else's file
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(written).replace(path)
        except BaseException:
            Path(written).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CannotKeepError(path, error.strerror or str(error)) from error
