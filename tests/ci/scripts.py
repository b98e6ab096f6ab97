"""The scripts in the files that CI systems read, as those systems put them together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_GITLAB_KEYWORDS: Final = frozenset({"default", "include", "stages", "variables", "workflow", "spec"})


@dataclass(frozen=True, slots=True)
class Script:
    """A script.

    Attributes:
        name: Where in its file it stands.
        shell: What runs it: ``bash`` or ``sh``.
        text: The whole of it, with what the CI system puts in front.
    """

    name: str
    shell: str
    text: str


def scripts_of(path: Path) -> list[Script]:
    """Return every script in a file: a shell script, an action, a workflow, a GitLab pipeline, or Atlantis' repos.yaml.

    Raises:
        ValueError: It is a file of none of these kinds, or one of its scripts wants a shell that nobody here knows.
    """
    text = path.read_text(encoding="utf-8")
    if text.startswith("#!"):
        return [Script(path.name, "bash" if "bash" in text.partition("\n")[0] else "sh", text)]
    document = yaml.load(text, Loader=yaml.BaseLoader)  # every scalar as it is written: `on` stays `on`
    if path.name == "repos.yaml":
        return list(_of_atlantis(document))
    if "runs" in document:
        return list(_of_github("runs", document["runs"]["steps"]))
    if "jobs" in document:
        return [script for name, job in document["jobs"].items() for script in _of_github(name, job["steps"])]
    if "stages" in document:
        return [gitlab_script(document, name) for name in gitlab_jobs(document)]
    raise ValueError(f"{path} is no file of a CI system that is known here")


def gitlab_jobs(document: dict[str, Any]) -> list[str]:
    """Return the names of a pipeline's jobs."""
    return [name for name in document if name not in _GITLAB_KEYWORDS and not name.startswith(".")]


def gitlab_job(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a job with what it extends put into it: maps key by key, all else as the job itself says."""
    job: dict[str, Any] = document[name]
    if "extends" not in job:
        return job
    base = gitlab_job(document, job["extends"])
    own = {key: value for key, value in job.items() if key != "extends"}
    merged = {key: {**base[key], **own[key]} for key in base.keys() & own.keys() if isinstance(own[key], dict)}
    return {**base, **own, **merged}


def gitlab_script(document: dict[str, Any], name: str) -> Script:
    """Return a job's script as GitLab puts it together: all lines in one shell, which ends at the first error."""
    job = gitlab_job(document, name)
    for key in ("before_script", "after_script", "hooks"):
        if key in job:
            raise ValueError(f"{name} has a {key}, which is not known here")
    return Script(name, "bash", "\n".join(["set -eo pipefail", *job["script"], ""]))


def _of_github(place: str, steps: list[dict[str, str]]) -> Iterator[Script]:
    for step in steps:
        if "run" not in step:
            continue
        if step.get("shell", "bash") != "bash":
            raise ValueError(f"{place}: {step['shell']} is not known here")
        yield Script(f"{place} / {step['name']}", "bash", f"set -eo pipefail\n{step['run']}")


def _of_atlantis(document: dict[str, Any]) -> Iterator[Script]:
    for name, workflow in document["workflows"].items():
        for stage, its in workflow.items():
            for step in its["steps"]:
                if "run" in step:
                    yield Script(f"{name} / {stage}", "sh", f"{step['run']}\n")
