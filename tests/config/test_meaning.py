"""The document has the right shape and the wrong meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.config.conftest import Findings, Read


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ("    identities: [phone]", '13:18: error: source "people" maps no "phone"'),
        ("    file: {retention_in_days: 30}", '13:5: error: "file" without delivery: file'),
        ("    file: {}\n    delivery: streaming", '13:5: error: "file" without delivery: file'),
        ("    delivery: fil\n    file: {}", '13:15: error: "delivery" must be streaming or file, not "fil"'),
        (f"    name: {'x' * 71}", "13:11: error: the name is 71 characters long"),
        ("    lifecycle: {minimum_users: 999}", '13:32: warning: "minimum_users" is below 1,000'),
        ("    lifecycle: {max_removal_percent: 100}", '13:38: warning: "max_removal_percent" is 100'),
        (
            "  buyers_too: {advertiser: acme, source: people, name: buyers}",
            '13:56: error: audience "buyers_too" has the name of audience "buyers": "buyers"',
        ),
        ("  second: {advertiser: acme, source: nobody}", '13:38: error: unknown source "nobody"'),
        ("  second: {advertiser: acne, source: people}", '13:24: error: unknown advertiser "acne"'),
        ("  second: {advertiser: acme, where: a > 1}", '13:3: error: audience "second" has no "source"'),
        (
            "  second: {advertiser: acme, import: '7300000000000000042', where: a > 1}",
            '13:61: error: "where" without a source',
        ),
        (
            "  second: {advertiser: acme, import: '7300000000000000042', identities: [idfa]}",
            '13:61: error: "identities" without a source',
        ),
        (
            f"  {'x' * 71}: {{advertiser: acme, source: people}}",
            "13:3: error: the name is 71 characters long",
        ),
        (
            f"  second: {{advertiser: acme, import: '7300000000000000042', delivery: file, name: {'x' * 129}}}",
            "13:83: error: the name is 129 characters long",
        ),
        ("state: {url: ftp://host/state}", "13:14: error: state in ftp:// is not available in this version"),
        ("state: {url: s3://b/state}", "13:14: error: the s3:// URL does not name a bucket"),
        ("state: {url: 's3://bucket/state?acl=public'}", '13:14: error: the s3:// URL has an unknown option "acl"'),
        (
            "state: {url: file://host/state}",
            '13:14: error: state URL "file://host/state" names no absolute local path',
        ),
        (
            "moved: [{from: audience.buyers, to: audience.x}]",
            '13:16: error: "audience.buyers" is moved but still declared',
        ),
        ("moved: [{from: audience.a, to: audience.x}]", '13:32: warning: "audience.x" is moved to but not declared'),
        (
            "removed: [{from: audience.buyers, destroy: false}]",
            '13:18: error: "audience.buyers" is removed but still declared',
        ),
    ],
)
def test_a_mistake_is_told_once_at_its_place(findings: Findings, base: str, added: str, expected: str) -> None:
    assert findings(f"{base}{added}\n") == [f"audiences.yaml:{expected}"]


@pytest.mark.parametrize(
    ("mapped", "expected"),
    [
        ("email: {column: e, hash: md5}", '8:55: error: TikTok takes no email as "md5"'),
        ("phone: {column: e, hashed: md5}", '8:57: error: TikTok takes no phone as "md5"'),
        ("mpid: {column: m, hashed: md5}", "8:56: error: mpid takes no hash"),
        ("gaid: {column: g, hashed: md5, hash: sha256}", '8:61: error: "gaid" has both hash and hashed'),
    ],
)
def test_a_hash_tiktok_does_not_take_is_an_error(findings: Findings, base: str, mapped: str, expected: str) -> None:
    document = base.replace("{mpid: mpid, idfa: idfa, email: email}", f"{{idfa: idfa, {mapped}}}")
    assert findings(document) == [f"audiences.yaml:{expected}"]


def test_a_source_with_the_person_key_alone_has_nothing_to_send(findings: Findings, base: str) -> None:
    assert findings(base.replace("{mpid: mpid, idfa: idfa, email: email}", "{mpid: mpid}")) == [
        'audiences.yaml:8:5: error: source "people" maps nothing that can be sent'
    ]


def test_two_entries_for_one_account_are_an_error_at_the_second(findings: Findings, base: str) -> None:
    document = base.replace("sources:", '  twin: {advertiser_id: "7000000000000000001"}\nsources:')
    errors = [each for each in findings(document) if ": error:" in each]
    assert errors == [
        'audiences.yaml:5:25: error: "advertiser_id" "7000000000000000001" is already that of advertiser "acme"'
    ]


def test_one_id_imported_twice_is_an_error_at_the_second(findings: Findings, base: str) -> None:
    document = f"""{base}\
  one: {{advertiser: acme, import: '7300000000000000042'}}
  two: {{advertiser: acme, import: '7300000000000000042'}}
"""
    assert findings(document) == [
        'audiences.yaml:14:35: error: "import" "7300000000000000042" is already that of audience "one"'
    ]


def test_adopted_audiences_may_share_a_name_since_ids_tell_them_apart(findings: Findings, base: str) -> None:
    document = f"""{base}\
  one: {{advertiser: acme, import: '7300000000000000042', name: Twins}}
  two: {{advertiser: acme, import: '7300000000000000043', name: Twins}}
"""
    assert findings(document) == []


def test_one_name_in_two_accounts_is_fine(findings: Findings, base: str) -> None:
    document = base.replace("sources:", '  other: {advertiser_id: "7000000000000000002"}\nsources:')
    assert findings(f"{document}  second: {{advertiser: other, source: people, name: buyers}}\n") == []


def test_files_deliver_people_of_a_source_or_leave_them_alone(findings: Findings, base: str) -> None:
    adopted = "  one: {advertiser: acme, import: '7300000000000000042', delivery: file}\n"
    assert findings(f"{base}    delivery: file\n{adopted}") == []


def test_a_file_audience_may_have_the_longer_name(findings: Findings, base: str) -> None:
    assert findings(f"{base}    delivery: file\n    name: {'x' * 128}\n") == []


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        (
            "[{from: audience.a, to: audience.b}, {from: audience.b, to: audience.a}]",
            [
                '13:16: error: moves go in a circle through "audience.a"',
                '13:52: error: moves go in a circle through "audience.b"',
            ],
        ),
        (
            "[{from: audience.a, to: audience.a}]",
            ['13:16: error: moves go in a circle through "audience.a"'],
        ),
        (
            "[{from: audience.a, to: audience.b}, {from: audience.b, to: audience.buyers}]",
            [],
        ),
        (
            "[{from: audience.a, to: audience.buyers}, {from: audience.b, to: audience.buyers}]",
            ['13:73: error: "audience.buyers" has two audiences moved to it'],
        ),
        (
            "[{from: audience.a, to: audience.buyers}, {from: audience.a, to: audience.b}]",
            [
                '13:57: error: "audience.a" is moved twice',
            ],
        ),
    ],
)
def test_moves_lead_from_an_address_that_is_gone_to_one_that_stands(
    findings: Findings, base: str, moves: str, expected: list[str]
) -> None:
    assert findings(f"{base}moved: {moves}\n") == [f"audiences.yaml:{each}" for each in expected]


def test_an_address_is_not_both_moved_and_removed(findings: Findings, base: str) -> None:
    document = f"""{base}\
moved: [{{from: audience.a, to: audience.buyers}}]
removed: [{{from: audience.a, destroy: true}}]
"""
    assert findings(document) == ['audiences.yaml:13:16: error: "audience.a" is both moved and removed']


def test_an_address_is_removed_once(findings: Findings, base: str) -> None:
    document = f"""{base}\
removed:
  - {{from: audience.a, destroy: true}}
  - {{from: audience.a, destroy: false}}
"""
    assert findings(document) == ['audiences.yaml:15:12: error: "audience.a" is removed twice']


def test_what_nothing_uses_is_a_warning(findings: Findings, base: str) -> None:
    document = base.replace("audiences:", "  spare:\n    path: b.csv\n    identities: {idfa: a}\naudiences:").replace(
        "sources:", '  other: {advertiser_id: "7000000000000000002"}\nsources:'
    )
    assert findings(document) == [
        'audiences.yaml:5:3: warning: advertiser "other" is not used',
        'audiences.yaml:10:3: warning: source "spare" is not used',
    ]


def test_nothing_is_called_unused_while_an_audience_is_in_error(findings: Findings, base: str) -> None:
    assert findings(base.replace("source: people", "source: poeple")) == [
        'audiences.yaml:12:13: error: unknown source "poeple"'
    ]


def test_everything_is_told_at_once_sorted_by_place(findings: Findings) -> None:
    document = """\
engine: spark
version: 1
advertisers:
  acme: {advertiser_id: 7000000000000000001}
sources:
  people: {path: people.doc, identities: {idfa: "${COLUMN}"}}
audiences:
  a: {advertiser: acme, source: people, where: select 1, lifecycle: {prevent_destroy: 1}}
  b: {advertiser: acmee, source: people, wher: x}
  a: {}
"""
    assert findings(document) == [
        f"audiences.yaml:{each}"
        for each in (
            '1:9: error: "engine" is not valid: "spark"',
            '4:25: error: "advertiser_id" must be text, not a number',
            '6:18: error: source path "people.doc" has no suffix that says what it is',
            "6:49: error: environment variable COLUMN is not set",
            '8:48: error: "where" cannot be read as an expression',
            '8:87: error: "prevent_destroy" must be true or false, not a number',
            '9:19: error: unknown advertiser "acmee"',
            '9:42: error: unknown key "wher"',
            '10:3: error: duplicate key "a"',
        )
    ]


def test_a_nearby_name_is_suggested(read: Read, base: str) -> None:
    found = read(base.replace("source: people", "source: poeple")).diagnostics
    assert found[0].detail == 'Did you mean "people"?'
