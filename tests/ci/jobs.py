"""A job under way, and the scripts of its steps: what GitHub's runner gives them, and what it reads from them."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.ci.expressions import evaluated

if TYPE_CHECKING:
    from pathlib import Path

SHELLS: Final = {"bash": ["--noprofile", "--norc", "-eo", "pipefail"], None: ["-e"]}


class UnknownKeyError(Exception):
    """A file says something that this runner does not do."""


class StepFailedError(Exception):
    """A step failed.

    Attributes:
        outputs: What it had set until then.
    """

    def __init__(self, said: str, outputs: dict[str, str] | None = None) -> None:
        super().__init__(said)
        self.outputs = outputs or {}


@dataclass(frozen=True, slots=True)
class Event:
    """What starts runs.

    Attributes:
        name: ``pull_request``, ``push``, ``schedule``.
        payload: As a webhook has it.
        ref: ``refs/pull/1/merge``.
        sha: The commit that is checked out.
        head: The commit the run counts for; for a pull request the last of its branch.
    """

    name: str
    payload: dict[str, Any]
    ref: str
    sha: str
    head: str


@dataclass(slots=True)
class Run:
    """What a run of a workflow left.

    Attributes:
        number: Its id.
        conclusion: ``success`` or ``failure``.
        output: Everything its steps printed, both streams.
        summary: Its job summaries.
        outputs: Of every step with an id, by ``job.step``.
        steps: The names of the steps that ran, those of composite actions included.
    """

    number: int
    conclusion: str = "success"
    output: str = ""
    summary: str = ""
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Job:
    """A job under way: its folders, its variables, and what its steps have said so far."""

    run: Run
    workspace: Path
    temp: Path
    contexts: dict[str, Any]
    env: dict[str, str]
    path: list[str]
    failed: bool = False
    steps: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)


def run_script(
    job: Job, step: dict[str, Any], contexts: dict[str, Any], variables: dict[str, str], action: Path
) -> dict[str, str]:
    """Run the script of a step in bash; returns the outputs it set.

    Raises:
        StepFailedError: It ended with another exit code than 0.
    """
    assert "${{" not in step["run"], "an expression is put into a script, where it can become code"
    files = {
        name: job.temp / f"set-{name.lower()}"
        for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
    }
    for path in files.values():
        path.write_text("", encoding="utf-8")
    folder = job.workspace / evaluated(step.get("working-directory", "."), contexts)
    script = job.temp / "script.sh"
    script.write_text(step["run"], encoding="utf-8")
    done = subprocess.run(
        ["bash", *SHELLS[step.get("shell")], str(script)],
        cwd=folder,
        env={
            **job.env,
            **variables,
            **{name: str(path) for name, path in files.items()},
            "GITHUB_ACTION_PATH": str(action),
            "PATH": os.pathsep.join(job.path),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    job.run.output += done.stdout
    job.run.summary += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
    job.env |= _pairs(files["GITHUB_ENV"])
    job.path[:0] = files["GITHUB_PATH"].read_text(encoding="utf-8").split()
    outputs = _pairs(files["GITHUB_OUTPUT"])
    if done.returncode:
        raise StepFailedError(f"exit code {done.returncode}", outputs)
    return outputs


def _pairs(path: Path) -> dict[str, str]:
    """Return what a script wrote to GITHUB_OUTPUT or GITHUB_ENV, a `name=value` a line."""
    pairs = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.partition("=")
        if not equals or not name.replace("-", "_").isidentifier():
            raise UnknownKeyError(f"a script set {line!r}")
        pairs[name] = value
    return pairs
