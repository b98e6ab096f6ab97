"""Accounts that cannot be read: nothing is done there, and everywhere else everything is as ever."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.config.model import Delivery
from reconciler.plan.build import build
from reconciler.plan.drift.detect import detect
from reconciler.plan.drift.model import DriftKind
from reconciler.plan.model import ActionKind, Guard
from reconciler.plan.status import status_of
from reconciler.tiktok.model import Account, Lack, Remote
from tests.plan.conftest import (
    EU,
    FORMER,
    NOW,
    US,
    audience,
    begun_create,
    delivered,
    deposed,
    desired,
    guards_against,
    only,
    owned,
    planned,
    remote,
    resource,
    there,
)
from tests.plan.simulator import applied, refreshed
from tests.plan.worlds import worlds

if TYPE_CHECKING:
    from reconciler.config.model import Config
    from reconciler.plan.inputs import Inputs
    from reconciler.plan.model import Action, Plan
    from tests.plan.simulator import World

LACK = Lack("the token may not act for it (No permission)", "Ask for access.")
OWNED = owned(resource(members=delivered()))
closed = st.sets(st.sampled_from([US, EU, FORMER]), min_size=1, max_size=2)
quick = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def unreadable(account: str = US) -> Remote:
    return Remote(Account(account, "", "", "", ""), unreadable=LACK)


def shut(inputs: Inputs, accounts: set[str]) -> Inputs:
    actual = {each: unreadable(each) if each in accounts else remote for each, remote in inputs.actual.items()}
    return replace(inputs, actual=actual)


def plan_of(inputs: Inputs) -> Plan:
    return build(inputs, plan_id="plan", now=NOW)


def involved(action: Action) -> set[str]:
    return {action.advertiser_id} | ({action.before.advertiser_id} if action.before else set())


def addresses_reaching(world: World, accounts: set[str]) -> set[str]:
    """The addresses that anything about them leads to one of the accounts: state, files, or an interrupted create."""
    keys = {each.key for each in world.files.advertisers.values() if each.advertiser_id in accounts}
    reaching = {each.address for each in world.files.audiences.values() if each.advertiser in keys}
    for address, held in world.state.resources.items():
        if accounts & {held.advertiser_id, *(old.advertiser_id for old in held.deposed)}:
            reaching.add(address)
    reaching |= {each.address for each in world.state.pending if getattr(each, "advertiser_id", None) in accounts}
    moves = {(each.from_address, each.to_address) for each in world.files.moved}
    for _ in moves:
        reaching |= {there for pair in moves if reaching & set(pair) for there in pair}
    return reaching


@quick
@given(worlds(), closed)
def test_whatever_would_be_done_there_is_blocked(world: World, accounts: set[str]) -> None:
    for action in plan_of(shut(refreshed(world), accounts)).actions:
        if involved(action) & accounts and action.kind is not ActionKind.FORGET:
            first, *inherited = action.blocked_by
            assert (first.guard, LACK.reason in first.message) == (Guard.PERMISSION, True)
            assert all("the audience it replaced" in each.message for each in inherited)


@quick
@given(worlds(), closed)
def test_an_apply_of_the_rest_leaves_such_an_account_untouched(world: World, accounts: set[str]) -> None:
    after = applied(world, plan_of(shut(refreshed(world), accounts)))

    for account in accounts:
        assert after.remotes[account] == world.remotes[account]
        assert all(after.held[each] == world.held[each] for each in world.remotes[account].audiences)


@quick
@given(worlds(), closed)
def test_every_other_address_is_planned_as_if_all_could_be_read(world: World, accounts: set[str]) -> None:
    inputs = refreshed(world)
    here = addresses_reaching(world, accounts)

    def elsewhere(plan: Plan) -> list[Action]:
        return [each for each in plan.actions if each.resource_address not in here]

    assert elsewhere(plan_of(shut(inputs, accounts))) == elsewhere(plan_of(inputs))


@quick
@given(worlds(), closed)
def test_of_such_an_account_drift_tells_only_that(world: World, accounts: set[str]) -> None:
    inputs = shut(refreshed(world), accounts)

    found = detect(inputs, now=NOW).found

    told = {(each.kind, each.advertiser_id) for each in found if each.advertiser_id in accounts}
    assert told == {(DriftKind.ACCESS, each) for each in accounts & inputs.actual.keys()}


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (desired(audience(name="New name")), ActionKind.UPDATE),
        (desired(audience(delivery=Delivery.FILE)), ActionKind.REPLACE),
        (desired(), ActionKind.DELETE),
    ],
    ids=["renaming", "replacing", "deleting"],
)
def test_what_would_be_done_is_shown_by_what_the_state_knows(files: Config, kind: ActionKind) -> None:
    action = only(planned(files, unreadable(), state=OWNED))

    assert (action.kind, action.audience_id, guards_against(action)) == (kind, "1", [Guard.PERMISSION])
    (block,) = action.blocked_by
    assert (block.message, block.way_out) == (f"us ({US}): {LACK.reason}", LACK.way_out)


def test_what_is_to_be_made_or_imported_there_waits() -> None:
    plan = planned(desired(audience(), audience("other", import_id="42")), unreadable())

    assert [(each.kind, guards_against(each)) for each in plan.actions] == [
        (ActionKind.CREATE, [Guard.PERMISSION]),
        (ActionKind.IMPORT, [Guard.PERMISSION]),
    ]
    assert plan.errors == ()


def test_nobody_says_that_there_is_nothing_to_do_where_nobody_can_see() -> None:
    plan = planned(desired(audience()), unreadable(), state=OWNED)

    assert (only(plan).kind, guards_against(only(plan))) == (ActionKind.NOOP, [Guard.PERMISSION])
    (finding,) = plan.diagnostics
    assert f"{US} cannot be read: {LACK.reason}" in finding.summary
    assert LACK.way_out in finding.detail


def test_handing_over_takes_no_access() -> None:
    plan = planned(desired(removed={"buyers": False}), unreadable(), state=OWNED)

    assert [(each.address, each.kind, each.blocked_by) for each in plan.actions] == [
        ("audience.buyers", ActionKind.FORGET, ())
    ]


def test_moving_an_audience_out_of_such_an_account_waits_too() -> None:
    action = only(planned(desired(audience(advertiser="eu")), unreadable(), remote(account=EU), state=OWNED))

    assert (action.kind, guards_against(action)) == (ActionKind.REPLACE, [Guard.PERMISSION])
    assert US in action.blocked_by[0].message


def test_what_was_replaced_there_stays_tracked() -> None:
    state = owned(resource(advertiser_id=EU, deposed=(deposed("9", US),)))
    plan = planned(desired(audience(advertiser="eu")), unreadable(), remote(there(), account=EU), state=state)

    assert [each for each in plan.actions if each.is_deposed] == []


def test_an_interrupted_create_there_is_left_for_when_it_can_be_seen() -> None:
    plan = planned(desired(audience()), unreadable(), state=owned(pending=[begun_create()]))

    assert (only(plan).kind, guards_against(only(plan))) == (ActionKind.CREATE, [Guard.PERMISSION])


def test_a_status_does_not_call_what_cannot_be_seen_gone() -> None:
    inputs = refreshed_of(desired(audience()), unreadable())

    (row,) = status_of(inputs)

    assert row.problem == f"unknown: {LACK.reason}"
    assert row.is_valid is None


def refreshed_of(files: Config, *remotes: Remote) -> Inputs:
    from reconciler.plan.inputs import Inputs

    return Inputs(files, {each.account.advertiser_id: each for each in remotes}, OWNED, None)


def test_what_was_replaced_stays_while_nobody_can_fill_what_replaced_it() -> None:
    state = owned(resource(audience_id="2", advertiser_id=EU, deposed=(deposed("1", US),)))
    plan = planned(desired(audience(advertiser="eu")), remote(there("1")), unreadable(EU), state=state)

    (old,) = [each for each in plan.actions if each.is_deposed]
    assert (old.kind, guards_against(old)) == (ActionKind.DELETE, [Guard.PERMISSION])
    assert "what replaced it is not done yet" in old.blocked_by[0].message


def test_a_create_interrupted_where_nobody_can_look_any_more_is_told_of() -> None:
    state = owned(resource(members=delivered()), pending=[begun_create("lost", advertiser_id=FORMER)])

    plan = planned(desired(audience()), remote(there()), unreadable(FORMER), state=state)

    (said,) = plan.diagnostics
    assert f"audience.lost: a create was interrupted in account {FORMER}, which cannot be read" in said.summary
    assert "reconciler state rm audience.lost" in said.detail
