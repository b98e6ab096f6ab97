"""The second look, as a table: what has come between the plan and its apply."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.apply.recheck import recheck, retiring
from reconciler.plan.model import Action, ActionKind, Guard
from reconciler.tiktok.model import Lack, Remote, Role
from tests.apply.pieces import (
    account,
    action,
    attributes,
    create_begun,
    delivery_begun,
    owned,
    resource,
    there,
)
from tests.apply.world import EU, US

if TYPE_CHECKING:
    from reconciler.state.model import State

CREATE, UPDATE, REPLACE, DELETE = ActionKind.CREATE, ActionKind.UPDATE, ActionKind.REPLACE, ActionKind.DELETE
IMPORT, FORGET, NOOP = ActionKind.IMPORT, ActionKind.FORGET, ActionKind.NOOP

OURS = owned(resource())
NOTHING = owned()
RENAMED = action(UPDATE, before=attributes("Old"), after=attributes("Buyers"))
AGAIN = action(CREATE, audience_id="1")
ELSEWHERE = action(REPLACE, advertiser_id=EU, after=attributes(advertiser_id=EU))


@pytest.mark.parametrize(
    ("action", "state", "remotes"),
    [
        pytest.param(action(UPDATE), OURS, account(there()), id="an update of what is as it was"),
        pytest.param(RENAMED, OURS, account(there(name="Old")), id="a rename not done yet"),
        pytest.param(RENAMED, OURS, account(there(name="Buyers")), id="a rename that an earlier run has done"),
        pytest.param(action(CREATE), NOTHING, account(), id="a create of what is not there"),
        pytest.param(action(CREATE), OURS, account(there()), id="a create that an earlier run has done"),
        pytest.param(AGAIN, OURS, account(), id="a create of what is still gone"),
        pytest.param(action(CREATE), NOTHING, account(there(is_creator=False)), id="a create beside one shared in"),
        pytest.param(
            action(CREATE), owned(resource(address="audience.old")), account(there()), id="a create beside one of ours"
        ),
        pytest.param(
            action(CREATE), owned(pending=[create_begun()]), account(there()), id="a create whose answer was lost"
        ),
        pytest.param(action(IMPORT), NOTHING, account(there()), id="an import of what is as it was"),
        pytest.param(action(DELETE), OURS, account(), id="a delete of what has gone"),
        pytest.param(ELSEWHERE, OURS, account() | account(advertiser_id=EU), id="a replace of what has gone"),
        pytest.param(
            ELSEWHERE,
            owned(resource("2", advertiser_id=EU)),
            account(there()) | account(there("2"), advertiser_id=EU),
            id="a replace that an earlier run has begun",
        ),
        pytest.param(action(FORGET), OURS, account(there(name="Other")), id="a forget, whatever is there"),
        pytest.param(action(NOOP), OURS, account(there(name="Other")), id="a move, whatever is there"),
    ],
)
def test_nothing_has_come_between(action: Action, state: State, remotes: dict[str, Remote]) -> None:
    assert recheck(action, state, remotes) is None


@pytest.mark.parametrize(
    ("action", "state", "remotes", "said"),
    [
        pytest.param(action(UPDATE), OURS, account(), "1 has disappeared", id="an update of what has gone"),
        pytest.param(action(IMPORT), NOTHING, account(), "1 has disappeared", id="an import of what has gone"),
        pytest.param(
            action(UPDATE), OURS, account(there(name="Other")), 'was renamed to "Other"', id="an update after a rename"
        ),
        pytest.param(
            action(DELETE), OURS, account(there(name="Other")), 'was renamed to "Other"', id="a delete after a rename"
        ),
        pytest.param(
            ELSEWHERE,
            OURS,
            account(there(name="Other")) | account(advertiser_id=EU),
            'was renamed to "Other"',
            id="a replace after a rename",
        ),
        pytest.param(
            action(CREATE), NOTHING, account(there("9")), 'named "Buyers" (9) has appeared', id="a name that was taken"
        ),
        pytest.param(
            AGAIN, OURS, account(there("9")), 'named "Buyers" (9) has appeared', id="a name taken from what is gone"
        ),
        pytest.param(
            action(CREATE),
            owned(pending=[create_begun("Other")]),
            account(there("9")),
            'named "Buyers" (9) has appeared',
            id="a name taken, while an interrupted create was for another name",
        ),
        pytest.param(
            AGAIN,
            owned(resource(), pending=[delivery_begun()]),
            account(there("9")),
            'named "Buyers" (9) has appeared',
            id="a name taken, while a delivery was interrupted",
        ),
        pytest.param(AGAIN, OURS, account(there()), "1 is on TikTok after all", id="a create of what is back"),
        pytest.param(
            action(UPDATE), NOTHING, account(there()), "no longer manages 1", id="an update of what was let go"
        ),
        pytest.param(
            action(UPDATE),
            owned(resource("2")),
            account(there(), there("2")),
            "no longer manages 1",
            id="an update where the state holds another",
        ),
        pytest.param(
            ELSEWHERE,
            NOTHING,
            account(there()) | account(advertiser_id=EU),
            "no longer manages 1",
            id="a replace of what was let go",
        ),
    ],
)
def test_a_plan_that_no_longer_fits_is_stale(
    action: Action, state: State, remotes: dict[str, Remote], said: str
) -> None:
    block = recheck(action, state, remotes)

    assert block is not None
    assert block.guard is Guard.STALE
    assert said in block.message
    assert "Plan again" in block.way_out


def test_a_role_that_was_taken_away_is_noticed() -> None:
    renamed = action(UPDATE, before=attributes("Old"), changes=())
    deleted = action(DELETE)
    for each in (action(CREATE), deleted):
        block = recheck(each, OURS if each is deleted else NOTHING, account(role=Role.ANALYST))

        assert block is not None
        assert block.guard is Guard.PERMISSION
    assert recheck(renamed, OURS, account(there(name="Old"), role=Role.ANALYST)) is None, "nothing is written"


@pytest.mark.parametrize("kind", [CREATE, UPDATE, DELETE])
def test_an_account_that_can_no_longer_be_read_is_left_alone(kind: ActionKind) -> None:
    lost = {each: replace(found, unreadable=Lack("no access", "Ask.")) for each, found in account().items()}

    block = recheck(action(kind), NOTHING if kind is CREATE else OURS, lost)

    assert block is not None
    assert (block.guard, block.way_out) == (Guard.PERMISSION, "Ask.")


def test_a_token_without_the_scope_to_write_is_noticed() -> None:
    reader = {each: replace(found, scopes=frozenset({30})) for each, found in account().items()}

    block = recheck(action(CREATE), NOTHING, reader)

    assert block is not None
    assert "scope 31" in block.message


def test_what_was_shared_in_since_is_its_creators() -> None:
    block = recheck(action(DELETE), OURS, account(there(is_creator=False)))

    assert block is not None
    assert block.guard is Guard.NOT_CREATOR


def test_the_end_of_a_replace_is_the_delete_of_the_old_one_where_it_was() -> None:
    delete = retiring(ELSEWHERE)

    assert (delete.kind, delete.advertiser_id, delete.audience_id) == (DELETE, US, "1")
    assert delete.is_deposed
    assert delete.resource_address == ELSEWHERE.address
