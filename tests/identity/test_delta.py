"""The difference between two sets, by identifier: its laws, and the rows it is delivered in."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.identifiers import IdType
from reconciler.identity import Delivered, Delta, Engine, SetUnreadableError
from reconciler.identity.setfile import writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from random import Random

Identifier = tuple[IdType, str]
Action = Literal["add", "remove"]

TYPES = (IdType.EMAIL_SHA256, IdType.GAID_MD5, IdType.IDFA_MD5)
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
        with writing(path) as writer:
            for id_type in sorted(TYPES):
                lines = sorted((bytes.fromhex(h), person(p)) for (t, h), p in members.items() if t is id_type)
                hashes, persons = [line[0] for line in lines], [line[1] for line in lines]
                batch = pa.record_batch(
                    {"hash": pa.array(hashes, pa.binary()), "person": pa.array(persons, pa.binary())}
                )
                writer.write(id_type, [batch])
        return path

    def delivered(self, snapshot: Mapping[Identifier, int] | None, *in_flight: Mapping[Identifier, int]) -> Delivered:
        return Delivered(
            None if snapshot is None else self.put("snapshot", snapshot),
            tuple(self.put(f"in-flight-{index}", each) for index, each in enumerate(in_flight)),
        )

    def rows(self, delivered: Delivered, target: Path, action: Action, *, size: int = 1000, skip: int = 0) -> list[Row]:
        batches = self.engine.rows(delivered, target, action, size=size, skip=skip)
        return [tuple((IdType(k), v) for k, v in row.items() if v) for batch in batches for row in batch.to_pylist()]

    def changed(self, delivered: Delivered, target: Path, action: Action) -> set[Identifier]:
        return {each for row in self.rows(delivered, target, action) for each in row}


Row = tuple[Identifier, ...]


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
@given(after=sets, skip=st.integers(0, 20), size=st.integers(1, 7))
def test_a_delivery_goes_on_exactly_where_it_stopped(
    shelf: Shelf, after: dict[Identifier, int], skip: int, size: int
) -> None:
    target = shelf.put("target", after)
    whole = shelf.rows(Delivered(), target, "add")
    assert shelf.rows(Delivered(), target, "add", size=size, skip=skip) == whole[skip:]
    assert shelf.engine.row_count(Delivered(), target, "add") == len(whole)


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


def test_batches_are_full_but_the_last_and_hold_hexadecimal_text(shelf: Shelf) -> None:
    target = shelf.put("target", members(*((identifier(IdType.IDFA_MD5, n), n) for n in range(25))))
    batches = list(shelf.engine.rows(Delivered(), target, "add", [IdType.IDFA_MD5, IdType.EMAIL_SHA256], size=10))
    assert [batch.num_rows for batch in batches] == [10, 10, 5]
    assert batches[0].schema.names == ["idfa_md5", "email_sha256"]
    assert batches[0].schema.types == [pa.string(), pa.string()]
    found: Iterable[str] = (value for batch in batches for value in batch.column("idfa_md5").to_pylist())
    assert set(found) == {identifier(IdType.IDFA_MD5, n)[1] for n in range(25)}


def test_identifiers_of_other_types_are_left_out(shelf: Shelf) -> None:
    target = shelf.put("target", members((identifier(IdType.IDFA_MD5, 1), 1), (identifier(IdType.GAID_MD5, 1), 2)))
    (batch,) = shelf.engine.rows(Delivered(), target, "add", [IdType.GAID_MD5])
    assert batch.to_pylist() == [{"gaid_md5": identifier(IdType.GAID_MD5, 1)[1]}]
    assert shelf.engine.row_count(Delivered(), target, "add", [IdType.GAID_MD5]) == 1


def test_rows_that_nobody_reads_to_the_end_leave_nothing_behind(tmp_path: Path) -> None:
    with Engine(tmp_path / "scratch") as engine:
        shelf = Shelf(engine, tmp_path)
        target = shelf.put("target", members(*((identifier(IdType.IDFA_MD5, n), n) for n in range(25))))
        rows = engine.rows(Delivered(), target, "add", size=10)
        assert isinstance(rows, Generator)
        next(rows)
        assert list((tmp_path / "scratch").glob("*/spill-*"))
        rows.close()
        assert not list((tmp_path / "scratch").glob("*/spill-*"))


@pytest.mark.parametrize("content", [None, b"", b"PAR1 not really"], ids=["missing", "empty", "damaged"])
def test_a_set_that_cannot_be_read_is_an_error(shelf: Shelf, tmp_path: Path, content: bytes | None) -> None:
    broken, whole = tmp_path / "broken.parquet", shelf.put("target", {})
    if content is not None:
        broken.write_bytes(content)
    for delivered, target in ((Delivered(broken), whole), (Delivered(), broken)):
        with pytest.raises(SetUnreadableError) as caught:
            shelf.engine.delta(delivered, target)
        assert caught.value.hint
