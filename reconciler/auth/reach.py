"""Which accounts a token can reach, by the best source there is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.auth.standing import look_into, owner
from reconciler.tiktok import accounts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.auth.model import AccountStanding, Holder
    from reconciler.tiktok.client import Session, TikTok
    from reconciler.tiktok.oauth import App


@dataclass(frozen=True, slots=True)
class Reach:
    """The accounts a token can reach.

    Attributes:
        told_by: Who says that these are all, for people.
        accounts: What the token may do on each.
    """

    told_by: str
    accounts: tuple[AccountStanding, ...]


async def reach(
    tiktok: TikTok,
    holder: Holder,
    app: App | None,
    keys: Mapping[str, str],
    business_centers: Mapping[str, str | None],
) -> Reach:
    """Find out which accounts a token can reach, and what it may do there.

    Args:
        tiktok: The client.
        holder: The token, which is there.
        app: The developer app it was given to, where its secret is known: then TikTok tells.
        keys: What the files call accounts, by advertiser id.
        business_centers: The Business Center the files give for an account, by advertiser id.

    Raises:
        CredentialError: The token is dead.
        TikTokError: TikTok refused, or could not be reached.
        ValueError: There is no token.
    """
    if holder.token is None:
        raise ValueError("there is no token")
    session = tiktok.acting_with(holder.token)
    told_by, ids = await _accounts(session, holder, app)
    wanted = replace(
        holder,
        accounts={each: keys.get(each) for each in ids},
        business_centers={each: business_centers.get(each) for each in ids},
    )
    standing = await look_into(tiktok, wanted)
    return Reach(told_by, standing.accounts)


async def _accounts(session: Session, holder: Holder, app: App | None) -> tuple[str, list[str]]:
    await owner(session)  # a dead token is an error here, and not an answer without accounts
    if app is not None:
        return "as TikTok says", list(await accounts.advertisers(session, app.app_id, app.secret))
    if holder.profile is not None:
        return f"as TikTok said at login on {holder.profile.logged_in_at:%Y-%m-%d}", list(holder.profile.advertiser_ids)
    return "as the Business Centers that it can see list them", await accounts.in_business_centers(session)
