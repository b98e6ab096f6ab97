"""What is known of members without holding one: counts, digests, and findings with nothing raw in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.identifiers import Identity, IdType

Direction: TypeAlias = Literal["add", "remove"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of a source's people are wanted, and by what they are to be reached.

    Attributes:
        where: A boolean expression in DuckDB's SQL, or None for all rows.
        identities: The identities that are sent; the person key counts without being named.
    """

    where: str | None
    identities: tuple[Identity, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """Values of one identity that were not used.

    Attributes:
        malformed: Values that are no such identifier.
        untracked: All-zero ids: people who limited tracking.
        blank: Missing or empty values.
        examples: Up to three malformed values, masked: every letter an ``a``, every digit a ``9``.
    """

    malformed: int = 0
    untracked: int = 0
    blank: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetSummary:
    """A set of members, counted.

    Attributes:
        digest: SHA-256 of the set's file, hexadecimal; equal sets made by one engine have equal digests.
        rows: Source rows that `where` let through.
        users: Distinct persons with at least one usable identifier.
        identifiers: Distinct identifiers by type; types with none are left out.
        rejected: What was not used, by identity; the identities asked for, each once.
    """

    digest: str
    rows: int
    users: int
    identifiers: Mapping[IdType, int] = field(default_factory=dict)
    rejected: Mapping[Identity, Rejected] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All identifiers, of every type."""
        return sum(self.identifiers.values())


@dataclass(frozen=True, slots=True)
class Delta:
    """How a wanted set differs from what was delivered.

    Attributes:
        add: Identifiers to add.
        remove: Identifiers to remove.
        delivered_identifiers: Identifiers that may be on TikTok now.
        delivered_users: Distinct persons among those.
        users_out: Delivered persons none of whose delivered identifiers is wanted any more.
    """

    add: int
    remove: int
    delivered_identifiers: int
    delivered_users: int
    users_out: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """What TikTok may hold of an audience now, as far as is known.

    A delivery under way may have added and removed any part of what it set out to, so TikTok holds something between.

    Attributes:
        snapshot: The set last delivered whole, or None.
        in_flight: Sets whose delivery was begun and not seen to end.
    """

    snapshot: Path | None = None
    in_flight: tuple[Path, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """Every set file, the snapshot first: what TikTok may hold is in one of them."""
        return (*(() if self.snapshot is None else (self.snapshot,)), *self.in_flight)


@dataclass(frozen=True, slots=True)
class Leg:
    """What one audience needs: from what was delivered to the set it should hold."""

    delivered: Delivered
    target: Path
