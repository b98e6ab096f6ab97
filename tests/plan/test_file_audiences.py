"""Audiences made of customer files: what TikTok changes about them, and what takes a new audience."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.config.model import Delivery, FileOptions
from reconciler.identifiers import Identity
from reconciler.plan.document import dump, parse, to_json
from reconciler.plan.model import Action, ActionKind, Change, Guard
from reconciler.tiktok.model import AudienceKind, Role
from tests.plan.conftest import (
    EU,
    NEVER_DELIVERED,
    UNCHANGED,
    audience,
    begun_create,
    delivered,
    desired,
    facts,
    guards_against,
    only,
    owned,
    planned,
    remote,
    resource,
    there,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

REACH = "REACH_FREQUENCY"
IDFA, GAID, EMAIL = Identity.IDFA, Identity.GAID, Identity.EMAIL

identities = st.lists(st.sampled_from([IDFA, GAID, EMAIL, Identity.PHONE]), min_size=1, unique=True).map(
    lambda each: tuple(sorted(each, key=list(Identity).index))
)


def declared(retention: int | None = None, sub_type: str = "NORMAL", **fields: Any) -> Any:
    return audience(delivery=Delivery.FILE, file=FileOptions(retention, sub_type), **fields)


def on_tiktok(sub_type: str = "NORMAL", **fields: Any) -> Any:
    return remote(there(kind=AudienceKind.FILE, sub_type=sub_type, **fields))


def kept(retention: int | None = None, sub_type: str = "NORMAL", **fields: Any) -> Any:
    owned_so = {"delivery": "file", "members": delivered(), **fields}
    return owned(resource(retention_in_days=retention, audience_sub_type=sub_type, **owned_so))


def named(each: Sequence[Identity]) -> tuple[str, ...]:
    return tuple(str(identity) for identity in each)


# Retention


@pytest.mark.parametrize(("before", "after"), [(None, 30), (30, None), (30, 60)])
def test_another_retention_takes_a_new_audience(before: int | None, after: int | None) -> None:
    action = only(planned(desired(declared(after)), on_tiktok(), state=kept(before)))

    assert action.kind is ActionKind.REPLACE
    assert action.changes == (Change("retention_in_days", before, after),)
    assert action.reason == "TikTok cannot change retention_in_days in place"
    assert action.members is not None
    assert (action.members.users_before, action.members.add, action.members.remove) == (None, 2000, 0)


def test_the_same_retention_changes_nothing() -> None:
    assert only(planned(desired(declared(30)), on_tiktok(), state=kept(30))).kind is ActionKind.NOOP


# Sub-type


def test_an_audience_becomes_one_for_reach_and_frequency_in_place() -> None:
    action = only(planned(desired(declared(sub_type=REACH)), on_tiktok(), state=kept()))

    assert action.kind is ActionKind.UPDATE
    assert action.changes == (Change("audience_sub_type", "NORMAL", REACH),)
    assert not action.is_blocked


def test_there_is_no_way_back_from_reach_and_frequency_but_a_new_audience() -> None:
    action = only(planned(desired(declared()), on_tiktok(REACH), state=kept(sub_type=REACH)))

    assert action.kind is ActionKind.REPLACE
    assert action.reason == "TikTok cannot change audience_sub_type in place"


def test_what_tiktok_says_the_sub_type_is_counts_and_not_what_the_state_remembers() -> None:
    undone = only(planned(desired(declared(sub_type=REACH)), on_tiktok("NORMAL"), state=kept(sub_type=REACH)))
    done = only(planned(desired(declared(sub_type=REACH)), on_tiktok(REACH), state=kept(sub_type="NORMAL")))

    assert (undone.kind, done.kind) == (ActionKind.UPDATE, ActionKind.NOOP)


def test_a_sub_type_is_not_changed_while_the_audience_is_processed() -> None:
    files = desired(declared(sub_type=REACH))

    action = only(planned(files, on_tiktok(is_valid=False), state=kept()))

    assert guards_against(action) == [Guard.NOT_EDITABLE]


def test_a_sub_type_is_not_changed_by_an_analyst() -> None:
    account = remote(there(kind=AudienceKind.FILE), role=Role.ANALYST)

    action = only(planned(desired(declared(sub_type=REACH)), account, state=kept()))

    assert guards_against(action) == [Guard.PERMISSION]


def test_the_sub_type_of_what_another_account_shared_in_is_its_creators_to_change() -> None:
    action = only(planned(desired(declared(sub_type=REACH)), on_tiktok(is_creator=False), state=kept()))

    assert guards_against(action) == [Guard.NOT_CREATOR]


# Identities


@pytest.mark.parametrize(
    ("before", "after"), [((IDFA,), (IDFA, GAID)), ((IDFA, GAID), (IDFA,)), ((IDFA,), (GAID,)), ((IDFA,), (EMAIL,))]
)
def test_files_of_another_type_take_a_new_audience(before: tuple[Identity, ...], after: tuple[Identity, ...]) -> None:
    action = only(planned(desired(declared(identities=after)), on_tiktok(), state=kept(identities=named(before))))

    assert action.kind is ActionKind.REPLACE
    assert action.reason == "TikTok cannot change identities in place"


@pytest.mark.parametrize(
    ("before", "after"), [((IDFA, GAID), (IDFA, GAID, EMAIL)), ((IDFA, GAID, EMAIL), (IDFA, EMAIL))]
)
def test_files_of_several_identities_take_more_or_fewer_in_place(
    before: tuple[Identity, ...], after: tuple[Identity, ...]
) -> None:
    action = only(planned(desired(declared(identities=after)), on_tiktok(), state=kept(identities=named(before))))

    assert action.kind is ActionKind.UPDATE
    assert action.changes == (Change("identities", named(before), named(after)),)


def test_an_audience_of_files_whose_source_is_taken_away_keeps_its_people() -> None:
    files = desired(declared(source=None, import_id="1"))

    action = only(planned(files, on_tiktok(), state=kept()))

    assert action.kind is ActionKind.UPDATE
    assert action.changes == (Change("identities", ("idfa",), ()),)
    assert action.members is None


def test_an_adopted_audience_of_files_may_be_given_a_source() -> None:
    action = only(planned(desired(declared(import_id="1")), on_tiktok(), state=kept(identities=(), members=None)))

    assert action.kind is ActionKind.UPDATE
    assert action.changes == (Change("identities", (), ("idfa",)),)


# Streaming


@given(identities, identities)
def test_a_streaming_audience_takes_other_identities_in_place(
    before: tuple[Identity, ...], after: tuple[Identity, ...]
) -> None:
    state = owned(resource(identities=named(before), members=delivered()))

    action = only(planned(desired(audience(identities=after)), remote(there()), state=state))

    assert action.kind is (ActionKind.NOOP if before == after else ActionKind.UPDATE)


def test_what_tiktok_says_of_a_streaming_audiences_sub_type_is_no_difference() -> None:
    state = owned(resource(members=delivered()))

    assert only(planned(desired(audience()), remote(there(sub_type=REACH)), state=state)).kind is ActionKind.NOOP


# Import


@pytest.mark.parametrize("sub_type", ["NORMAL", REACH])
def test_an_import_takes_the_sub_type_that_tiktok_tells(sub_type: str) -> None:
    files = desired(declared(sub_type=sub_type, import_id="1"))

    action = only(planned(files, on_tiktok(sub_type), members={"buyers": NEVER_DELIVERED}))

    assert action.kind is ActionKind.IMPORT
    assert action.changes == ()
    assert action.before is not None
    assert action.before.audience_sub_type == sub_type


def test_an_import_changes_the_sub_type_where_there_is_a_way() -> None:
    action = only(planned(desired(declared(sub_type=REACH, import_id="1")), on_tiktok()))

    assert action.kind is ActionKind.IMPORT
    assert action.changes == (Change("audience_sub_type", "NORMAL", REACH),)


def test_an_import_that_tiktok_has_no_way_to_make_what_is_declared_is_an_error() -> None:
    plan = planned(desired(declared(import_id="1")), on_tiktok(REACH))
    (problem,) = plan.errors

    assert "audience_sub_type REACH_FREQUENCY" in problem.summary
    assert "file: {audience_sub_type: REACH_FREQUENCY}" in (problem.detail or "")


def test_an_import_without_a_source_leaves_the_sub_type_alone() -> None:
    action = only(planned(desired(declared(import_id="1", source=None, identities=())), on_tiktok(REACH)))

    assert action.changes == ()
    assert action.after is not None
    assert action.after.audience_sub_type == REACH


def test_an_import_believes_the_retention_declared_since_tiktok_does_not_tell_it() -> None:
    action = only(planned(desired(declared(30, import_id="1")), on_tiktok()))

    assert action.changes == ()
    assert action.after is not None
    assert action.after.retention_in_days == 30


# What an audience of files is made from


def test_an_audience_of_files_is_not_made_of_nobody() -> None:
    action = only(planned(desired(declared()), members={"buyers": facts(0, of=0)}))

    (block,) = action.blocked_by
    assert block.guard is Guard.MINIMUM_USERS
    assert block.message == "nobody is in it, and TikTok makes a customer file audience only from files of people"
    assert "delivery: streaming" in block.way_out


def test_an_audience_of_files_is_not_made_while_people_are_left_alone() -> None:
    action = only(planned(desired(declared()), skip_members=True))

    (block,) = action.blocked_by
    assert block.guard is Guard.MINIMUM_USERS
    assert "its people were not looked at" in block.message
    assert block.way_out == "Plan without --skip-members."


def test_an_audience_of_files_is_not_replaced_while_people_are_left_alone() -> None:
    action = only(planned(desired(declared(30)), on_tiktok(), state=kept(), skip_members=True))

    assert action.kind is ActionKind.REPLACE
    assert guards_against(action) == [Guard.MINIMUM_USERS]


def test_a_streaming_audience_may_be_made_of_nobody_and_while_people_are_left_alone() -> None:
    empty = only(planned(desired(audience()), members={"buyers": facts(0, of=0)}))
    skipped = only(planned(desired(audience()), skip_members=True))

    assert (empty.blocked_by, skipped.blocked_by) == ((), ())


def test_an_audience_of_files_may_be_made_of_a_few() -> None:
    action = only(planned(desired(declared()), members={"buyers": facts(1, add=1, of=0)}))

    assert action.kind is ActionKind.CREATE
    assert not action.is_blocked


def test_an_audience_of_files_may_be_renamed_while_people_are_left_alone() -> None:
    action = only(planned(desired(declared(name="New name")), on_tiktok(), state=kept(), skip_members=True))

    assert action.kind is ActionKind.UPDATE
    assert not action.is_blocked


def test_an_audience_of_files_that_moves_to_another_account_is_filled_there() -> None:
    action = only(planned(desired(declared(advertiser="eu")), on_tiktok(), state=kept()))

    assert (action.kind, action.advertiser_id) == (ActionKind.REPLACE, EU)
    assert not action.is_blocked


def test_what_an_interrupted_create_made_is_made_anew_where_its_retention_is_no_longer_wanted() -> None:
    state = owned(pending=[begun_create(delivery="file", retention_in_days=30)])

    changed = only(planned(desired(declared(60)), on_tiktok(), state=state))
    same = only(planned(desired(declared(30)), on_tiktok(), state=state))

    assert (changed.kind, same.kind) == (ActionKind.REPLACE, ActionKind.UPDATE)


# JSON


def _actions() -> list[Action]:
    files = desired(
        declared(30, REACH, key="made"),
        declared(key="kept", name="Kept"),
        declared(60, key="anew", name="Anew"),
    )
    account = remote(*(there(id_, name, kind=AudienceKind.FILE) for id_, name in (("2", "Kept"), ("3", "Anew"))))
    state = owned(
        resource("kept", "2", delivery="file", members=delivered()),
        resource("anew", "3", delivery="file", members=delivered()),
    )
    return list(planned(files, account, state=state, members={"made": NEVER_DELIVERED, "kept": UNCHANGED}).actions)


def test_a_plan_of_files_is_read_back_exactly_as_it_was_written() -> None:
    plan = planned(desired(declared(30, REACH)), members={"buyers": NEVER_DELIVERED})

    assert parse(to_json(plan)) == plan


def test_what_is_particular_to_files_stands_in_the_plan_file() -> None:
    document: Any = dump(planned(desired(declared(30, REACH))))

    after = document["actions"][0]["after"]
    assert (after["retention_in_days"], after["audience_sub_type"]) == (30, REACH)


def test_each_audience_of_files_is_decided_for_itself() -> None:
    assert {action.address: action.kind for action in _actions()} == {
        "audience.anew": ActionKind.REPLACE,
        "audience.kept": ActionKind.NOOP,
        "audience.made": ActionKind.CREATE,
    }
