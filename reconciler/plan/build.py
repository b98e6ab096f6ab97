"""Makes the plan: decides each address, asks the guards, adds what a reviewer should know."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.diagnostics import Diagnostic, error
from reconciler.plan.advice import advise
from reconciler.plan.decide import Case, decide, decide_deposed
from reconciler.plan.guarding import guarded
from reconciler.plan.model import Action, Plan
from reconciler.plan.moves import Followed, follow
from reconciler.plan.policy import violations
from reconciler.plan.presumption import presumed
from reconciler.plan.recovery import Settled, settle

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from reconciler.plan.inputs import Inputs


def build(inputs: Inputs, *, plan_id: str, now: datetime) -> Plan:
    """Make the plan: the same inputs give the same actions, always.

    Args:
        inputs: Desired, actual, owned and members.
        plan_id: A fresh random id for the plan.
        now: The time to stamp it with, UTC.
    """
    inputs = presumed(inputs)
    settled = settle(inputs.owned, inputs.actual)
    followed = follow(inputs.desired, settled.resources)
    seen = replace(inputs, owned=replace(inputs.owned, resources=followed.resources))
    undecided = _undecided(settled, followed)
    everything = list(_cases(seen, undecided, settled, followed))
    cases = [case for case in everything if _is_targeted(case, seen.targets)]

    findings = [*inputs.findings, *_unknown_targets(everything, seen.targets)]
    findings += dict.fromkeys(undecided[case.address] for case in cases if case.address in undecided)
    actions: list[Action] = []
    for case in cases:
        if case.address in undecided:
            continue
        decision = decide(case, seen)
        if isinstance(decision, Diagnostic):
            findings.append(decision)
        else:
            actions.append(decision)
        if case.resource is not None:
            actions += decide_deposed(case.resource, seen)
    placed = [replace(action, location=seen.desired.declared_at(action.resource_address)) for action in actions]
    actions = guarded(sorted(placed, key=lambda action: action.address), seen)
    findings += violations(seen.desired, [case.declared for case in cases if case.declared], seen.members)
    resources = [case.resource for case in cases if case.resource is not None]
    return Plan(
        plan_id=plan_id,
        lineage=inputs.owned.lineage,
        serial=inputs.owned.serial,
        created_at=now,
        actions=tuple(actions),
        diagnostics=(*findings, *advise(actions, seen, resources)),
        skipped_members=inputs.members is None,
        targets=tuple(sorted(inputs.targets)),
    )


def _cases(inputs: Inputs, undecided: Iterable[str], settled: Settled, followed: Followed) -> Iterator[Case]:
    """Yield every address there is anything to say about, in order."""
    declared = {audience.address: audience for audience in inputs.desired.audiences.values()}
    for address in sorted({*declared, *followed.resources, *undecided}):
        came_from = followed.came_from.get(address)
        yield Case(
            address,
            declared.get(address),
            followed.resources.get(address),
            adopted_id=settled.adopted.get(came_from or address),
            moved_from=came_from,
        )


def _undecided(settled: Settled, followed: Followed) -> dict[str, Diagnostic]:
    """Return the addresses about which nothing can be decided, each with the error that says why."""
    moved_to = {before: now for now, before in followed.came_from.items()}
    ambiguous = {moved_to.get(address, address): finding for address, finding in settled.ambiguous.items()}
    return {**ambiguous, **followed.refused}


def _is_targeted(case: Case, targets: frozenset[str]) -> bool:
    return not targets or case.address in targets or case.moved_from in targets


def _unknown_targets(cases: Iterable[Case], targets: frozenset[str]) -> Iterator[Diagnostic]:
    known = {address for case in cases for address in (case.address, case.moved_from)}
    for target in sorted(targets - known):
        yield error(
            f"no such address to target: {target}",
            "Nothing of that name is declared, and the state holds nothing there. Addresses look like audience.key.",
        )
