"""What is looked at before a plan is made: no account too few, and usage only where something may go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.config.model import Delivery
from reconciler.identifiers import Identity
from reconciler.plan.scope import accounts, accounts_with_deletions
from tests.plan.conftest import (
    EU,
    FORMER,
    US,
    audience,
    begun_create,
    begun_delivery,
    deposed,
    desired,
    owned,
    resource,
)

if TYPE_CHECKING:
    from reconciler.state.model import State


def test_every_declared_account_is_read() -> None:
    assert accounts(desired(), owned()) == {US, EU}


@pytest.mark.parametrize(
    "state",
    [
        owned(resource(advertiser_id=FORMER)),
        owned(resource(deposed=(deposed("9", FORMER),))),
        owned(pending=[begun_create(advertiser_id=FORMER)]),
    ],
    ids=["owned there", "deposed there", "begun there"],
)
def test_an_account_the_files_no_longer_name_is_read_while_the_state_holds_something_there(state: State) -> None:
    assert accounts(desired(), state) == {US, EU, FORMER}


def test_usage_is_not_looked_up_where_nothing_can_go() -> None:
    files = desired(audience(name="New name", identities=(Identity.GAID,)), audience("fresh", advertiser="eu"))

    assert accounts_with_deletions(files, owned(resource(), pending=[begun_delivery()])) == set()


def test_usage_is_looked_up_where_something_is_no_longer_declared() -> None:
    assert accounts_with_deletions(desired(), owned(resource(advertiser_id=FORMER))) == {FORMER}


def test_usage_is_looked_up_where_a_replaced_audience_leaves() -> None:
    assert accounts_with_deletions(desired(audience(advertiser="eu")), owned(resource())) == {US}
    assert accounts_with_deletions(desired(audience(delivery=Delivery.FILE)), owned(resource())) == {US}


def test_usage_is_looked_up_where_something_was_deposed() -> None:
    state = owned(resource(deposed=(deposed("9", EU),)))

    assert accounts_with_deletions(desired(audience()), state) == {EU}


def test_usage_is_looked_up_in_both_accounts_of_an_interrupted_replace_whatever_the_files_say_by_now() -> None:
    state = owned(resource(), pending=[begun_create(advertiser_id=EU)])

    assert accounts_with_deletions(desired(audience()), state) == {US, EU}


def test_a_move_alone_needs_no_usage() -> None:
    files = desired(audience(), moved=[("old", "buyers")])

    assert accounts_with_deletions(files, owned(resource("old", "1", name="Buyers"))) == set()


def test_an_audience_that_no_source_fills_is_never_replaced_and_needs_no_usage() -> None:
    files = desired(audience(source=None, import_id="1"))

    assert accounts_with_deletions(files, owned(resource(delivery="file", identities=()))) == set()
