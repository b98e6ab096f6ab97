"""Documents of earlier versions are read, and what was under way in them is not lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.state.document import dump, parse
from reconciler.state.earlier import UNKNOWN_ROUTE
from reconciler.state.errors import DamagedStateError, NewerStateError
from reconciler.state.model import PendingCreate, PendingDelivery, Place
from reconciler.state.tree import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_VERSION: Mapping[str, Any] = {
    "version": 1,
    "lineage": "5f0c2c0e-7d5c-4d0a-9d6b-2f4f5e0f6a11",
    "serial": 7,
    "resources": {
        "audience.lapsed_buyers": {
            "advertiser_id": "7000000000000000001",
            "audience_id": "7300000000000000042",
            "name": "Lapsed buyers",
            "delivery": "streaming",
            "identities": ["idfa", "gaid"],
            "prevent_destroy": True,
            "members": {
                "snapshot": "ab" * 32,
                "users": 18220,
                "identifiers": 30155,
                "delivered_at": "2026-03-01T09:30:00Z",
            },
            "deposed": [],
        }
    },
    "pending": [
        {
            "kind": "create",
            "address": "audience.new_ones",
            "advertiser_id": "7000000000000000001",
            "name": "New ones",
            "delivery": "streaming",
            "identities": ["gaid"],
            "known_ids": [],
            "plan_id": "plan-3f2a",
            "since": "2026-03-01T09:30:00Z",
            "prevent_destroy": False,
        },
        {
            "kind": "delivery",
            "address": "audience.lapsed_buyers",
            "audience_id": "7300000000000000042",
            "target": "cd" * 32,
            "rows_done": 4000,
            "plan_id": "plan-3f2a",
            "since": "2026-03-01T09:30:00Z",
        },
    ],
    "run": {"plan_id": "plan-3f2a", "base_serial": 5},
}


def first_version(**fields: object) -> bytes:
    return json.dumps({**FIRST_VERSION, **fields}).encode()


def test_what_was_owned_is_owned() -> None:
    state = parse(first_version())
    owned = state.resources["audience.lapsed_buyers"]

    assert (state.lineage, state.serial) == (FIRST_VERSION["lineage"], 7)
    assert (owned.audience_id, owned.prevent_destroy) == ("7300000000000000042", True)
    assert owned.members is not None
    assert owned.members.snapshot == "ab" * 32
    assert (owned.retention_in_days, owned.audience_sub_type) == (None, "NORMAL")


def test_a_create_that_was_under_way_still_is() -> None:
    create, _ = parse(first_version()).pending

    assert isinstance(create, PendingCreate)
    assert (create.name, create.retention_in_days, create.audience_sub_type) == ("New ones", None, "NORMAL")


def test_a_delivery_that_was_under_way_starts_anew() -> None:
    _, delivery = parse(first_version()).pending

    assert isinstance(delivery, PendingDelivery)
    assert delivery.target == "cd" * 32
    assert delivery.place == Place(UNKNOWN_ROUTE)


def test_it_is_written_as_the_version_of_now() -> None:
    state = parse(first_version())

    assert json.loads(dump(state))["version"] == VERSION
    assert parse(dump(state)) == state


@pytest.mark.parametrize("rows_done", [-1, "4000", None, True])
def test_a_delivery_that_made_no_sense_then_makes_none_now(rows_done: object) -> None:
    pending = [{**FIRST_VERSION["pending"][1], "rows_done": rows_done}]
    with pytest.raises(DamagedStateError):
        parse(first_version(pending=pending))


json_trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.sampled_from(sorted(FIRST_VERSION)), json_trees)
def test_whatever_is_damaged_in_it_ends_in_a_clear_error_or_a_state(key: str, tree: object) -> None:
    try:
        state = parse(first_version(**{key: tree}))
    except (DamagedStateError, NewerStateError):
        return
    assert parse(dump(state)) == state
