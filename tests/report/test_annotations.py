"""Workflow commands: read back as GitHub's runner reads them."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply.model import OutcomeStatus
from reconciler.diagnostics import Location, error, warning
from reconciler.plan.drift.model import DriftKind
from reconciler.report.annotations import (
    drift_annotations,
    error_annotation,
    findings_annotations,
    outcome_annotations,
    plan_annotations,
)
from reconciler.report.visible import visible
from tests.report.samples import applied, created, drift, drifted, ended, guarded, planned


def taken(command: str) -> tuple[str, dict[str, str], str]:
    """Return a command as the runner takes it: its name, its properties, and its message."""
    match = re.fullmatch(r"::(\w+) (.*?)::(.*)", command)
    assert match is not None, command
    properties = dict(each.split("=", maxsplit=1) for each in match[2].split(","))
    return match[1], {key: unquote(value) for key, value in properties.items()}, unquote(match[3])


def test_a_finding_stands_at_its_line() -> None:
    (command,) = findings_annotations([error('unknown source "a"', "Declare it:\n100%", Location("a,b.yaml", 14, 5))])
    assert command == (
        '::error file=a%2Cb.yaml,line=14,col=5,title=reconciler::unknown source "a"%0ADeclare it:%0A100%25'
    )


def test_files_are_named_as_the_checkout_names_them() -> None:
    (command,) = findings_annotations([warning("w", "", Location("a.yaml", 1, 1))], named=lambda name: f"deep/{name}")
    assert taken(command)[1]["file"] == "deep/a.yaml"


def test_a_plan_tells_errors_then_what_is_blocked_then_warnings() -> None:
    commands = [taken(each) for each in plan_annotations(planned(created("a"), guarded("used"), found=2))]
    assert [name for name, _, _ in commands] == ["error", "error", "warning", "warning"]
    assert commands[1][1]["title"] == "audience.used: delete is blocked"
    assert 'ad group "Spring sale 0" (18000) includes it\nTake it out' in commands[1][2]


def test_a_plan_that_may_be_applied_as_it_is_needs_no_notes() -> None:
    assert plan_annotations(planned(created("a"))) == []


def test_drift_is_a_warning_and_a_stranger_a_notice() -> None:
    commands = [
        taken(each) for each in drift_annotations(drift(drifted(DriftKind.UNMANAGED), drifted(DriftKind.DELETED)))
    ]
    assert [(name, properties["title"]) for name, properties, _ in commands] == [
        ("warning", "Drift: audience.a0 deleted"),
        ("notice", "Drift: 730000 unmanaged"),
    ]


def test_an_apply_tells_what_it_did_not_do_the_worst_first() -> None:
    outcomes = [ended(status, "why", number) for number, status in enumerate(OutcomeStatus)]
    commands = [taken(each) for each in outcome_annotations(applied(*outcomes))]
    assert [(name, properties["title"].split()[-1]) for name, properties, _ in commands] == [
        ("error", "failed"),
        ("error", "interrupted"),
        ("error", "blocked"),
        ("warning", "skipped"),
    ]


def test_a_refusal_is_one_error_with_the_way_out() -> None:
    (command,) = outcome_annotations(applied(refusal="the plan is stale", way_out="Plan again."))
    assert taken(command) == ("error", {"title": "Nothing was applied"}, "the plan is stale\nPlan again.")


@pytest.mark.parametrize(("number", "last"), [(10, "e9"), (11, "2 more errors: the report has them all.")])
def test_of_more_than_github_shows_the_last_says_how_many_follow(number: int, last: str) -> None:
    commands = findings_annotations([*(error(f"e{each}") for each in range(number)), warning("w")])
    assert len(commands) == 11
    assert taken(commands[9])[2] == last
    assert taken(commands[10])[2] == "w"


@given(st.text(min_size=1), st.text(min_size=1))
def test_whatever_a_name_holds_it_forges_no_command_and_no_property(text: str, file: str) -> None:
    (command,) = findings_annotations([error(text, "", Location(file, 1, 1))])
    name, properties, message = taken(command)
    assert (name, set(properties)) == ("error", {"file", "line", "col", "title"})
    assert (properties["file"], message) == (visible(file), visible(text))
    assert "\n" not in command


def test_an_error_without_a_place_is_told_whole() -> None:
    assert taken(error_annotation("it broke", None)) == ("error", {"title": "reconciler"}, "it broke")
