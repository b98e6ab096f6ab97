"""What has to be looked at before a plan can be made: which accounts, and where usage matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.plan.attributes import declared, difference, needs_replacement, present
from reconciler.plan.moves import follow
from reconciler.state.model import PendingCreate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.config.model import Config
    from reconciler.state.model import Resource, State


def accounts(desired: Config, owned: State) -> frozenset[str]:
    """Return the ids of every account the files declare or the state holds something in."""
    ids = {advertiser.advertiser_id for advertiser in desired.advertisers.values()}
    ids |= {resource.advertiser_id for resource in owned.resources.values()}
    ids |= {pending.advertiser_id for pending in owned.pending if isinstance(pending, PendingCreate)}
    return frozenset(ids | {old.advertiser_id for r in owned.resources.values() for old in r.deposed})


def accounts_with_deletions(desired: Config, owned: State) -> frozenset[str]:
    """Return the accounts in which a plan may delete something, so what uses audiences there must be known.

    Looking usage up costs pages of ad groups; a plan that only updates does not need it.
    """
    ids: set[str] = set()
    for address, resource in at_declared_addresses(desired, owned).items():
        ids |= {old.advertiser_id for old in resource.deposed}
        audience = desired.audience_at(address)
        if audience is None:
            ids.add(resource.advertiser_id)
        elif audience.source is not None:
            before = present(resource, None)
            changes = difference(before, declared(audience, desired))
            if any(needs_replacement(change, before) for change in changes):
                ids.add(resource.advertiser_id)
    # An interrupted replace may have made its new audience already. As soon as that is seen the old one is deposed,
    # whatever the files say by now; and the new one may in its turn be no longer wanted.
    for pending in owned.pending:
        if isinstance(pending, PendingCreate):
            ids.add(pending.advertiser_id)
            current = owned.resources.get(pending.address)
            ids |= {current.advertiser_id} if current else set()
    return frozenset(ids)


def at_declared_addresses(desired: Config, owned: State) -> Mapping[str, Resource]:
    """Return the state's resources by the address `moved` gives them."""
    return follow(desired, owned.resources).resources
