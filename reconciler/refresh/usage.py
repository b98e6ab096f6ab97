"""What uses the audiences of an account that has been read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.tiktok import usage

if TYPE_CHECKING:
    from reconciler.tiktok.client import Session
    from reconciler.tiktok.model import Remote


async def with_usage(session: Session, remote: Remote) -> Remote:
    """Return the account with what uses its audiences: pages, not audiences.

    Raises:
        TikTokError: One of the lookups is not permitted, or failed.
    """
    return replace(remote, usage=await usage.look_up(session, remote.account.advertiser_id, remote.audiences))
