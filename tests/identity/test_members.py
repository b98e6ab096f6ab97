"""Who counts as a person, what is counted, and what ends up in the set file and on the disk."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

import duckdb
import pyarrow.parquet as pq
import pytest

from reconciler.identifiers import Hash, Identity, IdType, MappedColumn
from reconciler.identity import Engine, EngineError, Rejected, Selection, UnsupportedEngineError
from reconciler.identity.sets import members
from reconciler.identity.sets.setfile import digest
from tests.identity.conftest import at

if TYPE_CHECKING:
    from pathlib import Path

A, B, C, D = (f"0bfb14a7-8b38-4a3b-9f8b-00000000000{letter}" for letter in "abcd")
ZERO = "00000000-0000-0000-0000-000000000000"
MPID = MappedColumn(Identity.MPID, "mpid")
IDFA = MappedColumn(Identity.IDFA, "idfa")
GAID = MappedColumn(Identity.GAID, "gaid")


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def test_each_identifier_travels_under_its_own_type(build: Any) -> None:
    built = build({"idfa": [A, None, B], "gaid": [None, C, D]}, GAID, IDFA)
    assert {(member.id_type, member.hash) for member in built.members} == {
        (IdType.IDFA_MD5, md5(A)),
        (IdType.GAID_MD5, md5(C)),
        (IdType.IDFA_MD5, md5(B)),
        (IdType.GAID_MD5, md5(D)),
    }


def test_an_identifier_is_hashed_as_its_column_says(build: Any) -> None:
    columns = {"a": [A], "b": [md5(B)], "c": ["Ada+x@Example.com"], "d": ["+1 555 123 4567"], "e": [C]}
    built = build(
        columns,
        MappedColumn(Identity.IDFA, "a", Hash.SHA256),
        MappedColumn(Identity.GAID, "b", hashed=True),
        MappedColumn(Identity.EMAIL, "c", Hash.SHA256),
        MappedColumn(Identity.PHONE, "d", Hash.SHA256),
        MappedColumn(Identity.GAID, "e"),
    )
    assert {(member.id_type, member.hash) for member in built.members} == {
        (IdType.IDFA_SHA256, hashlib.sha256(A.encode()).hexdigest()),
        (IdType.GAID_MD5, md5(B)),
        (IdType.GAID_MD5, md5(C)),
        (IdType.EMAIL_SHA256, hashlib.sha256(b"ada@example.com").hexdigest()),
        (IdType.PHONE_SHA256, hashlib.sha256(b"+15551234567").hexdigest()),
    }


def test_a_person_is_an_mpid_however_many_rows_and_devices(build: Any) -> None:
    built = build({"mpid": ["7", "7 ", "7", "8"], "idfa": [A, B, A, C]}, MPID, IDFA)
    assert (built.summary.rows, built.summary.users, built.summary.identifiers) == (4, 2, {IdType.IDFA_MD5: 3})
    assert len({member.person for member in built.members if member.hash != md5(C)}) == 1


def test_without_an_mpid_a_person_is_what_the_row_holds(build: Any) -> None:
    built = build({"idfa": [A, A, B], "gaid": [C, C, D]}, IDFA, GAID)
    assert built.summary.users == len({member.person for member in built.members}) == 2


def test_a_row_whose_mpid_is_missing_is_a_person_of_its_own(build: Any) -> None:
    assert build({"mpid": ["7", None, ""], "idfa": [A, B, C]}, MPID, IDFA).summary.users == 3


def test_people_who_share_a_device_each_count_and_the_smallest_has_it(build: Any) -> None:
    shared = build({"mpid": ["7", "8"], "idfa": [A, A]}, MPID, IDFA)
    persons = {build({"mpid": [mpid], "idfa": [A]}, MPID, IDFA).members[0].person for mpid in ("7", "8")}
    assert (shared.summary.users, shared.summary.total) == (2, 1)
    assert shared.members[0].person == min(persons)


def test_who_has_no_usable_identifier_is_no_user(build: Any) -> None:
    built = build(
        {"mpid": ["7", "8", "9"], "idfa": [ZERO, None, "x"], "gaid": [A, A, A]},
        MPID,
        IDFA,
        GAID,
        identities=[Identity.IDFA],
    )
    assert (built.summary.rows, built.summary.users, built.members) == (3, 0, [])


def test_only_the_identities_asked_for_are_in_the_set(build: Any) -> None:
    built = build({"mpid": ["7"], "idfa": [A], "gaid": [B]}, MPID, IDFA, GAID, identities=[Identity.GAID])
    assert (built.hashes, list(built.summary.rejected)) == ({md5(B)}, [Identity.GAID])


def test_what_was_not_used_is_counted_by_identity(build: Any) -> None:
    built = build({"idfa": [A, "secret-1", "Secret 2", ZERO, "", None], "gaid": [B] * 6}, IDFA, GAID)
    assert built.summary.rejected == {
        Identity.IDFA: Rejected(malformed=2, untracked=1, blank=2, examples=("aaaaaa 9", "aaaaaa-9")),
        Identity.GAID: Rejected(),
    }


def test_one_bad_value_costs_a_person_no_other_identifier(build: Any) -> None:
    assert build({"mpid": ["7"], "idfa": ["bad"], "gaid": [B]}, MPID, IDFA, GAID).hashes == {md5(B)}


def test_the_most_frequent_shapes_of_malformed_values_are_shown(build: Any) -> None:
    built = build({"idfa": ["a", "bb", "bb", "12", "34", "56", "x-y", "7!"]}, IDFA)
    assert built.summary.rejected[Identity.IDFA].examples == ("99", "aa", "9!")


def test_equal_sets_are_equal_files_whatever_the_rows_and_the_threads(write: Any, tmp_path: Path) -> None:
    ids = [f"{number:032x}" for number in range(1, 5000)]
    mpids = [str(number // 3) for number in range(1, 5000)]
    forward = write("forward.parquet", {"mpid": mpids, "idfa": ids})
    backward = write(
        "backward.csv", {"idfa": [i.upper() for i in reversed(ids)] * 2, "mpid": list(reversed(mpids)) * 2}
    )
    digests = set()
    for source, threads in ((forward, 1), (backward, 2)):
        out = tmp_path / "out.parquet"
        with Engine(tmp_path / "scratch", threads=threads) as engine:
            built = engine.build(at(source), [MPID, IDFA], {"out": Selection(None, (Identity.IDFA,))}, tmp_path)
        digests.add(built["out"].digest)
        digests.add(hashlib.sha256(out.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_a_set_file_is_sorted_unique_and_for_this_user_alone(build: Any, tmp_path: Path) -> None:
    built = build({"idfa": [C, A, B, A], "gaid": [A, B, C, D]}, IDFA, GAID)
    keys = [(member.id_type, member.hash) for member in built.members]
    assert keys == sorted(set(keys))
    assert (tmp_path / "set.parquet").stat().st_mode & 0o777 == 0o600


def test_an_mpid_is_in_the_file_neither_plain_nor_plainly_hashed(build: Any, tmp_path: Path) -> None:
    mpid = "7300000000000000042"
    members = build({"mpid": [mpid], "idfa": [A]}, MPID, IDFA).members
    assert mpid.encode() not in (tmp_path / "set.parquet").read_bytes()
    assert members[0].person != bytes.fromhex(md5(mpid))


def test_a_set_that_cannot_be_written_says_so(engine: Engine, write: Any, tmp_path: Path) -> None:
    source = write("a.parquet", {"idfa": [A]})
    with pytest.raises(EngineError, match="could not be written"):
        engine.build(at(source), [IDFA], {"out": Selection(None, (Identity.IDFA,))}, tmp_path / "missing")


def test_nothing_raw_is_spilled_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = 200_000
    with duckdb.connect() as connection:
        connection.execute(
            f"""COPY (SELECT 'mpid-' || i AS mpid, uuid()::text AS idfa, 'malformed-' || i AS gaid, 'x' || i AS note
            FROM range({people}) AS r(i)) TO '{tmp_path}/people.parquet'"""
        )
    scratch, spilled = tmp_path / "scratch", bytearray()

    def look(path: Path) -> str:
        for file in scratch.rglob("*"):
            if file.is_file():
                spilled.extend(file.read_bytes())
        return digest(path)

    # The digest is taken when everything is computed and nothing is cleared away yet.
    monkeypatch.setattr(members, "digest", look)
    with Engine(scratch, memory_limit="40MB", threads=1) as engine:
        wanted = Selection("note like 'x%' and idfa like '%-%'", (Identity.IDFA, Identity.GAID))
        origin = at(tmp_path / "people.parquet")
        summary = engine.build(origin, [MPID, IDFA, GAID], {"set": wanted}, tmp_path)["set"]
    ids = pq.read_table(tmp_path / "people.parquet", columns=["idfa"]).column("idfa").to_pylist()
    assert summary.users == people
    assert len(spilled) > 1_000_000
    assert b"mpid-" not in spilled
    assert b"malformed-" not in spilled
    assert not re.search(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-", spilled)
    assert not [each for each in ids[::2000] if UUID(each).bytes in spilled]


def test_the_folder_for_spilling_is_private_and_gone_afterwards(tmp_path: Path) -> None:
    with Engine(tmp_path / "scratch"):
        (folder,) = (tmp_path / "scratch").iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "scratch").iterdir()) == []


def test_an_unknown_engine_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedEngineError, match="flink"):
        Engine(tmp_path, url="flink://host")


def test_running_out_of_memory_is_an_error_with_a_way_out(tmp_path: Path, write: Any) -> None:
    ids = [f"{number:032x}" for number in range(1, 200_000)]
    with (
        Engine(tmp_path / "scratch", memory_limit="6MB", threads=1) as engine,
        pytest.raises(EngineError, match="memory") as caught,
    ):
        engine.build(
            at(str(write("a.parquet", {"idfa": ids}))), [IDFA], {"out": Selection(None, (Identity.IDFA,))}, tmp_path
        )
    assert caught.value.hint
