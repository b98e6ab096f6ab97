"""Asks the guards about every action of a plan: brings together what each of them needs to know."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.plan import guards
from reconciler.plan.decide import is_handed_over
from reconciler.plan.guards import Circumstances
from reconciler.plan.model import Action, ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.plan.inputs import Inputs


def guarded(actions: Iterable[Action], inputs: Inputs) -> list[Action]:
    """Return the actions, each with the guards that stand against it.

    Args:
        actions: In the order of the plan: an account that fills up lets the first ones through.
        inputs: What the plan is made from, the state's resources at the addresses the files give.
    """
    owners, importers = _owners(inputs), _importers(inputs)
    creates: Counter[str] = Counter()
    checked = []
    for action in actions:
        here = action.resource_address
        owned_by = owners.get(action.audience_id or "", ())
        others = tuple(address for address in owned_by if address != here)
        known = Circumstances(
            remotes=inputs.actual,
            declared=inputs.desired.audiences.get(action.address.removeprefix("audience.")),
            facts=inputs.members.get(action.address) if inputs.members else None,
            owner=here if here in owned_by else next(iter(others), None),
            other_owners=others,
            importers=tuple(each for each in importers.get(action.audience_id or "", ()) if each != here),
            creates_before=creates[action.advertiser_id],
            deposed_in_use=_deposed_in_use(action, inputs),
        )
        if action.kind in {ActionKind.CREATE, ActionKind.REPLACE}:
            creates[action.advertiser_id] += 1
        checked.append(replace(action, blocked_by=guards.check(action, known)))
    return checked


def _owners(inputs: Inputs) -> Mapping[str, list[str]]:
    """Return the addresses that own each audience: one, unless the state was edited by hand."""
    owners: defaultdict[str, list[str]] = defaultdict(list)
    for address, resource in sorted(inputs.owned.resources.items()):
        for audience_id in (resource.audience_id, *(old.audience_id for old in resource.deposed)):
            owners[audience_id].append(address)
    return owners


def _importers(inputs: Inputs) -> Mapping[str, list[str]]:
    """Return the addresses that would adopt each audience; where the state holds the address, the line is idle."""
    importers: defaultdict[str, list[str]] = defaultdict(list)
    for audience in sorted(inputs.desired.audiences.values(), key=lambda each: each.address):
        if audience.import_id and audience.address not in inputs.owned.resources:
            importers[audience.import_id].append(audience.address)
    return importers


def _deposed_in_use(action: Action, inputs: Inputs) -> tuple[str, ...]:
    """Return what keeps the deposed audiences of a resource that is to go; what is handed over may go all the same."""
    resource = inputs.owned.resources.get(action.address)
    if resource is None or is_handed_over(action.address, inputs.desired):
        return ()
    found = []
    for old in resource.deposed:
        remote = inputs.actual[old.advertiser_id]
        which = f"the audience it replaced, {old.audience_id}"
        if old.audience_id not in remote.audiences:
            continue
        if remote.usage is None:
            found.append(f"what uses {which}, was not looked up")
        else:
            found += [f"{use} ({which})" for use in remote.usage.get(old.audience_id, ())]
    return tuple(found)
