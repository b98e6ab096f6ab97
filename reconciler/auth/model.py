"""What a login gave, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.secret import Secret
    from reconciler.tiktok.model import Account, Lack, User
    from reconciler.tiktok.permission import Work

DEFAULT_PROFILE: Final = "default"
"""The profile of everything that names none."""


class Keeping(StrEnum):
    """Where the token of a login is kept."""

    KEYRING = "keyring"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a login without its token; none of it is secret.

    Attributes:
        name: The name people gave it: ``default``, ``agency``.
        base_url: The TikTok it logged in at; its token goes nowhere else.
        app_id: The developer app it was given to.
        user: Whose it is.
        scopes: What it may do, by TikTok's numbers; None where TikTok did not say.
        advertiser_ids: The accounts it may act for, as TikTok said at login.
        logged_in_at: When, UTC.
        kept_in: Where its token is.
    """

    name: str
    base_url: str
    app_id: str
    user: User
    scopes: frozenset[int] | None
    advertiser_ids: tuple[str, ...]
    logged_in_at: datetime
    kept_in: Keeping


@dataclass(frozen=True, slots=True)
class Login:
    """A profile and its token."""

    profile: Profile
    token: Secret


@dataclass(frozen=True, slots=True)
class Leftover:
    """A token that may be kept although no login has it: its login was broken off, or replaced and never cleared away.

    Attributes:
        key: What it is kept under.
        name: The name of the login.
        base_url: The TikTok that gave it; it goes nowhere else.
        app_id: The developer app it was given to.
        kept_in: Where it is.
        token_digest: Its SHA-256 in hexadecimal digits.
        was_used: Whether it was a login's until another took its place. Then it may be in use elsewhere, and is not
            taken back; that of a login that was broken off nobody ever had.
    """

    key: str
    name: str
    base_url: str
    app_id: str
    kept_in: Keeping
    token_digest: str
    was_used: bool


@dataclass(frozen=True, slots=True)
class Holder:
    """A token to be looked into, and what it is used for.

    Attributes:
        origin: Where it was found, for people: ``access_token in audiences.yaml:5:5``, ``TIKTOK_ACCESS_TOKEN``,
            ``profile agency (keyring)``.
        token: The token; None where there is none, and `origin` says what was looked for.
        profile: The profile it is kept under, where it is.
        scopes: What it may do; None where nobody knows.
        accounts: The accounts it is to act for or may act for: key in the files by advertiser id, None where the
            files do not name it.
        business_centers: The Business Center the files give for an account, by advertiser id.
        way_out: How to get a token, where there is none.
    """

    origin: str
    token: Secret | None
    profile: Profile | None
    scopes: frozenset[int] | None
    accounts: dict[str, str | None]
    business_centers: dict[str, str | None]
    way_out: str = ""


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """What a token may do on one account.

    Attributes:
        advertiser_id: The account.
        key: Its name in the files, or None.
        account: The account as TikTok describes it; None where the token may not see it.
        lacks: What is missing for each piece of work, every one a key; empty where nothing is known to be.
    """

    advertiser_id: str
    key: str | None
    account: Account | None
    lacks: dict[Work, tuple[Lack, ...]]

    def may(self, work: Work) -> bool:
        """Whether nothing is known to be missing."""
        return not self.lacks[work]


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of one token.

    Attributes:
        holder: The token, and where it came from.
        user: Whose it is; None where it is dead or there is none.
        problem: Why it is of no use; None for a living one.
        accounts: What it may do on each account, in the order of `Holder.accounts`.
    """

    holder: Holder
    user: User | None
    problem: Lack | None
    accounts: tuple[AccountStanding, ...]

    @property
    def is_alive(self) -> bool:
        """Whether TikTok takes the token."""
        return self.user is not None
