"""What TikTok has: each account with its audiences and, where something may be deleted, what uses them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError
from reconciler.tiktok import accounts, audiences, usage
from reconciler.tiktok.errors import CredentialError, PermissionDeniedError
from reconciler.tiktok.model import Remote

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from reconciler.config.model import Config
    from reconciler.secret import Secret
    from reconciler.tiktok.client import Session, TikTok
    from reconciler.tiktok.model import Account


class UnknownAccountError(ReconcilerError):
    """TikTok did not describe an account it was asked about."""


class Sessions:
    """One session an account: whose token acts for it.

    Args:
        tiktok: The client; tokens share its connections and rate limits.
        tokens: Token by advertiser id.
    """

    def __init__(self, tiktok: TikTok, tokens: Mapping[str, Secret]) -> None:
        self._by_token = {token: tiktok.acting_with(token) for token in set(tokens.values())}
        self._tokens = tokens

    def acting_for(self, advertiser_id: str) -> Session:
        """Return the session whose token acts for this account."""
        return self._by_token[self._tokens[advertiser_id]]

    def grouped(self) -> list[tuple[Session, list[str]]]:
        """Return each session with the accounts it acts for."""
        groups: dict[Secret, list[str]] = defaultdict(list)
        for advertiser_id, token in sorted(self._tokens.items()):
            groups[token].append(advertiser_id)
        return [(self._by_token[token], ids) for token, ids in groups.items()]


async def read_accounts(sessions: Sessions, desired: Config, *, with_usage: Collection[str] = ()) -> dict[str, Remote]:
    """Read every account the sessions act for, all at once.

    Costs pages, not audiences: the list in hundreds, the accounts of a token together.

    Args:
        sessions: Who acts for which account.
        desired: Names the Business Center of an account, where the files do.
        with_usage: Accounts for which ad groups, saved audiences and Lookalikes are read too.

    Returns:
        Each account by advertiser id; `usage` is None where it was not asked for.
    """
    centers = {each.advertiser_id: each.business_center_id for each in desired.advertisers.values()}
    described = await asyncio.gather(*(_describe(session, ids, centers) for session, ids in sessions.grouped()))
    by_id = {advertiser_id: account for group in described for advertiser_id, account in group.items()}
    ids = [advertiser_id for _, group in sessions.grouped() for advertiser_id in group]
    for advertiser_id in ids:
        if advertiser_id not in by_id:
            raise UnknownAccountError(
                f"TikTok knows no account {advertiser_id} that this token may act for",
                hint="Check the advertiser id, and that the token's owner has access to that account.",
            )
    remotes = await asyncio.gather(
        *(read_account(sessions.acting_for(i), by_id[i], with_usage=i in with_usage) for i in ids)
    )
    return {remote.account.advertiser_id: remote for remote in remotes}


async def _describe(
    session: Session, advertiser_ids: Sequence[str], centers: Mapping[str, str | None]
) -> dict[str, Account]:
    """Describe the accounts of one token; a refusal of the token says which accounts it was to act for."""
    try:
        return await accounts.describe(session, advertiser_ids, {each: centers.get(each) for each in advertiser_ids})
    except (CredentialError, PermissionDeniedError) as refused:
        if refused.advertiser_id:
            raise
        raise type(refused)(
            refused.said,
            code=refused.code,
            request_id=refused.request_id,
            path=refused.path,
            advertiser_id=", ".join(advertiser_ids),
        ) from refused


async def read_account(session: Session, account: Account, *, with_usage: bool) -> Remote:
    """Read one account's audiences and, if asked, what uses them."""
    found = await audiences.list_all(session, account.advertiser_id)
    used = await usage.look_up(session, account.advertiser_id, found) if with_usage else None
    return Remote(account, found, used)
