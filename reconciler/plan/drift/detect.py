"""Drift: what TikTok or the sources have become since the last apply, without anyone changing the files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from reconciler.plan.decide import account_name
from reconciler.plan.drift.accounts import account_drift
from reconciler.plan.drift.evidence import Evidence
from reconciler.plan.drift.health import emptied, expired, expiring, invalid, match_rate
from reconciler.plan.drift.identity import renamed, retyped
from reconciler.plan.drift.model import Drift, Drifted, DriftKind
from reconciler.plan.drift.others import edited, in_use, members, shared
from reconciler.plan.drift.outlook import outlooks
from reconciler.plan.drift.strangers import unmanaged
from reconciler.plan.drift.subject import Subject
from reconciler.plan.model import ActionKind
from reconciler.plan.moves import follow
from reconciler.plan.presumption import presumed
from reconciler.plan.recipe import recipe_of
from reconciler.plan.recovery import settle
from reconciler.state.history_model import History

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from datetime import datetime

    from reconciler.plan.drift.outlook import Outlook
    from reconciler.plan.inputs import Inputs
    from reconciler.state.model import Resource, State

_CHECKS: Final[tuple[Callable[[Subject], Iterable[Drifted]], ...]] = (
    retyped,
    invalid,
    expired,
    expiring,
    emptied,
    match_rate,
    renamed,
    shared,
    in_use,
    members,
)
"""Every way in which an audience that is there can have drifted, but for what no other tells."""

_ORDER: Final = {kind: position for position, kind in enumerate(DriftKind)}


def detect(inputs: Inputs, evidence: Evidence | None = None, *, now: datetime) -> Drift:
    """Compare what was applied and last seen with what is there.

    Where TikTok has come to be what the files say, by whatever hand, nothing has drifted. Of an account that cannot
    be read nothing is told but that. Limited to targets, it says nothing of other addresses, nor of what has none:
    accounts, unless those of the targets cannot be read, and what nobody manages.

    Args:
        inputs: What a plan is made from; `usage` of an account is None where it was not looked up.
        evidence: The past, and who did what; without it less can be told.
        now: When it was looked, UTC.
    """
    known = evidence or Evidence(History(inputs.owned.lineage))
    inputs = presumed(inputs)
    settled = settle(inputs.owned, inputs.actual)
    owned = replace(inputs.owned, resources=follow(inputs.desired, settled.resources).resources)
    checked = [
        resource
        for _, resource in sorted(owned.resources.items())
        if inputs.actual[resource.advertiser_id].is_readable
        and (not inputs.targets or resource.address in inputs.targets)
    ]
    planned = outlooks(inputs, [each.address for each in checked], now)
    found = [
        finding
        for resource in checked
        for finding in _resource(resource, planned[resource.address], inputs, known, now)
    ]
    accounts = list(account_drift(inputs, known.history))
    if inputs.targets:
        concerned = _accounts_of(inputs.targets, inputs, owned)
        accounts = [each for each in accounts if each.kind is DriftKind.ACCESS and each.advertiser_id in concerned]
    strangers = () if inputs.targets else unmanaged(inputs, owned)
    return Drift(now, (*accounts, *found, *strangers), checked=len(checked), skipped_members=inputs.members is None)


def _accounts_of(targets: Collection[str], inputs: Inputs, owned: State) -> set[str]:
    """Return the ids of the accounts in which these addresses are, or are to be."""
    held = {each.advertiser_id for each in owned.resources.values() if each.address in targets}
    declared = (inputs.desired.audience_at(address) for address in targets)
    return held | {inputs.desired.advertisers[each.advertiser].advertiser_id for each in declared if each}


def _resource(
    resource: Resource, outlook: Outlook, inputs: Inputs, known: Evidence, now: datetime
) -> Iterator[Drifted]:
    """Tell what drifted about one audience, in the order of `DriftKind`."""
    subject = _subject(resource, outlook, inputs, known, now)
    if subject is None:
        yield _deleted(resource, outlook, inputs, known)
        return
    found = [finding for check in _CHECKS for finding in check(subject)]
    found += edited(subject, {each.kind for each in found})
    yield from sorted(found, key=lambda each: _ORDER[each.kind])


def _subject(resource: Resource, outlook: Outlook, inputs: Inputs, known: Evidence, now: datetime) -> Subject | None:
    """Return what is known of an audience, or None where it is gone."""
    remote = inputs.actual[resource.advertiser_id]
    audience_id = resource.audience_id
    actual = remote.audiences.get(audience_id)
    if actual is None:
        return None
    declared = inputs.desired.audience_at(resource.address)
    return Subject(
        resource,
        declared,
        actual,
        account_name(inputs.desired, resource.advertiser_id),
        outlook,
        now,
        seen=known.history.audiences.get(audience_id),
        uses=None if remote.usage is None else remote.usage.get(audience_id, ()),
        edits=known.edits.get(audience_id, ()),
        application=known.applications.get(audience_id),
        facts=inputs.members.get(resource.address) if inputs.members else None,
        recipe=recipe_of(declared, inputs.desired) if declared else None,
        location=inputs.desired.declared_at(resource.address),
    )


def _deleted(resource: Resource, outlook: Outlook, inputs: Inputs, known: Evidence) -> Drifted:
    seen = known.history.audiences.get(resource.audience_id)
    remedies = {ActionKind.CREATE: "apply creates it again", ActionKind.FORGET: "apply forgets it"}
    remedy = f"apply stops: {outlook.error}" if outlook.kind is None else outlook.told(remedies[outlook.kind])
    return Drifted(
        DriftKind.DELETED,
        resource.address,
        account_name(inputs.desired, resource.advertiser_id),
        resource.advertiser_id,
        resource.audience_id,
        f'"{resource.name}" is no longer on TikTok',
        resource.name,
        None,
        last_seen=seen.last_seen if seen else None,
        remedy=remedy,
        location=inputs.desired.declared_at(resource.address),
    )
