"""What TikTok says it has, as frozen values: JSON becomes one of these at the door.

Shapes, units and spellings: Marketing API v1.3. Ids are strings of digits everywhere. Times are aware, in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Role(StrEnum):
    """A person's role on an account, read from its Business Center; `UNKNOWN` outside of one."""

    ADMIN = "ADMIN"
    OPERATOR = "OPERATOR"
    ANALYST = "ANALYST"
    UNKNOWN = "UNKNOWN"

    @property
    def can_write(self) -> bool:
        """Whether audiences may be written; unknown roles may try, and TikTok decides."""
        return self is not Role.ANALYST


class Scope(IntEnum):
    """What a person let an app do with audiences, by TikTok's number; `AUDIENCES` grants the other three."""

    AUDIENCES = 3
    READ = 30
    WRITE = 31
    SHARE = 32


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that is missing for a piece of work, in words that can be forwarded to whoever can give it.

    Attributes:
        reason: What is missing, without the account: ``your role is Analyst``.
        way_out: Whom to ask for what, as a sentence.
    """

    reason: str
    way_out: str


class AudienceKind(StrEnum):
    """What an audience is made from. TikTok spells several of these in two ways; see `AudienceKind.read`."""

    STREAMING = "Partner Audience"
    FILE = "Customer File Audience"
    LOOKALIKE = "Lookalike Audience"
    WEBSITE = "Website Audience"
    APP = "App Activity Audience"
    ENGAGEMENT = "Engagement Audience"
    OTHER = "Other"

    @classmethod
    def read(cls, spelled: str) -> AudienceKind:
        """Match TikTok's spelling by its first word, whatever its case: ``Partner`` is the streaming kind."""
        first = spelled.strip().split(" ")[0].lower()
        for kind in cls:
            if kind.value.split(" ")[0].lower() == first:
                return kind
        return cls.OTHER


@dataclass(frozen=True, slots=True)
class User:
    """The person a token belongs to. `name` and `email` are "" where TikTok does not tell."""

    user_id: str
    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """An advertiser account as TikTok describes it. `status` is ``STATUS_ENABLE`` for one that may be used."""

    advertiser_id: str
    name: str
    status: str
    currency: str
    timezone: str
    role: Role = Role.UNKNOWN
    business_center_id: str | None = None

    @property
    def is_enabled(self) -> bool:
        """Whether the account may be used."""
        return self.status == "STATUS_ENABLE"

    @property
    def is_described(self) -> bool:
        """Whether TikTok said anything of it: it does of no account that the token may not act for."""
        return bool(self.status)


@dataclass(frozen=True, slots=True)
class Audience:
    """A custom audience.

    Attributes:
        cover_num: Matched users; 0 for hours after an upload.
        is_valid: False while computing, below 1,000 matches, or expired.
        sub_type: ``NORMAL`` or ``REACH_FREQUENCY``.
        is_expiring: Expires within 60 days.
        is_creator: False where another account shared it in.
        source_audience_id: The audience a Lookalike grew from.
        error_msg: What TikTok says went wrong, or "".
    """

    audience_id: str
    name: str
    kind: AudienceKind
    cover_num: int = 0
    is_valid: bool = False
    is_expiring: bool = False
    is_creator: bool = True
    shared: bool = False
    owner_id: str | None = None
    created_at: datetime | None = None
    expires_at: datetime | None = None
    calculate_type: str | None = None
    sub_type: str = "NORMAL"
    source_audience_id: str | None = None
    error_msg: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """One line of an audience's history. What TikTok does not tell is "", or None for the time.

    Attributes:
        action: What was done, in TikTok's words, of which there is no complete list.
        detail: To what, in TikTok's words.
        editor: ``open_api`` for API calls, whoever made them; else a person.
        message: What did not work, where it was done in part.
        at: When.
    """

    action: str
    detail: str
    editor: str
    message: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Application:
    """The last time an audience was put into an ad group: a log, which says nothing of whether it is still there.

    What TikTok does not tell is "", or None for the time.

    Attributes:
        audience_id: The audience.
        adgroup_id: The ad group, which may be gone since.
        adgroup_name: Its name.
        mode: As in `Use`: ``includes``, ``excludes``, or ``uses`` where TikTok does not say which.
        editor: Who did it.
        at: When.
    """

    audience_id: str
    adgroup_id: str
    adgroup_name: str
    mode: str
    editor: str
    at: datetime | None


class UsageKind(StrEnum):
    """What holds on to an audience."""

    AD_GROUP = "ad group"
    SMART_PLUS = "Smart+ ad group"
    SAVED_AUDIENCE = "saved audience"
    LOOKALIKE = "Lookalike"


@dataclass(frozen=True, slots=True)
class Use:
    """One thing that uses an audience: an ad group that includes or excludes it, a saved audience, a Lookalike."""

    kind: UsageKind
    id: str
    name: str
    mode: str = "includes"

    def __str__(self) -> str:
        return f'{self.kind} "{self.name}" ({self.id}) {self.mode} it'


@dataclass(frozen=True, slots=True)
class Remote:
    """One account, as TikTok has it now.

    Attributes:
        account: The account itself.
        audiences: By id; owned and shared in.
        usage: Audience id → what uses it. None where usage was not looked up, because nothing was to be deleted.
        scopes: What the token that acts for it may do; None where nobody knows, since TikTok tells at login only.
        unreadable: Why the account could not be read; then everything else here is unknown. None for one that was.
        login: The login whose token acts for it, where that is another than the default one.
    """

    account: Account
    audiences: Mapping[str, Audience] = field(default_factory=dict)
    usage: Mapping[str, tuple[Use, ...]] | None = None
    scopes: frozenset[int] | None = None
    unreadable: Lack | None = None
    login: str | None = None

    @property
    def is_readable(self) -> bool:
        """Whether it was read."""
        return self.unreadable is None

    def named(self, name: str) -> tuple[Audience, ...]:
        """Return every audience of exactly this name; names are not unique on TikTok."""
        return tuple(each for each in self.audiences.values() if each.name == name)
