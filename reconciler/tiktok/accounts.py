"""Whose token it is, which accounts it may act for, and what they are like.

Endpoints: Marketing API v1.3, ``user/info/``, ``oauth2/advertiser/get/``, ``advertiser/info/``, ``bc/get/`` and
``bc/asset/get/``.
"""

from __future__ import annotations

import logging
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.tiktok import parse
from reconciler.tiktok.concurrency import chunks, together
from reconciler.tiktok.errors import CredentialError, PermissionDeniedError, concerns_account
from reconciler.tiktok.model import Lack
from reconciler.tiktok.paging import Listing, walk
from reconciler.tiktok.parse import Record
from reconciler.tiktok.permission import out_of_reach

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from reconciler.secret import Secret
    from reconciler.tiktok.client import Session
    from reconciler.tiktok.model import Account, Role, User

IDS_PER_CALL = 100
"""Marketing API v1.3, ``advertiser/info/``."""

_USER = "user/info/"
_ADVERTISERS = "oauth2/advertiser/get/"
_DESCRIPTIONS = "advertiser/info/"
_BUSINESS_CENTERS = Listing("bc/get/", page_size=50, key="bc_id")
_ASSETS = Listing("bc/asset/get/", page_size=50, key="asset_id")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Seat:
    """A role on an account, and the Business Center that grants it."""

    role: Role
    business_center_id: str


async def whoami(session: Session) -> User:
    """Return whose token it is: the cheapest way to learn that it is alive.

    Raises:
        CredentialError: It is not.
        TikTokError: TikTok refused for another reason, or could not be reached.
    """
    return parse.user(Record(_USER, await session.get(_USER, {})))


async def advertisers(session: Session, app_id: str, secret: Secret) -> dict[str, str]:
    """Return the accounts the token may act for: their names by id.

    Args:
        session: Acts with the token in question.
        app_id: The developer app's id.
        secret: The developer app's secret.

    Raises:
        TikTokError: TikTok refused, or could not be reached.
    """
    answer = Record(_ADVERTISERS, await session.get(_ADVERTISERS, {"app_id": app_id, "secret": secret}))
    return {
        each.text("advertiser_id"): each.optional_text("advertiser_name") or ""
        for each in answer.optional_records("list")
    }


async def describe(
    session: Session, advertiser_ids: Sequence[str], business_centers: Mapping[str, str | None]
) -> dict[str, Account]:
    """Return accounts by id, in the order of `advertiser_ids`, each with the token's role on it.

    A role is readable in a Business Center only. Where none is found, or the Business Center may not be read, it is
    `Role.UNKNOWN`, and the first write tells. Costs one call for 100 accounts, and one for 50 accounts of a Business
    Center until all wanted ones are found.

    Args:
        session: Acts with a token for all of these accounts.
        advertiser_ids: The accounts.
        business_centers: The Business Center of each account; without one, all that the token sees are looked through.

    Raises:
        PermissionDeniedError: The token may not read one of the accounts.
        TikTokError: TikTok refused for another reason, or could not be reached.
    """
    found = await describe_each(session, advertiser_ids, business_centers)
    described: dict[str, Account] = {}
    for advertiser_id, account in found.items():
        if isinstance(account, Lack):
            raise PermissionDeniedError(account.reason, path=_DESCRIPTIONS, advertiser_id=advertiser_id)
        described[advertiser_id] = account
    return described


async def describe_each(
    session: Session, advertiser_ids: Sequence[str], business_centers: Mapping[str, str | None]
) -> dict[str, Account | Lack]:
    """Return accounts as `describe` does, and of each that the token may not act for what is missing.

    TikTok refuses a call for many accounts because of any one of them; it is then asked for halves of them, so one
    refused account costs some fourteen calls more among a hundred.

    Args:
        session: As for `describe`.
        advertiser_ids: The accounts.
        business_centers: As for `describe`.

    Raises:
        CredentialError: The token is of no use for any account.
        TikTokError: TikTok refused for another reason, or could not be reached.
    """
    wanted = list(dict.fromkeys(advertiser_ids))
    described: dict[str, Account | Lack] = {}
    for some in await together(_descriptions(session, ids) for ids in chunks(wanted, IDS_PER_CALL)):
        described |= some
    seen = [each for each in wanted if not isinstance(described[each], Lack)]
    seats = await _seats(session, {each: business_centers.get(each) for each in seen}) if seen else {}
    return {each: _seated(described[each], seats.get(each)) for each in wanted}


async def in_business_centers(session: Session) -> list[str]:
    """Return the accounts of every Business Center that may be read, in TikTok's order, none twice.

    Raises:
        TikTokError: TikTok refused for another reason, or could not be reached.
    """
    found: dict[str, None] = {}
    try:
        async with aclosing(walk(session, _BUSINESS_CENTERS, {})) as centers:
            async for record in centers:
                params = {"bc_id": _center_id(record), "asset_type": "ADVERTISER"}
                async with aclosing(walk(session, _ASSETS, params)) as assets:
                    async for asset in assets:
                        found[asset.text(_ASSETS.key)] = None
    except PermissionDeniedError as refused:
        log.info("Business Centers are left out: %s", refused)
    return list(found)


def _center_id(record: Record) -> str:
    return (record.record("bc_info") or record).text("bc_id")


async def _descriptions(session: Session, advertiser_ids: Sequence[str]) -> dict[str, Account | Lack]:
    try:
        answer = Record(_DESCRIPTIONS, await session.get(_DESCRIPTIONS, {"advertiser_ids": list(advertiser_ids)}))
    except (PermissionDeniedError, CredentialError) as refused:
        if not concerns_account(refused):
            raise
        if len(advertiser_ids) == 1:
            return {advertiser_ids[0]: out_of_reach(refused.said)}
        middle = len(advertiser_ids) // 2
        halves = (advertiser_ids[:middle], advertiser_ids[middle:])
        first, second = await together(_descriptions(session, half) for half in halves)
        return first | second
    accounts = [parse.account(each) for each in answer.records("list")]
    missing = out_of_reach("TikTok does not describe it")
    return dict.fromkeys(advertiser_ids, missing) | {each.advertiser_id: each for each in accounts}


def _seated(account: Account | Lack, seat: _Seat | None) -> Account | Lack:
    if seat is None or isinstance(account, Lack):
        return account
    return replace(account, role=seat.role, business_center_id=seat.business_center_id)


async def _seats(session: Session, homes: Mapping[str, str | None]) -> dict[str, _Seat]:
    """Return the seats on the accounts of `homes`, reading no Business Center twice.

    The declared Business Centers come first and are searched for homeless accounts too, so that these often need no
    search of their own.
    """
    declared = dict.fromkeys(home for home in homes.values() if home)
    homeless = {account for account, home in homes.items() if not home}
    found: dict[str, _Seat] = {}
    for center in declared:
        residents = {account for account, home in homes.items() if home == center}
        found |= await _seats_in(session, center, residents | homeless - found.keys())
    if homeless <= found.keys():
        return found
    try:
        async with aclosing(walk(session, _BUSINESS_CENTERS, {})) as centers:
            async for record in centers:
                center = _center_id(record)
                if center not in declared:
                    found |= await _seats_in(session, center, homeless - found.keys())
                if homeless <= found.keys():
                    break
    except PermissionDeniedError as refused:
        log.info("roles stay unknown: %s", refused)
    return found


async def _seats_in(session: Session, center: str, wanted: AbstractSet[str]) -> dict[str, _Seat]:
    """Return the seats on those of `wanted` that are in this Business Center; none where it may not be read."""
    found: dict[str, _Seat] = {}
    params = {"bc_id": center, "asset_type": "ADVERTISER"}
    try:
        async with aclosing(walk(session, _ASSETS, params)) as assets:
            async for record in assets:
                advertiser_id = record.text(_ASSETS.key)
                if advertiser_id in wanted:
                    found[advertiser_id] = _Seat(parse.role(record), center)
                if wanted <= found.keys():
                    break
    except PermissionDeniedError as refused:
        log.info("roles in Business Center %s stay unknown: %s", center, refused)
    return found
