"""What is missing before a token may read, write or share the audiences of an account.

Sources: Marketing API v1.3, account roles and numeric token scopes; the seed for the roles that may write.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reconciler.tiktok.model import Lack, Role, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.tiktok.model import Account


class Work(StrEnum):
    """What can be done with the audiences of an account."""

    READ = "read"
    WRITE = "write"
    SHARE = "share"


SCOPE_NAMES: Final[Mapping[int, str]] = {
    Scope.AUDIENCES: "everything about audiences",
    Scope.READ: "read audiences",
    Scope.WRITE: "create and update audiences",
    Scope.SHARE: "share audiences",
}
"""What each scope lets an app do, for people."""

LOG_IN: Final = "`reconciler auth login`"
"""How a way out spells the command; `of_login` has it name the login."""

_NEEDED: Final[Mapping[Work, Scope]] = {Work.READ: Scope.READ, Work.WRITE: Scope.WRITE, Work.SHARE: Scope.SHARE}


def lacking(work: Work, account: Account, scopes: Iterable[int] | None) -> tuple[Lack, ...]:
    """Return everything that is missing; nothing where it may be done, or where only TikTok knows.

    Args:
        work: What is to be done.
        account: The account it is to be done on, with the role of the token's owner.
        scopes: What the token may do; None where nobody knows.
    """
    needed = _NEEDED[work]
    lacks = [lacks_scope(needed)] if scopes is not None and not {needed, Scope.AUDIENCES} & set(scopes) else []
    return tuple(lacks) if work is Work.READ else (*_lacking_on(account), *lacks)


def lacks_scope(scope: Scope) -> Lack:
    """Return what a token without `scope` lacks."""
    return Lack(
        f"the token lacks scope {scope:d} ({SCOPE_NAMES[scope]})",
        f"Run {LOG_IN} again, and leave the permission to {SCOPE_NAMES[scope]} ticked.",
    )


def of_login(lack: Lack, name: str) -> Lack:
    """Return a lack of the token of a login, whose way out says which one to make again."""
    return replace(lack, way_out=lack.way_out.replace(LOG_IN, f"{LOG_IN[:-1]} --profile {name}`"))


def out_of_reach(said: str) -> Lack:
    """Return what a token lacks that may not act for an account at all; `said` are TikTok's own words."""
    return Lack(
        f"the token may not act for it ({said.rstrip('.')})",
        f"Give the token's owner access to the account in its Business Center, then run {LOG_IN} again "
        "and leave the account ticked; or name the profile of someone who has access.",
    )


def unreadable(said: str) -> Lack:
    """Return what a token lacks that may act for an account and not read its audiences; `said` are TikTok's words."""
    return Lack(
        f"TikTok does not let its audiences be read ({said.rstrip('.')})",
        f"Run {LOG_IN} again, and leave the permission to {SCOPE_NAMES[Scope.READ]} ticked; and "
        "for streaming see that TikTok has approved the app.",
    )


def _lacking_on(account: Account) -> Iterator[Lack]:
    if not account.role.can_write:
        yield Lack(
            f"your role is {Role.ANALYST.capitalize()}",
            "Ask a Business Center admin for Ad Account Operator or Admin.",
        )
    if not account.is_enabled:
        yield Lack(
            f"the account's status is {account.status}",
            "Ask the account's admin or TikTok to enable it.",
        )
