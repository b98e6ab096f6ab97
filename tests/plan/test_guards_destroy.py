"""The guards of what cannot be taken back: deletes and replaces."""

from __future__ import annotations

import pytest

from reconciler.config.model import Lifecycle
from reconciler.plan.circumstances import Circumstances
from reconciler.plan.guards import check, not_owned
from reconciler.plan.model import Action, ActionKind, Guard
from reconciler.tiktok.model import UsageKind, Use
from tests.plan.conftest import (
    AD_GROUP,
    US,
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

# in_use


def test_a_delete_of_something_in_use_is_blocked_with_every_use_named() -> None:
    used = (
        AD_GROUP,
        Use(UsageKind.SMART_PLUS, "56", "Always on", "excludes"),
        Use(UsageKind.SAVED_AUDIENCE, "57", "Core"),
        Use(UsageKind.LOOKALIKE, "58", "Like buyers", "grows from"),
    )

    action = only(planned(desired(), remote(there(), used={"1": used}), state=owned(resource())))

    (block,) = action.blocked_by
    assert block.guard is Guard.IN_USE
    assert block.message == "4 uses of it on TikTok"
    assert block.details == (
        'ad group "Spring sale" (55) includes it',
        'Smart+ ad group "Always on" (56) excludes it',
        'saved audience "Core" (57) includes it',
        'Lookalike "Like buyers" (58) grows from it',
    )
    assert "removed: [{from: audience.buyers, destroy: false}]" in block.way_out


@pytest.mark.parametrize("kind", list(UsageKind))
def test_one_use_of_any_kind_is_enough(kind: UsageKind) -> None:
    used = {"1": (Use(kind, "55", "x"),)}

    action = only(planned(desired(), remote(there(), used=used), state=owned(resource())))

    assert [block.message for block in action.blocked_by] == ["1 use of it on TikTok"]


def test_a_delete_of_what_nothing_uses_may_happen() -> None:
    plan = planned(desired(), remote(there(), used={"2": (AD_GROUP,)}), state=owned(resource()))

    assert not only(plan).is_blocked


def test_a_delete_is_blocked_where_usage_was_not_looked_up() -> None:
    action = only(planned(desired(), remote(there(), looked_up=False), state=owned(resource())))

    (block,) = action.blocked_by
    assert block.guard is Guard.IN_USE
    assert "not looked up" in block.message


def test_handing_over_something_in_use_may_happen() -> None:
    files = desired(removed={"buyers": False})

    action = only(planned(files, remote(there(), used={"1": (AD_GROUP,)}), state=owned(resource())))

    assert (action.kind, action.blocked_by) == (ActionKind.FORGET, ())


def test_changing_the_people_of_something_in_use_may_happen() -> None:
    files = desired(audience(name="Big buyers"))

    action = only(planned(files, remote(there(), used={"1": (AD_GROUP,)}), state=owned(resource())))

    assert (action.kind, action.blocked_by) == (ActionKind.UPDATE, ())


# prevent_destroy

PROTECTED = Lifecycle(prevent_destroy=True)


def test_what_was_protected_when_last_applied_is_not_deleted_when_its_declaration_goes() -> None:
    action = only(planned(desired(), remote(there()), state=owned(resource(prevent_destroy=True))))

    (block,) = action.blocked_by
    assert block.guard is Guard.PREVENT_DESTROY
    assert "prevent_destroy: false" in block.way_out
    assert "removed: [{from: audience.buyers, destroy: false}]" in block.way_out


def test_removed_with_destroy_does_not_get_round_the_protection() -> None:
    files = desired(removed={"buyers": True})

    action = only(planned(files, remote(there()), state=owned(resource(prevent_destroy=True))))

    assert guards_against(action) == [Guard.PREVENT_DESTROY]


def test_what_is_protected_may_be_handed_over() -> None:
    files = desired(removed={"buyers": False})

    assert not only(planned(files, remote(there()), state=owned(resource(prevent_destroy=True)))).is_blocked


def test_what_is_protected_is_not_replaced() -> None:
    files = desired(audience(advertiser="eu", lifecycle=PROTECTED))

    action = only(planned(files, remote(there()), state=owned(resource())))

    (block,) = action.blocked_by
    assert block.guard is Guard.PREVENT_DESTROY
    assert "undo the change that needs a replacement" in block.way_out


def test_lifting_the_protection_and_replacing_may_happen_in_one_step() -> None:
    files = desired(audience(advertiser="eu"))

    action = only(planned(files, remote(there()), state=owned(resource(prevent_destroy=True))))

    assert (action.kind, action.blocked_by) == (ActionKind.REPLACE, ())


def test_what_is_protected_may_be_created_changed_and_recreated() -> None:
    files = desired(audience(lifecycle=PROTECTED, name="New name"))
    state = owned(resource(prevent_destroy=True))

    assert only(planned(files)).blocked_by == ()
    assert only(planned(files, remote(there()), state=state)).blocked_by == ()
    assert only(planned(files, state=state)).blocked_by == ()


# not_owned; what two addresses claim is in test_imports.py


def test_a_delete_of_what_the_state_does_not_own_is_blocked() -> None:
    """No plan holds one; the guard is what makes that certain."""
    action = Action("audience.buyers", ActionKind.DELETE, "us", US, audience_id="1")

    block = not_owned(action, Circumstances({US: remote(there())}))

    assert block is not None
    assert block.guard is Guard.NOT_OWNED
    assert block.message == "the state does not own it"
    assert 'import: "1"' in block.way_out


def test_a_delete_of_what_another_address_owns_is_blocked() -> None:
    action = Action("audience.buyers", ActionKind.DELETE, "us", US, audience_id="1")
    known = Circumstances({US: remote(there())}, owner="audience.other", other_owners=("audience.other",))

    assert [block.guard for block in check(action, known)] == [Guard.NOT_OWNED]


# not_creator

SHARED = there(is_creator=False, owner_id="7000000000000000077")


def test_what_another_account_shared_in_is_not_deleted() -> None:
    action = only(planned(desired(), remote(SHARED), state=owned(resource())))

    (block,) = action.blocked_by
    assert block.guard is Guard.NOT_CREATOR
    assert "(7000000000000000077)" in block.message
    assert "destroy: false" in block.way_out


@pytest.mark.parametrize("fields", [{"name": "New name"}, {"advertiser": "eu"}], ids=["renamed", "replaced"])
def test_what_another_account_shared_in_is_not_changed(fields: dict[str, str]) -> None:
    action = only(planned(desired(audience(**fields)), remote(SHARED), state=owned(resource(members=delivered()))))

    assert Guard.NOT_CREATOR in guards_against(action)


def test_what_another_account_shared_in_may_be_adopted_as_it_is() -> None:
    action = only(planned(desired(audience(source=None, import_id="1")), remote(SHARED)))

    assert (action.kind, action.blocked_by) == (ActionKind.IMPORT, ())


@pytest.mark.parametrize("fields", [{}, {"source": None, "name": "New name"}], ids=["filled", "renamed"])
def test_what_another_account_shared_in_is_not_adopted_to_be_changed(fields: dict[str, str]) -> None:
    action = only(planned(desired(audience(import_id="1", **fields)), remote(SHARED)))

    assert guards_against(action) == [Guard.NOT_CREATOR]


def test_what_another_account_shared_in_may_be_handed_over() -> None:
    action = only(planned(desired(removed={"buyers": False}), remote(SHARED), state=owned(resource())))

    assert (action.kind, action.blocked_by) == (ActionKind.FORGET, ())


def test_an_owner_that_tiktok_does_not_name_is_left_out() -> None:
    action = only(planned(desired(), remote(there(is_creator=False)), state=owned(resource())))

    assert action.blocked_by[0].message.startswith("it was shared in by another account;")


def test_every_guard_that_stands_is_told_not_the_first() -> None:
    plan = planned(
        desired(), remote(there(is_creator=False), used={"1": (AD_GROUP,)}), state=owned(resource(prevent_destroy=True))
    )

    assert guards_against(only(plan)) == [Guard.IN_USE, Guard.PREVENT_DESTROY, Guard.NOT_CREATOR]
