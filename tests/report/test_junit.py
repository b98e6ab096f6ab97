"""Drift as JUnit XML: what CI systems make of it."""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.plan.drift.model import DriftKind
from reconciler.report.junit import drift_junit
from reconciler.report.visible import visible
from tests.report.samples import NASTY, drift, drifted

CHILDREN: Final = {
    "testsuites": ["testsuite"],
    "testsuite": ["properties", "testcase", "system-out", "system-err"],
    "testcase": ["skipped", "error", "failure"],
}
"""What stands inside what, in this order, by Ant's and by Jenkins' schema."""

REQUIRED: Final = {
    "testsuite": {"name", "timestamp", "hostname", "tests", "failures", "errors", "time", "id", "package"},
    "testcase": {"name", "classname", "time"},
    "failure": {"type", "message"},
}


def suites(text: str) -> list[ET.Element]:
    return ET.fromstring(text).findall("testsuite")


def test_every_finding_is_a_failed_test_of_its_account_with_its_kind_as_type() -> None:
    looked_at, acme = suites(drift_junit(drift(*(drifted(kind) for kind in DriftKind))))
    assert (acme.get("name"), acme.get("tests"), acme.get("failures")) == (
        "acme",
        str(len(DriftKind)),
        str(len(DriftKind)),
    )
    failures = {case.get("name"): failure for case in acme.findall("testcase") for failure in case}
    assert [each.get("type") for each in failures.values()] == [str(kind) for kind in DriftKind]
    renamed = failures["renamed: audience.a0"]
    assert renamed.get("message") == '"Lapsed buyers" drifted (renamed)'
    assert 'what to do: apply makes it "Lapsed buyers" again' in (renamed.text or "")
    assert "since: 2026-03-01 12:00:00 UTC" in (renamed.text or "")
    assert looked_at.get("failures") == "0"


def test_no_drift_is_a_green_suite_not_an_empty_one() -> None:
    (suite,) = suites(drift_junit(drift()))
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("2", "0", "0")
    assert suite.findtext("system-out") == "12 managed audiences checked"


def test_people_who_were_not_looked_at_are_a_skipped_test() -> None:
    (suite,) = suites(drift_junit(drift(skipped_members=True)))
    assert suite.get("skipped") == "1"
    assert [case.get("name") for case in suite.findall("testcase[skipped]")] == ["people were looked at"]


def test_tests_of_one_suite_have_names_of_their_own() -> None:
    _, acme = suites(drift_junit(drift(drifted(DriftKind.EXPECTATION), drifted(DriftKind.EXPECTATION))))
    names = [case.get("name") for case in acme.findall("testcase")]
    assert names == ["expectation: 7000000000000000001", "expectation: 7000000000000000001 (2)"]


@pytest.mark.parametrize("found", [[], [drifted(kind, NASTY) for kind in DriftKind]])
def test_elements_and_attributes_are_those_the_schemas_of_the_format_name(found: list[object]) -> None:
    root = ET.fromstring(drift_junit(drift(*found)))  # type: ignore[arg-type]  # Drifted, each of them
    for element in root.iter():
        order = CHILDREN.get(element.tag, [])
        places = [order.index(child.tag) for child in element]
        assert places == sorted(places)
        assert set(element.attrib) >= REQUIRED.get(element.tag, set())
    for suite in root:
        assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
        assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))


@given(st.text())
@settings(max_examples=60)
def test_any_name_makes_valid_xml_and_comes_out_as_it_is_shown_elsewhere(text: str) -> None:
    _, acme = suites(drift_junit(drift(drifted(DriftKind.RENAMED, text))))
    failure = acme.find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == visible(f'"{text}" drifted (renamed)')
