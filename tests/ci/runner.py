"""Runs workflow files and composite actions on this machine, their own scripts in bash.

What a file says and this runner does not know is refused loudly: a key that is ignored here would be tested by nobody.
Actions of others are replaced by stand-ins, `tests/ci/actions.py`; this project's own is run from the working tree.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from tests.ci.actions import ACTIONS, Artifacts
from tests.ci.expressions import condition, evaluated
from tests.ci.jobs import Event, Job, Run, StepFailedError, UnknownKeyError, run_script

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.ci.github import GitHub

PROJECT: Final = Path(__file__).parents[2]
OWN_ACTION: Final = re.compile(r"[\w.-]+/reconciler@v?[\w.]+")
PINNED: Final = re.compile(r"([\w-]+/[\w-]+)@[0-9a-f]{40}")

WORKFLOW_KEYS: Final = {"name", "on", "permissions", "env", "concurrency", "jobs"}
JOB_KEYS: Final = {
    "name", "if", "needs", "runs-on", "timeout-minutes", "permissions", "environment", "env", "steps"
}  # fmt: skip
STEP_KEYS: Final = {"name", "id", "if", "uses", "with", "run", "shell", "working-directory", "env"}
ACTION_KEYS: Final = {"name", "description", "author", "branding", "inputs", "outputs", "runs"}


_SHIM: Final = """#!/bin/bash
# A runner's python3. An environment it makes has this project already, so that nothing is fetched; what would have been
# installed there is written down.
isolated=
[ "$1" != -I ] || {{ isolated=-I && shift; }}
if [ "$1 $2" = "-m venv" ]; then
  mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && ln -sf "{bin}/reconciler" "$3/bin/reconciler"
elif [ "$1 $2 $3" = "-m pip install" ]; then
  printf '%s\\n' "${{@: -1}}" >> "{installed}"
else
  exec "{bin}/python" $isolated "$@"
fi
"""


@dataclass(slots=True)
class Runner:
    """A self-hosted runner: its folders outlast the jobs, a job's own do not.

    Attributes:
        folder: What it may write to.
        repository: The git repository that is checked out.
        forge: GitHub, as its jobs reach it.
        secrets: What workflows may read as `secrets.…`; none of it may ever be printed.
        env: What every process of this machine has, beside what Actions sets.
        action: Where this project's own action is.
        real_python: Whether what the action installs is really installed.
    """

    folder: Path
    repository: Path
    forge: GitHub
    secrets: Mapping[str, str]
    env: Mapping[str, str] = field(default_factory=dict)
    action: Path = PROJECT
    real_python: bool = False

    @property
    def installed(self) -> list[str]:
        """What the action installed, one entry an installation."""
        path = self.folder / "installed"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def start(self, workflow: str, event: Event) -> Run:
        """Run a workflow of the commit that the event is about; raises UnknownKeyError for what nobody here knows."""
        text = self._git("show", f"{event.sha}:{workflow}")
        document = _known(yaml.safe_load(text.replace("\non:", '\n"on":', 1)), WORKFLOW_KEYS, workflow)
        assert event.name in document["on"], f"{workflow} does not start on {event.name}"
        run = Run(self.forge.start_run(event.head, workflow, event.name))
        results: dict[str, str] = {}
        for name, body in document["jobs"].items():
            job = _known(body, JOB_KEYS, f"{workflow}, job {name}")
            self._job(run, name, job, document, event, results)
        run.conclusion = "failure" if "failure" in results.values() else "success"
        self.forge.end_run(run.number, run.conclusion)
        shown = [run.output, run.summary, json.dumps([self.forge.comments, self.forge.issues])]
        shown += [path.read_text(encoding="utf-8") for path in self.folder.glob(f"artifacts/{run.number}/*/*")]
        for secret in (*self.secrets.values(), *self.forge.tokens):
            assert not any(secret in text for text in shown), f"{workflow} printed a secret"
        return run

    def _job(
        self, run: Run, name: str, job: dict[str, Any], workflow: dict[str, Any], event: Event, results: dict[str, str]
    ) -> None:
        needed = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
        permissions = job.get("permissions", workflow.get("permissions"))
        assert isinstance(permissions, dict), f"job {name} takes whatever permissions the repository gives"
        token = self._token(permissions, event)
        contexts = self._contexts(run, event, token)
        failed = any(results[each] != "success" for each in needed)
        if not condition(job.get("if"), contexts, failed=failed):
            results[name] = "skipped"
            return
        folder = self.folder / f"job-{run.number}-{name}"
        started = self._begun(run, folder, contexts, {**workflow.get("env", {}), **job.get("env", {})}, event)
        started.steps = _unrun(job["steps"])
        try:
            for step in job["steps"]:
                self._step(started, _known(step, STEP_KEYS, f"job {name}"), started.steps, {}, self.action, event)
        finally:
            run.outputs |= {f"{name}.{key}": value["outputs"] for key, value in started.steps.items()}
            shutil.rmtree(folder)
        results[name] = "failure" if started.failed else "success"

    def _begun(self, run: Run, folder: Path, contexts: dict[str, Any], env: dict[str, Any], event: Event) -> Job:
        """Make a job's folders and variables."""
        workspace, temp, shims = folder / "workspace", folder / "temp", folder / "shims"
        for each in (workspace, temp, shims):
            each.mkdir(parents=True)
        binaries = Path(sys.executable).parent
        for name in ("python3", "python"):
            shim = shims / name
            if self.real_python:
                shim.symlink_to(sys.executable)
            else:
                shim.write_text(_SHIM.format(bin=binaries, installed=self.folder / "installed"), encoding="utf-8")
                shim.chmod(0o755)
        event_path = temp / "event.json"
        event_path.write_text(json.dumps(event.payload), encoding="utf-8")
        contexts["github"]["workspace"], contexts["runner"]["temp"] = str(workspace), str(temp)
        github = contexts["github"]
        variables = {
            **self.env,
            "CI": "true",
            "HOME": str(folder),
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTOR": github["actor"],
            "GITHUB_API_URL": github["api_url"],
            "GITHUB_SERVER_URL": github["server_url"],
            "GITHUB_EVENT_NAME": event.name,
            "GITHUB_EVENT_PATH": str(event_path),
            "GITHUB_REF": event.ref,
            "GITHUB_REPOSITORY": github["repository"],
            "GITHUB_RUN_ID": str(run.number),
            "GITHUB_SHA": event.sha,
            "GITHUB_WORKSPACE": str(workspace),
            "RUNNER_TEMP": str(temp),
            "RUNNER_OS": "Linux",
        }
        contexts["env"] = {key: evaluated(str(value), contexts) for key, value in env.items()}
        path = [str(shims), *os.defpath.split(os.pathsep), "/usr/bin", "/bin"]
        return Job(run, workspace, temp, contexts, variables, path)

    def _contexts(self, run: Run, event: Event, token: str) -> dict[str, Any]:
        github = {
            "actor": "alice",
            "api_url": self.forge.url,
            "server_url": "https://github.example",
            "event": event.payload,
            "event_name": event.name,
            "ref": event.ref,
            "repository": self.forge.repository,
            "run_id": str(run.number),
            "sha": event.sha,
            "token": token,
        }
        return {"github": github, "secrets": dict(self.secrets), "runner": {"os": "Linux"}, "env": {}, "vars": {}}

    def _token(self, permissions: Mapping[str, str], event: Event) -> str:
        """Make the token of a job: it may do what the file declares, and for a fork only read that."""
        head = event.payload.get("pull_request", {}).get("head", {}).get("repo", {}).get("full_name")
        outside = head is not None and head != self.forge.repository
        token = f"ghs_{len(self.forge.tokens):036d}"
        self.forge.tokens[token] = {scope: "read" if outside else level for scope, level in permissions.items()}
        return token

    def _step(
        self,
        job: Job,
        step: dict[str, Any],
        steps: dict[str, dict[str, dict[str, str]]],
        inputs: dict[str, str],
        action: Path,
        event: Event,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Run one step of a job or of a composite action, whose `inputs`, `steps` and `env` are its own."""
        contexts = {**job.contexts, "steps": steps, "inputs": inputs}
        contexts["env"] = {**job.contexts["env"], **(env or {})}
        if not condition(step.get("if"), contexts, failed=job.failed):
            return
        name = step.get("name") or step.get("uses") or step["run"].splitlines()[0]
        job.run.steps.append(name)
        own = {key: evaluated(str(value), contexts) for key, value in step.get("env", {}).items()}
        variables = {**contexts["env"], **own}
        given = {key: evaluated(_plain(value), contexts) for key, value in step.get("with", {}).items()}
        try:
            if "run" in step:
                outputs = run_script(job, step, contexts, variables, action)
            else:
                outputs = self._used(job, step["uses"], given, variables, event)
        except StepFailedError as failure:
            job.run.output += f"[{name}] {failure}\n"
            job.failed = True
            outputs = failure.outputs
        if "id" in step:
            steps[step["id"]] = {"outputs": outputs}

    def _used(
        self, job: Job, uses: str, given: dict[str, str], variables: dict[str, str], event: Event
    ) -> dict[str, str]:
        if OWN_ACTION.fullmatch(uses):
            return self._composite(job, given, variables, event)
        pinned = PINNED.fullmatch(uses)
        if pinned is None or pinned[1] not in ACTIONS:
            raise UnknownKeyError(f"uses: {uses}")
        artifacts = Artifacts(self.folder / "artifacts", self.forge)
        done = ACTIONS[pinned[1]](given, job.workspace, job.run.number, event.sha, self.repository, artifacts)
        if done.problem:
            raise StepFailedError(done.problem)
        return done.outputs

    def _composite(self, job: Job, given: dict[str, str], variables: dict[str, str], event: Event) -> dict[str, str]:
        """Run this project's own action; returns its outputs."""
        text = (self.action / "action.yml").read_text(encoding="utf-8")
        document = _known(yaml.safe_load(text), ACTION_KEYS, "action.yml")
        assert document["runs"].keys() == {"using", "steps"}
        unknown = given.keys() - document["inputs"].keys()
        if unknown:
            raise UnknownKeyError(f"the action has no input {sorted(unknown)}")
        inputs = {
            key: given[key] if key in given else evaluated(str(each.get("default", "")), job.contexts)
            for key, each in document["inputs"].items()
        }
        steps = _unrun(document["runs"]["steps"])
        for step in document["runs"]["steps"]:
            if "run" in step and "shell" not in step:
                raise UnknownKeyError("a step of a composite action names no shell")
            self._step(job, _known(step, STEP_KEYS, "action.yml"), steps, inputs, self.action, event, variables)
        contexts = {**job.contexts, "steps": steps, "inputs": inputs}
        outputs = {key: evaluated(each["value"], contexts) for key, each in document["outputs"].items()}
        if job.failed:
            raise StepFailedError("the action failed", outputs)
        return outputs

    def _git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.repository), *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout


def _known(document: dict[str, Any], keys: set[str], where: str) -> dict[str, Any]:
    unknown = document.keys() - keys
    if unknown:
        raise UnknownKeyError(f"{where}: {', '.join(sorted(map(str, unknown)))}")
    return document


def _unrun(steps: list[dict[str, Any]]) -> dict[str, dict[str, dict[str, str]]]:
    """Return what is known of steps before they run: their ids, so that any other one is a mistake."""
    return {step["id"]: {"outputs": {}} for step in steps if "id" in step}


def _plain(value: object) -> str:
    """Return a value of `with:` as an action gets it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
