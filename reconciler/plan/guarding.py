"""Asks the guards about every action of a plan: brings together what each of them needs to know."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.plan import guards
from reconciler.plan.circumstances import Circumstances
from reconciler.plan.model import Action, ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.plan.inputs import Inputs
    from reconciler.state.model import Deposed, Resource


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
            declared=inputs.desired.audience_at(here),
            facts=inputs.members.get(here) if inputs.members else None,
            owner=here if here in owned_by else next(iter(others), None),
            other_owners=others,
            importers=tuple(each for each in importers.get(action.audience_id or "", ()) if each != here),
            creates_before=creates[action.advertiser_id],
            unrelieved=_unrelieved(inputs.owned.resources.get(here), inputs),
        )
        if action.kind in {ActionKind.CREATE, ActionKind.REPLACE}:
            creates[action.advertiser_id] += 1
        checked.append(replace(action, blocked_by=guards.check(action, known)))
    return [_before_what_replaces_it(_after_what_it_replaced(action, checked), checked) for action in checked]


def _unrelieved(resource: Resource | None, inputs: Inputs) -> tuple[Deposed, ...]:
    """Return what a resource replaced and has never been filled in place of."""
    if resource is None:
        return ()
    is_there = resource.audience_id in inputs.actual[resource.advertiser_id].audiences
    return () if resource.members is not None and is_there else resource.deposed


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


def _before_what_replaces_it(action: Action, actions: Iterable[Action]) -> Action:
    """Keep an audience that was replaced while what takes its place cannot be filled: people would be in neither."""
    if not action.is_deposed or action.kind is not ActionKind.DELETE:
        return action
    leaving = {ActionKind.DELETE, ActionKind.FORGET}
    inherited = [
        replace(block, message=f"what replaced it is not done yet: {block.message}")
        for successor in actions
        if successor.address == action.resource_address and successor.kind not in leaving
        for block in successor.blocked_by
        if block.guard not in {each.guard for each in action.blocked_by}
    ]
    return replace(action, blocked_by=(*action.blocked_by, *inherited))


def _after_what_it_replaced(action: Action, actions: Iterable[Action]) -> Action:
    """Keep a resource in the state while something it replaced cannot go: no other record leads there."""
    if action.is_deposed or action.kind not in {ActionKind.DELETE, ActionKind.FORGET}:
        return action
    inherited = [
        replace(block, message=f"the audience it replaced, {old.audience_id}, cannot go yet: {block.message}")
        for old in actions
        if old.is_deposed and old.resource_address == action.address
        for block in old.blocked_by
    ]
    return replace(action, blocked_by=(*action.blocked_by, *inherited))
