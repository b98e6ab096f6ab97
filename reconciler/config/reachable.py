"""Advertiser accounts written for people: as the files declare them, and as TikTok says they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.config.canonical.scalars import quoted, scalar
from reconciler.config.freetext import comment, is_declarable
from reconciler.config.interpolate import escape
from reconciler.config.keys import key_for
from reconciler.config.model import Advertiser

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_EXPECTABLE: Final = ("status", "currency", "timezone", "name", "business_center_id")
"""What can be expected of an account, in the schema's order."""

_CURRENCY: Final = re.compile("[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Reachable:
    """An account that a token may act for, as TikTok describes it; "" for what TikTok does not tell.

    Attributes:
        advertiser_id: Its id.
        name: Its name in Ads Manager.
        status: Its status in TikTok's spelling.
        currency: Its currency, ISO 4217.
        timezone: Its time zone in TikTok's spelling.
        business_center_id: The Business Center its role was read in, or None.
        note: A remark for the person who reads the file, the role on it, say; becomes a comment.
        profile: The login that reaches it, where that is not the default one.
    """

    advertiser_id: str
    name: str
    status: str
    currency: str
    timezone: str
    business_center_id: str | None = None
    note: str = ""
    profile: str | None = None


def advertisers_yaml(accounts: Sequence[Reachable], taken: Iterable[str] = ()) -> str:
    """Return entries to paste under ``advertisers:``, in canonical form; "" for no accounts.

    Each expects the account to stay as it is now. Keys are made from names, unique, and none of `taken`. `load` reads
    the entries without errors, whatever the accounts are called; what no file can declare is not expected.

    Args:
        accounts: What to declare, in this order.
        taken: Keys that the files use already.
    """
    used = set(taken)
    lines: list[str] = []
    for each in accounts:
        key = key_for(each.name, "account", each.advertiser_id, used)
        used.add(key)
        declared = Advertiser(
            key,
            each.advertiser_id,
            profile=each.profile,
            business_center_id=each.business_center_id,
            expect=_as_it_is(each),
        )
        lines += advertiser_entry(declared, each.note)
    return "".join(f"  {line}\n" for line in lines)


def advertiser_entry(advertiser: Advertiser, note: str = "") -> list[str]:
    """Return the lines that declare an account, the first one at the margin.

    The access token is left out: it comes from the environment or a login. `note` becomes a comment.
    """
    lines = [f"{advertiser.key}:", *(f"  {line}" for line in comment(note))]
    lines.append(f"  advertiser_id: {quoted(advertiser.advertiser_id)}")
    if advertiser.profile:
        lines.append(f"  profile: {scalar(advertiser.profile)}")
    if advertiser.business_center_id:
        lines.append(f"  business_center_id: {quoted(advertiser.business_center_id)}")
    if advertiser.expect:
        lines += ["  expect:", *(f"    {line}" for line in _expectations(advertiser.expect))]
    return lines


def _expectations(expect: Mapping[str, str]) -> list[str]:
    return [f"{name}: {scalar(escape(expect[name]))}" for name in _EXPECTABLE if name in expect]


def _as_it_is(account: Reachable) -> dict[str, str]:
    """Return what may be expected of an account from now on: all that a file can declare of it."""
    there = {"status": account.status, "timezone": account.timezone, "name": account.name}
    expect = {name: value for name, value in there.items() if is_declarable(value)}
    if _CURRENCY.fullmatch(account.currency):
        expect["currency"] = account.currency
    return expect
