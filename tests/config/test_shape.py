"""The document has the wrong shape: each mistake is told once, at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.config.conftest import Findings, Read


def test_a_sound_document_has_no_findings(findings: Findings, base: str) -> None:
    assert findings(base) == []


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ("    wher: a > 1", '13:5: error: unknown key "wher"'),
        ("    delivery: stream", '13:15: error: "delivery" must be streaming or file, not "stream"'),
        ("    name:", '13:5: error: "name" has no value'),
        ("    name: 2024", '13:11: error: "name" must be text, not a number'),
        ("    name: [a]", '13:5: error: "name" must be text, not a list'),
        ("    name: ' '", '13:11: error: "name" is not valid: " "'),
        ('    name: "a\\nb"', '13:11: error: "name" is not valid: "a\\u000ab"'),
        ("    name: |\n      Buyers", '13:11: error: "name" is not valid: "Buyers\\u000a"'),
        ('    name: "\\e[31mred"', '13:11: error: "name" is not valid: "\\u001b[31mred"'),
        ("    import: 7300000000000000042", '13:13: error: "import" must be text, not a number'),
        ("    import: '12'", '13:13: error: "import" is not valid: "12"'),
        ("    where: true", '13:12: error: "where" must be text, not true or false'),
        ("    identities: idfa", '13:17: error: "identities" must be a list, not text'),
        ("    identities: []", '13:5: error: "identities" is empty'),
        ("    identities: [idfa, idfa]", '13:5: error: "identities" names one twice'),
        (
            "    identities: [idfq]",
            '13:18: error: identities[0] must be idfa, gaid, email or phone, not "idfq"',
        ),
        ("    identities: [mpid]", "13:18: error: mpid is never sent, so an audience cannot name it"),
        ("    lifecycle: 5", '13:16: error: "lifecycle" must be a mapping (key: value), not a number'),
        ("    lifecycle: {prevent_destroy: yes}", '13:34: error: "prevent_destroy" must be true or false, not text'),
        (
            "    lifecycle: {max_removal_percent: 101}",
            '13:38: error: "max_removal_percent" must be from 0 to 100, not 101',
        ),
        (
            "    lifecycle: {max_removal_percent: .nan}",
            '13:38: error: "max_removal_percent" must be a number, not text',
        ),
        (
            "    lifecycle: {minimum_match_percent: 101}",
            '13:40: error: "minimum_match_percent" must be from 0 to 100, not 101',
        ),
        ("    lifecycle: {minimum_users: -1}", '13:32: error: "minimum_users" must be 0 or more, not -1'),
        (
            "    lifecycle: {minimum_users: 1500.5}",
            '13:32: error: "minimum_users" must be a whole number, not a number',
        ),
        ("audience: {}", '13:1: error: unknown key "audience"'),
        ("engine: spark", '13:9: error: "engine" is not valid: "spark"'),
        ("engine: local", '13:9: error: "engine" is not valid: "local"'),
        ("engine: local[0]", '13:9: error: "engine" is not valid: "local[0]"'),
        ("engine: spark://host", '13:9: error: "engine" is not valid: "spark://host"'),
        ("engine: sc://host:1?a=b", '13:9: error: "engine" is not valid: "sc://host:1?a=b"'),
        ("engine: ' duckdb'", '13:9: error: "engine" is not valid: " duckdb"'),
        ("engine: 5", '13:9: error: "engine" must be text, not a number'),
        ("rows_per_request: 0", '13:19: error: "rows_per_request" must be from 1 to 10000, not 0'),
        ("rows_per_request: 10001", '13:19: error: "rows_per_request" must be from 1 to 10000, not 10001'),
        ("rows_per_request: 1.5", '13:19: error: "rows_per_request" must be a whole number, not a number'),
        ("rows_per_request: true", '13:19: error: "rows_per_request" must be a whole number, not true or false'),
        ("rows_per_requests: 5", '13:1: error: unknown key "rows_per_requests"'),
        (
            "    delivery: file\n    file: {retention_in_days: 0}",
            '14:31: error: "retention_in_days" must be from 1 to 365, not 0',
        ),
        (
            "    delivery: file\n    file: {retention_in_days: 366}",
            '14:31: error: "retention_in_days" must be from 1 to 365, not 366',
        ),
        (
            "    delivery: file\n    file: {audience_sub_type: normal}",
            '14:31: error: "audience_sub_type" must be NORMAL or REACH_FREQUENCY, not "normal"',
        ),
        ("    delivery: file\n    file: {retention: 5}", '14:12: error: unknown key "retention"'),
        ("    delivery: file\n    file: people.csv", '14:11: error: "file" must be a mapping (key: value), not text'),
        ("rate_limit: bsic", '13:13: error: "rate_limit" must be basic, advanced, premium or ultimate, not "bsic"'),
        ("state: .state", '13:8: error: "state" must be a mapping (key: value), not text'),
        ("moved: [{from: audience.a}]", '13:9: error: moved[0] has no "to"'),
        ("moved: [{from: a, to: audience.buyers}]", '13:16: error: "from" is not valid: "a"'),
        ("removed: [{from: audience.a}]", '13:11: error: removed[0] has no "destroy"'),
        ("removed: {}", '13:1: error: "removed" must be a list, not a mapping'),
    ],
)
def test_a_mistake_is_told_once_at_its_place(findings: Findings, base: str, added: str, expected: str) -> None:
    assert findings(f"{base}{added}\n") == [f"audiences.yaml:{expected}"]


@pytest.mark.parametrize(
    ("line", "instead", "expected"),
    [
        ("version: 1", "version: 2", ['1:10: error: "version" must be 1, not 2']),
        ("version: 1", 'version: "1"', ['1:10: error: "version" must be 1, not "1"']),
        ("version: 1", "version: true", ['1:10: error: "version" must be 1, not true']),
        ("version: 1", "version: {}", ['1:1: error: "version" must be 1']),
        ("version: 1", "engine: duckdb", ['1:1: error: the configuration has no "version"']),
        ("  acme:", "  acme: {}\n  x:", ['3:3: error: advertiser "acme" has no "advertiser_id"']),
        ("  acme:", "  Acme-US:", ['3:3: error: "Acme-US" cannot be a key', '11:17: error: unknown advertiser "acme"']),
        ('"7000000000000000001"', "7000000000000000001", ['4:20: error: "advertiser_id" must be text, not a number']),
        ('"7000000000000000001"', '"$${ID}"', ['4:20: error: "advertiser_id" is not valid: "$${ID}"']),
        ('"7000000000000000001"', '"700-000"', ['4:20: error: "advertiser_id" is not valid: "700-000"']),
        ('"7000000000000000001"', '"7000000\\n"', ['4:20: error: "advertiser_id" is not valid: "7000000\\u000a"']),
        ("    path: people.csv\n", "", ['6:3: error: source "people" has no "path"']),
        ("idfa: idfa", "idfa: 5", ['8:36: error: "idfa" must be text, a mapping (key: value) or a list, not a number']),
        ("idfa: idfa", "idfa: null", ['8:30: error: "idfa" has no value']),
        ("idfa: idfa", "idfa: {hashed: md5}", ['8:30: error: "idfa" has no "column"']),
        (
            "idfa: idfa",
            "idfa: {column: a, hashed: sha1}",
            ['8:56: error: "hashed" must be md5 or sha256, not "sha1"'],
        ),
        ("idfa: idfa", "idfa: {colum: a}", ['8:37: error: unknown key "colum"']),
        ("idfa: idfa", "maid: idfa", ['8:30: error: unknown key "maid"']),
        ("{mpid: mpid, idfa: idfa, email: email}", "{}", ['8:5: error: "identities" is empty']),
        ("    advertiser: acme\n", "", ['10:3: error: audience "buyers" has no "advertiser"']),
        ("advertiser: acme", "advertisr: acme", ['11:5: error: unknown key "advertisr"']),
        ("    source: people\n", "", ['10:3: error: audience "buyers" has no "source"']),
        ("source: people", "sorce: people", ['12:5: error: unknown key "sorce"']),
    ],
)
def test_a_mistake_in_place_of_a_line_is_told_once(
    findings: Findings, base: str, line: str, instead: str, expected: list[str]
) -> None:
    assert line in base
    errors = [each for each in findings(base.replace(line, instead)) if ": error:" in each]
    assert errors == [f"audiences.yaml:{each}" for each in expected]


@pytest.mark.parametrize(
    ("added", "advice"),
    [
        ("    wher: a > 1", 'Did you mean "where"?'),
        ("    delivery: streamin", 'Did you mean "streaming"?'),
        ("    import: 7300000000000000042", "Quote it: YAML reads it as a number, and ids lose digits past 2^53."),
        ("    name: 2024", "Quote it: without quotes YAML reads a number."),
        ("    identities: idfa", "Put it in brackets: [one, two]."),
        ("    lifecycle: {prevent_destroy: yes}", "Write true or false, without quotes."),
        ("    lifecycle: {minimum_users: '10'}", "Write digits, without quotes."),
        ("    lifecycle: {minimum_users: '${N:-5}'}", "What comes from the environment is always text"),
        ("  Big-Spenders: {}", "starts with a letter. Write big_spenders."),
        ("engine: spark", "An engine is duckdb, local[*], local[4], spark://host:7077 or sc://host:15002."),
        ("    delivery: file\n    file: {audience_sub_type: reach_freqency}", 'Did you mean "REACH_FREQUENCY"?'),
        ("    delivery: file\n    file: {retention: 5}", 'Did you mean "retention_in_days"?'),
        ("    file: {retention_in_days: 5}", "Write delivery: file beside it"),
        ("removed: [{from: audience.a}]", "true deletes it from TikTok"),
    ],
)
def test_a_finding_says_what_to_do(read: Read, base: str, added: str, advice: str) -> None:
    assert advice in read(f"{base}{added}\n").diagnostics[0].detail


def test_an_unquoted_id_is_refused_even_where_it_keeps_its_digits(findings: Findings, base: str) -> None:
    assert findings(base.replace('"7000000000000000001"', "7000001")) == [
        'audiences.yaml:4:20: error: "advertiser_id" must be text, not a number'
    ]


def test_yes_and_no_are_text_as_in_yaml_1_2(read: Read, base: str) -> None:
    assert read(f"{base}    name: NO\n").config.audiences["buyers"].name == "NO"
