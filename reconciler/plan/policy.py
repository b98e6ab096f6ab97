"""Policies: the rules in the files, held against what audiences declare and how many people they would hold."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from reconciler.config.wording import listed
from reconciler.diagnostics import error, warning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.config.model import Audience, Config, Policy
    from reconciler.diagnostics import Diagnostic
    from reconciler.plan.inputs import MemberFacts


def static_violations(desired: Config) -> list[Diagnostic]:
    """Return an error for each rule that an audience breaks by what it declares, whoever is in it.

    Args:
        desired: What is declared: audiences and policies.
    """
    audiences = desired.audiences.values()
    return [
        found
        for audience in audiences
        for policy in _over(audience, desired)
        for found in _static(audience, policy, desired)
    ]


def violations(
    desired: Config, audiences: Iterable[Audience], members: Mapping[str, MemberFacts] | None
) -> list[Diagnostic]:
    """Return an error for each rule that an audience breaks, and a warning for each that could not be checked.

    Args:
        desired: What is declared: policies, and where everything stands.
        audiences: The audiences to look at.
        members: How many people each would hold, by address; None where people were not looked at.
    """
    found: list[Diagnostic] = []
    unchecked: dict[str, int] = {}
    for audience in audiences:
        facts = members.get(audience.address) if members else None
        for policy in _over(audience, desired):
            found += _static(audience, policy, desired)
            if facts is not None:
                found += _people(audience, policy, facts, desired)
            elif policy.maximum_people is not None and audience.source is not None:
                unchecked[policy.key] = unchecked.get(policy.key, 0) + 1
    way_out = "Plan without --skip-members." if members is None else "Plan without --target."
    return [*found, *(_unchecked(key, count, way_out, desired) for key, count in unchecked.items())]


def _over(audience: Audience, desired: Config) -> list[Policy]:
    """Return the policies that hold for an audience."""
    return [each for each in desired.policies.values() if _holds_for(each, audience)]


def _holds_for(policy: Policy, audience: Audience) -> bool:
    if policy.advertisers and audience.advertiser not in policy.advertisers:
        return False
    return not policy.audiences or any(fnmatchcase(audience.key, each) for each in policy.audiences)


def _static(audience: Audience, policy: Policy, desired: Config) -> Iterator[Diagnostic]:
    says = f"{audience.address}: policy {policy.key}"
    if policy.name_pattern is not None and not re.fullmatch(policy.name_pattern, audience.name):
        yield error(
            f'{says} does not allow the name "{audience.name}"',
            f"The whole name has to match {policy.name_pattern}\n"
            f"Rename it, or change {_rule(policy, 'name_pattern', desired)}.",
            desired.place("audiences", audience.key, "name"),
        )
    if forbidden := [each for each in audience.identities if each in policy.forbidden_identities]:
        yield error(
            f"{says} forbids {listed(forbidden, 'and')}",
            f"{_without_forbidden(audience, desired)}, or change {_rule(policy, 'forbidden_identities', desired)}.",
            desired.place("audiences", audience.key, "identities"),
        )
    if policy.require_prevent_destroy and not audience.lifecycle.prevent_destroy:
        yield error(
            f"{says} requires prevent_destroy",
            "Write `prevent_destroy: true` under its `lifecycle`, "
            f"or change {_rule(policy, 'require_prevent_destroy', desired)}.",
            desired.place("audiences", audience.key, "lifecycle", "prevent_destroy"),
        )


def _without_forbidden(audience: Audience, desired: Config) -> str:
    """Return what an audience is to send instead: what no policy forbids it, or else something it does not send yet."""
    forbidden = {identity for policy in _over(audience, desired) for identity in policy.forbidden_identities}
    rest = [each for each in audience.identities if each not in forbidden]
    if rest:
        return f"Send the others alone with `identities: [{', '.join(rest)}]`"
    return "Nothing it sends may be sent: give it other identities, or another source"


def _people(audience: Audience, policy: Policy, facts: MemberFacts, desired: Config) -> Iterator[Diagnostic]:
    most, users = policy.maximum_people, facts.wanted.users
    if most is not None and users > most:
        yield error(
            f"{audience.address}: policy {policy.key} allows {most:,} people, not {users:,}",
            f"Narrow `where`, or change {_rule(policy, 'maximum_people', desired)}.",
            desired.place("audiences", audience.key, "where"),
        )


def _unchecked(key: str, count: int, way_out: str, desired: Config) -> Diagnostic:
    whose = "1 audience, whose" if count == 1 else f"{count:,} audiences, whose"
    return warning(
        f"policy {key}: maximum_people is not checked",
        f"It holds for {whose} people were not looked at. {way_out}",
        desired.place("policies", key, "maximum_people"),
    )


def _rule(policy: Policy, field: str, desired: Config) -> str:
    """Name a rule with the place it stands at."""
    place = desired.place("policies", policy.key, field)
    return f"{field} of policy {policy.key}" + (f" at {place}" if place else "")
