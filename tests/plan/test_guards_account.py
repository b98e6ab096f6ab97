"""The guards of an account: who may write to it, and how much it holds."""

from __future__ import annotations

import pytest

from reconciler.config.model import Config, Delivery, Lifecycle
from reconciler.plan.model import ActionKind, Guard
from reconciler.tiktok.model import Audience, AudienceKind, Remote, Role
from tests.plan.conftest import (
    EU,
    NEVER_DELIVERED,
    US,
    at,
    audience,
    delivered,
    desired,
    guards_against,
    only,
    owned,
    planned,
    remote,
    resource,
    there,
)

OWNED = owned(resource(members=delivered()))

# permission


def test_an_analyst_is_told_which_account_and_what_is_needed() -> None:
    (block,) = only(planned(desired(audience()), remote(role=Role.ANALYST))).blocked_by

    assert block.guard is Guard.PERMISSION
    assert block.message == f"us ({US}): your role is Analyst"
    assert "Ad Account Operator or Admin" in block.way_out


def test_an_account_that_is_not_enabled_is_not_written_to() -> None:
    (block,) = only(planned(desired(audience()), remote(status="STATUS_LIMIT"))).blocked_by

    assert block.guard is Guard.PERMISSION
    assert "STATUS_LIMIT" in block.message
    assert "enable" in block.way_out


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OPERATOR, Role.UNKNOWN])
def test_operators_and_admins_may_write_and_where_the_role_is_unknown_tiktok_decides(role: Role) -> None:
    assert only(planned(desired(audience()), remote(role=role))).blocked_by == ()


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (desired(audience(name="New name")), ActionKind.UPDATE),
        (desired(audience(delivery=Delivery.FILE)), ActionKind.REPLACE),
        (desired(), ActionKind.DELETE),
    ],
    ids=["renaming", "replacing", "deleting"],
)
def test_an_analyst_changes_nothing(files: Config, kind: ActionKind) -> None:
    action = only(planned(files, remote(there(), role=Role.ANALYST), state=OWNED))

    assert (action.kind, guards_against(action)) == (kind, [Guard.PERMISSION])


def test_an_analyst_delivers_nobody() -> None:
    analyst = remote(there(), role=Role.ANALYST)

    action = only(planned(desired(audience()), analyst, state=OWNED, members={"buyers": NEVER_DELIVERED}))

    assert guards_against(action) == [Guard.PERMISSION]


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (desired(audience()), ActionKind.NOOP),
        (desired(audience(lifecycle=Lifecycle(prevent_destroy=True))), ActionKind.UPDATE),
        (desired(removed={"buyers": False}), ActionKind.FORGET),
        (desired(audience("other", source=None, import_id="2"), removed={"buyers": False}), ActionKind.FORGET),
    ],
    ids=["nothing", "protecting", "handing over", "adopting as it is"],
)
def test_an_analyst_may_do_what_only_the_state_is_told(files: Config, kind: ActionKind) -> None:
    plan = planned(files, remote(there(), there("2", "Other"), role=Role.ANALYST), state=OWNED)

    assert at(plan, "buyers").kind is kind
    assert plan.blocked == ()


@pytest.mark.parametrize(
    ("us", "eu", "named"),
    [
        (Role.OPERATOR, Role.ANALYST, f"eu ({EU})"),
        (Role.ANALYST, Role.OPERATOR, US),
    ],
    ids=["where it goes", "where it leaves"],
)
def test_a_replace_needs_permission_in_both_accounts(us: Role, eu: Role, named: str) -> None:
    files = desired(audience(advertiser="eu"))

    plan = planned(files, remote(there(), role=us), remote(account=EU, role=eu), state=OWNED)

    (block,) = only(plan).blocked_by
    assert block.guard is Guard.PERMISSION
    assert block.message.startswith(named)


def test_a_replace_needs_both_accounts_enabled() -> None:
    files = desired(audience(advertiser="eu"))

    plan = planned(files, remote(there(), status="STATUS_DISABLE"), state=OWNED)

    assert guards_against(only(plan)) == [Guard.PERMISSION]


# limit: how many


def full(audiences: int, *more: Audience) -> Remote:
    return remote(*(there(str(number), f"Other {number}") for number in range(1000, 1000 + audiences)), *more)


@pytest.mark.parametrize(("held", "blocked"), [(398, False), (399, False), (400, True)])
def test_an_account_takes_four_hundred_audiences(held: int, *, blocked: bool) -> None:
    action = only(planned(desired(audience()), full(held)))

    assert guards_against(action) == ([Guard.LIMIT] if blocked else [])


def test_a_full_account_says_what_it_holds_and_what_to_do() -> None:
    (block,) = only(planned(desired(audience()), full(400))).blocked_by

    assert "the account holds 400 audiences" in block.message
    assert "TikTok allows 400" in block.message
    assert "Delete audiences" in block.way_out


def test_an_account_that_fills_up_takes_the_first_ones() -> None:
    plan = planned(desired(audience("a"), audience("b"), audience("c")), full(398))

    assert [guards_against(each) for each in plan.actions] == [[], [], [Guard.LIMIT]]
    assert "this plan adds 2 before it" in plan.actions[2].blocked_by[0].message


def test_each_account_fills_up_by_itself() -> None:
    plan = planned(desired(audience("a"), audience("b", advertiser="eu")), full(399))

    assert plan.blocked == ()


def test_a_replace_needs_room_for_the_new_one_beside_the_old() -> None:
    files = desired(audience(delivery=Delivery.FILE))

    action = only(planned(files, full(399, there()), state=OWNED))

    assert guards_against(action) == [Guard.LIMIT]


def test_what_is_deleted_in_the_same_plan_makes_no_room_yet() -> None:
    """New ones are made before old ones go, so that a kill never leaves less than was wanted."""
    plan = planned(desired(audience("fresh")), full(399, there()), state=OWNED)

    assert guards_against(at(plan, "fresh")) == [Guard.LIMIT]


def test_a_full_account_may_be_changed() -> None:
    files = desired(audience(name="New name"))

    assert only(planned(files, full(399, there()), state=OWNED)).blocked_by == ()


def test_what_was_shared_in_takes_no_room() -> None:
    shared = [there(str(number), f"Other {number}", is_creator=False) for number in range(2, 600)]

    assert only(planned(desired(audience()), remote(*shared))).blocked_by == ()


# limit: how long a name


@pytest.mark.parametrize(
    ("delivery", "length", "blocked"),
    [
        (Delivery.STREAMING, 70, False),
        (Delivery.STREAMING, 71, True),
        (Delivery.FILE, 128, False),
        (Delivery.FILE, 129, True),
    ],
)
def test_a_name_has_a_longest_length_by_delivery(delivery: Delivery, length: int, *, blocked: bool) -> None:
    action = only(planned(desired(audience(name="n" * length, delivery=delivery))))

    assert guards_against(action) == ([Guard.LIMIT] if blocked else [])


def test_a_name_too_long_says_how_long_and_how_long_it_may_be() -> None:
    (block,) = only(planned(desired(audience(name="n" * 71)))).blocked_by

    assert block.message == "its name has 71 characters; TikTok takes 70"
    assert "shorter" in block.way_out


def test_a_rename_is_held_to_the_length_too() -> None:
    assert guards_against(only(planned(desired(audience(name="n" * 71)), remote(there()), state=OWNED))) == [
        Guard.LIMIT
    ]


def test_a_name_that_tiktok_holds_already_is_not_too_long() -> None:
    name = "n" * 80

    plan = planned(
        desired(audience(name=name)),
        remote(there(name=name)),
        state=owned(resource(name=name)),
        members={"buyers": NEVER_DELIVERED},
    )

    action = only(plan)
    assert (action.kind, action.blocked_by) == (ActionKind.UPDATE, ())


def test_an_adopted_file_audience_may_have_a_long_name() -> None:
    files = desired(audience(source=None, import_id="1", name="n" * 128))

    assert only(planned(files, remote(there(kind=AudienceKind.FILE)))).blocked_by == ()
