"""Whose token it is, and what it may do on which account.

Sources: Marketing API v1.3, return codes (tokens), token scopes, and account roles; writing audiences takes
an Admin or an Operator on the account.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from reconciler.sandbox.envelope import Code, Refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from reconciler.sandbox.database import Transaction

ALL_AUDIENCE_SCOPES = 3
"""The parent scope, which grants all its children."""

READ_AUDIENCES, WRITE_AUDIENCES, SHARE_AUDIENCES = 30, 31, 32
"""The scopes below it."""

ENABLED = "STATUS_ENABLE"
"""The one status of an account that may be written to."""


class Role(StrEnum):
    """What a person may do on an account."""

    ADMIN = "ADMIN"
    OPERATOR = "OPERATOR"
    ANALYST = "ANALYST"


@dataclass(frozen=True, slots=True)
class Caller:
    """The person a token stands for, and the scopes they granted it."""

    token_digest: bytes
    user_id: str
    display_name: str
    email: str
    scopes: frozenset[int]


NOBODY = Caller(b"", "", "", "", frozenset())
"""Who calls an endpoint that takes no token."""


@dataclass(frozen=True, slots=True)
class Account:
    """An advertiser account, as one caller sees it."""

    advertiser_id: str
    name: str
    status: str
    currency: str
    timezone: str
    business_center_id: str | None
    role: Role


def digest_of(credential: str) -> bytes:
    """Return what is kept of a token or an app secret."""
    return hashlib.sha256(credential.encode()).digest()


def identify(transaction: Transaction, token: str | None) -> Caller:
    """Return whose token this is.

    Raises:
        Refusal: 40104 without a token, 40105 for an unknown or revoked one, 40102 for an expired one.
    """
    if not token:
        raise Refusal(Code.TOKEN_EMPTY, "Access token is empty: send it in the Access-Token header.")
    digest = digest_of(token)
    row: tuple[str, str, str, str, str] | None = transaction.connection.execute(
        "SELECT user_id, display_name, email, scopes, status FROM tokens JOIN people USING (user_id) WHERE digest = ?",
        (digest,),
    ).fetchone()
    if row is None or row[4] == "REVOKED":
        raise Refusal(Code.TOKEN_WRONG, "Access token is incorrect or has been revoked.")
    if row[4] == "EXPIRED":
        raise Refusal(Code.TOKEN_EXPIRED, "Access token has expired.")
    user_id, display_name, email, scopes, _ = row
    return Caller(digest, user_id, display_name, email, read_scopes(scopes))


def read_scopes(spelled: str) -> frozenset[int]:
    """Return scopes as they are kept, which is with commas between."""
    return frozenset(map(int, filter(None, spelled.split(","))))


def spell_scopes(scopes: Iterable[int]) -> str:
    """Return scopes as they are kept."""
    return ",".join(map(str, sorted(set(scopes))))


def require_scope(caller: Caller, scopes: Collection[int]) -> None:
    """Refuse with 40001 a token that has none of `scopes`; an empty collection asks for nothing."""
    if scopes and not caller.scopes & {ALL_AUDIENCE_SCOPES, *scopes}:
        needed = " or ".join(map(str, sorted(scopes)))
        raise Refusal(Code.NO_PERMISSION, f"The access token lacks permission scope {needed}.")


_SELECT_ACCOUNTS = """
    SELECT advertiser_id, name, advertisers.status, currency, timezone, business_center_id, role
    FROM grants
    JOIN tokens ON digest = token_digest
    JOIN seats USING (user_id, advertiser_id)
    JOIN advertisers USING (advertiser_id)
    WHERE token_digest = ?
"""
_AccountRow: TypeAlias = tuple[str, str, str, str, str, str | None, str]


def accounts_of(transaction: Transaction, caller: Caller) -> tuple[Account, ...]:
    """Return every account the caller may act for, by id."""
    rows: list[_AccountRow] = transaction.connection.execute(
        f"{_SELECT_ACCOUNTS} ORDER BY advertiser_id", (caller.token_digest,)
    ).fetchall()
    return tuple(_account(row) for row in rows)


def readable_account(transaction: Transaction, caller: Caller, advertiser_id: str) -> Account:
    """Return the account, or refuse with 40001 where the caller may not act for it (or it does not exist)."""
    row: _AccountRow | None = transaction.connection.execute(
        f"{_SELECT_ACCOUNTS} AND advertiser_id = ?", (caller.token_digest, advertiser_id)
    ).fetchone()
    if row is None:
        raise Refusal(Code.NO_PERMISSION, f"No permission to operate advertiser {advertiser_id}.")
    return _account(row)


def _account(row: _AccountRow) -> Account:
    return Account(*row[:6], Role(row[6]))


def writable_account(transaction: Transaction, caller: Caller, advertiser_id: str) -> Account:
    """Return the account, or refuse with 40001 where it is not enabled or the caller is an Analyst on it."""
    account = readable_account(transaction, caller, advertiser_id)
    if account.role is Role.ANALYST:
        raise Refusal(
            Code.NO_PERMISSION,
            f"No permission to write on advertiser {advertiser_id}: the role is ANALYST, ADMIN or OPERATOR is needed.",
        )
    if account.status != ENABLED:
        raise Refusal(
            Code.NO_PERMISSION, f"Advertiser {advertiser_id} cannot be written to: its status is {account.status}."
        )
    return account
