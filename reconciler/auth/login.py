"""From the code of a login to a token that is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.auth.errors import (
    LoginError,
    LostTokenError,
    NameTakenError,
    StrandedTokenError,
    UnkeptTokenError,
)
from reconciler.auth.model import Holder, Login, Profile
from reconciler.auth.standing import look_into, owner
from reconciler.errors import ReconcilerError
from reconciler.tiktok.errors import TikTokError, UncertainWriteError
from reconciler.tiktok.model import User
from reconciler.tiktok.oauth import exchange, is_dead, revoke

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from reconciler.auth.model import Keeping, Standing
    from reconciler.secret import Secret
    from reconciler.tiktok.client import TikTok
    from reconciler.tiktok.oauth import App


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A login that was kept, and what it may do.

    Attributes:
        login: What is kept.
        standing: What its token may do, account by account; None where TikTok could not be asked any more.
        problem: Why it could not, or why it could not be written down whose the login is.
    """

    login: Login
    standing: Standing | None
    problem: ReconcilerError | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a login is to be kept.

    Attributes:
        profile: The name to keep it under.
        base_url: The TikTok it is at.
        kept_in: Where its token goes.
        at: When, UTC.
        keys: What the files call accounts, by advertiser id.
        business_centers: The Business Center the files give for an account, by advertiser id.
    """

    profile: str
    base_url: str
    kept_in: Keeping
    at: datetime
    keys: Mapping[str, str]
    business_centers: Mapping[str, str | None]


async def log_in(tiktok: TikTok, app: App, code: Secret, wanted: Wanted, keep: Callable[[Login], None]) -> LoggedIn:
    """Exchange a code for a token, keep it, and tell what it may do.

    The token is kept as soon as it is known, before anything else can fail: TikTok gives it once. One that cannot be
    kept is taken back, since nobody would know of it any more.

    Args:
        tiktok: The client.
        app: The developer app that asked.
        code: What TikTok sent back.
        wanted: How the login is to be kept.
        keep: Keeps it; called once the token is there, and again when it is known whose it is.

    Raises:
        TikTokError: TikTok did not give a token.
        UnkeptTokenError: It cannot be kept, and was taken back.
        StrandedTokenError: It can neither be kept nor taken back.
        LostTokenError: It never arrived.
    """
    try:
        grant = await exchange(tiktok, app, code)
    except UncertainWriteError as lost:
        raise LostTokenError(lost.said) from lost
    profile = Profile(
        wanted.profile,
        wanted.base_url,
        app.app_id,
        User(""),
        grant.scopes,
        grant.advertiser_ids,
        wanted.at,
        wanted.kept_in,
    )
    login = Login(profile, grant.token)
    try:
        keep(login)
    except Exception as unkept:
        raise await _taken_back(tiktok, app, grant.token, unkept) from unkept
    try:
        user = await owner(tiktok.acting_with(grant.token))
        login = Login(replace(profile, user=user), grant.token)
        keep(login)
        return LoggedIn(login, await look_into(tiktok, _holder(login, wanted)))
    except NameTakenError as taken:
        raise await _taken_back(tiktok, app, grant.token, taken) from taken
    except (TikTokError, LoginError) as problem:
        return LoggedIn(login, None, problem)


async def _taken_back(tiktok: TikTok, app: App, token: Secret, unkept: Exception) -> LoginError:
    """Take a token back that cannot be kept, and return the error that says so."""
    why, hint = f"the login cannot be kept ({type(unkept).__name__})", None
    if isinstance(unkept, ReconcilerError):
        why, hint = unkept.message, unkept.hint
    try:
        await revoke(tiktok, app, token)
    except TikTokError as failed:
        if not is_dead(failed):
            return StrandedTokenError(why, hint, failed.said.rstrip("."))
    return UnkeptTokenError(why, hint)


def _holder(login: Login, wanted: Wanted) -> Holder:
    profile = login.profile
    accounts = {each: wanted.keys.get(each) for each in profile.advertiser_ids}
    centers = {each: wanted.business_centers.get(each) for each in profile.advertiser_ids}
    return Holder(
        f"profile {profile.name} ({profile.kept_in})", login.token, profile, profile.scopes, accounts, centers
    )
