"""From rows to a set: the short cut for clean values, whose a row is, and parts of people made one after the other."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import duckdb
import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.identifiers import Form, Hash, Identity, IdType, MappedColumn
from reconciler.identity import Engine, Selection
from reconciler.identity.normalise import rule_for
from reconciler.identity.sets import members, ownership
from reconciler.identity.sets.setfile import digest
from reconciler.identity.sources import reading
from tests.identity.conftest import at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from reconciler.identity import SetSummary

MPID = MappedColumn(Identity.MPID, "mpid")
IDFA = MappedColumn(Identity.IDFA, "idfa")
SECOND_IDFA = MappedColumn(Identity.IDFA, "idfa_2")
GAID = MappedColumn(Identity.GAID, "gaid", Hash.SHA256)
EMAIL = MappedColumn(Identity.EMAIL, "email", Hash.SHA256)
PHONE = MappedColumn(Identity.PHONE, "phone", Hash.SHA256)
BOTH = (Identity.IDFA, Identity.GAID)

HOSTILE: Final = (
    *("\n", "\r", "\r\n", "\t", " ", "\0", "\x0b", "\x1c", "\x7f", "\x85", "\xa0", "\xad"),
    *("\u200b", "\u2028", "\u2029", "\u2010", "\ufeff", "\U000e0001", "\U0001f600"),
    *("\u0130", "\u0131", "\u017f", "\u212a", "\u03a3", "\u00c4", "\u0391", "\uff21", "\uff10", "\u0664", "\u0301"),
)
"""Line ends, spaces and nothings of every kind; letters whose lower case is ASCII, and digits that are not."""


# The short cut


def spelled_so(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(pattern, fullmatch=True)


PLAIN: Final[Mapping[str, tuple[MappedColumn, st.SearchStrategy[str]]]] = {
    "mpid": (MPID, spelled_so("[0-9]{1,19}")),
    "idfa": (
        IDFA,
        spelled_so("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}") | spelled_so("0{8}(-0{4}){3}-0{12}"),
    ),
    "email": (EMAIL, spelled_so("[a-zA-Z0-9._+-]{1,9}@[a-zA-Z0-9.-]{1,9}")),
    "phone": (PHONE, spelled_so("[+]?[0-9]{5,16}")),
    "md5": (MappedColumn(Identity.IDFA, "x", hashed=True), spelled_so("[0-9a-fA-F]{32}") | spelled_so("0{32}")),
    "sha256": (MappedColumn(Identity.GAID, "x", Hash.SHA256, hashed=True), spelled_so("[0-9a-f]{64}")),
    "email_sha256": (
        MappedColumn(Identity.EMAIL, "x", Hash.SHA256, hashed=True),
        spelled_so("[0-9a-f]{64}") | st.just(hashlib.sha256(b"").hexdigest()),
    ),
}


@st.composite
def values(draw: st.DrawFn, plain: st.SearchStrategy[str]) -> str | None:
    """A clean value, mostly with something of another world put somewhere into it."""
    text = draw(plain)
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(st.sampled_from(HOSTILE) | st.text(max_size=2)) + text[place:]
    return draw(st.sampled_from([text] * 8 + [text[:-1], "", None]))


@dataclass(frozen=True, slots=True)
class Both:
    """What the two ways make of raw values.

    Attributes:
        connection: A DuckDB of its own.
        statements: By rule.
    """

    connection: duckdb.DuckDBPyConnection = field(default_factory=lambda: duckdb.connect(config={"threads": 1}))
    statements: dict[str, str] = field(default_factory=dict)

    def ways(self, name: str, raw: Sequence[str | None]) -> list[dict[str, Any]]:
        """Return for each value whether it is plain, and what the short and the long way make of it."""
        self.connection.register("candidates", pa.table({"i": range(len(raw)), "raw": pa.array(raw, pa.string())}))
        rows = self.connection.execute(self.statements.setdefault(name, self._statement(name))).to_arrow_table()
        told: list[dict[str, Any]] = rows.to_pylist()
        return told

    @staticmethod
    def _statement(name: str) -> str:
        rule = rule_for(PLAIN[name][0], ibis.dtype("string"))
        assert rule.is_plain is not None
        table = ibis.table({"i": "int64", "raw": "string"}, name="candidates")
        spelled = table.mutate(
            plain=rule.is_plain(table["raw"]), short=table["raw"].lower(), spelled=rule.spell(table["raw"])
        )
        judged = spelled.mutate(flaw=rule.flaw(spelled["spelled"]), long=rule.canonical(spelled["spelled"]))
        return str(ibis.to_sql(judged.order_by("i"), dialect="duckdb"))


BOTH_WAYS = Both()


@pytest.mark.parametrize("name", PLAIN)
@given(drawn=st.data())
@settings(max_examples=12, deadline=None)
def test_what_is_clean_at_a_glance_is_what_the_long_way_makes_of_it(name: str, drawn: st.DataObject) -> None:
    raw = drawn.draw(st.lists(values(PLAIN[name][1]), min_size=1, max_size=20))
    for told in BOTH_WAYS.ways(name, raw):
        assert told["plain"] is not None
        if told["plain"]:
            assert (told["flaw"], told["short"], told["short"]) == (None, told["spelled"], told["long"]), told["raw"]


@pytest.mark.parametrize("name", PLAIN)
@given(drawn=st.data())
@settings(max_examples=6, deadline=None)
def test_a_value_with_something_foreign_in_it_is_never_clean_at_a_glance(name: str, drawn: st.DataObject) -> None:
    plain = drawn.draw(PLAIN[name][1])
    raw = [plain[:place] + each + plain[place:] for each in HOSTILE for place in {0, len(plain) // 2, len(plain)}]
    assert not [told["raw"] for told in BOTH_WAYS.ways(name, raw) if told["plain"]]


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("mpid", "4711"),
        ("idfa", "0BFB14A7-8b38-4a3b-9f8b-97f3e4d4a1f2"),
        ("email", "Ada.Lovelace_1@Example-1.com"),
        ("phone", "+15551234567"),
        ("md5", "9e107d9d372bb6826bd81d3542a419d6"),
        ("sha256", "9e107d9d372bb6826bd81d3542a419d6" * 2),
    ],
)
def test_values_as_most_people_have_them_take_the_short_way(name: str, raw: str) -> None:
    assert BOTH_WAYS.ways(name, [raw])[0]["plain"]


# Rows to sets, held against the rules written down a second time, in plain Python

DEVICES: Final = [f"0bfb14a7-8b38-4a3b-9f8b-0000000000{number:02x}" for number in range(8)]
devices = st.sampled_from([*DEVICES, DEVICES[0].upper(), f" {{{DEVICES[1]}}}", DEVICES[2].replace("-", ""), "x", None])
people = st.lists(
    st.fixed_dictionaries(
        {
            "mpid": st.sampled_from(["1", "2", "2 ", "3", "4", "", None]),
            "idfa": devices,
            "idfa_2": st.none() | devices,
            "gaid": devices,
            "chosen": st.booleans(),
        }
    ),
    max_size=12,
)


def expected(
    rows: Sequence[Mapping[str, Any]], identities: Sequence[Identity], *, mapped: Sequence[MappedColumn]
) -> Any:
    """Return how many persons `rows` hold, and the rows of their set file."""
    held: dict[bytes, dict[IdType, set[bytes]]] = {}
    for row in rows:
        known = [(column.id_type, _hashed(row[column.column], column.hash)) for column in mapped if column.id_type]
        usable = [(id_type, each) for id_type, each in known if id_type and each]
        mpid = (row["mpid"] or "").strip()
        own = "".join(f"{id_type}:{each.hex()};" for id_type, each in usable)
        name = f"reconciler/person/mpid/{mpid}" if mpid else f"reconciler/person/row/{own}"
        person = hashlib.md5(name.encode()).digest()
        for id_type, each in usable:
            if id_type.identity in identities:
                held.setdefault(person, defaultdict(set))[id_type].add(each)
    taken: set[tuple[IdType, bytes]] = set()
    types = [id_type for id_type in IdType if id_type in {c.id_type for c in mapped if c.identity in identities}]
    lines: list[dict[str, bytes | None]] = []
    for person in sorted(held):
        mine = {t: sorted(each for each in held[person].get(t, ()) if (t, each) not in taken) for t in types}
        taken |= {(t, each) for t, own_ones in mine.items() for each in own_ones}
        for place in range(max(map(len, mine.values()))):
            ids = {t.value: mine[t][place] if place < len(mine[t]) else None for t in types}
            lines.append({"person": person, **ids})
    return len(held), lines


def _hashed(raw: str | None, hash_: Hash) -> bytes | None:
    try:
        return hashlib.new(hash_.value, str(UUID((raw or "").strip())).encode()).digest()
    except ValueError:
        return None


@contextmanager
def taken_apart(digits: int, at_once: int | None = None) -> Iterator[None]:
    """Let so many digits of their persons take rows apart, however few there are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_ONE_PART", 0 if digits else 1 << 40)
        patch.setattr(reading, "_SIXTEEN_PARTS", 0 if digits > 1 else 1 << 40)
        if at_once is not None:
            patch.setattr(ownership, "_AT_ONCE", at_once)
        yield


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hashing")


def made(
    engine: Engine,
    folder: Path,
    rows: Sequence[Mapping[str, Any]],
    selections: Mapping[str, Selection],
    *columns: MappedColumn,
) -> dict[str, tuple[SetSummary, bytes]]:
    """Return the summary and the file of each selection."""
    types = {name: pa.string() for name in ("mpid", "idfa", "idfa_2", "gaid", "email")} | {"chosen": pa.bool_()}
    fields = pa.schema([(name, types[name]) for name in (rows[0] if rows else types)])
    pq.write_table(pa.Table.from_pylist(list(rows), fields), folder / "people.parquet")
    built = engine.build(at(folder / "people.parquet"), columns, selections, folder)
    return {name: (summary, (folder / f"{name}.parquet").read_bytes()) for name, summary in built.items()}


@given(rows=people, digits=st.integers(0, 2), identities=st.sampled_from([BOTH, BOTH[:1], BOTH[1:]]))
@settings(max_examples=8, deadline=None)
def test_a_set_is_what_the_rules_say(
    engine: Engine, workplace: Path, rows: list[dict[str, Any]], digits: int, identities: tuple[Identity, ...]
) -> None:
    columns = (MPID, IDFA, SECOND_IDFA, GAID)
    users, lines = expected([each for each in rows if each["chosen"]], identities, mapped=columns)
    with taken_apart(digits):
        summary, _ = made(engine, workplace, rows, {"set": Selection("chosen", identities)}, *columns)["set"]
    assert pq.read_table(workplace / "set.parquet").to_pylist() == lines
    assert (summary.users, summary.rows) == (users, sum(each["chosen"] for each in rows))
    assert summary.total == sum(value is not None for line in lines for value in line.values()) - len(lines)


def many(count: int = 300) -> list[dict[str, Any]]:
    """People with several rows, devices that some of them share, and values that are none."""
    rows = []
    for number in range(count):
        first, second = UUID(int=number + 1), UUID(int=1 + number * 7 % 90)
        idfa = ["nonsense 12", None, str(UUID(int=0))][number % 3] if number % 10 == 0 else str(first)
        mpid = None if number % 13 == 0 else str(number * 5 % 120)
        rows.append({"mpid": mpid, "idfa": idfa, "gaid": str(second).upper(), "chosen": number % 4 > 0})
    return rows


SELECTIONS: Final = {
    "all": Selection(None, BOTH),
    "some": Selection("chosen", BOTH),
    "devices": Selection(None, (Identity.IDFA,)),
    "others": Selection("not chosen", (Identity.GAID,)),
    "nobody": Selection("mpid = 'nobody'", BOTH),
}


@pytest.mark.parametrize(("digits", "names"), [(1, SELECTIONS), (2, ["some"])])
def test_people_taken_apart_give_the_very_sets_that_they_give_together(
    engine: Engine, tmp_path: Path, digits: int, names: Sequence[str]
) -> None:
    selections = {name: SELECTIONS[name] for name in names}
    together = made(engine, tmp_path, many(), selections, MPID, IDFA, GAID)
    with taken_apart(digits, at_once=20):
        apart = made(engine, tmp_path, many(), selections, MPID, IDFA, GAID)
    assert apart == together


def test_several_audiences_are_each_what_they_are_alone(engine: Engine, tmp_path: Path) -> None:
    rows = [each for each in many() if each["mpid"]]
    together = made(engine, tmp_path, rows, SELECTIONS, MPID, IDFA, GAID)
    alone = {
        name: made(engine, tmp_path, rows, {name: selection}, MPID, IDFA, GAID)[name]
        for name, selection in SELECTIONS.items()
    }
    assert together == alone


def test_nobody_at_all_is_an_empty_set_also_where_people_are_taken_apart(engine: Engine, tmp_path: Path) -> None:
    with taken_apart(1):
        nobody = made(engine, tmp_path, many(), {"a": SELECTIONS["nobody"]}, MPID, IDFA, GAID)["a"]
    assert (nobody[0].rows, nobody[0].users, nobody[0].total) == (0, 0, 0)
    assert nobody == made(engine, tmp_path, many(), {"a": SELECTIONS["nobody"]}, MPID, IDFA, GAID)["a"]


def test_an_identifier_that_people_in_several_parts_share_stands_once_and_each_counts(
    engine: Engine, tmp_path: Path
) -> None:
    rows = [{"mpid": str(number), "idfa": DEVICES[0]} for number in range(50)]
    with taken_apart(2):
        summary, _ = made(engine, tmp_path, rows, {"a": Selection(None, (Identity.IDFA,))}, MPID, IDFA)["a"]
    persons = [hashlib.md5(f"reconciler/person/mpid/{number}".encode()).digest() for number in range(50)]
    assert (summary.users, summary.total) == (50, 1)
    assert pq.read_table(tmp_path / "a.parquet").to_pylist() == [
        {"person": min(persons), "idfa_md5": hashlib.md5(DEVICES[0].encode()).digest()}
    ]


def test_a_set_with_shared_identifiers_is_made_again_in_its_place(engine: Engine, tmp_path: Path) -> None:
    first, again = (made(engine, tmp_path, many(), {"a": SELECTIONS["all"]}, MPID, IDFA, GAID) for _ in range(2))
    assert first == again
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.parquet", "people.parquet"]


# Nothing raw


@pytest.mark.parametrize("digits", [0, 1])
def test_nothing_raw_is_in_what_is_kept_while_sets_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digits: int
) -> None:
    secrets = [f"confidential{number}" for number in range(200)]
    table = {
        "mpid": [f"member-{each}" for each in secrets],
        "idfa": [str(UUID(bytes=each.encode().ljust(16)[:16])) for each in secrets],
        "gaid": [f"spoilt {each}" for each in secrets],
        "email": [f"{each}+x@example.com" for each in secrets],
        "phone": [f'["+1555{number:07d}", "oops {each}"]' for number, each in enumerate(secrets)],
    }
    pq.write_table(pa.table(table), tmp_path / "people.parquet")
    kept: dict[str, bytes] = {}

    def look(path: Path) -> str:
        kept.update({str(each): each.read_bytes() for each in (tmp_path / "scratch").rglob("*") if each.is_file()})
        return digest(path)

    # The digest is taken when everything is computed and nothing is cleared away yet.
    monkeypatch.setattr(members, "digest", look)
    phone = MappedColumn(Identity.PHONE, "phone", Hash.SHA256, form=Form.JSON_ARRAY)
    selection = Selection("email like '%@%'", (Identity.IDFA, Identity.GAID, Identity.EMAIL, Identity.PHONE))
    with Engine(tmp_path / "scratch", threads=1) as engine, taken_apart(digits):
        built = engine.build(
            at(tmp_path / "people.parquet"), [MPID, IDFA, GAID, EMAIL, phone], {"a": selection}, tmp_path
        )
    assert built["a"].users == 200
    assert sum(len(each) for name, each in kept.items() if name.endswith(".parquet")) > 200 * 64
    for raw in (b"confidential", b"spoilt", b"oops", b"example.com", b"+1555", b"member-"):
        assert not [name for name, each in kept.items() if raw in each], raw
    shapes = built["a"].rejected[Identity.GAID].examples
    assert shapes == tuple(f"aaaaaa aaaaaaaaaaaa{'9' * digits}" for digits in (3, 2, 1))
