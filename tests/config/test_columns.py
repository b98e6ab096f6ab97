"""Columns as people have them: one, several, arrays, and the rows of a long table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.identifiers import Form, Hash, Identity, MappedColumn, When

if TYPE_CHECKING:
    from tests.config.conftest import Findings, Read

_MAPPED = "{mpid: mpid, idfa: idfa, email: email}"


@pytest.mark.parametrize(
    ("mapped", "expected"),
    [
        ("idfa: ios_idfa", [MappedColumn(Identity.IDFA, "ios_idfa")]),
        ("idfa: [a, b]", [MappedColumn(Identity.IDFA, "a"), MappedColumn(Identity.IDFA, "b")]),
        ("gaid: {column: g, hashed: md5}", [MappedColumn(Identity.GAID, "g", hashed=True)]),
        (
            "gaid: {column: [b, a], hash: sha256}",
            [MappedColumn(Identity.GAID, "b", Hash.SHA256), MappedColumn(Identity.GAID, "a", Hash.SHA256)],
        ),
        (
            "idfa: {column: devices, format: json_array}",
            [MappedColumn(Identity.IDFA, "devices", form=Form.JSON_ARRAY)],
        ),
        ("idfa: {column: device, format: value}", [MappedColumn(Identity.IDFA, "device")]),
        (
            "idfa: {column: value, when: {type: idfa}}",
            [MappedColumn(Identity.IDFA, "value", when=When("type", ("idfa",)))],
        ),
        (
            "idfa: {column: value, when: {Kind of id: [idfa, iOS]}}",
            [MappedColumn(Identity.IDFA, "value", when=When("Kind of id", ("idfa", "iOS")))],
        ),
        (
            "email: {column: [a, b], hashed: sha256, format: json_array, when: {type: e}}",
            [
                MappedColumn(Identity.EMAIL, name, Hash.SHA256, True, Form.JSON_ARRAY, When("type", ("e",)))
                for name in "ab"
            ],
        ),
        (
            "idfa: i, mpid: {column: m}",
            [MappedColumn(Identity.MPID, "m"), MappedColumn(Identity.IDFA, "i")],
        ),
        ("idfa: i, mpid: [m]", [MappedColumn(Identity.MPID, "m"), MappedColumn(Identity.IDFA, "i")]),
    ],
)
def test_each_way_to_map_a_column_arrives(read: Read, base: str, mapped: str, expected: list[MappedColumn]) -> None:
    loaded = read(base.replace(_MAPPED, f"{{{mapped}}}"))
    assert loaded.diagnostics == ()
    assert loaded.config.sources["people"].columns == tuple(expected)


def test_an_identity_of_several_columns_counts_once(read: Read, base: str) -> None:
    config = read(base.replace("idfa: idfa", "idfa: [a, b]")).config
    assert config.audiences["buyers"].identities == (Identity.IDFA, Identity.EMAIL)


@pytest.mark.parametrize(
    ("mapped", "expected"),
    [
        ("idfa: []", '8:30: error: "idfa" is empty'),
        ("idfa: [a, a]", '8:30: error: "idfa" names one twice'),
        ("idfa: [a, 5]", "8:40: error: idfa[1] must be text, not a number"),
        ("idfa: [a, ' ']", '8:40: error: idfa[1] is not valid: " "'),
        ("idfa: [a, {column: b}]", "8:40: error: idfa[1] must be text, not a mapping"),
        ("idfa: {column: []}", '8:37: error: "column" is empty'),
        ("idfa: {column: 5}", '8:45: error: "column" must be text or a list, not a number'),
        ("idfa: {column: [a, a]}", '8:37: error: "column" names one twice'),
        ("idfa: {column: a, format: json}", '8:56: error: "format" must be value or json_array, not "json"'),
        ("idfa: {column: a, when: type}", '8:54: error: "when" must be a mapping (key: value), not text'),
        ("idfa: {column: a, when: {}}", '8:48: error: "when" is empty'),
        ("idfa: {column: a, when: {b: c, d: e}}", '8:48: error: "when" names 2 columns'),
        ("idfa: {column: a, when: {type: 5}}", '8:61: error: "type" must be text or a list, not a number'),
        ("idfa: {column: a, when: {type: }}", '8:55: error: "type" has no value'),
        ("idfa: {column: a, when: {type: []}}", '8:55: error: "type" is empty'),
        ("idfa: {column: a, when: {type: [b, b]}}", '8:55: error: "type" names one twice'),
        ("idfa: {column: a, when: {' ': b}}", '8:55: error: " " cannot be a key'),
        ("idfa: {column: a, when: {type: '${X}'}}", "8:61: error: environment variable X is not set"),
        ("idfa: {column: [a, '${X}']}", "8:49: error: environment variable X is not set"),
        ("idfa: {when: {type: b}}", '8:30: error: "idfa" has no "column"'),
        ("idfa: {column: a, whn: {type: b}}", '8:48: error: unknown key "whn"'),
        ("mpid: [m, n]", "8:30: error: mpid takes one column"),
        ("mpid: {column: [m, n]}", "8:37: error: mpid takes one column"),
        ("mpid: {column: m, when: {type: m}}", '8:48: error: mpid takes no "when"'),
        ("mpid: {column: m, format: json_array}", "8:56: error: mpid takes no array"),
    ],
)
def test_a_mistake_is_told_once_at_its_place(findings: Findings, base: str, mapped: str, expected: str) -> None:
    (found,) = findings(base.replace(_MAPPED, f"{{email: eml, {mapped}}}"))
    assert found.startswith(f"audiences.yaml:{expected}")


@pytest.mark.parametrize(
    ("mapped", "advice"),
    [
        ("idfa: {column: a, format: json_aray}", 'Did you mean "json_array"?'),
        ("idfa: {column: a, when: {type: 5}}", "Quote it"),
        ("idfa: {column: a, when: {type: b, kind: c}}", 'It takes one. Keep "type", say'),
        ("idfa: {column: a, when: {' ': b}}", "It must be one line of text"),
        ("idfa: {colum: a}", 'Did you mean "column"?'),
        ("idfa: a, mpid: [b, c]", "It says whose row it is"),
    ],
)
def test_a_finding_says_what_to_do(read: Read, base: str, mapped: str, advice: str) -> None:
    assert advice in read(base.replace(_MAPPED, f"{{{mapped}}}")).diagnostics[0].detail


def test_a_key_of_a_condition_is_not_made_into_one_of_these_files(read: Read, base: str) -> None:
    found = read(base.replace("idfa: idfa", 'idfa: {column: a, when: {"A\\tB": b}}')).diagnostics[0]
    assert "Write a_b" not in found.detail


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("idfa",), "8:30"),
        (("idfa", "column"), "8:30"),
        (("idfa", 1), "8:40"),
        (("email", "column"), "8:52"),
        (("email", "column", 0), "8:61"),
        (("email", "when"), "8:65"),
        (("email", "when", "type"), "8:78"),
    ],
)
def test_every_column_has_its_place(read: Read, base: str, path: tuple[str | int, ...], place: str) -> None:
    document = base.replace("idfa: idfa", "idfa: [a, b]").replace(
        "email: email", "email: {column: [e], when: {type: email}}"
    )
    config = read(document).config
    assert str(config.place("sources", "people", "identities", *path)) == f"audiences.yaml:{place}"
