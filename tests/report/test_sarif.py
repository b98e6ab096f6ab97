"""Findings as SARIF: what a code scanner's reader needs, in the shape SARIF 2.1.0 asks for."""

from __future__ import annotations

import re
from typing import Any

import pytest

from reconciler.config import load
from reconciler.diagnostics import Diagnostic, Location, error, warning
from reconciler.plan.encode import encode
from reconciler.report.sarif import findings_sarif
from tests.report.samples import NASTY

PLACE = Location("files/über uns.yaml", 14, 5)


def log(*found: Diagnostic, **more: Any) -> Any:
    return findings_sarif(found, version="1.2.3", **more)


def result(found: Diagnostic, **more: Any) -> Any:
    (only,) = log(found, **more)["runs"][0]["results"]
    return only


def test_a_finding_is_a_result_with_level_message_and_place() -> None:
    assert result(error('unknown source "custmers"', 'Did you mean "customers"?', PLACE)) == {
        "ruleId": "unknown-name",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": 'unknown source "custmers"\nDid you mean "customers"?'},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "files/%C3%BCber%20uns.yaml"},
                    "region": {"startLine": 14, "startColumn": 5},
                }
            }
        ],
    }


def test_a_log_has_what_the_standard_requires() -> None:
    made = log(error("a"), warning("unknown key"), error('unknown source "b"'))
    assert (made["version"], made["$schema"].endswith("/sarif-schema-2.1.0.json")) == ("2.1.0", True)
    (run,) = made["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("reconciler", "1.2.3")
    assert len({rule["id"] for rule in driver["rules"]}) == len(driver["rules"]) == 3
    for each in run["results"]:
        assert driver["rules"][each["ruleIndex"]]["id"] == each["ruleId"]
        assert each["level"] in {"error", "warning", "note", "none"}


def test_no_findings_are_a_log_without_results() -> None:
    (run,) = log()["runs"]
    assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])


def test_what_has_no_place_goes_to_the_file_it_belongs_to() -> None:
    place = result(error("audiences.yaml does not exist"), unplaced="audiences.yaml")["locations"][0]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "audiences.yaml"},
        "region": {"startLine": 1},
    }
    assert "locations" not in result(error("audiences.yaml does not exist"))


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("a.yaml", "a.yaml"),
        (r"files\a.yaml", "files/a.yaml"),
        ("/tmp/a b.yaml", "file:///tmp/a%20b.yaml"),
        (r"C:\a.yaml", "file:///C%3A/a.yaml"),
        ("a\udcff#?.yaml", "a%5Cudcff%23%3F.yaml"),
    ],
)
def test_names_of_files_become_uris(name: str, uri: str) -> None:
    place = result(error("a", "", Location(name, 1, 1)))["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == uri


def test_files_are_named_from_where_the_log_is_read() -> None:
    place = result(error("a", "", PLACE), named=lambda _: "x.yaml")["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "x.yaml"


@pytest.mark.parametrize(
    ("summary", "rule"),
    [
        ("not valid YAML: mapping values are not allowed here", "invalid-yaml"),
        ("a.yaml is not UTF-8", "invalid-yaml"),
        ("environment variable A is not UTF-8", "environment"),
        ("a.yaml does not exist", "unreadable-file"),
        ("environment variable UNSET_NAME is not set", "environment"),
        ('duplicate key "a"', "duplicate"),
        ('unknown key "identitties"', "unknown-key"),
        ('unknown key "policy was moved"', "unknown-key"),
        ('source people: no column "gaidd" for gaid in people.parquet', "unreadable-source"),
        ('unknown advertiser "acne"', "unknown-name"),
        ('"audience.a" is moved but still declared', "address"),
        ('"where" names no column', "condition"),
        ("audience.buyers: contry is no column", "condition"),
        ('audience "buyers" has no "source"', "missing"),
        ('source "b" is not used', "unused"),
        ("version must be 1, not 2", "value"),
        ("something nobody thought of", "configuration"),
    ],
)
def test_rules_are_told_from_the_sentence_and_not_from_the_names_in_it(summary: str, rule: str) -> None:
    assert result(error(summary))["ruleId"] == rule


def test_rules_cover_what_the_files_are_told(tmp_path: Any) -> None:
    """Findings of real files fall under a rule of their own, not under the one for all others."""
    path = tmp_path / "audiences.yaml"
    path.write_text(
        "version: 2\nadvertisers: {a: {advertiser_id: 7}}\nsources: {s: {path: x.txt, identities: {}}}\n"
        "audiences:\n  b: {advertiser: acne, source: t, idenities: [idfa], name: '${NOT_SET}'}\n"
        "moved: [{from: audience.a, to: audience.b}]\n",
        encoding="utf-8",
    )
    found = load(path, {}).diagnostics
    assert len(found) > 4
    rules = [each["ruleId"] for each in log(*found)["runs"][0]["results"]]
    assert "configuration" not in rules, list(zip(rules, found, strict=True))


def test_hostile_names_are_shown_harmlessly() -> None:
    text = encode(log(error(NASTY, NASTY, Location(NASTY, 1, 1)))).decode()
    assert not re.search(r"\x1b|\x00|\u202e", text)
