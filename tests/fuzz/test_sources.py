"""Files as they come when something went wrong: a set is exactly what its file says, or there is an error and no set.

What a file says is told by an oracle that shares nothing with the engine: Python's ``csv`` and ``json``, PyArrow, and
its own idea of a device id.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import json
import logging
import re
import shutil
import tempfile
import unicodedata
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import ReconcilerError
from reconciler.identifiers import Identity, MappedColumn
from reconciler.identity import Engine, Selection
from reconciler.origin import FileOrigin
from tests.fuzz.cases import cases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

pytestmark = pytest.mark.fuzz

MARK: Final = "444455c0ffee"
"""In every identifier made here, and in nothing that is not one."""
IDS: Final = tuple(f"{number:08x}-1111-4222-8333-{MARK}" for number in range(1, 7))
IDFA: Final = MappedColumn(Identity.IDFA, "idfa")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-?)[0-9a-f]{4}(-?)[0-9a-f]{4}(-?)[0-9a-f]{4}(-?)[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Told:
    """What a file says of its people."""

    rows: int
    hashes: frozenset[str]
    malformed: int
    untracked: int
    blank: int


class UnreadableError(Exception):
    """The oracle makes no rows of the file."""


def device(raw: str | None) -> str:
    """Return the dashed form of a device id, or what is wrong with it."""
    if raw is None:
        return "blank"
    seen = "".join(each for each in raw if unicodedata.category(each) not in {"Zs", "Zl", "Zp", "Cc", "Cf"})
    text = "".join(each for each in seen if each not in "\"'`\u2018\u2019\u201c\u201d").lower()
    if not text:
        return "blank"
    within = text[1:-1] if text.startswith("{") and text.endswith("}") else text
    match = _UUID.fullmatch(within)
    if match is None or len({*match.groups()}) != 1:
        return "malformed"
    dashed = str(UUID(within))
    return "untracked" if dashed == str(UUID(int=0)) else dashed


def told(values: Sequence[str | None]) -> Told:
    """Return what rows with these values amount to."""
    found = Counter(map(device, values))
    flaws = {flaw: found.pop(flaw, 0) for flaw in ("malformed", "untracked", "blank")}
    hashes = frozenset(hashlib.md5(each.encode(), usedforsecurity=False).hexdigest() for each in found)
    return Told(len(values), hashes, **flaws)


def say_csv(content: bytes) -> Told:
    """Read CSV as RFC 4180 has it, one width, a header."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError from None
    first = re.split(r"\r\n|\r|\n", text, maxsplit=1)[0]
    widths = {each: len(next(csv.reader([first], delimiter=each), [])) for each in ",;\t|"}
    delimiter = max(widths, key=lambda each: widths[each])
    try:
        header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except (csv.Error, ValueError):
        raise UnreadableError from None
    names = [name.strip().casefold() for name in header]
    if names.count("idfa") != 1 or any(row and len(row) != len(header) for row in rows):
        raise UnreadableError
    return told([row[names.index("idfa")] for row in rows if row])


def say_json(content: bytes) -> Told:
    """Read a JSON object a line."""
    values: list[str | None] = []
    try:
        for line in content.decode("utf-8-sig").split("\n"):
            if not line.strip():
                continue
            row = json.loads(line, parse_int=str, parse_float=str, object_pairs_hook=_read)
            if not isinstance(row, dict):
                raise UnreadableError
            if isinstance(row, _Ambiguous):
                raise UnreadableError
            names = {name.casefold(): name for name in row}
            value = row[names["idfa"]] if "idfa" in names else None
            values.append(value if value is None or isinstance(value, str) else f"not an id: {value}")
    except (ValueError, RecursionError):
        raise UnreadableError from None
    return told(values)


class _Ambiguous(dict[str, object]):
    """An object that names somebody twice, so that nobody knows which is meant."""


def _read(pairs: list[tuple[str, object]]) -> dict[str, object]:
    return (dict if [name.casefold() for name, _ in pairs].count("idfa") < 2 else _Ambiguous)(pairs)


def say_parquet(content: bytes) -> Told:
    """Read Parquet by PyArrow."""
    try:
        table = pq.read_table(io.BytesIO(content), columns=["idfa"])
        values = table.column("idfa").to_pylist()
    except (pa.ArrowException, OSError, ValueError, LookupError):
        raise UnreadableError from None
    if not all(each is None or isinstance(each, str) for each in values):
        raise UnreadableError
    return told(values)


def inflated(say: Callable[[bytes], Told]) -> Callable[[bytes], Told]:
    """Read what is compressed with gzip."""

    def read(content: bytes) -> Told:
        try:
            return say(gzip.decompress(content))
        except (OSError, EOFError, ValueError, _zlib_error()):
            raise UnreadableError from None

    return read


def _zlib_error() -> type[Exception]:
    import zlib

    return zlib.error


def _csv_of(rows: Sequence[str]) -> bytes:
    return ("mpid,idfa,note\r\n" + "".join(f'{i},{row},"a ""b"", c"\r\n' for i, row in enumerate(rows))).encode()


def _json_of(rows: Sequence[str]) -> bytes:
    return "".join(json.dumps({"mpid": i, "idfa": row, "note": "ä"}) + "\n" for i, row in enumerate(rows)).encode()


def _parquet_of(rows: Sequence[str]) -> bytes:
    out = io.BytesIO()
    table = pa.table({"mpid": list(range(len(rows))), "idfa": pa.array(rows, pa.string())})
    pq.write_table(table, out, compression="none", write_page_checksum=True)
    return out.getvalue()


SOUND: Final = (*IDS, "{" + IDS[0].upper() + "}", " ", "nonsense", "0" * 32)
KINDS: Final = {
    "csv": (_csv_of(SOUND), say_csv),
    "jsonl": (_json_of(SOUND), say_json),
    "parquet": (_parquet_of(SOUND), say_parquet),
    "csv.gz": (gzip.compress(_csv_of(SOUND), mtime=0), inflated(say_csv)),
    "jsonl.gz": (gzip.compress(_json_of(SOUND), mtime=0), inflated(say_json)),
}
_PIECES: Final = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xe9",
    b"\r", b"\n", b"\r\n", b"\n\n", b'"', b'""', b"'", b",", b";", b"\t", b"|", b"\\",
    b"{", b"}", b"[", b"]", b":", b"null", b"true", b"NaN", b"1e15", b"1e999", b"-0", b"\xed\xa0\x80",
    b"\\ud800", b"\xc2\x85",
    "\u2028".encode(), b"\x1a", b"#", b"--", b"idfa",
    b"IDFA", b'"idfa":', b"{}", b'{"idfa": ["x"]}\n', b"PAR1", b"\x80" * 9,
    IDS[5].encode(), b"0" * 32, b"a" * 5000,
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, sound: bytes) -> bytes:
    """Draw a file that was sound until somebody cut it off, flipped bits, or put in, took out or moved something."""
    content = bytearray(sound)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        match draw(st.integers(0, 5)):
            case 0:
                del content[at:]
            case 1 if at < len(content):
                content[at] ^= draw(st.integers(1, 255))
            case 2:
                content[at:at] = draw(st.sampled_from(_PIECES))
            case 3:
                del content[at : at + draw(st.integers(1, 40))]
            case 4:
                content += content[at : at + draw(st.integers(1, 200))]
            case _:
                content[at : at + 1] = draw(st.binary(max_size=3))
    return bytes(content)


def recoded(texts: bytes) -> st.SearchStrategy[bytes]:
    """Return the same text in encodings that exports are in now and then."""
    text = texts.decode()
    marks = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b"")
    encodings = ("utf-8", "utf-16", "utf-16-le", "latin-1", "utf-32", "cp037", "utf-7")
    return st.builds(
        lambda mark, encoding, half: mark + texts[:half] + text[half:].encode(encoding, "replace"),
        st.sampled_from(marks),
        st.sampled_from(encodings),
        st.integers(0, len(text) // 2),
    )


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with Engine(tmp_path_factory.mktemp("engine"), threads=1, memory_limit="256MB") as engine:
        yield engine


@contextmanager
def folder() -> Iterator[Path]:
    """Make a folder for one case, away from everything in memory."""
    path = Path(tempfile.mkdtemp(prefix="fuzz-"))
    try:
        yield path
    finally:
        shutil.rmtree(path)


def _check_refusal(error: ReconcilerError, path: Path | None, logged: str) -> None:
    said = f"{error.message} {error.hint} {logged}"
    assert error.hint, said
    assert path is None or path.name in said, said
    assert MARK not in said.casefold(), "an identifier is in a message"


def without_blank(told: Told) -> Told:
    """Return what was told but for rows without a value, which hold nobody."""
    return replace(told, rows=told.rows - told.blank, blank=0)


def judge(engine: Engine, kind: str, content: bytes, where: str | None, logged: io.StringIO) -> None:
    """Hold the engine's word on a file against the oracle's."""
    with folder() as here:
        path, sets = here / f"people.{kind}", here / "sets"
        path.write_bytes(content)
        sets.mkdir()
        try:
            origin = FileOrigin(str(path), str(path))
            summary = engine.build(origin, [IDFA], {"set": Selection(where, (Identity.IDFA,))}, sets)["set"]
        except ReconcilerError as error:
            _check_refusal(error, path if where is None else None, logged.getvalue())
            assert not list(sets.iterdir()), "half a set was left behind"
            return
        found = pq.read_table(sets / "set.parquet")
        hashes = (
            frozenset(each.hex() for each in found.column("idfa_md5").to_pylist() if each is not None)
            if "idfa_md5" in found.column_names
            else frozenset[str]()
        )
        rejected = summary.rejected[Identity.IDFA]
        got = Told(summary.rows, hashes, rejected.malformed, rejected.untracked, rejected.blank)
        try:
            expected = KINDS[kind][1](content)
        except UnreadableError:
            if kind == "parquet" and got.rows == len(SOUND):
                return  # DuckDB overlooks damage where PyArrow gives up; no row may be lost for it
            pytest.fail(f"a set of {got.rows} rows came out of what cannot be read: {content!r}")
        if kind == "csv":  # an empty line is a row without a value, or none
            got, expected = without_blank(got), without_blank(expected)
        assert got == expected or (kind == "parquet" and got == told(SOUND)), content
        assert MARK not in str(summary)


@pytest.fixture(scope="module")
def logged() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


WHERES: Final = st.sampled_from([None, None, "idfa is not null or idfa is null"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_is_an_error_or_exactly_its_rows(kind: str, engine: Engine, logged: io.StringIO) -> None:
    @cases(12)
    @given(damaged(KINDS[kind][0]), WHERES)
    def holds(content: bytes, where: str | None) -> None:
        judge(engine, kind, content, where, logged)

    holds()


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_off_anywhere_is_an_error_or_exactly_its_rows(
    kind: str, engine: Engine, logged: io.StringIO
) -> None:
    whole = KINDS[kind][0]

    @cases(10)
    @given(st.integers(0, len(whole)))
    def holds(length: int) -> None:
        judge(engine, kind, whole[:length], None, logged)

    holds()


@pytest.mark.parametrize("kind", KINDS)
def test_arbitrary_bytes_are_an_error_or_exactly_their_rows(kind: str, engine: Engine, logged: io.StringIO) -> None:
    @cases(8)
    @given(st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(_PIECES), max_size=20).map(b"".join)))
    def holds(content: bytes) -> None:
        judge(engine, kind, content, None, logged)

    holds()


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_text_in_another_encoding_is_an_error_or_exactly_its_rows(
    kind: str, engine: Engine, logged: io.StringIO
) -> None:
    @cases(8)
    @given(recoded(KINDS[kind][0]), WHERES)
    def holds(content: bytes, where: str | None) -> None:
        judge(engine, kind, content, where, logged)

    holds()
