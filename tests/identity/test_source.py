"""What a source may look like, and what is said of one that cannot be read."""

from __future__ import annotations

import gzip
import hashlib
import traceback
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reconciler.identifiers import Hash, Identity, MappedColumn
from reconciler.identity import (
    ColumnMissingError,
    ColumnTypeError,
    Engine,
    IdentityError,
    Selection,
    SourceMissingError,
    SourceUnreadableError,
)
from tests.identity.conftest import at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ID = "0bfb14a7-8b38-4a3b-9f8b-97f3e4d4a1f2"
OTHER = "12345678-1234-1234-1234-123456789012"
PEOPLE: dict[str, list[Any]] = {"mpid": [1, 2], "idfa": [ID, OTHER], "ltv": [1.5, 2.5]}
MPID = MappedColumn(Identity.MPID, "mpid")
IDFA = MappedColumn(Identity.IDFA, "idfa")


def digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    "name",
    [
        "a.parquet",
        "a.csv",
        "a.tsv",
        "a.jsonl",
        "a.ndjson",
        "a.json",
        "a.csv.gz",
        "a.jsonl.gz",
        "A.CSV",
        "we[i]rd*?.csv",
        "Ünï 'x'.csv",
    ],
)
def test_every_format_gives_the_same_set(build: Any, write: Any, name: str) -> None:
    expected = build(write("expected.parquet", PEOPLE), MPID, IDFA).summary
    assert build(write(name, PEOPLE), MPID, IDFA, where="ltv > 1").summary == expected


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_a_glob_reads_all_files_as_one(build: Any, write: Any, suffix: str, tmp_path: Path) -> None:
    write(f"part-1.{suffix}", {"mpid": [1], "idfa": [ID]})
    write(f"part-2.{suffix}", {"mpid": [2], "idfa": [OTHER]})
    assert build(f"{tmp_path}/part-*.{suffix}", MPID, IDFA).hashes == {digest(ID), digest(OTHER)}


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_an_identifier_that_looks_like_a_number_is_read_as_text(build: Any, write: Any, suffix: str) -> None:
    ids = ["00000000000000000000000000000012", "1234567890123456789012345678e100"]
    dashed = {digest(str(UUID(each))) for each in ids}
    source = write(f"a.{suffix}", {"idfa": ids, "ltv": [1, 2]})
    assert build(source, IDFA).hashes == build(source, IDFA, where="ltv > 0").hashes == dashed


def test_in_json_a_person_may_be_a_number_here_and_text_there(build: Any, write: Any) -> None:
    built = build(
        write("a.jsonl", {"mpid": [7300000000000000042, "7300000000000000042"], "idfa": [ID, OTHER]}), MPID, IDFA
    )
    assert built.summary.users == 1


def test_a_key_that_most_json_objects_lack_is_found(build: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"mpid": 1}\n' * 25_000 + f'{{"mpid": 2, "idfa": "{ID}"}}\n')
    assert build(path, IDFA).hashes == {digest(ID)}


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_late_decimal_is_not_rounded_for_where(build: Any, write: Any, suffix: str) -> None:
    many = 25_000
    source = write(f"a.{suffix}", {"idfa": [OTHER] * many + [ID], "ltv": [1] * many + [1.5]})
    assert build(source, IDFA, where="ltv > 1 and ltv < 2").hashes == {digest(ID)}


def test_only_iso_dates_are_taken_for_dates(engine: Engine, write: Any) -> None:
    columns = {
        "day": "2026-01-31",
        "moment": "2026-01-31 10:00:00",
        "guess": "01/02/2026",
        "late": "01/31/2026 10:00:00 AM",
    }
    types = engine.columns(at(write("a.csv", {name: [value] for name, value in columns.items()})))
    assert types == {"day": "DATE", "moment": "TIMESTAMP", "guess": "VARCHAR", "late": "VARCHAR"}


def test_columns_come_in_file_order_with_their_types(engine: Engine, write: Any) -> None:
    columns = engine.columns(at(write("a.parquet", PEOPLE)))
    assert list(columns.items()) == [("mpid", "BIGINT"), ("idfa", "VARCHAR"), ("ltv", "DOUBLE")]


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_a_column_may_have_any_name(build: Any, write: Any, suffix: str) -> None:
    names = [
        "IDFA",
        "select",
        "Größe",
        'quo"ted',
        "with space",
        "semi;colon",
        "it's",
        "{x}",
        "text_0",
        "raw_1",
        "person",
    ]
    ids = {name: str(UUID(int=number)) for number, name in enumerate(names, start=1)}
    source = write(f"a.{suffix}", {**{name: [each] for name, each in ids.items()}, "n": [1]})
    columns = [MappedColumn(Identity.IDFA, name) for name in names]
    assert build(source, *columns, where='n = 1 and "select" is not null').hashes == set(map(digest, ids.values()))


def test_upper_and_lower_case_do_not_tell_columns_apart(build: Any, write: Any) -> None:
    assert build(write("a.parquet", {"IdFa": [ID]}), IDFA).hashes == {digest(ID)}


def test_a_uuid_column_holds_device_ids(build: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"idfa": pa.array([UUID(ID).bytes], pa.uuid())}), path)
    assert build(path, IDFA).hashes == {digest(ID)}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_csv_may_be_separated_as_it_likes(build: Any, tmp_path: Path, separator: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"mpid{separator}idfa\n1{separator}{ID}\n")
    assert build(path, MPID, IDFA).hashes == {digest(ID)}


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_csv_lines_may_end_as_they_like(build: Any, tmp_path: Path, line_end: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(f"\ufeffidfa{line_end}{ID}{line_end}#{line_end}{OTHER}".encode())
    built = build(path, IDFA)
    assert (built.hashes, built.summary.rows) == ({digest(ID), digest(OTHER)}, 3)


def test_a_header_alone_is_nobody_whatever_where_compares(build: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("mpid,idfa,last_order_at,ltv\n")
    built = build(path, MPID, IDFA, where="last_order_at < current_date - interval 90 day and ltv > 5 and mpid > 1")
    assert (built.summary.rows, built.summary.users, built.members) == (0, 0, [])


@pytest.mark.parametrize("pattern", ["none.csv", "none-*.parquet", "."])
def test_a_missing_source_is_named(engine: Engine, tmp_path: Path, pattern: str) -> None:
    path = str(tmp_path / pattern)
    with pytest.raises(SourceMissingError) as caught:
        engine.columns(at(path))
    assert path in caught.value.message
    assert caught.value.hint


def damaged(name: str, content: bytes) -> Any:
    return pytest.param(name, content, id=name)


UNREADABLE = [
    damaged("empty.csv", b""),
    damaged("blank.jsonl", b"\n\n"),
    damaged("blank-first-line.csv", b"\nmpid,idfa\n1,secret\n"),
    damaged("long-row.csv", b"mpid,idfa\n1,secret\n2,secret,secret\n"),
    damaged("short-row.csv", b"mpid,idfa\n1,secret\nsecret\n"),
    damaged("late-long-row.csv", b"mpid,idfa\n" + b"1,secret\n" * 30_000 + b"1,secret,secret\n"),
    damaged("open-quote.csv", b'mpid,idfa\n1,"secret\n2,secret\n'),
    damaged("quote-in-header.csv", b'"mpid":mpid,idfa\n1,secret\n2,secret\n'),
    damaged("open-quote-in-header.csv", b'"mpid,idfa\n1,secret\n2,secret\n'),
    damaged("mixed-line-ends.csv", b"mpid,idfa\r\n1,secret\n2,secret\r\n"),
    damaged("latin-1.csv", "mpid,idfa\n1,secrét\n".encode("latin-1")),
    damaged("latin-1-header.csv", "mpid,idfa,secrét\n1,2,3\n".encode("latin-1")),
    damaged("utf-16.csv", "mpid,idfa\n1,secret\n".encode("utf-16")),
    damaged("twice.csv", b"mpid,idfa,IDFA\n1,secret,secret\n"),
    damaged("broken.jsonl", b'{"mpid": 1, "idfa": "secret"}\n{"mpid": 2, "idfa": "secr'),
    damaged("array.json", b'[{"mpid": 1, "idfa": "secret"}]\n'),
    damaged("scalars.jsonl", b'{"mpid": 1, "idfa": "secret"}\n"secret"\n'),
    damaged("double-key.jsonl", b'{"mpid": 1, "idfa": "secret", "idfa": "secret"}\n'),
    damaged("case.jsonl", b'{"mpid": 1, "idfa": "secret", "IDFA": "secret"}\n'),
    damaged("case-later.jsonl", b'{"mpid": 1, "idfa": "secret"}\n{"mpid": 1, "Idfa": "secret"}\n'),
    damaged("case-within.jsonl", b'{"mpid": 1, "idfa": "secret", "x": {"a": 1, "A": 1}}\n'),
    damaged("nameless-within.jsonl", b'{"mpid": 1, "idfa": "secret", "x": {"": 1}}\n'),
    damaged("many-keys.jsonl", orjson.dumps({"mpid": 1, "idfa": "secret", **{f"k{i}": i for i in range(10_000)}})),
    damaged("latin-1.jsonl", '{"mpid": 1, "idfa": "secrét"}\n'.encode("latin-1")),
    damaged("not.parquet", b"mpid,idfa\n1,secret\n"),
    damaged("tiny.parquet", b"PAR1"),
    damaged("not.csv.gz", b"mpid,idfa\n1,secret\n"),
    damaged("cut.csv.gz", gzip.compress(b"mpid,idfa\n" + b"1,secret\n" * 1000)[:-8]),
    damaged("people.xlsx", b"PK"),
]


@pytest.mark.parametrize(("name", "content"), UNREADABLE)
def test_a_damaged_source_is_an_error_that_names_it_and_quotes_no_row(
    engine: Engine, tmp_path: Path, name: str, content: bytes
) -> None:
    path, out = tmp_path / name, tmp_path
    path.write_bytes(content)
    for where in (None, "mpid = 1"):
        with pytest.raises(SourceUnreadableError) as caught:
            engine.build(at(path), [MPID, IDFA], {"out": Selection(where, (Identity.IDFA,))}, out)
        assert str(path) in caught.value.message
        assert "secr" not in "".join(traceback.format_exception(caught.value)) + (caught.value.hint or "")
    assert list(tmp_path.iterdir()) == [path]


def test_the_line_of_a_row_that_does_not_fit_is_named(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("mpid,idfa\n1,a\n2,b,c\n")
    with pytest.raises(SourceUnreadableError, match=r"line 3 has 3 columns where the header has 2"):
        engine.columns(at(path))


def test_a_parquet_file_that_was_cut_off_is_unreadable(engine: Engine, write: Any, tmp_path: Path) -> None:
    whole = write("whole.parquet", PEOPLE).read_bytes()
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(whole[:-20])
    with pytest.raises(SourceUnreadableError, match=r"cut\.parquet"):
        engine.columns(at(cut))


@pytest.mark.parametrize(
    ("second", "columns"),
    [("b.jsonl", PEOPLE), ("b.csv", {"idfa": [ID], "mpid": [1], "ltv": [2]}), ("b.csv", {"mpid": [1], "idfa": [ID]})],
    ids=["another format", "another order", "another width"],
)
def test_files_that_do_not_fit_together_are_refused(
    engine: Engine, write: Callable[..., Path], tmp_path: Path, second: str, columns: dict[str, list[Any]]
) -> None:
    write("a.csv", PEOPLE)
    write(second, columns)
    with pytest.raises(SourceUnreadableError):
        engine.columns(at(f"{tmp_path}/[ab].*"))


def test_a_parquet_file_of_which_not_as_many_rows_are_read_as_it_counts_is_refused(
    engine: Engine, write: Any, tmp_path: Path
) -> None:
    path = tmp_path / "a.parquet"
    write("a.parquet", {"idfa": [ID, OTHER]})
    sound, refused = path.read_bytes(), 0
    for place in (each for each, byte in enumerate(sound) if byte == 4):  # two, as Thrift writes it
        path.write_bytes(sound[:place] + b"\x0a" + sound[place + 1 :])
        try:
            if pq.read_metadata(path).num_rows == 2:
                continue
        except (pa.ArrowException, OSError):
            continue
        with pytest.raises(SourceUnreadableError, match=r"is damaged|not readable"):
            engine.build(at(str(path)), [IDFA], {"set": Selection(None, (Identity.IDFA,))}, tmp_path)
        refused += 1
    assert refused


def test_parquet_columns_that_only_case_tells_apart_are_refused(engine: Engine, write: Any) -> None:
    source = write("a.parquet", {"idfa": [ID], "IDFA": [OTHER]})
    with pytest.raises(SourceUnreadableError, match='the column "IDFA" twice'):
        engine.columns(at(source))


def test_parquet_with_a_nested_field_that_has_no_name_is_refused(engine: Engine, tmp_path: Path) -> None:
    nested = pa.array([{"": 1}], pa.struct([("", pa.int64())]))
    pq.write_table(pa.table({"idfa": [ID], "nested": nested}), tmp_path / "a.parquet")
    with pytest.raises(SourceUnreadableError, match="a nested field that has no name"):
        engine.columns(at(tmp_path / "a.parquet"))


def test_a_key_without_a_name_is_no_column(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"mpid": 1, "": 2}\n')
    assert list(engine.columns(at(tmp_path / "a.jsonl"))) == ["mpid"]


@pytest.mark.parametrize("folder", ["idfa=x", "dt=2026-01-01"])
@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
@pytest.mark.parametrize("where", [None, "mpid > 0"])
def test_a_folders_name_is_no_column(
    build: Any, write: Any, tmp_path: Path, folder: str, suffix: str, where: str | None
) -> None:
    (tmp_path / folder).mkdir()
    source = write(f"{folder}/a.{suffix}", {"mpid": [1], "idfa": [ID]})
    assert build(source, MPID, IDFA, where=where).hashes == {digest(ID)}


def test_parquet_files_are_joined_by_name_and_a_lacking_column_is_named(
    engine: Engine, build: Any, write: Any, tmp_path: Path
) -> None:
    write("a.parquet", {"mpid": [1], "idfa": [ID]})
    write("b.parquet", {"idfa": [OTHER], "mpid": [2]})
    assert build(f"{tmp_path}/[ab].parquet", MPID, IDFA).hashes == {digest(ID), digest(OTHER)}
    write("b.parquet", {"mpid": [2]})
    with pytest.raises(SourceUnreadableError, match=r'b\.parquet lacks the column "idfa"'):
        engine.build(at(f"{tmp_path}/[ab].parquet"), [MPID, IDFA], {"out": Selection(None, (Identity.IDFA,))}, tmp_path)


def test_a_missing_column_is_named_with_what_was_probably_meant(engine: Engine, write: Any, tmp_path: Path) -> None:
    source = write("a.csv", {"mpid": [1], "ios_idfa": [ID]})
    with pytest.raises(ColumnMissingError, match='no column "idfa"') as caught:
        engine.build(at(source), [MPID, IDFA], {"out": Selection(None, (Identity.IDFA,))}, tmp_path)
    assert caught.value.hint is not None
    assert 'Did you mean "ios_idfa"?' in caught.value.hint


@pytest.mark.parametrize(
    ("mapped", "values"),
    [
        (IDFA, pa.array([b"\x00\x01"])),
        (IDFA, pa.array([{"id": ID}])),
        (IDFA, pa.array([[12]])),
        (MPID, pa.array([["1"]])),
        (IDFA, pa.array([12])),
        (MappedColumn(Identity.PHONE, "phone", Hash.SHA256), pa.array([15551234567])),
        (MPID, pa.array([True])),
        (MPID, pa.array([b"1"])),
    ],
    ids=["bytes", "struct", "list of numbers", "persons", "number", "phone number", "boolean person", "bytes person"],
)
def test_a_column_whose_type_holds_no_identifiers_is_named(
    engine: Engine, tmp_path: Path, mapped: MappedColumn, values: pa.Array
) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({mapped.column: values}), path)
    with pytest.raises(ColumnTypeError, match=f'column "{mapped.column}"'):
        engine.build(at(path), [mapped], {"out": Selection(None, (mapped.identity,))}, tmp_path)


def test_a_source_that_changed_is_looked_at_again(engine: Engine, write: Any) -> None:
    first = engine.columns(at(write("a.csv", {"idfa": [ID]})))
    assert engine.columns(at(write("a.csv", {"idfa": [ID], "ltv": [1]}))) != first


def test_every_error_of_this_room_tells_the_way_out(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("mpid\n1,2\n")
    with pytest.raises(IdentityError) as caught:
        engine.columns(at(tmp_path / "a.csv"))
    assert caught.value.hint
