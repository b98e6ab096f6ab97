"""What applies have seen on TikTok, over time: what drift is told from, and what a report draws.

Kept beside the state, in a document of its own: losing it loses no safety, only the past.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

MOST_SIGHTINGS: Final = 100
"""Sightings kept of one audience; of more, the oldest go."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One audience, as an apply saw and left it.

    Attributes:
        at: When the apply ended.
        matched: TikTok's `cover_num` just before: what came of earlier deliveries. None where it did not exist.
        users: People it should hold from then on, or None where its people are left alone.
        added: Identifiers the apply added.
        removed: Identifiers the apply took out.
    """

    at: datetime
    matched: int | None
    users: int | None = None
    added: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class AudienceHistory:
    """What is known of one audience from earlier applies.

    Attributes:
        kind: Its `AudienceKind`, as last seen.
        sub_type: ``NORMAL`` or ``REACH_FREQUENCY``, as last seen.
        calculate_type: What the files of a file audience hold, as last seen; None where TikTok did not say.
        shared: Whether it was shared with other accounts, as last seen.
        uses: What used it, as last seen: ``ad group 123 includes``, sorted; None where it was not looked up.
        sightings: Oldest first, at most `MOST_SIGHTINGS`.
        name: Its name, as last seen; None where an earlier version saw it, which did not write that down.
    """

    kind: str
    shared: bool = False
    uses: tuple[str, ...] | None = None
    sightings: tuple[Sighting, ...] = ()
    sub_type: str = "NORMAL"
    calculate_type: str | None = None
    name: str | None = None

    @property
    def last_seen(self) -> datetime | None:
        """When an apply last saw it."""
        return self.sightings[-1].at if self.sightings else None


@dataclass(frozen=True, slots=True)
class AccountSighting:
    """An account, as an apply last saw it."""

    at: datetime
    status: str
    role: str


@dataclass(frozen=True, slots=True)
class History:
    """Everything applies have seen.

    Attributes:
        lineage: The state it belongs to; one of another lineage tells nothing.
        accounts: By advertiser id.
        audiences: By audience id.
    """

    lineage: str
    accounts: Mapping[str, AccountSighting] = field(default_factory=dict)
    audiences: Mapping[str, AudienceHistory] = field(default_factory=dict)
