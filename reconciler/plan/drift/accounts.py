"""What became of accounts: their status, the role on them, and what the files expect of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.plan.decide import account_name
from reconciler.plan.drift.model import Drifted, DriftKind
from reconciler.plan.expectations import unmet
from reconciler.tiktok.model import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.config.model import Advertiser
    from reconciler.plan.inputs import Inputs
    from reconciler.state.history_model import AccountSighting, History
    from reconciler.tiktok.model import Account, Lack


def account_drift(inputs: Inputs, history: History) -> Iterator[Drifted]:
    """Tell what became of each account the files or the state name, by its id."""
    for advertiser_id, remote in sorted(inputs.actual.items()):
        seen = history.accounts.get(advertiser_id)
        if remote.unreadable:
            yield _unreadable(remote.account, remote.unreadable, seen, inputs)
        if not remote.account.is_described:
            continue
        yield from _status(remote.account, seen, inputs)
        yield from _role(remote.account, seen, inputs)
        for advertiser in inputs.desired.advertisers.values():
            if advertiser.advertiser_id == advertiser_id:
                yield from _expectations(remote.account, advertiser, inputs)


def _unreadable(account: Account, lack: Lack, seen: AccountSighting | None, inputs: Inputs) -> Drifted:
    return _finding(
        DriftKind.ACCESS,
        account,
        inputs,
        f"it cannot be read: {lack.reason}",
        before=None,
        after=None,
        seen=seen,
        remedy=f"apply does nothing there until it can be. {lack.way_out}",
    )


def _status(account: Account, seen: AccountSighting | None, inputs: Inputs) -> Iterator[Drifted]:
    if account.status == seen.status if seen else account.is_enabled:
        return
    remedy = "apply takes it as known"
    if not account.is_enabled:
        remedy = "apply writes nothing there until it is enabled: ask the account's admin, or TikTok"
    yield _finding(
        DriftKind.ACCOUNT_STATUS,
        account,
        inputs,
        f"its status is {account.status}{f', and was {seen.status}' if seen else ''}",
        before=seen.status if seen else None,
        after=account.status,
        seen=seen,
        remedy=remedy,
    )


def _role(account: Account, seen: AccountSighting | None, inputs: Inputs) -> Iterator[Drifted]:
    if account.role == seen.role if seen else account.role.can_write:
        return
    is_readable = account.role is not Role.UNKNOWN
    remedy = "apply takes it as known" if is_readable else "apply tries, and TikTok decides at the first write"
    if not account.role.can_write:
        remedy = "apply writes nothing there: ask a Business Center admin for Ad Account Operator or Admin"
    now = f"is {account.role}" if is_readable else "can no longer be read"
    yield _finding(
        DriftKind.ACCOUNT_ROLE,
        account,
        inputs,
        f"the role on it {now}{f', and was {seen.role}' if seen else ''}",
        before=seen.role if seen else None,
        after=str(account.role),
        seen=seen,
        remedy=remedy,
    )


def _expectations(account: Account, advertiser: Advertiser, inputs: Inputs) -> Iterator[Drifted]:
    for each in unmet(advertiser, account):
        yield _finding(
            DriftKind.EXPECTATION,
            account,
            inputs,
            each.told,
            before=each.wanted,
            after=each.found,
            remedy=f"apply cannot change it. {each.way_out}",
            place=("expect", each.name),
        )


def _finding(
    kind: DriftKind,
    account: Account,
    inputs: Inputs,
    summary: str,
    *,
    before: str | None,
    after: str | None,
    remedy: str,
    seen: AccountSighting | None = None,
    place: tuple[str, ...] = (),
) -> Drifted:
    key = account_name(inputs.desired, account.advertiser_id)
    declared = key in inputs.desired.advertisers
    return Drifted(
        kind,
        None,
        key,
        account.advertiser_id,
        None,
        summary,
        before,
        after,
        last_seen=seen.at if seen else None,
        remedy=remedy,
        location=inputs.desired.place("advertisers", key, *place) if declared else None,
    )
