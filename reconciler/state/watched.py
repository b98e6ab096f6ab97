"""A store whose every operation is traced."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, cast

from reconciler import telemetry

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.state.store import Store


def watched(store: Store) -> Store:
    """Return `store`, with a span around each of its operations where anybody traces; else as it is."""
    return cast("Store", _Watched(store)) if telemetry.is_on() else store


class _Watched:
    """A store in everything; its operations are looked up by name, so a new one is traced without a line here."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> object:
        found = getattr(self._store, name)
        return _traced(name, found) if callable(found) else found


def _traced(operation: str, work: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(work)
    def inside(*args: Any, **kwargs: Any) -> object:  # noqa: ANN401  # whatever the operation takes
        name = args[0] if args and isinstance(args[0], str) else None
        with telemetry.span(f"store {operation}", store_name=name):
            return work(*args, **kwargs)

    return inside
