"""Drift: what TikTok or the sources have become since the last apply, without anyone changing the files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.plan.decide import account_name
from reconciler.plan.drift.model import Drift, Drifted, DriftKind
from reconciler.plan.moves import follow
from reconciler.plan.recovery import owned_ids, settle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from reconciler.plan.inputs import Inputs
    from reconciler.state.model import Resource
    from reconciler.tiktok.model import Audience


def detect(inputs: Inputs, *, now: datetime) -> Drift:
    """Compare what the state says with what is there.

    Where TikTok has come to be what the files say, by whatever hand, nothing has drifted. Limited to targets, it
    says nothing of other addresses, nor of what has none.
    """
    settled = settle(inputs.owned, inputs.actual)
    owned = replace(inputs.owned, resources=follow(inputs.desired, settled.resources).resources)
    checked = [r for _, r in sorted(owned.resources.items()) if not inputs.targets or r.address in inputs.targets]
    found = [finding for resource in checked for finding in _resource(resource, inputs)]
    strangers = () if inputs.targets else _unmanaged(inputs, owned_ids(owned))
    return Drift(now, (*found, *strangers), checked=len(checked))


def _resource(resource: Resource, inputs: Inputs) -> Iterator[Drifted]:
    account = account_name(inputs.desired, resource.advertiser_id)
    actual = inputs.actual[resource.advertiser_id].audiences.get(resource.audience_id)
    declared = inputs.desired.audiences.get(resource.address.removeprefix("audience."))
    where = (resource.address, account, resource.advertiser_id, resource.audience_id)
    if actual is None:
        remedy = "apply creates it again" if declared else "apply forgets it"
        yield Drifted(
            DriftKind.DELETED,
            *where,
            f'"{resource.name}" is no longer on TikTok',
            resource.name,
            None,
            remedy,
        )
        return
    if actual.name not in {resource.name, declared.name if declared else None}:
        remedy = f'apply renames it to "{declared.name}"' if declared else ""
        summary = f'renamed from "{resource.name}" to "{actual.name}"'
        yield Drifted(DriftKind.RENAMED, *where, summary, resource.name, actual.name, remedy)
    facts = inputs.members.get(resource.address) if inputs.members else None
    if facts is not None and (facts.delta.add or facts.delta.remove):
        summary = (
            f"its source changed: +{facts.delta.add:,} / −{facts.delta.remove:,} identifiers since the last delivery"
        )
        before = f"{resource.members.users:,} people" if resource.members else None
        yield Drifted(
            DriftKind.MEMBERS,
            *where,
            summary,
            before,
            f"{facts.wanted.users:,} people",
            "apply delivers the difference",
        )


def _unmanaged(inputs: Inputs, managed: frozenset[str]) -> Iterator[Drifted]:
    for advertiser_id, remote in sorted(inputs.actual.items()):
        strangers = [each for each in remote.audiences.values() if each.audience_id not in managed]
        for audience in sorted(strangers, key=lambda each: (each.name, each.audience_id)):
            yield _stranger(audience, advertiser_id, account_name(inputs.desired, advertiser_id))


def _stranger(audience: Audience, advertiser_id: str, account: str) -> Drifted:
    shared = "" if audience.is_creator else ", shared in by another account"
    return Drifted(
        DriftKind.UNMANAGED,
        None,
        account,
        advertiser_id,
        audience.audience_id,
        f'"{audience.name}" is not in the files ({audience.kind}{shared})',
        remedy="nothing touches it; `reconciler import` adopts it" if audience.is_creator else "nothing touches it",
    )
