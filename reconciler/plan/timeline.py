"""The past of each audience, as a report draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from reconciler.state.history_model import History
    from reconciler.state.model import State


@dataclass(frozen=True, slots=True)
class Point:
    """One moment of an audience's past.

    Attributes:
        at: When, UTC.
        matched: People TikTok had matched, or None where it did not say.
        users: People it should have held from then on, or None where that is not known.
        added: Identifiers added then.
        removed: Identifiers taken out then.
    """

    at: datetime
    matched: int | None
    users: int | None
    added: int = 0
    removed: int = 0


Timelines: TypeAlias = "Mapping[str, tuple[Point, ...]]"
"""By address, oldest first; addresses without a past are left out."""


def timelines(history: History, owned: State) -> Timelines:
    """Return the past of every audience the state owns, by address."""
    found = {}
    for address, resource in sorted(owned.resources.items()):
        audience = history.audiences.get(resource.audience_id)
        if audience and audience.sightings:
            found[address] = tuple(
                Point(each.at, each.matched, each.users, each.added, each.removed) for each in audience.sightings
            )
    return found
