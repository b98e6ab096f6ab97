"""The decision table: for each address, what is to be done, before any guard is asked.

in files   in state   on TikTok                 action
yes        no         no audience of that name  create
yes        no         one of that name          error that names the id to import
yes+import no         that id                   import
yes        yes        the same                  no-op, or update where people differ
yes        yes        differs                   update, or replace where TikTok has no call for it
yes        yes        gone                      create, or the same error where the name is taken by now
no         yes        there                     delete; forget where `removed` says so
no         yes        gone                      forget
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.plan import refusals
from reconciler.plan.attributes import (
    DELIVERED_KIND,
    DELIVERY_OF,
    adopted,
    declared,
    difference,
    left_alone,
    needs_replacement,
    present,
)
from reconciler.plan.model import Action, ActionKind, Attributes, Change, MemberChange
from reconciler.plan.recipe import recipe_of
from reconciler.plan.recovery import owned_ids
from reconciler.state.model import PendingDelivery
from reconciler.tiktok.model import AudienceKind

if TYPE_CHECKING:
    from reconciler.config.model import Audience, Config
    from reconciler.diagnostics import Diagnostic
    from reconciler.plan.inputs import Inputs, MemberFacts
    from reconciler.state.model import Deposed, Resource
    from reconciler.tiktok import model as tiktok


@dataclass(frozen=True, slots=True)
class Case:
    """One address, with everything known about it.

    Attributes:
        declared: What the files say, or None.
        resource: What the state says, or None.
        adopted_id: The id an interrupted create turned out to have made, or None.
        moved_from: The address the resource had before, or None.
    """

    address: str
    declared: Audience | None
    resource: Resource | None
    adopted_id: str | None = None
    moved_from: str | None = None


def decide(case: Case, inputs: Inputs) -> Action | Diagnostic:
    """Return what is to be done about one address, or the error that keeps it from being decided."""
    match case:
        case Case(declared=None, resource=resource) if resource is not None:
            return _undeclared(case, resource, inputs)
        case Case(declared=audience, resource=None) if audience is not None:
            return _import(audience, inputs) if audience.import_id else _create(case, audience, inputs)
        case Case(declared=audience, resource=resource) if audience is not None and resource is not None:
            return _declared_and_owned(case, audience, resource, inputs)
        case _:
            raise ValueError(f"{case.address} is neither declared nor owned")


def decide_deposed(resource: Resource, inputs: Inputs) -> list[Action]:
    """Return what is to be done about each audience this resource deposed.

    One that nothing uses any more is deleted. One still in use stays without an action, and so does one whose successor
    has nobody in it and gets nobody: a warning says so, and no plan is kept waiting for it. Where the resource itself
    is to go, so is what it deposed, in use or not, for a guard to speak; and where it is handed over, so is what it
    deposed.
    """
    declared_here = any(each.address == resource.address for each in inputs.desired.audiences.values())
    actions = []
    for old in resource.deposed:
        remote = inputs.actual[old.advertiser_id]
        audience = remote.audiences.get(old.audience_id)
        if audience is None:
            kind, reason = ActionKind.FORGET, "replaced earlier; already gone"
        elif is_handed_over(resource.address, inputs.desired):
            kind, reason = ActionKind.FORGET, "replaced earlier; handed over: `removed` says to leave it on TikTok"
        elif is_waiting_to_be_filled(resource, inputs):
            continue
        elif remote.usage is not None and not remote.usage.get(old.audience_id):
            kind, reason = ActionKind.DELETE, "replaced earlier; nothing uses it any more"
        elif not declared_here:
            kind, reason = ActionKind.DELETE, "replaced earlier; no longer declared"
        else:
            continue
        actions.append(
            Action(
                address=f"{resource.address} (deposed {old.audience_id})",
                kind=kind,
                advertiser=account_name(inputs.desired, old.advertiser_id),
                advertiser_id=old.advertiser_id,
                audience_id=old.audience_id,
                before=_deposed_attributes(resource, old, audience) if audience else None,
                reason=reason,
            )
        )
    return actions


def is_handed_over(address: str, desired: Config) -> bool:
    """Whether the files say to stop managing `address` and to leave it on TikTok."""
    declared_here = any(audience.address == address for audience in desired.audiences.values())
    return not declared_here and any(each.address == address and not each.destroy for each in desired.removed)


def is_waiting_to_be_filled(resource: Resource, inputs: Inputs) -> bool:
    """Whether this audience is declared, nobody is in it, and this plan does not say who is to be."""
    declared_here = inputs.desired.audience_at(resource.address)
    if declared_here is None:
        return False
    is_there = resource.audience_id in inputs.actual[resource.advertiser_id].audiences
    is_filled = resource.members is not None and is_there
    return not is_filled and (inputs.members is None or declared_here.source is None)


def account_name(desired: Config, advertiser_id: str) -> str:
    """Return the key the files give an account, or its id where they no longer name it."""
    for advertiser in desired.advertisers.values():
        if advertiser.advertiser_id == advertiser_id:
            return advertiser.key
    return advertiser_id


def _undeclared(case: Case, resource: Resource, inputs: Inputs) -> Action:
    remote = inputs.actual[resource.advertiser_id].audiences.get(resource.audience_id)
    if remote is None:
        kind, reason = ActionKind.FORGET, "no longer declared, and no longer on TikTok"
    elif is_handed_over(case.address, inputs.desired):
        kind, reason = ActionKind.FORGET, "handed over: `removed` says to leave it on TikTok"
    elif case.adopted_id:
        kind, reason = ActionKind.DELETE, "made by an interrupted apply, and no longer declared"
    else:
        kind, reason = ActionKind.DELETE, "no longer declared"
    return Action(
        address=case.address,
        kind=kind,
        advertiser=account_name(inputs.desired, resource.advertiser_id),
        advertiser_id=resource.advertiser_id,
        audience_id=resource.audience_id,
        before=present(resource, remote),
        reason=reason,
        previous_address=case.moved_from,
    )


def _create(case: Case, audience: Audience, inputs: Inputs) -> Action | Diagnostic:
    wanted = declared(audience, inputs.desired)
    gone = case.resource
    if gone is not None and audience.source is None:
        return refusals.nothing_to_fill(audience, gone, inputs.desired)
    if twins := _twins(wanted, inputs):
        return refusals.name_taken(audience, twins, gone, inputs.desired)
    return Action(
        address=case.address,
        kind=ActionKind.CREATE,
        advertiser=audience.advertiser,
        advertiser_id=wanted.advertiser_id,
        audience_id=gone.audience_id if gone else None,
        after=wanted,
        members=filled_anew(_facts(audience, inputs), recipe_of(audience, inputs.desired)),
        reason=f"{gone.audience_id} was deleted outside of reconciler" if gone else "not on TikTok yet",
        previous_address=case.moved_from,
    )


def _twins(wanted: Attributes, inputs: Inputs) -> list[tiktok.Audience]:
    """Return the audiences of the wanted name that the account made and the state does not own."""
    ours = owned_ids(inputs.owned)
    named = inputs.actual[wanted.advertiser_id].named(wanted.name)
    return [each for each in named if each.is_creator and each.audience_id not in ours]


def _import(audience: Audience, inputs: Inputs) -> Action | Diagnostic:
    wanted = declared(audience, inputs.desired)
    remote = inputs.actual[wanted.advertiser_id].audiences.get(audience.import_id or "")
    if remote is None:
        return refusals.nothing_to_import(audience, wanted.advertiser_id, inputs.desired)
    if audience.source is None:
        wanted = left_alone(
            wanted, adopted(remote, replace(wanted, delivery=DELIVERY_OF.get(remote.kind, wanted.delivery)))
        )
    elif remote.kind is not DELIVERED_KIND[wanted.delivery]:
        return refusals.undeliverable(audience, remote, inputs.desired)
    before = adopted(remote, wanted)
    changes = difference(before, wanted)
    for change in changes:
        if needs_replacement(change, before):
            return refusals.unadoptable(audience, change, inputs.desired)
    return Action(
        address=audience.address,
        kind=ActionKind.IMPORT,
        advertiser=audience.advertiser,
        advertiser_id=wanted.advertiser_id,
        audience_id=remote.audience_id,
        before=before,
        after=wanted,
        changes=changes,
        members=filled_anew(_facts(audience, inputs), recipe_of(audience, inputs.desired)),
        reason="adopted from TikTok",
    )


def _declared_and_owned(case: Case, audience: Audience, resource: Resource, inputs: Inputs) -> Action | Diagnostic:
    wanted = declared(audience, inputs.desired)
    remote = inputs.actual[resource.advertiser_id].audiences.get(resource.audience_id)
    if remote is None:
        return _create(case, audience, inputs)
    before = present(resource, remote)
    if audience.source is None:
        wanted = left_alone(wanted, before)
    elif remote.kind not in {DELIVERED_KIND[resource.delivery], AudienceKind.OTHER}:
        return refusals.undeliverable(audience, remote, inputs.desired)
    changes = difference(before, wanted)
    replaced = any(needs_replacement(change, before) for change in changes)
    if replaced and audience.source is None:
        return refusals.nothing_to_fill(audience, resource, inputs.desired)
    if replaced and (twins := _twins(wanted, inputs)):
        return refusals.name_taken(audience, twins, None, inputs.desired)
    facts = _facts(audience, inputs)
    recipe = recipe_of(audience, inputs.desired)
    members = filled_anew(facts, recipe) if replaced or case.adopted_id else _change(resource, facts, recipe)
    interrupted = _is_interrupted(resource, inputs)
    if replaced:
        kind = ActionKind.REPLACE
    elif changes or (members and members.differs) or case.adopted_id or (interrupted and members):
        kind = ActionKind.UPDATE
    else:
        kind = ActionKind.NOOP
    return Action(
        address=case.address,
        kind=kind,
        advertiser=audience.advertiser,
        advertiser_id=wanted.advertiser_id,
        audience_id=resource.audience_id,
        before=before,
        after=wanted,
        changes=changes,
        members=members,
        reason=_why(case, resource, changes, members, replaced=replaced, interrupted=interrupted),
        previous_address=case.moved_from,
        kept_by=_kept_by(inputs.actual[resource.advertiser_id], remote, members) if replaced else (),
    )


def _why(
    case: Case,
    resource: Resource,
    changes: tuple[Change, ...],
    members: MemberChange | None,
    *,
    replaced: bool,
    interrupted: bool,
) -> str:
    if replaced:
        names = ", ".join(change.path for change in changes if needs_replacement(change, present(resource, None)))
        return f"TikTok cannot change {names} in place"
    if case.adopted_id:
        return "made by an interrupted apply, found again"
    if interrupted and members:
        return "goes on with an interrupted delivery"
    renamed_outside = any(change.path == "name" and change.before != resource.name for change in changes)
    if renamed_outside:
        return "renamed outside of reconciler"
    if case.moved_from:
        return f"moved from {case.moved_from}"
    if changes:
        return "its declaration changed"
    return "its people changed" if members and members.differs else ""


def _is_interrupted(resource: Resource, inputs: Inputs) -> bool:
    return any(
        isinstance(each, PendingDelivery) and each.audience_id == resource.audience_id for each in inputs.owned.pending
    )


def _kept_by(remote: tiktok.Remote, audience: tiktok.Audience, filling: MemberChange | None) -> tuple[str, ...]:
    if filling is None:
        return ("people were not looked at, so what takes its place stays empty until they are",)
    if remote.usage is None:
        return ("what uses it was not looked up",)
    return tuple(str(use) for use in remote.usage.get(audience.audience_id, ()))


def _facts(audience: Audience, inputs: Inputs) -> MemberFacts | None:
    return None if inputs.members is None else inputs.members.get(audience.address)


def filled_anew(facts: MemberFacts | None, recipe: str | None) -> MemberChange | None:
    """Return the change that fills an audience nothing of which is known to be there."""
    if facts is None:
        return None
    wanted = facts.wanted
    return MemberChange(wanted.digest, None, wanted.users, wanted.total, add=wanted.total, remove=0, recipe=recipe)


def _change(resource: Resource, facts: MemberFacts | None, recipe: str | None) -> MemberChange | None:
    if facts is None:
        return None
    before = resource.members.users if resource.members else None
    wanted, delta = facts.wanted, facts.delta
    return MemberChange(
        wanted.digest, before, wanted.users, wanted.total, add=delta.add, remove=delta.remove, recipe=recipe
    )


def _deposed_attributes(resource: Resource, old: Deposed, audience: tiktok.Audience) -> Attributes:
    """Return what is known of a deposed audience; which identifiers it was sent is not."""
    return Attributes(
        name=audience.name,
        advertiser_id=old.advertiser_id,
        delivery=DELIVERY_OF.get(audience.kind, resource.delivery),
        identities=(),
    )
