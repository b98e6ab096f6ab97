"""What tokens may do, as JSON: everything `auth status` tells, and never a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.plan.encode import timestamp
from reconciler.tiktok.model import Role
from reconciler.tiktok.permission import SCOPE_NAMES, Work

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.auth.model import AccountStanding, Standing
    from reconciler.tiktok.model import Lack

STANDING_FORMAT_VERSION: Final = 1


def standings_document(standings: Iterable[Standing]) -> dict[str, object]:
    """Return tokens and what they may do as plain values, ready for JSON; None stands for what is not known."""
    return {"format_version": STANDING_FORMAT_VERSION, "tokens": [standing_document(each) for each in standings]}


def standing_document(standing: Standing) -> dict[str, object]:
    """Return one token."""
    holder, user = standing.holder, standing.user
    profile = holder.profile
    return {
        "origin": holder.origin,
        "profile": profile.name if profile else None,
        "kept_in": str(profile.kept_in) if profile else None,
        "app_id": profile.app_id if profile else None,
        "logged_in_at": timestamp(profile.logged_in_at) if profile else None,
        "alive": standing.is_alive,
        "problem": _lack(standing.problem) if standing.problem else None,
        "user": {"id": user.user_id, "name": user.name, "email": user.email} if user else None,
        "scopes": None if holder.scopes is None else [_scope(each) for each in sorted(holder.scopes)],
        "accounts": [account_document(each) for each in standing.accounts],
    }


def account_document(standing: AccountStanding) -> dict[str, object]:
    """Return one account, and for each work whether it may be done and what is missing."""
    found = standing.account
    known = found is not None and found.role is not Role.UNKNOWN
    return {
        "advertiser_id": standing.advertiser_id,
        "key": standing.key,
        "name": found.name if found else None,
        "status": found.status if found else None,
        "currency": found.currency if found else None,
        "timezone": found.timezone if found else None,
        "business_center_id": found.business_center_id if found else None,
        "role": str(found.role) if found and known else None,
        **{
            str(work): {"allowed": standing.may(work), "missing": [_lack(each) for each in standing.lacks[work]]}
            for work in Work
        },
    }


def _scope(number: int) -> dict[str, object]:
    return {"id": number, "name": SCOPE_NAMES.get(number)}


def _lack(lack: Lack) -> dict[str, object]:
    return {"reason": lack.reason, "way_out": lack.way_out}
