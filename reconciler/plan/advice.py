"""Warnings: what a reviewer should know, though it stops nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.diagnostics import Diagnostic, warning
from reconciler.plan.decide import is_waiting_to_be_filled
from reconciler.plan.disconnect import disconnections
from reconciler.plan.expectations import unmet
from reconciler.plan.model import ActionKind
from reconciler.state.model import PendingCreate
from reconciler.tiktok.model import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.config.model import Audience
    from reconciler.plan.inputs import Inputs, MemberFacts
    from reconciler.plan.model import Action
    from reconciler.state.model import Resource


def advise(actions: Sequence[Action], inputs: Inputs, resources: Iterable[Resource]) -> list[Diagnostic]:
    """Return every warning, accounts first, then audiences in the order of the plan, then what was replaced earlier.

    Args:
        actions: The plan's.
        inputs: What the plan was made from.
        resources: What the state holds, at the addresses the files give; those the plan is limited to.
    """
    found = [*_accounts(inputs), *_out_of_sight(inputs), *disconnections(actions, inputs.desired, inputs.owned)]
    held = {resource.address: resource for resource in resources}
    for action in actions:
        audience = inputs.desired.audience_at(action.address)
        if audience is None:
            continue
        facts = inputs.members.get(action.address) if inputs.members else None
        found += _health(action, audience, inputs)
        if facts is not None:
            found += _people(action, audience, facts, inputs)
            found += _strangers(action, audience, held.get(action.address), inputs)
    declared = {audience.address for audience in inputs.desired.audiences.values()}
    for resource in held.values():
        if resource.address in declared:
            found += _deposed(resource, inputs)
    return found


def _accounts(inputs: Inputs) -> Iterator[Diagnostic]:
    for key, advertiser in inputs.desired.advertisers.items():
        remote = inputs.actual.get(advertiser.advertiser_id)
        if remote is None:
            continue
        account = remote.account
        if remote.unreadable:
            yield warning(
                f"advertiser {key}: {advertiser.advertiser_id} cannot be read: {remote.unreadable.reason}",
                f"{remote.unreadable.way_out} Until then what the state knows of its audiences is taken for granted.",
                inputs.desired.place("advertisers", key),
            )
        if not account.is_described:
            continue
        if account.role is Role.UNKNOWN:
            yield warning(
                f"advertiser {key}: your role on {advertiser.advertiser_id} cannot be read",
                "It is in no Business Center this token can see. Writing needs Operator or Admin; "
                "TikTok decides at the first write.",
                inputs.desired.place("advertisers", key),
            )
        for each in unmet(advertiser, account):
            place = inputs.desired.place("advertisers", key, "expect", each.name)
            yield warning(f"advertiser {key}: {each.told}", each.way_out, place)


def _out_of_sight(inputs: Inputs) -> Iterator[Diagnostic]:
    """Tell of creates that were interrupted in an account that the files no longer name and nobody can look into."""
    named = {each.advertiser_id for each in inputs.desired.advertisers.values()}
    for intent in inputs.owned.pending:
        remote = inputs.actual.get(intent.advertiser_id) if isinstance(intent, PendingCreate) else None
        if isinstance(intent, PendingCreate) and intent.advertiser_id not in named and remote and remote.unreadable:
            yield warning(
                f"{intent.address}: a create was interrupted in account {intent.advertiser_id}, which cannot be read: "
                f"{remote.unreadable.reason}",
                f'It may have made an audience named "{intent.name}". {remote.unreadable.way_out} Or look in Ads '
                f"Manager, and run `reconciler state rm {intent.address}`, which leaves it unmanaged.",
            )


def _health(action: Action, audience: Audience, inputs: Inputs) -> Iterator[Diagnostic]:
    place = inputs.desired.place("audiences", audience.key)
    if (
        audience.import_id
        and action.kind is not ActionKind.IMPORT
        and action.audience_id not in {None, audience.import_id}
    ):
        yield warning(
            f"{action.address}: `import` names {audience.import_id}, but {action.audience_id} is managed here",
            "The line has no effect any more; take it out.",
            inputs.desired.place("audiences", audience.key, "import"),
        )
    remote = inputs.actual[action.before.advertiser_id if action.before else action.advertiser_id]
    actual = remote.audiences.get(action.audience_id or "")
    if actual is None:
        return
    if actual.error_msg:
        yield warning(f"{action.address}: TikTok reports: {actual.error_msg}", "", place)
    if actual.is_expiring:
        until = f" on {actual.expires_at:%Y-%m-%d}" if actual.expires_at else " within 60 days"
        lives = action.before.retention_in_days if action.before else None
        renewal = (
            "Applying it to an ad group or changing it renews it."
            if lives is None
            else f"Nothing renews it: it was made to live {lives} days. Another file.retention_in_days replaces it."
        )
        yield warning(f"{action.address}: expires{until}", renewal, place)


def _people(action: Action, audience: Audience, facts: MemberFacts, inputs: Inputs) -> Iterator[Diagnostic]:
    place = inputs.desired.place("audiences", audience.key)
    least = audience.lifecycle.minimum_users
    if facts.wanted.users < least:
        yield warning(
            f"{action.address}: {facts.wanted.users:,} people, fewer than {least:,}",
            "TikTok shows no audience with fewer than 1,000 matched people."
            if least <= 1000
            else "lifecycle.minimum_users asks for more.",
            place,
        )
    for identity, rejected in facts.wanted.rejected.items():
        if not rejected.malformed:
            continue
        values = "value is" if rejected.malformed == 1 else "values are"
        examples = (
            f" They look like: {', '.join(rejected.examples)} (letters shown as a, digits as 9)."
            if rejected.examples
            else ""
        )
        yield warning(
            f"{action.address}: {rejected.malformed:,} {identity} {values} malformed and not sent",
            f"The person's other identifiers are.{examples}",
            inputs.desired.place("sources", audience.source or "", "identities", str(identity)),
        )


def _strangers(action: Action, audience: Audience, resource: Resource | None, inputs: Inputs) -> Iterator[Diagnostic]:
    """Tell of people who are in an imported audience already, until everybody wanted has been delivered to it once."""
    waits = resource is not None and resource.imported and resource.members is None
    fills = action.kind is ActionKind.IMPORT or (waits and action.kind is ActionKind.UPDATE)
    if fills and action.members is not None:
        yield warning(
            f"{action.address}: people already in {action.audience_id} cannot be seen",
            "TikTok does not list members, so those the source does not hold stay in it until they expire.",
            inputs.desired.place("audiences", audience.key),
        )


def _deposed(resource: Resource, inputs: Inputs) -> Iterator[Diagnostic]:
    for old in resource.deposed:
        remote = inputs.actual.get(old.advertiser_id)
        uses = (remote.usage or {}).get(old.audience_id, ()) if remote else ()
        if uses:
            yield warning(
                f"{resource.address}: the audience it replaced, {old.audience_id}, is still in use and stays",
                "Move these to the new one, then apply again:\n" + "\n".join(f"- {use}" for use in uses),
            )
        elif remote and old.audience_id in remote.audiences and is_waiting_to_be_filled(resource, inputs):
            yield warning(
                f"{resource.address}: the audience it replaced, {old.audience_id}, stays until the new one is filled",
                "Nobody is in the new one yet. Give it a source if it has none, and apply without --skip-members.",
            )
