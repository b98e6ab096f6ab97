"""Where deliveries go on: only at a place of these very rows, and only if nothing has been sent since."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from reconciler.apply.course import place_to_go_on_from, route_name
from reconciler.apply.deliver import Delivery
from reconciler.identity import Delivered, Leg
from reconciler.plan.model import ActionKind, MemberChange
from reconciler.state.model import PendingDelivery, Place
from tests.apply.pieces import NOW, action
from tests.apply.world import US

OLD, WANTED, OTHER = "a" * 64, "b" * 64, "c" * 64


def delivery(audience_id: str, place: Place | None = None, **fields: object) -> Delivery:
    address = f"audience.number_{audience_id}"
    began = PendingDelivery(address, audience_id, WANTED, place, "earlier", NOW) if place else None
    there = Leg(Delivered(), Path("nowhere"))
    members = MemberChange(WANTED, None, 1, 1, 1, 0)
    plain = Delivery(action(ActionKind.UPDATE, address), members, US, audience_id, OLD, (), there, latest=began)
    return replace(plain, **fields)  # type: ignore[arg-type]  # its own fields


ROUTE = route_name([delivery("1"), delivery("2")])
HERE = Place(ROUTE, 3, 4000)


def test_the_same_deliveries_go_on_where_they_were() -> None:
    assert place_to_go_on_from([delivery("1", HERE), delivery("2", HERE)]) == HERE


def test_what_was_never_begun_begins_at_the_beginning() -> None:
    assert place_to_go_on_from([delivery("1"), delivery("2")]) == Place(ROUTE)


@pytest.mark.parametrize(
    "deliveries",
    [
        pytest.param([delivery("1", HERE)], id="one is gone"),
        pytest.param([delivery("1", HERE), delivery("2", HERE), delivery("3", HERE)], id="one has come"),
        pytest.param([delivery("1", HERE), delivery("3", HERE)], id="one is another"),
        pytest.param([delivery("1", HERE), delivery("2")], id="one has been sent something else since"),
        pytest.param([delivery("1", HERE), delivery("2", replace(HERE, rows=0))], id="one is not as far"),
        pytest.param([delivery("1", HERE), delivery("2", HERE, snapshot=OTHER)], id="one held others"),
        pytest.param([delivery("1", HERE), delivery("2", HERE, snapshot=None)], id="one held nobody"),
        pytest.param([delivery("1", HERE), delivery("2", HERE, in_flight=(OTHER,))], id="one may hold others"),
        pytest.param(
            [delivery("1", HERE), delivery("2", HERE, members=MemberChange(OTHER, None, 1, 1, 1, 0))],
            id="one wants others",
        ),
    ],
)
def test_anything_else_starts_anew(deliveries: list[Delivery]) -> None:
    assert place_to_go_on_from(deliveries) == Place(route_name(deliveries))


def test_a_route_is_the_same_in_whatever_order_its_audiences_are_told() -> None:
    three = [delivery(each) for each in "123"]

    assert {route_name(each) for each in permutations(three)} == {route_name(three)}
