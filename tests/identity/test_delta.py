"""The difference between two sets, by identifier: its laws, and the rows it is delivered in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.identifiers import IdType
from reconciler.identity import Delivered, Delta, Leg, SetUnreadableError
from reconciler.identity.sets import ownership
from reconciler.identity.sets.setfile import schema_of, writing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from random import Random

    from reconciler.identity import Direction, Engine, Mappings, Route

Identifier = tuple[IdType, str]

TYPES = (IdType.IDFA_MD5, IdType.GAID_MD5, IdType.EMAIL_SHA256)
laws = settings(max_examples=5, deadline=None)


def identifier(id_type: IdType, number: int) -> Identifier:
    return id_type, hashlib.new(id_type.hash.value, str(number).encode()).hexdigest()


def person(number: int) -> bytes:
    return hashlib.md5(str(number).encode(), usedforsecurity=False).digest()


identifiers = st.builds(identifier, st.sampled_from(TYPES), st.integers(0, 12))
sets = st.dictionaries(identifiers, st.integers(0, 6), max_size=20)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Writes sets to files, and asks the engine about them."""

    engine: Engine
    folder: Path

    def put(self, name: str, members: Mapping[Identifier, int]) -> Path:
        path = self.folder / f"{name}.parquet"
        rows = []
        for number in sorted(set(members.values()), key=person):
            held = {
                t: sorted(bytes.fromhex(h) for (u, h), p in members.items() if (t, p) == (u, number)) for t in TYPES
            }
            for place in range(max(map(len, held.values()))):
                row = {t.value: values[place] for t, values in held.items() if place < len(values)}
                rows.append({"person": person(number), **row})
        with writing(path, schema_of(TYPES)) as writer:
            writer.write([pa.RecordBatch.from_pylist(rows, schema=schema_of(TYPES))])
        return path

    def delivered(self, snapshot: Mapping[Identifier, int] | None, *in_flight: Mapping[Identifier, int]) -> Delivered:
        return Delivered(
            None if snapshot is None else self.put("snapshot", snapshot),
            tuple(self.put(f"in-flight-{index}", each) for index, each in enumerate(in_flight)),
        )

    def rows(self, delivered: Delivered, target: Path, action: Direction) -> list[Row]:
        return rows_of(self.engine.route([Leg(delivered, target)]), action)

    def changed(self, delivered: Delivered, target: Path, action: Direction) -> set[Identifier]:
        return {each for row in self.rows(delivered, target, action) for each in row}


Row = tuple[Identifier, ...]


def rows_of(route: Route, action: Direction, *, size: int = 1000) -> list[Row]:
    """Return the rows of one direction in the order they travel."""
    return [
        tuple((IdType(name), value.hex()) for name, value in row.items() if value)
        for partition in range(route.partitions)
        for mappings in route.batches(partition, size=size)
        if mappings.direction == action
        for row in mappings.rows.to_pylist()
    ]


@pytest.fixture(scope="module")
def shelf(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(engine, tmp_path_factory.mktemp("sets"))


@laws
@given(before=st.none() | sets, after=sets)
def test_adding_and_removing_leads_to_the_wanted_set(
    shelf: Shelf, before: dict[Identifier, int] | None, after: dict[Identifier, int]
) -> None:
    delivered, target = shelf.delivered(before), shelf.put("target", after)
    held = set(before or {})
    reached = (held | shelf.changed(delivered, target, "add")) - shelf.changed(delivered, target, "remove")
    assert reached == set(after)


@laws
@given(members=sets)
def test_equal_sets_differ_in_nothing(shelf: Shelf, members: dict[Identifier, int]) -> None:
    delivered, target = shelf.delivered(members), shelf.put("target", members)
    delta = shelf.engine.delta(delivered, target)
    assert (delta.add, delta.remove, delta.users_out) == (0, 0, 0)
    assert shelf.rows(delivered, target, "add") == shelf.rows(delivered, target, "remove") == []


@laws
@given(before=st.none() | sets, under_way=st.lists(sets, min_size=1, max_size=2), after=sets, luck=st.randoms())
def test_wherever_a_delivery_stopped_the_wanted_set_is_reached(
    shelf: Shelf,
    before: dict[Identifier, int] | None,
    under_way: list[dict[Identifier, int]],
    after: dict[Identifier, int],
    luck: Random,
) -> None:
    delivered, target = shelf.delivered(before, *under_way), shelf.put("target", after)
    add, remove = (shelf.changed(delivered, target, action) for action in ("add", "remove"))
    held = set(before or {})
    for aim in map(set, under_way):
        # Each delivery added and removed some part of what it set out to.
        arrived = {each for each in sorted(aim - held) if luck.random() < 0.5}
        left = {each for each in sorted(held - aim) if luck.random() < 0.5}
        held = (held | arrived) - left
    assert (held | add) - remove == set(after)
    assert not add & remove


@laws
@given(before=st.none() | sets, under_way=st.lists(sets, max_size=1), after=sets)
def test_the_counts_are_those_of_the_rows(
    shelf: Shelf,
    before: dict[Identifier, int] | None,
    under_way: list[dict[Identifier, int]],
    after: dict[Identifier, int],
) -> None:
    delivered, target = shelf.delivered(before, *under_way), shelf.put("target", after)
    persons: dict[Identifier, set[bytes]] = {}
    for each in (before or {}, *under_way):
        for key, number in each.items():
            persons.setdefault(key, set()).add(person(number))
    holders = {key: min(those) for key, those in persons.items()}
    out = set(holders.values()) - {holders[key] for key in holders if key in after}
    assert shelf.engine.delta(delivered, target) == Delta(
        add=len(shelf.changed(delivered, target, "add")),
        remove=len(shelf.changed(delivered, target, "remove")),
        delivered_identifiers=len(holders),
        delivered_users=len(set(holders.values())),
        users_out=len(out),
    )


@laws
@given(before=st.none() | sets, after=sets, skip=st.integers(0, 20), size=st.integers(1, 7))
def test_a_delivery_goes_on_exactly_where_it_stopped(
    shelf: Shelf, before: dict[Identifier, int] | None, after: dict[Identifier, int], skip: int, size: int
) -> None:
    leg = Leg(shelf.delivered(before), shelf.put("target", after))
    first, again = (shelf.engine.route([leg]) for _ in range(2))
    assert first.rows == len(rows_of(first, "add")) + len(rows_of(first, "remove"))
    for partition in range(first.partitions):
        whole = [row for each in first.batches(partition) for row in filled(each)]
        assert [row for each in again.batches(partition, size=size, skip=skip) for row in filled(each)] == whole[skip:]


def filled(mappings: Mappings) -> list[dict[str, bytes]]:
    return [{name: value for name, value in row.items() if value} for row in mappings.rows.to_pylist()]


@laws
@given(after=sets)
def test_a_row_holds_one_person_and_each_identifier_is_in_one_row(shelf: Shelf, after: dict[Identifier, int]) -> None:
    rows = shelf.rows(Delivered(), shelf.put("target", after), "add")
    assert all(row and len({after[each] for each in row}) == 1 for row in rows)
    assert sorted(each for row in rows for each in row) == sorted(after)
    most = {p: max(sum(after[i] == p and i[0] is t for i in after) for t in TYPES) for p in set(after.values())}
    assert len(rows) == sum(most.values())


def members(*pairs: tuple[Identifier, int]) -> dict[Identifier, int]:
    return dict(pairs)


def test_identifiers_of_a_person_travel_in_one_row_and_a_second_device_in_the_next(shelf: Shelf) -> None:
    phone, tablet, gaid = identifier(IdType.IDFA_MD5, 1), identifier(IdType.IDFA_MD5, 2), identifier(IdType.GAID_MD5, 1)
    target = shelf.put("target", members((phone, 1), (tablet, 1), (gaid, 1)))
    first, second = shelf.rows(Delivered(), target, "add")
    assert (len(first), len(second)) == (2, 1)
    assert {*first, *second} == {phone, tablet, gaid}


def test_a_device_that_two_people_share_stays_until_both_have_left(shelf: Shelf) -> None:
    shared, own = identifier(IdType.IDFA_MD5, 1), identifier(IdType.IDFA_MD5, 2)
    delivered = shelf.delivered(members((shared, 1), (own, 1)))
    # Person 1 left; in the wanted set the shared device belongs to person 2.
    one_left, both_left = shelf.put("one", members((shared, 2))), shelf.put("both", {})
    assert shelf.changed(delivered, one_left, "remove") == {own}
    assert shelf.changed(delivered, both_left, "remove") == {own, shared}


def test_without_a_snapshot_nothing_is_certain(shelf: Shelf) -> None:
    one = identifier(IdType.IDFA_MD5, 1)
    target = shelf.put("target", members((one, 1)))
    assert shelf.changed(shelf.delivered(None, members((one, 1))), target, "add") == {one}


def test_batches_are_full_but_the_last_and_hold_only_the_types_there_are(shelf: Shelf) -> None:
    target = shelf.put("target", members(*((identifier(IdType.IDFA_MD5, n), n) for n in range(25))))
    batches = list(shelf.engine.route([Leg(Delivered(), target)]).batches(0, size=10))
    assert [batch.rows.num_rows for batch in batches] == [10, 10, 5]
    assert {tuple(batch.rows.schema.names) for batch in batches} == {("idfa_md5",)}
    assert {batch.legs for batch in batches} == {None}


def legs_of(route: Route) -> dict[tuple[Direction, Identifier], set[int]]:
    """Return where each identifier goes; an identifier that travels twice is an error."""
    found: dict[tuple[Direction, Identifier], set[int]] = {}
    for partition in range(route.partitions):
        for mappings in route.batches(partition):
            assert mappings.legs is not None
            assert mappings.legs.schema.names == mappings.rows.schema.names
            for row, masks in zip(mappings.rows.to_pylist(), mappings.legs.to_pylist(), strict=True):
                for name, value in row.items():
                    assert (value is None) == (masks[name] is None)
                    if value:
                        key = (mappings.direction, (IdType(name), value.hex()))
                        assert key not in found
                        found[key] = {leg for leg in range(64) if masks[name] >> leg & 1}
    return found


@laws
@given(pairs=st.lists(st.tuples(st.none() | sets, sets), min_size=2, max_size=4))
def test_who_joins_or_leaves_several_audiences_travels_once(
    shelf: Shelf, pairs: list[tuple[dict[Identifier, int] | None, dict[Identifier, int]]]
) -> None:
    legs = []
    wanted: dict[tuple[Direction, Identifier], set[int]] = {}
    for number, (before, after) in enumerate(pairs):
        snapshot = None if before is None else shelf.put(f"before-{number}", before)
        legs.append(Leg(Delivered(snapshot), shelf.put(f"after-{number}", after)))
        for each in set(after) - set(before or {}):
            wanted.setdefault(("add", each), set()).add(number)
        for each in set(before or {}) - set(after):
            wanted.setdefault(("remove", each), set()).add(number)
    route = shelf.engine.route(legs)
    assert legs_of(route) == wanted
    assert route.rows <= route.rows_alone == sum(shelf.engine.route([leg]).rows for leg in legs)


def test_a_route_has_sixty_legs_at_most(shelf: Shelf) -> None:
    leg = Leg(Delivered(), shelf.put("target", {}))
    assert shelf.engine.route([leg] * 60).rows == 0
    for many in ([], [leg] * 61):
        with pytest.raises(ValueError, match="60"):
            shelf.engine.route(many)


@pytest.mark.parametrize("at_once", [250, 40], ids=["a-few-ranges", "ranges-of-a-sixteenth"])
def test_large_sets_are_compared_range_by_range(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(ownership, "_AT_ONCE", at_once)
    before = {identifier(t, n): n for t in TYPES for n in range(300)}
    after = {identifier(t, n): n + (n % 7 == 0) for t in TYPES for n in range(20, 310)}
    delivered, target = shelf.delivered(before), shelf.put("target", after)
    assert shelf.changed(delivered, target, "add") == set(after) - set(before)
    assert shelf.changed(delivered, target, "remove") == set(before) - set(after)
    delta = shelf.engine.delta(delivered, target)
    assert (delta.delivered_identifiers, delta.delivered_users, delta.users_out) == (900, 300, 20)
    in_between = shelf.delivered(before, after)
    assert shelf.changed(in_between, target, "remove") == set(before) - set(after)
    both = shelf.engine.route([Leg(delivered, target), Leg(Delivered(), target)])
    assert len(legs_of(both)) == len(after) + len(set(before) - set(after))


@pytest.mark.parametrize("content", [None, b"", b"PAR1 not really"], ids=["missing", "empty", "damaged"])
def test_a_set_that_cannot_be_read_is_an_error(shelf: Shelf, tmp_path: Path, content: bytes | None) -> None:
    broken, whole = tmp_path / "broken.parquet", shelf.put("target", {})
    if content is not None:
        broken.write_bytes(content)
    for delivered, target in ((Delivered(broken), whole), (Delivered(), broken)):
        with pytest.raises(SetUnreadableError) as caught:
            shelf.engine.delta(delivered, target)
        assert caught.value.hint


@laws
@given(before=sets, after=sets)
def test_a_set_file_of_the_first_version_counts_as_what_it_holds(
    shelf: Shelf, before: dict[Identifier, int], after: dict[Identifier, int]
) -> None:
    earlier = shelf.folder / "earlier.parquet"
    lines = sorted((str(id_type), bytes.fromhex(hash_), person(number)) for (id_type, hash_), number in before.items())
    columns = zip(*lines, strict=True) if lines else ((), (), ())
    schema = pa.schema([("id_type", pa.string()), ("hash", pa.binary()), ("person", pa.binary())])
    pq.write_table(pa.table(list(map(list, columns)), schema=schema), earlier)
    today, target = shelf.delivered(before), shelf.put("target", after)
    for action in ("add", "remove"):
        assert shelf.changed(Delivered(earlier), target, action) == shelf.changed(today, target, action)
    assert shelf.engine.delta(Delivered(earlier), target) == shelf.engine.delta(today, target)
    assert shelf.changed(today, earlier, "add") == set()
