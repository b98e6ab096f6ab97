"""Drift as data: each thing that drifted, with its cause, since when, by whom, and what `apply` would do about it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from reconciler.diagnostics import Location


DRIFT_FORMAT_VERSION: Final = 2


class DriftKind(StrEnum):
    """In what way something drifted. In the order in which a person should read them."""

    DELETED = "deleted"
    RETYPED = "retyped"
    INVALID = "invalid"
    EXPIRED = "expired"
    EXPIRING = "expiring"
    EMPTIED = "emptied"
    MATCH_RATE = "match_rate"
    RENAMED = "renamed"
    SHARED = "shared"
    IN_USE = "in_use"
    EDITED = "edited"
    MEMBERS = "members"
    ACCESS = "access"
    ACCOUNT_STATUS = "account_status"
    ACCOUNT_ROLE = "account_role"
    EXPECTATION = "expectation"
    UNMANAGED = "unmanaged"


ABOUT_ACCOUNTS: Final = frozenset(
    {DriftKind.ACCESS, DriftKind.ACCOUNT_STATUS, DriftKind.ACCOUNT_ROLE, DriftKind.EXPECTATION}
)
"""Kinds that are about an account as a whole, not one of its audiences."""


@dataclass(frozen=True, slots=True)
class Drifted:
    """One thing that drifted.

    Attributes:
        kind: In what way.
        address: The address it is managed at; None for an account, and for what is not managed.
        advertiser: Key of the account in the files, or its id where they do not name it.
        advertiser_id: The account.
        audience_id: The audience; None for an account.
        summary: What happened, in one sentence.
        before: What was applied or last seen, where that is one value.
        after: What is there now, where that is one value.
        details: What the sentence rests on, a line each: ad groups by name and id, edits with their time and editor.
        since: When it happened, where TikTok tells.
        last_seen: When an apply last saw it as it should be, so that it happened later; None where none did.
        by: Who did it, where TikTok tells: an editor of its history, ``open_api`` being some program.
        remedy: What `apply` would do, or what a person can.
        location: Where it is declared, or None where no line is to blame.
    """

    kind: DriftKind
    address: str | None
    advertiser: str
    advertiser_id: str
    audience_id: str | None
    summary: str
    before: str | None = None
    after: str | None = None
    details: tuple[str, ...] = ()
    since: datetime | None = None
    last_seen: datetime | None = None
    by: str | None = None
    remedy: str = ""
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """Everything that drifted.

    Attributes:
        checked_at: When it was looked, UTC.
        found: Accounts first, then managed audiences by address, then unmanaged ones by account and name; what is
            said of one of them in the order of `DriftKind`.
        checked: Managed audiences that were looked at.
        skipped_members: True where people were not looked at (``--skip-members``).
    """

    checked_at: datetime
    found: tuple[Drifted, ...]
    checked: int
    skipped_members: bool = False

    @property
    def accounts(self) -> tuple[Drifted, ...]:
        """What drifted about accounts."""
        return tuple(each for each in self.found if each.kind in ABOUT_ACCOUNTS)

    @property
    def managed(self) -> tuple[Drifted, ...]:
        """What drifted among the audiences this tool manages."""
        return tuple(each for each in self.found if each.address is not None)

    @property
    def unmanaged(self) -> tuple[Drifted, ...]:
        """The audiences that no file declares."""
        return tuple(each for each in self.found if each.kind is DriftKind.UNMANAGED)

    @property
    def counts(self) -> Mapping[DriftKind, int]:
        """How many findings of each kind; kinds with none are left out."""
        return Counter(each.kind for each in self.found)

    def of(self, kinds: Iterable[DriftKind]) -> tuple[Drifted, ...]:
        """Return the findings of these kinds."""
        wanted = frozenset(kinds)
        return tuple(each for each in self.found if each.kind in wanted)
