"""What holds of every plan, in whatever world it is made."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.plan.build import build
from reconciler.plan.drift.detect import detect
from reconciler.plan.drift.model import DriftKind
from reconciler.plan.model import ActionKind
from reconciler.plan.moves import follow
from reconciler.plan.recovery import owned_ids, settle
from tests.plan.conftest import NOW
from tests.plan.simulator import World, applied, refreshed
from tests.plan.worlds import KEYS, worlds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeVar

    from reconciler.plan.inputs import Inputs
    from reconciler.plan.model import Action, Plan

    V = TypeVar("V")

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def plan_of(inputs: Inputs) -> Plan:
    return build(inputs, plan_id="plan", now=NOW)


def done(plan: Plan) -> list[Action]:
    return [action for action in plan.actions if not action.is_blocked]


@quick
@given(worlds(), st.booleans())
def test_planning_again_after_an_apply_finds_nothing_to_do(world: World, skip_members: bool) -> None:
    """Of what was done. What is blocked, or cannot be decided, waits for a person."""
    plan = plan_of(refreshed(world, skip_members=skip_members))

    again = plan_of(refreshed(applied(world, plan), skip_members=skip_members))

    settled = {action.address for action in plan.actions} - {action.address for action in plan.blocked}
    assert [action for action in again.actions if action.does_something and action.address in settled] == []


@quick
@given(worlds())
def test_an_apply_leaves_exactly_the_wanted_people(world: World) -> None:
    plan = plan_of(refreshed(world))
    after = applied(world, plan)

    for action in done(plan):
        if action.members is None:
            continue
        held = after.held[after.state.resources[action.address].audience_id]
        if action.kind is ActionKind.IMPORT:
            assert held >= world.wanted[action.address]
        else:
            assert held == world.wanted[action.address]


@quick
@given(worlds())
def test_an_apply_leaves_every_name_as_declared(world: World) -> None:
    plan = plan_of(refreshed(world))
    after = applied(world, plan)

    for action in done(plan):
        if action.after is not None:
            resource = after.state.resources[action.address]
            audience = after.remotes[action.after.advertiser_id].audiences[resource.audience_id]
            assert audience.name == action.after.name


@quick
@given(worlds())
def test_nothing_is_deleted_that_the_state_does_not_own(world: World) -> None:
    inputs = refreshed(world)
    ours = owned_ids(world.state) | set(settle(world.state, inputs.actual).adopted.values())

    deletes = [action for action in plan_of(inputs).actions if action.kind is ActionKind.DELETE]

    assert {action.audience_id for action in deletes} <= ours


@quick
@given(worlds())
def test_nothing_that_is_in_use_is_deleted(world: World) -> None:
    for action in done(plan_of(refreshed(world))):
        if action.kind is ActionKind.DELETE:
            usage = world.remotes[action.advertiser_id].usage or {}
            assert not usage.get(action.audience_id or "")
        if action.kind is ActionKind.REPLACE:
            assert action.before is not None
            usage = world.remotes[action.before.advertiser_id].usage or {}
            assert bool(action.kept_by) == bool(usage.get(action.audience_id or ""))


@quick
@given(worlds())
def test_what_nobody_owns_is_left_as_it_is(world: World) -> None:
    inputs = refreshed(world)
    plan = plan_of(inputs)
    named = {action.audience_id for action in plan.actions}
    after = applied(world, plan)

    for advertiser_id, remote in world.remotes.items():
        for audience_id, audience in remote.audiences.items():
            if audience_id not in named:
                assert after.remotes[advertiser_id].audiences[audience_id] == audience
                assert after.held[audience_id] == world.held[audience_id]


@quick
@given(worlds())
def test_an_apply_loses_sight_of_nothing_it_leaves_on_tiktok(world: World) -> None:
    """What was ours is still ours, or gone from TikTok, or was handed over on purpose."""
    inputs = refreshed(world)
    plan = plan_of(inputs)
    after = applied(world, plan)
    handed_over = {action.audience_id for action in plan.actions if action.kind is ActionKind.FORGET}
    still_there = {audience_id for remote in after.remotes.values() for audience_id in remote.audiences}

    assert (owned_ids(world.state) & still_there) - handed_over <= owned_ids(after.state)


@quick
@given(worlds())
def test_what_a_plan_needs_to_know_was_looked_up(world: World) -> None:
    """Usage is read only in the accounts the scope names; those must be enough."""
    inputs = refreshed(world)
    full = replace(inputs, actual={each: world.remotes[each] for each in inputs.actual})

    assert plan_of(inputs) == plan_of(full)


@quick
@given(worlds())
def test_the_same_inputs_give_the_same_plan_in_whatever_order_they_come(world: World) -> None:
    inputs = refreshed(world)
    desired, owned = inputs.desired, inputs.owned
    turned = replace(
        inputs,
        desired=replace(desired, audiences=backwards(desired.audiences)),
        actual={each: replace(remote, audiences=backwards(remote.audiences)) for each, remote in inputs.actual.items()},
        owned=replace(owned, resources=backwards(owned.resources)),
    )

    plan, again = plan_of(inputs), plan_of(turned)

    assert again.actions == plan.actions
    assert plan_of(inputs) == plan


def backwards(mapping: Mapping[str, V]) -> dict[str, V]:
    return {key: mapping[key] for key in reversed(list(mapping))}


@quick
@given(worlds())
def test_the_summary_counts_every_action_once(world: World) -> None:
    plan = plan_of(refreshed(world))
    counts = {field.name: getattr(plan.summary, field.name) for field in fields(plan.summary)}

    assert counts.pop("blocked") == len(plan.blocked)
    assert sum(counts.values()) == len(plan.actions)


@quick
@given(worlds())
def test_there_is_one_action_an_address_in_the_order_of_addresses(world: World) -> None:
    addresses = [action.address for action in plan_of(refreshed(world)).actions]

    assert addresses == sorted(set(addresses))


@quick
@given(worlds(), st.sets(st.sampled_from(KEYS), min_size=1))
def test_targets_only_restrict(world: World, keys: set[str]) -> None:
    """The same is decided about a target as without targets; guards see less competition for room at most."""
    targets = frozenset(f"audience.{key}" for key in keys)
    everything, limited = plan_of(refreshed(world)), plan_of(refreshed(world, targets=targets))

    def bare(plan: Plan) -> list[Action]:
        return [replace(action, blocked_by=()) for action in plan.actions]

    targeted = {
        each.resource_address
        for each in everything.actions
        if each.resource_address in targets or each.previous_address in targets
    }
    # Where nothing can be decided about an address that moved, what it replaced earlier may still go.
    followed = follow(world.files, settle(world.state, world.remotes).resources)
    targeted |= {now for now, before in followed.came_from.items() if before in targets}
    assert bare(limited) == [action for action in bare(everything) if action.resource_address in targeted]
    assert set(limited.errors) - set(everything.errors) <= {
        each for each in limited.errors if each.summary.startswith("no such address")
    }


@quick
@given(worlds())
def test_nothing_has_drifted_after_an_apply(world: World) -> None:
    plan = plan_of(refreshed(world))
    settled = {action.address for action in done(plan)}

    drift = detect(refreshed(applied(world, plan)), now=NOW)

    assert [each for each in drift.managed if each.address in settled] == []
    assert all(each.address is None for each in drift.found if each.kind is DriftKind.UNMANAGED)
