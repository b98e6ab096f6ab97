"""The developer app that logins are for: one, or any where none was named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox.access import digest_of
from reconciler.sandbox.envelope import Code, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.sandbox.database import Transaction

APP_ID = "sandbox-app"
APP_SECRET = "sandbox-secret"  # noqa: S105 - it opens nothing but a local TikTok
"""For programs that want an app and need no particular one; a local TikTok that was told of none takes any."""


def set_app(transaction: Transaction, app_id: str, secret: str, redirect_uris: Iterable[str]) -> None:
    """Let there be this app and no other; without redirect URIs it takes any."""
    transaction.set_setting("app_id", app_id)
    transaction.set_setting("app_secret_digest", digest_of(secret))
    transaction.set_setting("app_redirect_uris", "\n".join(redirect_uris))


def require_app_id(transaction: Transaction, app_id: str) -> None:
    """Refuse with 40113 an app that does not exist."""
    known = transaction.setting("app_id")
    if known is not None and app_id != known:
        raise Refusal(Code.APP_UNKNOWN, f"App {app_id} does not exist.")


def require_app(transaction: Transaction, app_id: str, secret: str) -> None:
    """Refuse with 40113 an app that does not exist, and with 40101 a secret that is not the app's."""
    require_app_id(transaction, app_id)
    known = transaction.setting("app_secret_digest")
    if known is not None and digest_of(secret) != known:
        raise Refusal(Code.SECRET_MISMATCH, f"The secret does not match app {app_id}.")


def is_registered(transaction: Transaction, redirect_uri: str) -> bool:
    """Whether people may be sent there: it is registered with the app, or the app has registered none."""
    registered = str(transaction.setting("app_redirect_uris") or "")
    return not registered or redirect_uri in registered.split("\n")
