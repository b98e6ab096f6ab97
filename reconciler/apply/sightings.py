"""What an apply has seen, added to what earlier ones saw. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.plan.drift.uses import remembered
from reconciler.state.history import bounded
from reconciler.state.history_model import AccountSighting, AudienceHistory, Sighting

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from reconciler.apply.model import Outcome
    from reconciler.state.history_model import History
    from reconciler.state.model import Resource, State
    from reconciler.tiktok.model import Audience, Remote


@dataclass(frozen=True, slots=True)
class Seen:
    """What one apply saw and did.

    Attributes:
        at: When it ended.
        before: The accounts as it found them; those missing here are as in `after`.
        after: The accounts as it left them, with what uses their audiences where that could be looked up.
        outcomes: What it did, by address.
        targets: The addresses it was limited to; empty for all.
    """

    at: datetime
    before: Mapping[str, Remote] = field(default_factory=dict)
    after: Mapping[str, Remote] = field(default_factory=dict)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    targets: frozenset[str] = frozenset()


def remember(history: History, owned: State, seen: Seen) -> History:
    """Return the history with this apply in it, without the audiences that the state no longer owns.

    Limited to targets, an apply looked at nothing else: it says nothing of accounts, nor of other audiences.

    Args:
        history: What was known before.
        owned: The state as the apply left it.
        seen: What it saw and did.
    """
    seen = replace(seen, before=_readable(seen.before), after=_readable(seen.after))
    resources = {each.audience_id: each for each in owned.resources.values()}
    audiences = dict(history.audiences)
    for audience_id, resource in resources.items():
        remote = seen.after.get(resource.advertiser_id)
        if remote is None or audience_id not in remote.audiences:
            continue
        if not seen.targets or resource.address in seen.targets:
            audiences[audience_id] = _audience(audiences.get(audience_id), resource, remote, seen)
    accounts = history.accounts if seen.targets else {**history.accounts, **_accounts(seen)}
    return bounded(replace(history, accounts=accounts, audiences=audiences), resources.keys())


def _readable(remotes: Mapping[str, Remote]) -> dict[str, Remote]:
    """Return the accounts that were seen: of one that could not be read nothing new is known."""
    return {advertiser_id: remote for advertiser_id, remote in remotes.items() if remote.is_readable}


def _accounts(seen: Seen) -> dict[str, AccountSighting]:
    return {
        advertiser_id: AccountSighting(seen.at, remote.account.status, str(remote.account.role))
        for advertiser_id, remote in seen.after.items()
    }


def _audience(known: AudienceHistory | None, resource: Resource, remote: Remote, seen: Seen) -> AudienceHistory:
    audience = remote.audiences[resource.audience_id]
    uses = known.uses if known else None
    if remote.usage is not None:
        uses = remembered(remote.usage.get(audience.audience_id, ()))
    return AudienceHistory(
        kind=str(audience.kind),
        shared=audience.shared,
        uses=uses,
        sightings=(*(known.sightings if known else ()), _sighting(audience, resource, seen)),
        sub_type=audience.sub_type,
        calculate_type=audience.calculate_type,
        name=audience.name,
    )


def _sighting(audience: Audience, resource: Resource, seen: Seen) -> Sighting:
    earlier = seen.before.get(resource.advertiser_id)
    found = earlier.audiences.get(audience.audience_id) if earlier else audience
    outcome = seen.outcomes.get(resource.address)
    return Sighting(
        at=seen.at,
        matched=found.cover_num if found else None,
        users=resource.members.users if resource.members else None,
        added=outcome.added if outcome else 0,
        removed=outcome.removed if outcome else 0,
    )
