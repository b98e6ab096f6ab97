"""The runner of these tests does what GitHub's does, and refuses loudly what it does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.ci.conftest import WORKFLOWS
from tests.ci.expressions import UnknownExpressionError, condition, evaluated
from tests.ci.jobs import UnknownKeyError

if TYPE_CHECKING:
    from tests.ci.conftest import Company

CONTEXTS: dict[str, Any] = {
    "github": {"event_name": "push", "event": {"pull_request": {"number": 7}}, "ref": "refs/heads/main"},
    "inputs": {"comment": "true", "empty": ""},
    "steps": {"plan": {"outputs": {"code": "2"}}},
    "secrets": {},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plan-${{ github.event.pull_request.number }}", "plan-7"),
        ("${{ github.event.issue.number }}", ""),
        ("${{ secrets.NONE }}", ""),
        ("${{ inputs.comment == 'TRUE' }}", "true"),
        ("${{ inputs.empty || steps.plan.outputs.code || 'none' }}", "2"),
        ("${{ steps.plan.outputs.none || steps.plan.outputs.code }}", "2"),
        ("${{ inputs.comment == 'true' && github.event_name != 'push' }}", "false"),
        ("${{ !(github.ref == 'refs/heads/main') }}", "false"),
        ("${{ 'it''s' }} ${{ github.ref }}", "it's refs/heads/main"),
        ("no expression", "no expression"),
    ],
)
def test_expressions_mean_what_they_mean_on_github(text: str, value: str) -> None:
    assert evaluated(text, CONTEXTS) == value


@pytest.mark.parametrize(
    "text",
    [
        "${{ inputs.typo }}",
        "${{ steps.typo.outputs.code }}",
        "${{ github.typo }}",
        "${{ nothing.at.all }}",
        "${{ fromJSON('{}') }}",
        "${{ contains(github.ref, 'x') }}",
        "${{ github.event.* }}",
        "${{ github.ref == 1 }}",
        "${{ github.event }}",
        "${{ (github.ref }}",
        "${{ }}",
    ],
)
def test_what_is_not_known_is_refused(text: str) -> None:
    with pytest.raises(UnknownExpressionError):
        evaluated(text, CONTEXTS)


@pytest.mark.parametrize(
    ("text", "after_success", "after_failure"),
    [
        (None, True, False),
        ("${{ github.event_name == 'push' }}", True, False),
        ("github.event_name == 'push'", True, False),
        ("${{ always() }}", True, True),
        ("${{ failure() && github.event_name == 'push' }}", False, True),
        ("${{ !cancelled() }}", True, True),
        ("${{ github.event_name == 'schedule' }}", False, False),
    ],
)
def test_steps_run_when_they_would_on_github(text: str | None, after_success: bool, after_failure: bool) -> None:
    assert condition(text, CONTEXTS, failed=False) is after_success
    assert condition(text, CONTEXTS, failed=True) is after_failure


@pytest.mark.parametrize(
    "broken",
    [
        "continue-on-error: true",
        "uses: actions/cache@0057852bfaa89a56745cba8c7296529d2fc39830",
        "uses: actions/checkout@v6",
        "uses: someone/else@v1",
    ],
)
def test_a_file_that_says_what_this_runner_does_not_do_is_refused(company: Company, broken: str) -> None:
    step = broken if broken.startswith("uses") else f"run: 'true'\n        {broken}"
    workflow = f"name: Any\non: [push]\npermissions: {{}}\njobs:\n  it:\n    runs-on: x\n    steps:\n      - {step}\n"
    company.repository.commit("Any", {f"{WORKFLOWS}/any.yml": workflow})

    with pytest.raises(UnknownKeyError):
        company.on_main(f"{WORKFLOWS}/any.yml", "push")


def test_a_printed_secret_fails_the_test_that_ran_it(company: Company) -> None:
    workflow = """
name: Any
on: [push]
permissions: {}
jobs:
  it:
    runs-on: x
    steps:
      - run: echo "$TOKEN"
        env:
          TOKEN: ${{ secrets.TIKTOK_ACCESS_TOKEN }}
"""
    company.repository.commit("Any", {f"{WORKFLOWS}/any.yml": workflow})

    with pytest.raises(AssertionError, match="printed a secret"):
        company.on_main(f"{WORKFLOWS}/any.yml", "push")
