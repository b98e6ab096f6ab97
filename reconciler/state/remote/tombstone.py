"""What stands where an object was removed on condition.

Clouds write on condition but do not delete on it. An object that may have changed hands is therefore replaced, on
condition, by a small mark that counts as no object at all, and the next one to be made there replaces the mark, on
condition too. So no race ever removes an object that somebody else has just made.
"""

from __future__ import annotations

from typing import Final
from uuid import uuid4

_MARK: Final = b"reconciler: nothing stands here; removed as "

SIZE: Final = len(_MARK) + 36
"""Bytes of every tombstone, so that a listing alone tells what certainly is none."""


def new() -> bytes:
    """Return a tombstone unlike any other, so that whoever wrote it knows it again."""
    return _MARK + str(uuid4()).encode()


def is_tombstone(content: bytes) -> bool:
    """Return whether an object's bytes are a tombstone's."""
    return len(content) == SIZE and content.startswith(_MARK)
