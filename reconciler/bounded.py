"""Files that are read whole, but never more of one than its kind can have."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def read_bounded(path: Path, most: int) -> bytes | None:
    """Return all of a file's bytes, or None where it has more than `most`; raises OSError.

    Its size is looked at first, so that of one that is too long nothing is read; and what is longer than it says, a
    file that grows or a device, is left after `most`.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            return None
        content = file.read(size + 1)
        if len(content) > size:
            content += file.read(most + 1 - len(content))
    return content if len(content) <= most else None


def spelled(most: int) -> str:
    """Return a limit for a message: ``64 MB``."""
    return f"{most >> 20} MB" if most >= 1 << 20 else f"{most >> 10} kB"
