"""Looks up what drift is told from: what uses audiences, who edited them, and who put them into ad groups. Reads only.

What TikTok refuses to tell makes a finding, and what would have been told from it is not; what cannot be reached ends
the work, since nothing that was not looked at may pass for unchanged.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.diagnostics import Diagnostic, warning
from reconciler.plan import scope
from reconciler.plan.decide import account_name
from reconciler.plan.drift.evidence import Evidence
from reconciler.plan.drift.uses import mark
from reconciler.refresh.usage import with_usage
from reconciler.tiktok import audiences
from reconciler.tiktok.errors import InvalidRequestError, PermissionDeniedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.plan.inputs import Inputs
    from reconciler.refresh.accounts import Sessions
    from reconciler.state.history_model import History
    from reconciler.state.model import Resource
    from reconciler.tiktok.client import Session
    from reconciler.tiktok.model import Application, Edit, Remote


@dataclass(frozen=True, slots=True)
class _Told:
    """What one account tells of its audiences."""

    remote: Remote
    edits: Mapping[str, tuple[Edit, ...]] = field(default_factory=dict)
    applications: Mapping[str, Application] = field(default_factory=dict)
    findings: tuple[Diagnostic, ...] = ()


async def gather_evidence(
    sessions: Sessions, inputs: Inputs, history: History, *, all_usage: bool = False
) -> tuple[Inputs, Evidence]:
    """Return the inputs with usage in them where drift needs it, and everything else drift is told from.

    Costs one call for 100 managed audiences, the pages of an account's ad groups where an apply looked at them before,
    and one call more for 100 audiences that something has begun to use.

    Args:
        sessions: Who acts for which account.
        inputs: Desired, actual, owned and members; limited to its targets.
        history: What applies have seen.
        all_usage: Look up what uses audiences also where no apply has before, for a first one to be remembered.

    Raises:
        TikTokError: TikTok could not be reached, or the token is not valid.
    """
    owned: defaultdict[str, list[Resource]] = defaultdict(list)
    for address, resource in scope.at_declared_addresses(inputs.desired, inputs.owned).items():
        is_asked = not inputs.targets or address in inputs.targets
        if is_asked and inputs.actual[resource.advertiser_id].is_readable:
            owned[resource.advertiser_id].append(resource)
    deleting = scope.accounts_with_deletions(inputs.desired, inputs.owned)
    told = await asyncio.gather(
        *(
            _ask(
                sessions.acting_for(advertiser_id),
                inputs.actual[advertiser_id],
                account_name(inputs.desired, advertiser_id),
                resources,
                history,
                usage=all_usage or advertiser_id in deleting,
            )
            for advertiser_id, resources in sorted(owned.items())
        )
    )
    evidence = Evidence(
        history,
        {audience_id: lines for each in told for audience_id, lines in each.edits.items()},
        {audience_id: line for each in told for audience_id, line in each.applications.items()},
        tuple(finding for each in told for finding in each.findings),
    )
    actual = {**inputs.actual, **{each.remote.account.advertiser_id: each.remote for each in told}}
    return replace(inputs, actual=actual), evidence


async def _ask(
    session: Session, remote: Remote, name: str, resources: Iterable[Resource], history: History, *, usage: bool
) -> _Told:
    """Ask about the audiences of one account; the application log only about those something has begun to use."""
    ids = [each.audience_id for each in resources if each.audience_id in remote.audiences]
    if not ids:
        return _Told(remote)
    advertiser_id = remote.account.advertiser_id
    findings: list[Diagnostic] = []

    async def look_up() -> Remote:
        if remote.usage is not None or not (usage or any(_uses_known(each, history) for each in ids)):
            return remote
        try:
            return await with_usage(session, remote)
        except (PermissionDeniedError, InvalidRequestError) as why:
            findings.append(_untold(name, "what uses its audiences", why.message))
            return remote

    async def read_edits() -> Mapping[str, tuple[Edit, ...]]:
        try:
            return await audiences.history(session, advertiser_id, ids)
        except (PermissionDeniedError, InvalidRequestError) as why:
            findings.append(_untold(name, "who edited its audiences", why.message))
            return {}

    async def read_applications(of: list[str]) -> Mapping[str, Application]:
        try:
            return await audiences.applications(session, advertiser_id, of) if of else {}
        except (PermissionDeniedError, InvalidRequestError) as why:
            findings.append(_untold(name, "who put its audiences into ad groups", why.message))
            return {}

    seen, edits = await asyncio.gather(look_up(), read_edits())
    begun = [each for each in ids if remote.audiences[each].is_creator and _has_new_uses(each, seen, history)]
    applications = await read_applications(begun)
    return _Told(seen, edits, applications, tuple(findings))


def _uses_known(audience_id: str, history: History) -> bool:
    known = history.audiences.get(audience_id)
    return known is not None and known.uses is not None


def _has_new_uses(audience_id: str, remote: Remote, history: History) -> bool:
    known = history.audiences.get(audience_id)
    if known is None or known.uses is None or remote.usage is None:
        return False
    return any(mark(use) not in known.uses for use in remote.usage.get(audience_id, ()))


def _untold(name: str, what: str, why: str) -> Diagnostic:
    return warning(f"advertiser {name}: {what} could not be looked up", f"{why}. It is not told.")
