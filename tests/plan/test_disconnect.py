"""An account taken out of the files: the plan lists all that follows, and the way back."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.config.model import Removal
from reconciler.plan.build import build
from reconciler.plan.disconnect import disconnections
from reconciler.plan.model import ActionKind
from tests.plan.conftest import (
    AD_GROUP,
    FORMER,
    NOW,
    audience,
    delivered,
    deposed,
    desired,
    owned,
    planned,
    remote,
    resource,
    there,
)
from tests.plan.simulator import refreshed
from tests.plan.worlds import KEYS, worlds

if TYPE_CHECKING:
    from reconciler.diagnostics import Diagnostic
    from reconciler.plan.model import Action, Plan
    from tests.plan.simulator import World

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

BUYERS = resource("buyers", "1", advertiser_id=FORMER)
SELLERS = resource("sellers", "2", advertiser_id=FORMER)


def told(plan: Plan) -> list[Diagnostic]:
    return [each for each in plan.diagnostics if "no longer declared" in each.summary]


def test_an_account_the_files_still_declare_disconnects_nothing() -> None:
    state = owned(resource("buyers", "1"))
    assert told(planned(desired(), remote(there()), state=state)) == []


def test_an_account_that_holds_nothing_of_ours_disconnects_nothing() -> None:
    assert told(planned(desired(), remote(there(), account=FORMER))) == []


def test_every_audience_of_the_account_is_listed_with_what_becomes_of_it() -> None:
    gone = resource("gone", "3", advertiser_id=FORMER)
    handed = resource("handed", "4", advertiser_id=FORMER)
    actual = remote(there(), there("2", "Sellers"), there("4", "Handed"), account=FORMER)
    files = desired(removed={"handed": False})

    (found,) = told(planned(files, actual, state=owned(BUYERS, SELLERS, gone, handed)))

    assert not found.is_error
    assert found.location is None
    assert found.summary == f"advertiser {FORMER} is no longer declared: 2 audiences to delete, 2 to forget"
    assert found.detail.split("\n") == [
        '- delete audience.buyers "Buyers" (1): no longer declared',
        '- forget audience.gone "Gone" (3): no longer declared, and no longer on TikTok',
        '- forget audience.handed "Handed" (4): handed over: `removed` says to leave it on TikTok',
        '- delete audience.sellers "Sellers" (2): no longer declared',
        (
            "To leave them on TikTok, unmanaged: "
            "removed: [{from: audience.buyers, destroy: false}, {from: audience.sellers, destroy: false}]."
        ),
        "To go on as before, declare the advertiser again, and what it held.",
    ]


def test_the_way_out_is_one_once_it_is_written_into_the_files() -> None:
    actual = remote(there(), there("2", "Sellers"), account=FORMER)
    files = desired(removed={"buyers": False, "sellers": False})

    plan = planned(files, actual, state=owned(BUYERS, SELLERS))

    (found,) = told(plan)
    assert {action.kind for action in plan.actions} == {ActionKind.FORGET}
    assert found.summary == f"advertiser {FORMER} is no longer declared: 2 audiences to forget"
    assert "To " not in found.detail


def test_what_a_guard_blocks_is_listed_with_the_reason() -> None:
    actual = remote(there(), account=FORMER, used={"1": (AD_GROUP,)})
    protected = resource("buyers", "1", advertiser_id=FORMER, prevent_destroy=True)

    (found,) = told(planned(desired(), actual, state=owned(protected)))

    assert found.summary.endswith(": 1 audience to delete, 1 of them blocked")
    assert found.detail.splitlines()[0] == (
        '- delete audience.buyers "Buyers" (1): no longer declared; '
        "blocked: 1 use of it on TikTok, and lifecycle.prevent_destroy protects it"
    )


def test_what_the_files_remove_on_purpose_is_not_proposed_to_be_left() -> None:
    actual = remote(there(), there("2", "Sellers"), account=FORMER)

    (found,) = told(planned(desired(removed={"buyers": True}), actual, state=owned(BUYERS, SELLERS)))

    assert "- delete audience.buyers" in found.detail
    assert "To leave it on TikTok, unmanaged: removed: [{from: audience.sellers, destroy: false}]." in found.detail


def test_a_name_cannot_pass_for_another_line() -> None:
    actual = remote(there(name="Buyers\n- forget audience.sellers"), account=FORMER)

    (found,) = told(planned(desired(), actual, state=owned(BUYERS)))

    assert '"Buyers - forget audience.sellers" (1)' in found.detail.splitlines()[0]
    assert len(found.detail.splitlines()) == 3


def test_each_account_has_a_warning_of_its_own() -> None:
    other = "7000000000000000008"
    elsewhere = resource("sellers", "2", advertiser_id=other)

    found = told(
        planned(
            desired(),
            remote(there(), account=FORMER),
            remote(there("2", "Sellers"), account=other),
            state=owned(BUYERS, elsewhere),
        )
    )

    assert [each.summary for each in found] == [
        f"advertiser {other} is no longer declared: 1 audience to delete",
        f"advertiser {FORMER} is no longer declared: 1 audience to delete",
    ]
    assert "buyers" not in found[0].detail


def test_a_plan_limited_to_targets_tells_of_these_alone() -> None:
    actual = remote(there(), there("2", "Sellers"), account=FORMER)
    state = owned(BUYERS, SELLERS)

    (found,) = told(planned(desired(), actual, state=state, targets=["sellers"]))

    assert found.summary.endswith(": 1 audience to delete")
    assert "buyers" not in found.detail
    assert told(planned(desired(audience("other")), actual, state=state, targets=["other"])) == []


# Audiences that are declared elsewhere by now ------------------------------------------------------------------------


def test_an_audience_that_went_to_another_account_is_replaced_and_told_as_that() -> None:
    actual = remote(there(), account=FORMER)
    moved = resource("buyers", "1", advertiser_id=FORMER, members=delivered())

    (found,) = told(planned(desired(audience(advertiser="eu")), actual, state=owned(moved)))

    assert found.summary == f"advertiser {FORMER} is no longer declared: 1 audience to make anew elsewhere"
    assert found.detail.split("\n") == [
        (
            '- replace audience.buyers "Buyers" (1): it is declared in eu by now and made anew there; '
            "this one is deleted after that"
        ),
        f"To keep what is replaced, declare {FORMER} again and name that advertiser in its declaration.",
    ]


def test_an_audience_that_went_to_another_account_while_it_is_in_use_is_said_to_stay() -> None:
    actual = remote(there(), account=FORMER, used={"1": (AD_GROUP,)})

    (found,) = told(planned(desired(audience(advertiser="eu")), actual, state=owned(BUYERS)))

    assert 'this one stays: ad group "Spring sale" (55) includes it' in found.detail


def test_what_was_replaced_earlier_and_is_declared_elsewhere_goes_whatever_is_declared() -> None:
    state = owned(resource("buyers", "1", members=delivered(), deposed=(deposed("7", account=FORMER),)))

    plan = planned(desired(audience()), remote(there()), remote(there("7"), account=FORMER), state=state)

    assert [action.kind for action in plan.actions] == [ActionKind.NOOP, ActionKind.DELETE]
    assert told(plan) == []


def test_what_was_replaced_earlier_goes_with_what_replaced_it() -> None:
    state = owned(
        resource(
            "buyers",
            "1",
            advertiser_id=FORMER,
            deposed=(deposed("7", account=FORMER, name="Old"), deposed("8", account=FORMER, name="Older")),
        )
    )

    (found,) = told(planned(desired(), remote(there(), there("7", "Old"), account=FORMER), state=state))

    assert found.summary.endswith(": 2 audiences to delete, 1 to forget")
    assert found.detail.splitlines()[:4] == [
        '- delete audience.buyers "Buyers" (1): no longer declared',
        '- delete audience.buyers (deposed 7) "Old": replaced earlier; nothing uses it any more',
        '- forget audience.buyers (deposed 8) "Older": replaced earlier; already gone',
        "To leave it on TikTok, unmanaged: removed: [{from: audience.buyers, destroy: false}].",
    ]


# Always --------------------------------------------------------------------------------------------------------------


def following(plan: Plan, world: World) -> list[Action]:
    """Return what happens in `FORMER` because nobody declares it, told apart in another way than the plan does."""
    declared = {each.address for each in world.files.audiences.values()}
    found = []
    for action in plan.actions:
        ends = action.kind in {ActionKind.DELETE, ActionKind.FORGET} and action.advertiser_id == FORMER
        if ends and (action.resource_address not in declared):
            found.append(action)
        if action.kind is ActionKind.REPLACE and action.before and action.before.advertiser_id == FORMER:
            found.append(action)
    return found


@quick
@given(worlds(), st.frozensets(st.sampled_from([f"audience.{key}" for key in KEYS])))
def test_whatever_ends_in_an_account_is_told_once_and_nothing_else_is(world: World, targets: frozenset[str]) -> None:
    inputs = refreshed(world, targets=targets)
    plan = build(inputs, plan_id="plan", now=NOW)

    expected = [f"- {action.kind} {action.address} " for action in following(plan, world)]
    lines = [line for each in told(plan) for line in each.detail.splitlines() if line.startswith("- ")]

    assert len(lines) == len(expected)
    assert all(line.startswith(start) for line, start in zip(lines, expected, strict=True))
    assert [each.summary.split(" is ")[0] for each in told(plan)] == ([f"advertiser {FORMER}"] if expected else [])


@quick
@given(worlds())
def test_the_way_out_leaves_on_tiktok_all_that_it_names(world: World) -> None:
    plan = build(refreshed(world), plan_id="plan", now=NOW)
    proposed = [
        Removal(address, destroy=False)
        for each in told(plan)
        for address in re.findall(r"\{from: (\S+), destroy: false\}", each.detail)
    ]
    files = replace(world.files, removed=(*world.files.removed, *proposed))

    again = build(refreshed(replace(world, files=files)), plan_id="plan", now=NOW)

    on_purpose = {each.address for each in world.files.removed}
    deleted = {each.resource_address for each in following(again, world) if each.kind is ActionKind.DELETE}
    assert len({each.address for each in files.removed}) == len(files.removed)
    assert deleted <= on_purpose


def test_it_needs_no_more_than_the_actions_and_both_sides() -> None:
    files, state = desired(), owned(BUYERS)
    plan = planned(files, remote(there(), account=FORMER), state=state)
    assert list(disconnections(plan.actions, files, state)) == told(plan)
