"""Rows become requests that say where they lead to, for how many of whose people, and how far that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply.parcels import count_identifiers, parcels
from reconciler.identity import Mappings
from reconciler.state.model import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.identity import Direction

ACCOUNT = "7000000000000000001"
AUDIENCES = [f"73{number:017}" for number in range(60)]


def rows_of(count: int, first: int = 0) -> pa.RecordBatch:
    digests = [number.to_bytes(16, "big") for number in range(first, first + count)]
    return pa.record_batch([pa.array(digests, pa.binary())], names=["idfa_md5"])


class Sets:
    """A route of which each partition holds so many rows in one direction."""

    def __init__(self, *partitions: tuple[Direction, int]) -> None:
        self._partitions = partitions
        self.partitions = len(partitions)
        self.rows = self.rows_alone = sum(rows for _, rows in partitions)

    def batches(self, partition: int, *, size: int = 1000, skip: int = 0) -> Iterator[Mappings]:
        direction, rows = self._partitions[partition]
        for start in range(skip, rows, size):
            yield Mappings(direction, rows_of(min(size, rows - start), first=1000 * partition + start))


ROUTE = Sets(("add", 25), ("add", 10), ("remove", 15))


def places_of(place: Place, size: int = 10) -> list[tuple[int, int]]:
    following = parcels(ROUTE, place, ACCOUNT, AUDIENCES[:1], size=size)  # type: ignore[arg-type]  # stands for a route
    return [(each.place.partition, each.place.rows) for each in following]


def test_each_parcel_knows_the_place_reached_once_it_has_arrived() -> None:
    assert places_of(Place("route")) == [(0, 10), (0, 20), (0, 25), (1, 10), (2, 10), (2, 15)]


@pytest.mark.parametrize("size", [1, 7, 10, 100])
def test_what_follows_a_place_is_what_had_followed_it(size: int) -> None:
    whole = places_of(Place("route"), size)

    for number, (partition, rows) in enumerate(whole):
        assert places_of(Place("route", partition, rows), size) == whole[number + 1 :]


def test_a_place_at_the_end_has_nothing_after_it() -> None:
    assert places_of(Place("route", 2, 15)) == []


def test_what_leaves_is_deleted_and_what_joins_is_added() -> None:
    sent = parcels(ROUTE, Place("route"), ACCOUNT, AUDIENCES[:1], size=100)  # type: ignore[arg-type]
    bodies = [orjson.loads(request.body) for each in sent for request in each.requests]

    assert [(each["action"], len(each["batch_data"])) for each in bodies] == [("add", 25), ("add", 10), ("delete", 15)]


def masks(count: int) -> st.SearchStrategy[list[int | None]]:
    return st.lists(st.none() | st.integers(1, 2**count - 1), min_size=3, max_size=3)


@given(drawn=st.data(), count=st.integers(2, 60))
def test_the_people_of_each_audience_are_counted_apart(drawn: st.DataObject, count: int) -> None:
    columns = {name: drawn.draw(masks(count)) for name in ("idfa_md5", "gaid_md5")}
    values = [
        pa.array([None if each is None else bytes(16) for each in masks], pa.binary()) for masks in columns.values()
    ]
    legs = pa.record_batch([pa.array(each, pa.uint64()) for each in columns.values()], names=list(columns))
    mappings = Mappings("add", pa.record_batch(values, names=list(columns)), legs)

    assert count_identifiers(mappings, count).tolist() == [
        sum(mask is not None and mask >> bit & 1 for masks in columns.values() for mask in masks)
        for bit in range(count)
    ]


def test_all_the_people_of_an_audience_alone_are_its_own() -> None:
    values = [pa.array([bytes(16), None, bytes(16)], pa.binary()), pa.array([None, bytes(16), bytes(16)], pa.binary())]
    rows = pa.record_batch(values, names=["idfa_md5", "gaid_md5"])

    assert count_identifiers(Mappings("add", rows), 1).tolist() == [4]
