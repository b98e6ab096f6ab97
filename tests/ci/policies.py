"""Runs the example policies on a plan: Rego as conftest would, jq as a shell would."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
from regopy import Interpreter  # type: ignore[import-untyped]  # it ships no types

POLICIES: Final = Path(__file__).parents[2] / "examples" / "policy"


def denied_by_rego(plan: Any) -> list[str]:
    """Return what ``deny`` of the package ``main`` holds, which is what conftest reports and fails on."""
    interpreter = Interpreter()
    for path in sorted(POLICIES.glob("*.rego")):
        interpreter.add_module(path.name, path.read_text(encoding="utf-8"))
    interpreter.set_input(plan)
    (result,) = interpreter.query("data.main.deny").results
    (denied,) = result.expressions
    return sorted(denied)


def denied_by_jq(plan: Any) -> list[str]:
    """Return what the jq program says; exit code 1 and words, or 0 and silence."""
    ran = run_jq("-n", "-r", "-f", str(POLICIES / "plan.jq"), plan=plan)
    assert ran.returncode in {0, 1}, ran.stderr
    assert ran.stdout == ""
    assert bool(ran.returncode) == bool(ran.stderr), ran.stderr
    return sorted(ran.stderr.splitlines())


def run_jq(*arguments: str, plan: Any, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run jq on a plan, or on `stdin`, where there is a jq; CI has to have one."""
    if shutil.which("jq") is None:
        if os.environ.get("CI"):
            pytest.fail("jq is not installed, and CI has to have it: apt-get install jq")
        pytest.skip("jq is not installed: the policies in jq are NOT tested (apt-get install jq)")
    given = json.dumps(plan) if stdin is None else stdin
    return subprocess.run(["jq", *arguments], input=given, capture_output=True, text=True, check=False)
