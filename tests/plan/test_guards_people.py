"""The guards of a delivery: a source that lost its people, and what a file update must keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.config.model import Delivery, Lifecycle
from reconciler.plan.model import ActionKind, Guard
from reconciler.tiktok.model import AudienceKind
from tests.plan.conftest import (
    NEVER_DELIVERED,
    UNCHANGED,
    audience,
    begun_delivery,
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
    from reconciler.plan.inputs import MemberFacts

STATE = owned(resource(members=delivered(10_000)))


def guards_of(wanted: MemberFacts, *, limit: float = 30) -> list[Guard]:
    files = desired(audience(lifecycle=Lifecycle(max_removal_percent=limit)))
    return guards_against(only(planned(files, remote(there()), state=STATE, members={"buyers": wanted})))


# max_removal


def test_a_source_that_lost_most_of_its_people_is_blocked_with_the_numbers() -> None:
    wanted = facts(4000, remove=6000, of=10_000)

    action = only(planned(desired(audience()), remote(there()), state=STATE, members={"buyers": wanted}))

    (block,) = action.blocked_by
    assert block.guard is Guard.MAX_REMOVAL
    assert "6,000 of 10,000 delivered people (60.0 %)" in block.message
    assert "6,000 of 10,000 identifiers (60.0 %)" in block.message
    assert "the limit is 30 %" in block.message
    assert "raise lifecycle.max_removal_percent" in block.way_out


@pytest.mark.parametrize(("removed", "blocked"), [(0, False), (2999, False), (3000, False), (3001, True)])
def test_exactly_the_limit_may_go(removed: int, *, blocked: bool) -> None:
    wanted = facts(10_000 - removed, remove=removed, of=10_000)

    assert guards_of(wanted) == ([Guard.MAX_REMOVAL] if blocked else [])


@pytest.mark.parametrize(
    ("limit", "removed", "blocked"),
    [(0, 0, False), (0, 1, True), (33.3, 3330, False), (33.3, 3331, True), (100, 9_999, False)],
)
def test_the_limit_is_the_files_to_set(limit: float, removed: int, *, blocked: bool) -> None:
    wanted = facts(10_000 - removed, remove=removed, of=10_000)

    assert guards_of(wanted, limit=limit) == ([Guard.MAX_REMOVAL] if blocked else [])


def test_people_who_leave_count_where_few_identifiers_do() -> None:
    wanted = facts(6000, remove=4000, of=20_000, of_people=10_000)

    assert guards_of(wanted) == [Guard.MAX_REMOVAL]


def test_identifiers_that_leave_count_where_everybody_stays() -> None:
    """A column of the source came empty: all are known by the other one still, and half of the devices are lost."""
    wanted = facts(10_000, remove=10_000, of=20_000, out=0, of_people=10_000)

    assert guards_of(wanted) == [Guard.MAX_REMOVAL]


def test_people_who_come_in_do_not_make_up_for_those_who_leave() -> None:
    assert guards_of(facts(50_000, add=44_000, remove=4000, of=10_000)) == [Guard.MAX_REMOVAL]


@pytest.mark.parametrize("limit", [30, 100])
def test_an_emptied_source_is_blocked_whatever_the_limit(limit: float) -> None:
    wanted = facts(0, remove=10_000, of=10_000)
    files = desired(audience(lifecycle=Lifecycle(max_removal_percent=limit)))

    action = only(planned(files, remote(there()), state=STATE, members={"buyers": wanted}))

    (block,) = action.blocked_by
    assert block.guard is Guard.MAX_REMOVAL
    assert "the source holds nobody; all 10,000 delivered people would be taken out" in block.message
    assert "To end the audience, take it out of the files" in block.way_out


def test_an_emptied_source_is_blocked_while_its_first_delivery_is_under_way() -> None:
    state = owned(resource(), pending=[begun_delivery()])
    wanted = facts(0, remove=500, of=500)

    action = only(planned(desired(audience()), remote(there()), state=state, members={"buyers": wanted}))

    assert guards_against(action) == [Guard.MAX_REMOVAL]


def test_an_empty_source_that_never_delivered_anybody_is_not_blocked() -> None:
    action = only(planned(desired(audience()), members={"buyers": facts(0, of=0)}))

    assert (action.kind, action.blocked_by) == (ActionKind.CREATE, ())


def test_a_replacement_is_not_filled_from_an_emptied_source() -> None:
    files = desired(audience(advertiser="eu"))
    wanted = facts(0, remove=10_000, of=10_000)

    action = only(planned(files, remote(there()), state=STATE, members={"buyers": wanted}))

    assert (action.kind, guards_against(action)) == (ActionKind.REPLACE, [Guard.MAX_REMOVAL])


def test_an_audience_deleted_outside_has_nobody_left_to_take_out() -> None:
    wanted = facts(4000, remove=6000, of=10_000)

    action = only(planned(desired(audience()), state=STATE, members={"buyers": wanted}))

    assert (action.kind, action.blocked_by) == (ActionKind.CREATE, ())


def test_without_looking_at_people_nothing_is_taken_out_and_nothing_blocked() -> None:
    plan = planned(desired(audience(name="New name")), remote(there()), state=STATE, skip_members=True)

    assert only(plan).blocked_by == ()


# minimum_users: customer files only

FILE = there(kind=AudienceKind.FILE)
FILE_STATE = owned(resource(delivery="file", members=delivered()))


@pytest.mark.parametrize(("users", "blocked"), [(999, True), (1000, False), (1001, False)])
def test_a_file_update_must_keep_a_thousand_people(users: int, *, blocked: bool) -> None:
    files = desired(audience(delivery=Delivery.FILE))
    wanted = facts(users, remove=10, of=1100)

    action = only(planned(files, remote(FILE), state=FILE_STATE, members={"buyers": wanted}))

    assert guards_against(action) == ([Guard.MINIMUM_USERS] if blocked else [])


def test_the_block_says_how_many_are_left_and_what_to_do() -> None:
    files = desired(audience(delivery=Delivery.FILE))
    wanted = facts(999, remove=10, of=1100)

    (block,) = only(planned(files, remote(FILE), state=FILE_STATE, members={"buyers": wanted})).blocked_by

    assert "999 people" in block.message
    assert "1,000" in block.message
    assert "Widen `where`" in block.way_out


def test_delivering_a_few_to_an_imported_file_audience_is_blocked() -> None:
    files = desired(audience(delivery=Delivery.FILE, import_id="1"))

    action = only(planned(files, remote(FILE), members={"buyers": facts(999, add=999, of=0)}))

    assert guards_against(action) == [Guard.MINIMUM_USERS]


def test_a_few_people_may_be_streamed() -> None:
    action = only(
        planned(desired(audience()), remote(there()), state=STATE, members={"buyers": facts(10, add=1, of=9)})
    )

    assert action.blocked_by == ()


def test_a_file_audience_of_a_few_may_be_renamed() -> None:
    files = desired(audience(delivery=Delivery.FILE, name="New name"))

    action = only(planned(files, remote(FILE), state=FILE_STATE, members={"buyers": facts(10, of=10)}))

    assert action.blocked_by == ()


# not_editable: customer files only

PROCESSING = there(kind=AudienceKind.FILE, is_valid=False)


@pytest.mark.parametrize("name", ["Buyers", "New name"])
def test_a_file_audience_is_not_changed_while_it_is_processed(name: str) -> None:
    files = desired(audience(delivery=Delivery.FILE, name=name))

    action = only(planned(files, remote(PROCESSING), state=FILE_STATE, members={"buyers": NEVER_DELIVERED}))

    (block,) = action.blocked_by
    assert block.guard is Guard.NOT_EDITABLE
    assert "still processing" in block.message
    assert "Plan again" in block.way_out


def test_a_file_audience_that_is_ready_may_be_changed() -> None:
    files = desired(audience(delivery=Delivery.FILE))

    action = only(planned(files, remote(FILE), state=FILE_STATE, members={"buyers": NEVER_DELIVERED}))

    assert action.blocked_by == ()


def test_nothing_is_blocked_while_nothing_is_to_be_changed() -> None:
    files = desired(audience(delivery=Delivery.FILE))

    action = only(planned(files, remote(PROCESSING), state=FILE_STATE, members={"buyers": UNCHANGED}))

    assert (action.kind, action.blocked_by) == (ActionKind.NOOP, ())


def test_an_imported_file_audience_is_not_changed_while_it_is_processed() -> None:
    files = desired(audience(import_id="1", source=None, name="New name"))

    assert guards_against(only(planned(files, remote(PROCESSING)))) == [Guard.NOT_EDITABLE]


def test_a_file_audience_may_be_deleted_while_it_is_processed() -> None:
    action = only(planned(desired(), remote(PROCESSING), state=FILE_STATE))

    assert (action.kind, action.blocked_by) == (ActionKind.DELETE, ())


def test_a_streaming_audience_may_be_changed_at_any_time() -> None:
    action = only(
        planned(desired(audience()), remote(there(is_valid=False)), state=STATE, members={"buyers": NEVER_DELIVERED})
    )

    assert action.blocked_by == ()
