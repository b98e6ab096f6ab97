"""Getting a token for a developer app from a person, and giving it back.

Endpoints: Marketing API v1.3, authorization: ``portal/auth``, ``oauth2/access_token/`` and ``oauth2/revoke_token/``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.network import api_address, without_user
from reconciler.tiktok.errors import CredentialError, UnknownAppError, UnreachableError, UnreadableAnswerError
from reconciler.tiktok.parse import Record

if TYPE_CHECKING:
    from reconciler.secret import Secret
    from reconciler.tiktok.client import TikTok
    from reconciler.tiktok.errors import TikTokError

_EXCHANGE = "oauth2/access_token/"
_REVOKE = "oauth2/revoke_token/"
_PORTAL = "/portal/auth"


@dataclass(frozen=True, slots=True)
class App:
    """A developer app: who asks a person for a token."""

    app_id: str
    secret: Secret


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person granted an app.

    Attributes:
        token: Acts for the person. It is long-lived, and nothing renews it.
        advertiser_ids: The accounts it may act for.
        scopes: What it may do there, by TikTok's numbers, as `Scope` has them; None where TikTok did not say.
    """

    token: Secret
    advertiser_ids: tuple[str, ...]
    scopes: frozenset[int] | None


def authorization_url(base_url: str, app_id: str, *, state: str, redirect_uri: str) -> str:
    """Return the page on which a person lets the app act for them; it stands beside the API, at the host's root.

    Args:
        base_url: Where the API is.
        app_id: The developer app's id.
        state: What TikTok hands back with the answer, so that nobody else's is taken for it.
        redirect_uri: Where TikTok sends the person afterwards, as registered with the app.

    Raises:
        UnreachableError: `base_url` is not an address.
    """
    try:
        page = api_address(base_url).copy_with(path=_PORTAL, query=None, fragment=None)
    except ValueError as error:
        raise UnreachableError(f'"{without_user(base_url)}" is not a web address: {error}', passing=False) from None
    return str(page.copy_merge_params({"app_id": app_id, "state": state, "redirect_uri": redirect_uri}))


async def exchange(tiktok: TikTok, app: App, auth_code: Secret) -> Grant:
    """Return the token that `auth_code` stands for. The code lives for an hour and works once.

    Raises:
        AuthCodeError: The code was used, has expired, or is none.
        AppSecretError: The secret is not that of the app.
        UnknownAppError: There is no such app, or it is blocked.
        UncertainWriteError: No answer came; the code may be used up.
        TikTokError: TikTok refused for another reason, or could not be reached.
    """
    body = {"app_id": app.app_id, "secret": app.secret, "auth_code": auth_code}
    answer = Record(_EXCHANGE, await tiktok.acting_for_nobody().post(_EXCHANGE, body, repeatable=False))
    # The code is used up by now: whatever else is odd about the answer, the token must not get lost.
    return Grant(answer.secret("access_token"), _accounts(answer), _scopes(answer))


def _accounts(answer: Record) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(answer.ids("advertiser_ids")))
    except UnreadableAnswerError:
        return ()


def _scopes(answer: Record) -> frozenset[int] | None:
    try:
        return answer.numbers("scope")
    except UnreadableAnswerError:
        return None


def is_dead(refused: TikTokError) -> bool:
    """Whether a token could not be taken back because there was nothing to take: it had expired, or been revoked."""
    return isinstance(refused, CredentialError) and not isinstance(refused, UnknownAppError)


async def revoke(tiktok: TikTok, app: App, token: Secret) -> None:
    """Take a token back from the app, for good.

    Raises:
        CredentialError: The token is dead already.
        AppSecretError: The secret is not that of the app.
        UnknownAppError: There is no such app, or it is blocked.
        TikTokError: TikTok refused for another reason, or could not be reached.
    """
    body = {"app_id": app.app_id, "secret": app.secret, "access_token": token}
    await tiktok.acting_for_nobody().post(_REVOKE, body, repeatable=True)
