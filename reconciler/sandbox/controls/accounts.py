"""Controls over accounts, tokens, and what a token may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.sandbox import apps
from reconciler.sandbox.access import ALL_AUDIENCE_SCOPES, ENABLED, Role, digest_of, read_scopes, spell_scopes
from reconciler.sandbox.controls.base import ControlGroup, require_account, require_choice
from reconciler.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.sandbox.database import Transaction

TOKEN = "sandbox-token"  # noqa: S105 - it opens nothing but a local TikTok
"""The token of "Local Operator", who is Admin on every account that `Sandbox.ensure` makes."""

BUSINESS_CENTER = "7100000000000000001"
"""The Business Center every account is in, unless it is taken out of it."""


@dataclass(frozen=True, slots=True)
class TokenStanding:
    """What can be told of a token: whose it is, its scopes, the accounts it was given, and its status."""

    person: str
    scopes: frozenset[int]
    advertiser_ids: tuple[str, ...]
    status: str


class AccountControls(ControlGroup):
    """Accounts, tokens and permissions."""

    def ensure(self, advertiser_ids: Iterable[str]) -> None:
        """Make the accounts that do not exist yet; existing ones stay as they are.

        They are enabled, in US dollars and New York time, in `BUSINESS_CENTER`, with `TOKEN` as Admin.
        """
        with self._transaction() as transaction:
            for advertiser_id in advertiser_ids:
                add_account(transaction, advertiser_id)
                # What was withdrawn from the token since stays so.
                if _seat(transaction, _require_token(transaction, TOKEN), advertiser_id, Role.ADMIN):
                    _grant(transaction, TOKEN, advertiser_id)

    def set_status(self, advertiser_id: str, status: str) -> None:
        """Give the account a status: ``STATUS_ENABLE``, ``STATUS_LIMIT``, ``STATUS_DISABLE`` …"""
        with self._transaction() as transaction:
            require_account(transaction, advertiser_id)
            transaction.connection.execute(
                "UPDATE advertisers SET status = ? WHERE advertiser_id = ?", (status, advertiser_id)
            )

    def set_role(self, advertiser_id: str, role: str, token: str | None = TOKEN) -> None:
        """Give the token's person a role on the account: ``ADMIN``, ``OPERATOR`` or ``ANALYST``.

        It holds for every token of that person; this one may act for the account from now on. None: of every token.
        """
        require_choice("role", role, list(Role))
        with self._transaction() as transaction:
            require_account(transaction, advertiser_id)
            for digest, user_id in _chosen(transaction, token):
                transaction.connection.execute(
                    "INSERT OR REPLACE INTO seats VALUES (?, ?, ?)", (user_id, advertiser_id, role)
                )
                transaction.connection.execute("INSERT OR IGNORE INTO grants VALUES (?, ?)", (digest, advertiser_id))

    def add_person(self, name: str, roles: Mapping[str, str], email: str = "someone@example.com") -> str:
        """Make a person with a role on each of these accounts, who can log in; return their id."""
        with self._transaction() as transaction:
            user_id = _add_person(transaction, name, email)
            for advertiser_id, role in roles.items():
                require_choice("role", role, list(Role))
                require_account(transaction, advertiser_id)
                _seat(transaction, user_id, advertiser_id, Role(role))
        return user_id

    def withdraw(self, advertiser_id: str, token: str | None = TOKEN) -> None:
        """Let the token act for the account no longer, whatever its person may do there; None: no token at all."""
        with self._transaction() as transaction:
            require_account(transaction, advertiser_id)
            for digest, _ in _chosen(transaction, token):
                transaction.connection.execute(
                    "DELETE FROM grants WHERE token_digest = ? AND advertiser_id = ?", (digest, advertiser_id)
                )

    def tokens(self) -> tuple[TokenStanding, ...]:
        """Return what there is of tokens, in the order their people were made; never a token itself."""
        with self._transaction() as transaction:
            rows: list[tuple[bytes, str, str, str]] = transaction.connection.execute(
                "SELECT digest, display_name, scopes, status FROM tokens JOIN people USING (user_id)"
                " ORDER BY user_id, digest"
            ).fetchall()
            return tuple(
                TokenStanding(name, read_scopes(scopes), _granted(transaction, digest), status)
                for digest, name, scopes, status in rows
            )

    def set_account(
        self,
        advertiser_id: str,
        *,
        name: str | None = None,
        currency: str | None = None,
        timezone: str | None = None,
        business_center_id: str | None = None,
    ) -> None:
        """Give the account another name, currency (``EUR``), time zone (``Europe/Paris``) or Business Center.

        None leaves what it has.
        """
        if business_center_id is not None:
            _require_digits(business_center_id, "a Business Center id")
        with self._transaction() as transaction:
            require_account(transaction, advertiser_id)
            transaction.connection.execute(
                "UPDATE advertisers SET name = coalesce(?, name), currency = coalesce(?, currency),"
                " timezone = coalesce(?, timezone), business_center_id = coalesce(?, business_center_id)"
                " WHERE advertiser_id = ?",
                (name, currency, timezone, business_center_id, advertiser_id),
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
            user_id = _require_token(transaction, token)
            for advertiser_id in advertiser_ids:
                require_account(transaction, advertiser_id)
                _seat(transaction, user_id, advertiser_id, Role(role))
                _grant(transaction, token, advertiser_id)

    def set_scopes(self, token: str | None, scopes: Iterable[int]) -> None:
        """Let the token have exactly these scopes: 30, 31, 32, or 3 for all of them. None: every token."""
        spelled = spell_scopes(scopes)
        self._set_on_token(token, "scopes", spelled)

    def expire_token(self, token: str | None = TOKEN) -> None:
        """Let the token be expired: every call with it is answered with 40102. None: every token."""
        self._set_on_token(token, "status", "EXPIRED")

    def revoke_token(self, token: str | None = TOKEN) -> None:
        """Let the token be revoked: every call with it is answered with 40105. None: every token."""
        self._set_on_token(token, "status", "REVOKED")

    def set_app(self, app_id: str, secret: str, redirect_uris: Iterable[str] = ()) -> None:
        """Let there be one developer app only, which sends people to these addresses; without this any will do."""
        with self._transaction() as transaction:
            apps.set_app(transaction, app_id, secret, redirect_uris)

    def _set_on_token(self, token: str | None, column: str, value: str) -> None:
        with self._transaction() as transaction:
            for digest, _ in _chosen(transaction, token):
                transaction.connection.execute(f"UPDATE tokens SET {column} = ? WHERE digest = ?", (value, digest))


def add_account(transaction: Transaction, advertiser_id: str) -> None:
    """Make an account where there is none of that id."""
    _require_digits(advertiser_id, "an advertiser id")
    transaction.connection.execute(
        "INSERT OR IGNORE INTO advertisers VALUES (?, ?, ?, 'USD', 'America/New_York', ?)",
        (advertiser_id, f"Local advertiser …{advertiser_id[-4:]}", ENABLED, BUSINESS_CENTER),
    )


def _require_digits(value: str, noun: str) -> None:
    if not (value.isascii() and value.isdecimal()):
        raise SandboxError(f"{value!r} is not {noun}", hint="An id is a string of digits.")


def add_token(transaction: Transaction, token: str, scopes: Iterable[int], display_name: str) -> None:
    """Make a token, and the person it is of, where there is none like it."""
    if _person_of(transaction, token) is None:
        transaction.connection.execute(
            "INSERT INTO tokens VALUES (?, ?, ?, 'ACTIVE')",
            (
                digest_of(token),
                _add_person(transaction, display_name, "local.operator@example.com"),
                spell_scopes(scopes),
            ),
        )


def _add_person(transaction: Transaction, name: str, email: str) -> str:
    user_id = transaction.new_id()
    transaction.connection.execute("INSERT INTO people VALUES (?, ?, ?)", (user_id, name, email))
    return user_id


def _seat(transaction: Transaction, user_id: str, advertiser_id: str, role: Role) -> bool:
    """Give a person a role where they have none yet; return whether they had none."""
    seated = transaction.connection.execute(
        "INSERT OR IGNORE INTO seats VALUES (?, ?, ?)", (user_id, advertiser_id, role)
    )
    return bool(seated.rowcount)


def _grant(transaction: Transaction, token: str, advertiser_id: str) -> None:
    transaction.connection.execute("INSERT OR IGNORE INTO grants VALUES (?, ?)", (digest_of(token), advertiser_id))


def _granted(transaction: Transaction, digest: bytes) -> tuple[str, ...]:
    rows: list[tuple[str]] = transaction.connection.execute(
        "SELECT advertiser_id FROM grants WHERE token_digest = ? ORDER BY advertiser_id", (digest,)
    ).fetchall()
    return tuple(each for (each,) in rows)


def _person_of(transaction: Transaction, token: str) -> str | None:
    row: tuple[str] | None = transaction.connection.execute(
        "SELECT user_id FROM tokens WHERE digest = ?", (digest_of(token),)
    ).fetchone()
    return row[0] if row else None


def _chosen(transaction: Transaction, token: str | None) -> list[tuple[bytes, str]]:
    """Return the digest and the person of a token, or of all."""
    if token is not None:
        return [(digest_of(token), _require_token(transaction, token))]
    found: list[tuple[bytes, str]] = transaction.connection.execute("SELECT digest, user_id FROM tokens").fetchall()
    return found


def _require_token(transaction: Transaction, token: str) -> str:
    """Return the person the token is of; raise SandboxError for one that was never made."""
    user_id = _person_of(transaction, token)
    if user_id is None:
        raise SandboxError(
            "the local TikTok does not know that token",
            hint="Check its spelling: only tokens that were made here exist.",
        )
    return user_id
