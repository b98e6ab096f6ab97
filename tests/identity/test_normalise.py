"""What counts as the same identifier, what counts as none, and what is shown of it."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.identifiers import Hash, Identity, MappedColumn
from reconciler.identity.normalise import mask, rule_for

if TYPE_CHECKING:
    from uuid import UUID

ID = "0bfb14a7-8b38-4a3b-9f8b-97f3e4d4a1f2"
BARE = ID.replace("-", "")
ZERO = "00000000-0000-0000-0000-000000000000"
ZEROS = (ZERO, "0" * 32, f"{{{ZERO}}}", f"{{{'0' * 32}}}")

MPID = MappedColumn(Identity.MPID, "value")
IDFA = MappedColumn(Identity.IDFA, "value")
GAID = MappedColumn(Identity.GAID, "value", Hash.SHA256)
EMAIL = MappedColumn(Identity.EMAIL, "value", Hash.SHA256)
PHONE = MappedColumn(Identity.PHONE, "value", Hash.SHA256)
IDFA_MD5 = MappedColumn(Identity.IDFA, "value", hashed=True)
GAID_SHA256 = MappedColumn(Identity.GAID, "value", Hash.SHA256, hashed=True)
EMAIL_SHA256 = MappedColumn(Identity.EMAIL, "value", Hash.SHA256, hashed=True)

few = settings(max_examples=4, deadline=None)
backend = ibis.duckdb.connect(threads=1)


def digest(text: str, how: str = "md5") -> str:
    return hashlib.new(how, text.encode()).hexdigest()


def read(
    values: list[Any], mapped: MappedColumn, type_: pa.DataType | None = None
) -> list[tuple[str | None, str | None]]:
    """Return the canonical text and the flaw of each value; one of the two is None."""
    table = ibis.memtable(pa.table({"i": range(len(values)), "value": pa.array(values, type_ or pa.string())}))
    rule = rule_for(mapped, table["value"].type())
    spelled = rule.spell(table["value"])
    flaw = rule.flaw(spelled)
    canonical = flaw.isnull().ifelse(rule.canonical(spelled), ibis.null("string"))
    rows = backend.to_pyarrow(table.select("i", canonical=canonical, flaw=flaw).order_by("i")).to_pylist()
    return [(row["canonical"], row["flaw"]) for row in rows]


def usable(values: list[Any], mapped: MappedColumn, type_: pa.DataType | None = None) -> list[str | None]:
    return [canonical for canonical, _ in read(values, mapped, type_)]


def flaws(values: list[Any], mapped: MappedColumn, type_: pa.DataType | None = None) -> list[str | None]:
    return [flaw for _, flaw in read(values, mapped, type_)]


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param(ID, id="canonical"),
        pytest.param(ID.upper(), id="upper case"),
        pytest.param("0BfB14a7-8b38-4A3b-9F8B-97f3e4d4a1F2", id="mixed case"),
        pytest.param(BARE, id="no dashes"),
        pytest.param(BARE.upper(), id="no dashes, upper case"),
        pytest.param(f"{{{ID}}}", id="braces"),
        pytest.param(f"{{{BARE}}}", id="braces, no dashes"),
        pytest.param(f"  {ID} ", id="spaces around"),
        pytest.param(f"\t{ID}\r\n", id="tab and line end"),
        pytest.param(ID[:9] + " " + ID[9:], id="a space inside"),
        pytest.param(f'"{ID}"', id="double quotes"),
        pytest.param(f"'{ID}'", id="single quotes"),
        pytest.param(f"\ufeff{ID}\u00a0", id="byte-order mark and no-break space"),
        pytest.param(f"\u200b{ID}", id="zero-width space"),
    ],
)
def test_every_spelling_of_a_device_id_is_the_same_device(spelling: str) -> None:
    assert usable([spelling], IDFA) == [ID]


@few
@given(
    st.lists(
        st.tuples(st.uuids(), st.booleans(), st.booleans(), st.booleans(), st.sampled_from(["", " ", "\t"])),
        max_size=50,
    )
)
def test_any_spelling_of_any_uuid_is_its_lower_case_dashed_form(
    drawn: list[tuple[UUID, bool, bool, bool, str]],
) -> None:
    spellings = []
    for uuid, upper, dashes, braces, space in drawn:
        text = str(uuid) if dashes else uuid.hex
        text = f"{{{text}}}" if braces else text
        spellings.append(space + (text.upper() if upper else text) + space)
    assert usable(spellings, IDFA) == [None if uuid.int == 0 else str(uuid) for uuid, *_ in drawn]


@pytest.mark.parametrize(
    "mapped", [IDFA, EMAIL, PHONE, IDFA_MD5, MPID], ids=lambda m: m.identity + "-hashed" * m.hashed
)
@few
@given(values=st.lists(st.text() | st.from_regex(r"[ {]?[0-9a-fA-F-]{32,36}[}+@.]?|.+@.+|\+[0-9. ()-]+"), max_size=40))
def test_normalising_what_is_normal_already_changes_nothing(mapped: MappedColumn, values: list[str]) -> None:
    once = [value for value in usable(values, mapped) if value is not None]
    assert usable(once, mapped) == once


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(ID[:-1], id="a digit short"),
        pytest.param(ID + "0", id="a digit long"),
        pytest.param(BARE[:-1], id="no dashes, a digit short"),
        pytest.param(ID.replace("b", "g"), id="not hexadecimal"),
        pytest.param(BARE[:9] + "-" + BARE[9:], id="a dash in the wrong place"),
        pytest.param(ID.replace("-", "", 1), id="a dash missing"),
        pytest.param("{" + ID, id="an open brace"),
        pytest.param(ID + "}", id="a closing brace"),
        pytest.param(digest(ID, "sha256"), id="a SHA-256"),
        pytest.param("null", id="the word null"),
        pytest.param(f"{ID},{ID}", id="two ids"),
    ],
)
def test_what_is_no_uuid_is_malformed(value: str) -> None:
    assert flaws([value], IDFA) == ["malformed"]


@pytest.mark.parametrize("mapped", [IDFA, GAID, EMAIL, PHONE, IDFA_MD5, EMAIL_SHA256, MPID], ids=lambda m: m.identity)
def test_missing_and_empty_values_are_blank(mapped: MappedColumn) -> None:
    assert flaws([None, "", "  ", "\t\n", "\u00a0"], mapped) == ["blank"] * 5


def test_the_all_zero_id_is_nobody_in_every_spelling() -> None:
    assert flaws([*ZEROS, f" {ZERO} ", f'"{ZERO}"'], IDFA) == ["untracked"] * 6


@pytest.mark.parametrize(("mapped", "how"), [(IDFA_MD5, "md5"), (GAID_SHA256, "sha256")])
def test_the_all_zero_id_is_nobody_when_it_arrives_hashed(mapped: MappedColumn, how: str) -> None:
    arrived = [digest(zero, how) for zero in ZEROS]
    assert flaws([*arrived, arrived[0].upper(), *ZEROS], mapped) == ["untracked"] * 9


def test_the_hash_of_nothing_is_blank() -> None:
    assert flaws([digest("")], IDFA_MD5) == flaws([digest("", "sha256")], EMAIL_SHA256) == ["blank"]


def test_a_digest_is_trimmed_and_lower_cased_and_otherwise_left_alone() -> None:
    assert usable([f" {digest(ID).upper()}\n"], IDFA_MD5) == [digest(ID)]


def test_a_hashed_column_is_never_taken_for_device_ids() -> None:
    assert usable([BARE], IDFA_MD5) == [BARE]


@pytest.mark.parametrize("value", [digest(ID, "sha256"), digest(ID)[:-1], ID, "g" * 32, "not a digest"])
def test_what_has_not_the_form_of_the_declared_digest_is_malformed(value: str) -> None:
    assert flaws([value], IDFA_MD5) == ["malformed"]


@pytest.mark.parametrize(
    ("email", "canonical"),
    [
        ("ada@example.com", "ada@example.com"),
        (" Ada@Example.COM ", "ada@example.com"),
        ("ada @ example.com", "ada@example.com"),
        ("ada+news@example.com", "ada@example.com"),
        ("ada+a+b@example.com", "ada@example.com"),
        ("a.da@example.com", "a.da@example.com"),
        ("JÜRGEN@example.com", "jürgen@example.com"),
    ],
)
def test_emails_are_lower_case_without_spaces_and_tags(email: str, canonical: str) -> None:
    assert usable([email], EMAIL) == [canonical]


@pytest.mark.parametrize("email", ["ada", "@example.com", "ada@", "+tag@example.com", "a@b@c", "@"])
def test_an_email_needs_one_at_sign_with_something_on_both_sides(email: str) -> None:
    assert flaws([email], EMAIL) == ["malformed"]


@pytest.mark.parametrize("phone", ["+15551234567", "+1 (555) 123-4567", "+1.555.123.4567", "+1 555 123\u20134567"])
def test_phones_are_e164_however_they_are_set(phone: str) -> None:
    assert usable([phone], PHONE) == ["+15551234567"]


@pytest.mark.parametrize("phone", ["15551234567", "+123456", "+1234567890123456", "+1555CALLNOW", "++15551234567", "+"])
def test_a_phone_needs_its_plus_and_seven_to_fifteen_digits(phone: str) -> None:
    assert flaws([phone], PHONE) == ["malformed"]


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        (42, pa.int64()),
        (42, pa.uint64()),
        (42.0, pa.float64()),
        ("42", pa.string()),
        (" 42\t", pa.string()),
        ("42.0", pa.string()),
        (42, pa.decimal128(20, 0)),
        (42, pa.decimal128(20, 2)),
    ],
    ids=str,
)
def test_a_person_is_the_same_as_number_and_as_text(value: object, type_: pa.DataType) -> None:
    assert usable([value], MPID, type_) == ["42"]


def test_long_person_keys_keep_every_digit() -> None:
    longest = [-(2**63), 2**63 - 1, 7_300_000_000_000_000_042]
    assert usable(longest, MPID, pa.int64()) == [str(each) for each in longest]


@pytest.mark.parametrize("value", [1.5, 2.0**53, 7.3e18, float("inf"), -float("inf")])
def test_a_float_that_has_lost_digits_is_no_person(value: float) -> None:
    assert flaws([value], MPID, pa.float64()) == ["malformed"]


def test_a_number_written_in_scientific_notation_is_no_person() -> None:
    assert flaws(["7.3E+18", "7.300000000000001e18"], MPID) == ["malformed"] * 2


def test_not_a_number_is_a_missing_person() -> None:
    assert flaws([float("nan"), None], MPID, pa.float64()) == ["blank"] * 2


def masked(values: list[str]) -> list[str]:
    table = ibis.memtable(pa.table({"i": range(len(values)), "value": pa.array(values, pa.string())}))
    rows = backend.to_pyarrow(table.select("i", shape=mask(table["value"])).order_by("i"))
    shapes: list[str] = rows.column("shape").to_pylist()
    return shapes


def test_a_masked_value_shows_its_shape() -> None:
    assert masked(["Jürgen-12 x/Ω９!", "a" * 50]) == ["aaaaaa-99 a/aa!", "a" * 40]


@few
@given(st.lists(st.text(), max_size=50))
def test_a_masked_value_holds_nothing_of_the_value(values: list[str]) -> None:
    for shape in masked(values):
        assert re.fullmatch("[a9 !-/:-@\\[-`{-~]{0,40}", shape)
