"""Columns as people have them: several for an identity, arrays, JSON arrays in text, long tables."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reconciler.identifiers import Form, Hash, Identity, MappedColumn, When
from reconciler.identity import Engine, Rejected, Selection, SourceUnreadableError
from tests.identity.conftest import at, read_set

if TYPE_CHECKING:
    from pathlib import Path

A, B, C, D = (f"0bfb14a7-8b38-4a3b-9f8b-00000000000{letter}" for letter in "abcd")
MPID = MappedColumn(Identity.MPID, "mpid")
IDFA = MappedColumn(Identity.IDFA, "idfa")


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def test_an_identity_may_have_several_columns(build: Any) -> None:
    one, two = MappedColumn(Identity.IDFA, "idfa_1"), MappedColumn(Identity.IDFA, "idfa_2")
    built = build({"mpid": ["1", "2"], "idfa_1": [A, None], "idfa_2": [B, C]}, MPID, one, two)
    assert built.hashes == {md5(A), md5(B), md5(C)}
    assert built.summary.users == 2
    assert built.summary.rejected[Identity.IDFA].blank == 1


def test_a_device_named_in_two_columns_of_a_row_counts_once(build: Any) -> None:
    one, two = MappedColumn(Identity.IDFA, "idfa_1"), MappedColumn(Identity.IDFA, "idfa_2")
    built = build({"idfa_1": [A, B], "idfa_2": [A.upper(), None]}, one, two)
    assert [member.hash for member in built.members] == sorted([md5(A), md5(B)])


def test_columns_of_one_identity_may_be_plain_and_hashed(build: Any) -> None:
    built = build({"a": [A, None], "b": [None, md5(B)]}, *both(MappedColumn(Identity.IDFA, "a")))
    assert built.hashes == {md5(A), md5(B)}


def both(plain: MappedColumn) -> tuple[MappedColumn, MappedColumn]:
    return plain, MappedColumn(plain.identity, "b", hashed=True)


ARRAYS: dict[str, list[Any]] = {"mpid": [1, 2, 3, 4], "idfa": [[A, B], [], None, ["x", None, C]]}


@pytest.mark.parametrize("name", ["a.parquet", "a.jsonl"])
@pytest.mark.parametrize("where", [None, "mpid < 10", "len(idfa) >= 0 or idfa is null"])
def test_an_array_holds_the_devices_of_a_person(build: Any, write: Any, name: str, where: str | None) -> None:
    built = build(write(name, ARRAYS), MPID, IDFA, where=where)
    assert built.hashes == {md5(A), md5(B), md5(C)}
    assert built.summary.users == 2
    # An empty array and a missing one lack one value each, and so does a null in an array.
    assert built.summary.rejected[Identity.IDFA] == Rejected(malformed=1, blank=3, examples=("a",))


def test_without_an_mpid_the_devices_of_an_array_are_one_person(build: Any) -> None:
    assert build({"idfa": [[A, B], [C]]}, IDFA).summary.users == 2


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.jsonl"])
def test_a_json_array_in_text_is_taken_apart(build: Any, write: Any, name: str) -> None:
    texts = [f'["{A}", "{B.upper()}"]', "[]", "", f'[ "{{{C}}}" ]', D, "[broken", '{"id": 1}', "[1, null]"]
    source = write(name, {"mpid": [str(i) for i in range(8)], "idfa": texts})
    built = build(source, MPID, MappedColumn(Identity.IDFA, "idfa", form=Form.JSON_ARRAY))
    assert built.hashes == {md5(A), md5(B), md5(C), md5(D)}
    assert built.summary.users == 3
    assert built.summary.rejected[Identity.IDFA].malformed == 3


def test_an_array_that_nobody_can_own_is_refused(engine: Engine, tmp_path: Path) -> None:
    pq.write_table(pa.table({"idfa": [[A] * 101]}), tmp_path / "a.parquet")
    with pytest.raises(SourceUnreadableError, match='101 values in the array "idfa"') as caught:
        engine.build(at(tmp_path / "a.parquet"), [IDFA], {"a": Selection(None, (Identity.IDFA,))}, tmp_path)
    assert caught.value.hint


LONG = {
    "mpid": ["1", "1", "1", "2", "2"],
    "kind": ["idfa", " IDFA ", "gaid", "ios", "email"],
    "value": [A, B, C, D, "ada@example.com"],
}


def test_a_long_table_tells_types_by_a_column(build: Any) -> None:
    built = build(
        LONG,
        MPID,
        MappedColumn(Identity.IDFA, "value", when=When("Kind", ("idfa", "ios"))),
        MappedColumn(Identity.GAID, "VALUE", when=When("kind", ("gaid",))),
        MappedColumn(Identity.EMAIL, "value", Hash.SHA256, when=When("kind", ("email",))),
    )
    assert {member.hash for member in built.members if member.id_type.identity is Identity.IDFA} == {
        md5(A),
        md5(B),
        md5(D),
    }
    assert built.summary.users == 2
    # What a row of another type lacks is not missing.
    assert all(rejected == Rejected() for rejected in built.summary.rejected.values())


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_long_table_may_be_text_and_chosen_from(build: Any, write: Any, name: str) -> None:
    idfa = MappedColumn(Identity.IDFA, "value", when=When("kind", ("idfa",)))
    assert build(write(name, LONG), MPID, idfa, where="mpid = 1").hashes == {md5(A), md5(B)}


def test_devices_of_a_person_in_a_long_table_travel_in_one_row(build: Any, tmp_path: Path) -> None:
    build(
        LONG,
        MPID,
        MappedColumn(Identity.IDFA, "value", when=When("kind", ("idfa",))),
        MappedColumn(Identity.GAID, "value", when=When("kind", ("gaid",))),
    )
    rows = pq.read_table(tmp_path / "set.parquet").to_pylist()
    assert [sum(value is not None for value in row.values()) - 1 for row in rows] == [2, 1]


def test_a_missing_type_column_is_named(engine: Engine, write: Any, tmp_path: Path) -> None:
    mapped = MappedColumn(Identity.IDFA, "value", when=When("type", ("idfa",)))
    with pytest.raises(Exception, match='no column "type" for the type of idfa'):
        engine.build(at(write("a.csv", LONG)), [mapped], {"a": Selection(None, (Identity.IDFA,))}, tmp_path)


def test_a_source_is_read_once_for_all_its_audiences(engine: Engine, write: Any, tmp_path: Path) -> None:
    gaid = MappedColumn(Identity.GAID, "gaid")
    rows = {"mpid": ["1", "2", "3"], "idfa": [A, B, None], "gaid": [C, None, D], "orders": [1, 2, 3]}
    selections = {
        "all": Selection(None, (Identity.IDFA, Identity.GAID)),
        "few": Selection("orders < 2", (Identity.IDFA,)),
        "same": Selection("orders < 2", (Identity.IDFA, Identity.GAID)),
        "late": Selection("orders > 2", (Identity.IDFA,)),
    }
    built = engine.build(at(write("a.parquet", rows)), [MPID, IDFA, gaid], selections, tmp_path)
    held = {name: {member.hash for member in read_set(tmp_path / f"{name}.parquet")} for name in selections}
    assert held == {"all": {md5(A), md5(B), md5(C), md5(D)}, "few": {md5(A)}, "same": {md5(A), md5(C)}, "late": set()}
    assert {name: (summary.rows, summary.users) for name, summary in built.items()} == {
        "all": (3, 3),
        "few": (1, 1),
        "same": (1, 1),
        "late": (1, 0),
    }
    assert built["late"].rejected == {Identity.IDFA: Rejected(blank=1)}
    alone = engine.build(at(write("b.parquet", rows)), [MPID, IDFA, gaid], {"few": selections["few"]}, tmp_path)
    assert alone["few"].digest == built["few"].digest
