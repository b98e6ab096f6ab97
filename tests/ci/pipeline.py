"""Runs the jobs of a GitLab pipeline on this machine: each in a fresh checkout, its script in bash, as GitLab does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.ci.scripts import gitlab_job, gitlab_jobs, gitlab_script

if TYPE_CHECKING:
    from collections.abc import Mapping

_COMPARISON: Final = re.compile(r'\$(?P<left>\w+) (?P<operator>==|!=) (?:"(?P<text>[^"]*)"|\$(?P<right>\w+))')


@dataclass(frozen=True, slots=True)
class JobRun:
    """What a job left.

    Attributes:
        code: The exit code of its script.
        said: All it printed.
        artifacts: The folder with what it keeps.
    """

    code: int
    said: str
    artifacts: Path


@dataclass(slots=True)
class Pipeline:
    """One pipeline: what started it, and the jobs that have run.

    Attributes:
        document: The pipeline's file.
        checkout: What each job finds in its working directory.
        workspace: Where jobs run.
        predefined: What GitLab, and the project's settings, put into the environment.
    """

    document: dict[str, Any]
    checkout: Path
    workspace: Path
    predefined: Mapping[str, str]
    ran: dict[str, JobRun] = field(default_factory=dict)

    def jobs(self) -> dict[str, bool]:
        """Return the jobs that belong into it, and of each whether it waits for a person."""
        found: dict[str, bool] = {}
        if not any(self._holds(rule["if"]) for rule in self.document["workflow"]["rules"]):
            return found
        for name in gitlab_jobs(self.document):
            rule = next((each for each in gitlab_job(self.document, name)["rules"] if self._holds(each["if"])), None)
            if rule is not None:
                found[name] = rule.get("when") == "manual"
        return found

    def run(self, name: str) -> JobRun:
        """Run a job of this pipeline."""
        assert name in self.jobs(), f"{name} is no part of this pipeline: {self.jobs()}"
        job = gitlab_job(self.document, name)
        folder = self.workspace / name
        shutil.copytree(self.checkout, folder)
        for needed in job.get("needs", []):
            assert self.ran[needed].code == 0, f"{name} does not start: {needed} has failed"
            shutil.copytree(self.ran[needed].artifacts, folder, dirs_exist_ok=True)
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-c", gitlab_script(self.document, name).text],
            cwd=folder,
            env=environment(folder, {**self.predefined, **job.get("variables", {})}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        self.ran[name] = JobRun(
            done.returncode, done.stdout, self._kept(name, job, folder, failed=done.returncode != 0)
        )
        return self.ran[name]

    def _kept(self, name: str, job: dict[str, Any], folder: Path, *, failed: bool) -> Path:
        kept = self.workspace / f"{name}.artifacts"
        kept.mkdir()
        wanted = job["artifacts"]
        if failed and wanted.get("when") != "always":
            return kept
        for path in (*wanted["paths"], *wanted.get("reports", {}).values()):
            if (folder / path).exists():
                shutil.copy(folder / path, kept)
        return kept

    def _holds(self, condition: str) -> bool:
        """Judge a rule: comparisons joined by `&&`; anything else is refused."""
        return all(self._compares(each.strip()) for each in condition.split("&&"))

    def _compares(self, comparison: str) -> bool:
        parsed = _COMPARISON.fullmatch(comparison)
        if parsed is None:
            raise ValueError(f"not known here: {comparison}")
        left = self.predefined.get(parsed["left"])
        right = self.predefined.get(parsed["right"]) if parsed["right"] else parsed["text"]
        return (left == right) is (parsed["operator"] == "==")


def environment(home: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which `reconciler` is the one that is tested, and nothing of this machine's shows."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"
    return {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", **variables}
