"""What tokens may do, account by account: asked of TikTok, nothing written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.auth.model import DEFAULT_PROFILE, AccountStanding, Standing
from reconciler.tiktok import accounts, audiences
from reconciler.tiktok.concurrency import together
from reconciler.tiktok.errors import CredentialError, PermissionDeniedError, concerns_account
from reconciler.tiktok.model import Account, Lack, User
from reconciler.tiktok.permission import Work, lacking, of_login, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.auth.model import Holder
    from reconciler.tiktok.client import Session, TikTok


async def look_into_all(tiktok: TikTok, holders: Iterable[Holder]) -> list[Standing]:
    """Return what became of each token, in their order; raises as `look_into`."""
    return await together(look_into(tiktok, each) for each in holders)


async def look_into(tiktok: TikTok, holder: Holder) -> Standing:
    """Return what became of a token.

    Costs a call for whose it is, one for a hundred accounts, those that roles take, and one for each account where
    nobody knows its scopes, to see whether audiences can be read.

    Raises:
        TikTokError: TikTok failed, or could not be reached. A dead token is no error but an answer.
    """
    if holder.token is None:
        lack = Lack("there is no token", holder.way_out or _log_in(holder))
        return Standing(holder, None, lack, _nothing_known(holder, lack))
    try:
        session = tiktok.acting_with(holder.token)
        user = await owner(session)
        described = await accounts.describe_each(session, list(holder.accounts), holder.business_centers)
        standings = await together(_on(session, holder, i, found) for i, found in described.items())
    except CredentialError as dead:
        problem = Lack(f"TikTok does not take it ({dead.said.rstrip('.')})", _log_in(holder))
        return Standing(holder, None, problem, _nothing_known(holder, problem))
    return Standing(holder, user, None, tuple(standings))


async def owner(session: Session) -> User:
    """Return whose token it is; nobody in particular where it lives but may not tell.

    Raises:
        CredentialError: The token is dead.
        TikTokError: TikTok failed, or could not be reached.
    """
    try:
        return await accounts.whoami(session)
    except PermissionDeniedError:
        return User("")


async def _on(session: Session, holder: Holder, advertiser_id: str, found: Account | Lack) -> AccountStanding:
    key = holder.accounts[advertiser_id]
    if isinstance(found, Lack):
        return AccountStanding(advertiser_id, key, None, dict.fromkeys(Work, _named((found,), holder)))
    lacks = {work: lacking(work, found, holder.scopes) for work in Work}
    if holder.scopes is None and (refused := await _reading_is_refused(session, advertiser_id)):
        lacks[Work.READ] = (refused,)
    return AccountStanding(advertiser_id, key, found, {work: _named(each, holder) for work, each in lacks.items()})


def _named(lacks: tuple[Lack, ...], holder: Holder) -> tuple[Lack, ...]:
    """Return what is missing with the login that is to be made again, where it is not the default one."""
    if holder.profile is None or holder.profile.name == DEFAULT_PROFILE:
        return lacks
    return tuple(of_login(each, holder.profile.name) for each in lacks)


async def _reading_is_refused(session: Session, advertiser_id: str) -> Lack | None:
    """Ask for one page of audiences: where nobody knows what a token may do, this at least can be tried."""
    try:
        await audiences.peek(session, advertiser_id)
    except (PermissionDeniedError, CredentialError) as refused:
        if not concerns_account(refused):
            raise
        return unreadable(refused.said)
    return None


def _nothing_known(holder: Holder, lack: Lack) -> tuple[AccountStanding, ...]:
    return tuple(AccountStanding(i, key, None, dict.fromkeys(Work, (lack,))) for i, key in holder.accounts.items())


def _log_in(holder: Holder) -> str:
    named = holder.profile is not None and holder.profile.name != DEFAULT_PROFILE
    name = f" --profile {holder.profile.name}" if holder.profile and named else ""
    if holder.profile or holder.token is None:
        return f"Run `reconciler auth login{name}`."
    return f"Put a living token there, or take it out and run `reconciler auth login{name}`."
