"""What is taken for granted about an account that cannot be read: that it is as the state left it.

So a plan shows what would be done there, which the guards then block, rather than creating all of it anew; and every
other account is planned as ever.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.plan.attributes import DELIVERED_KIND
from reconciler.tiktok.model import Audience

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.plan.inputs import Inputs


def presumed(inputs: Inputs) -> Inputs:
    """Return the inputs with what is presumed of each unreadable account in them."""
    actual = {
        advertiser_id: remote
        if remote.is_readable
        else replace(remote, audiences={each.audience_id: each for each in _audiences(advertiser_id, inputs)})
        for advertiser_id, remote in inputs.actual.items()
    }
    return replace(inputs, actual=actual)


def _audiences(advertiser_id: str, inputs: Inputs) -> Iterator[Audience]:
    """Yield what the files would import there, and over it what the state holds there."""
    keys = {each.key for each in inputs.desired.advertisers.values() if each.advertiser_id == advertiser_id}
    for declared in inputs.desired.audiences.values():
        if declared.advertiser in keys and declared.import_id:
            yield _presumed(declared.import_id, declared.name, declared.delivery)
    for resource in inputs.owned.resources.values():
        for old in resource.deposed:
            if old.advertiser_id == advertiser_id:
                yield _presumed(old.audience_id, old.name, resource.delivery)
        if resource.advertiser_id == advertiser_id:
            there = _presumed(resource.audience_id, resource.name, resource.delivery)
            yield replace(there, sub_type=resource.audience_sub_type)


def _presumed(audience_id: str, name: str, delivery: str) -> Audience:
    return Audience(audience_id, name, DELIVERED_KIND[delivery], is_valid=True)
