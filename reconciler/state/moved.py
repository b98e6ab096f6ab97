"""The mark a migration leaves in the store it left: whoever still points there is told where the state is now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import orjson

from reconciler import seal
from reconciler.state.errors import MovedStateError
from reconciler.state.times import dump_time

if TYPE_CHECKING:
    from reconciler.state.store import Store

MOVED_NAME: Final = "moved.json"

_SOMEWHERE: Final = "another store"  # a mark that is damaged still says that the state is not here any more


def mark(store: Store, to: str) -> None:
    """Write down that the state is at the URL `to` by now."""
    tree = {seal.FIELD: seal.UNSEALED, "moved_to": to, "at": dump_time(datetime.now(UTC))}
    store.put(MOVED_NAME, seal.seal(orjson.dumps(tree, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)))


def unmark(store: Store) -> None:
    """Remove the mark: the state came back."""
    store.delete(MOVED_NAME)


def moved_to(store: Store) -> str | None:
    """Return the URL the state moved to; None where it is here."""
    found = store.get(MOVED_NAME)
    if found is None:
        return None
    try:
        tree = orjson.loads(found.content) if seal.is_sealed(found.content) else {}
    except ValueError:  # a broken seal is one too
        tree = {}
    return str(tree.get("moved_to", _SOMEWHERE))


def refuse_moved(store: Store) -> None:
    """Raise MovedStateError where the state moved away from `store`."""
    to = moved_to(store)
    if to is not None:
        raise MovedStateError(store.url, to)
