"""Finding out whether a store keeps its promises before a lock depends on them."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from reconciler.state.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER: Final = ".probe/"


def writes_on_condition(swap: Callable[[str, bytes, str | None], str | None], remove: Callable[[str], None]) -> bool:
    """Return whether a store makes an object only where there is none, and replaces one only as it was read.

    There are S3-compatible stores that accept a condition and write regardless. Two runs would both get the lock.

    Args:
        swap: Puts bytes on condition, as `reconciler.state.store.Store.swap` does.
        remove: Removes an object.
    """
    name = f"{FOLDER}{uuid4()}"
    is_kept = False
    try:
        is_kept = _is_kept(swap, name)
    finally:
        # What was found out first says more than why nothing could be removed after it.
        with nullcontext() if is_kept else suppress(StoreError):
            remove(name)
    return is_kept


def _is_kept(swap: Callable[[str, bytes, str | None], str | None], name: str) -> bool:
    first = swap(name, b"first", None)
    if first is None or swap(name, b"made again", None) is not None:
        return False
    second = swap(name, b"second", first)
    return second is not None and swap(name, b"written over", first) is None
