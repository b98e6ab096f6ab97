"""Controls over accounts, tokens, and what a token may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox.access import ALL_AUDIENCE_SCOPES, ENABLED, Role, digest_of
from reconciler.sandbox.controls.base import ControlGroup, require_account
from reconciler.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.sandbox.database import Transaction

TOKEN = "sandbox-token"  # noqa: S105 - it opens nothing but a local TikTok
"""The token of "Local Operator", who is Admin on every account that `Sandbox.ensure` makes."""

BUSINESS_CENTER = "7100000000000000001"
"""The Business Center every account is in, unless it is taken out of it."""


class AccountControls(ControlGroup):
    """Accounts, tokens and permissions."""

    def ensure(self, advertiser_ids: Iterable[str]) -> None:
        """Make the accounts that do not exist yet; existing ones stay as they are.

        They are enabled, in US dollars and New York time, in `BUSINESS_CENTER`, with `TOKEN` as Admin.
        """
        with self._transaction() as transaction:
            for advertiser_id in advertiser_ids:
                add_account(transaction, advertiser_id)
                _grant(transaction, TOKEN, advertiser_id, Role.ADMIN)

    def set_status(self, advertiser_id: str, status: str) -> None:
        """Give the account a status: ``STATUS_ENABLE``, ``STATUS_LIMIT``, ``STATUS_DISABLE`` …"""
        with self._transaction() as transaction:
            require_account(transaction, advertiser_id)
            transaction.connection.execute(
                "UPDATE advertisers SET status = ? WHERE advertiser_id = ?", (status, advertiser_id)
            )

    def set_role(self, advertiser_id: str, role: str, token: str = TOKEN) -> None:
        """Give the token's person a role on the account: ``ADMIN``, ``OPERATOR`` or ``ANALYST``."""
        if role not in set(Role):
            raise SandboxError(f"there is no role {role}", hint=f"Use one of {', '.join(Role)}.")
        with self._transaction() as transaction:
            _require_token(transaction, token)
            require_account(transaction, advertiser_id)
            transaction.connection.execute(
                "INSERT OR REPLACE INTO grants VALUES (?, ?, ?)", (digest_of(token), advertiser_id, role)
            )

    def set_account(
        self, advertiser_id: str, *, name: str | None = None, currency: str | None = None, timezone: str | None = None
    ) -> None:
        """Give the account another name, currency (``EUR``) or time zone (``Europe/Paris``); None leaves it."""
        with self._transaction() as transaction:
            require_account(transaction, advertiser_id)
            transaction.connection.execute(
                "UPDATE advertisers SET name = coalesce(?, name), currency = coalesce(?, currency),"
                " timezone = coalesce(?, timezone) WHERE advertiser_id = ?",
                (name, currency, timezone, advertiser_id),
            )

    def outside_business_center(self, advertiser_id: str) -> None:
        """Take the account out of its Business Center: nobody's role on it can be read any more."""
        with self._transaction() as transaction:
            require_account(transaction, advertiser_id)
            transaction.connection.execute(
                "UPDATE advertisers SET business_center_id = NULL WHERE advertiser_id = ?", (advertiser_id,)
            )

    def add_token(
        self,
        token: str,
        advertiser_ids: Iterable[str],
        scopes: Iterable[int] = (ALL_AUDIENCE_SCOPES,),
        *,
        role: str = Role.ADMIN,
        display_name: str = "Local Operator",
    ) -> None:
        """Make a token that may act for these accounts, which exist; a token that exists keeps its state."""
        with self._transaction() as transaction:
            add_token(transaction, token, scopes, display_name)
            for advertiser_id in advertiser_ids:
                require_account(transaction, advertiser_id)
                _grant(transaction, token, advertiser_id, Role(role))

    def set_scopes(self, token: str, scopes: Iterable[int]) -> None:
        """Let the token have exactly these scopes: 30, 31, 32, or 3 for all of them."""
        self._set_on_token(token, "scopes", _spell_scopes(scopes))

    def expire_token(self, token: str = TOKEN) -> None:
        """Let the token be expired: every call with it is answered with 40102."""
        self._set_on_token(token, "status", "EXPIRED")

    def revoke_token(self, token: str = TOKEN) -> None:
        """Let the token be revoked: every call with it is answered with 40105."""
        self._set_on_token(token, "status", "REVOKED")

    def set_app(self, app_id: str, secret: str) -> None:
        """Let ``/oauth2/advertiser/get/`` know one app only; without this it takes any."""
        with self._transaction() as transaction:
            transaction.set_setting("app_id", app_id)
            transaction.set_setting("app_secret_digest", digest_of(secret))

    def _set_on_token(self, token: str, column: str, value: str) -> None:
        with self._transaction() as transaction:
            _require_token(transaction, token)
            transaction.connection.execute(
                f"UPDATE tokens SET {column} = ? WHERE digest = ?", (value, digest_of(token))
            )


def add_account(transaction: Transaction, advertiser_id: str) -> None:
    """Make an account where there is none of that id."""
    if not (advertiser_id.isascii() and advertiser_id.isdecimal()):
        raise SandboxError(f"{advertiser_id!r} is not an advertiser id", hint="An id is a string of digits.")
    transaction.connection.execute(
        "INSERT OR IGNORE INTO advertisers VALUES (?, ?, ?, 'USD', 'America/New_York', ?)",
        (advertiser_id, f"Local advertiser …{advertiser_id[-4:]}", ENABLED, BUSINESS_CENTER),
    )


def add_token(transaction: Transaction, token: str, scopes: Iterable[int], display_name: str) -> None:
    """Make a token where there is none like it."""
    transaction.connection.execute(
        "INSERT OR IGNORE INTO tokens VALUES (?, ?, ?, 'local.operator@example.com', ?, 'ACTIVE')",
        (digest_of(token), transaction.new_id(), display_name, _spell_scopes(scopes)),
    )


def _grant(transaction: Transaction, token: str, advertiser_id: str, role: Role) -> None:
    transaction.connection.execute(
        "INSERT OR IGNORE INTO grants VALUES (?, ?, ?)", (digest_of(token), advertiser_id, role)
    )


def _require_token(transaction: Transaction, token: str) -> None:
    row = transaction.connection.execute("SELECT 1 FROM tokens WHERE digest = ?", (digest_of(token),)).fetchone()
    if row is None:
        raise SandboxError(
            "the local TikTok does not know that token",
            hint="Check its spelling: only tokens that were made here exist.",
        )


def _spell_scopes(scopes: Iterable[int]) -> str:
    return ",".join(map(str, sorted(scopes)))
