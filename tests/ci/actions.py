"""Stand-ins for actions of others: they copy files, and refuse inputs that the real ones do not have."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.ci.github import GitHub


@dataclass(frozen=True, slots=True)
class Done:
    """What an action left: its outputs, or why it failed."""

    outputs: dict[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Artifacts:
    """Where the forge keeps what runs upload."""

    folder: Path
    forge: GitHub

    def of(self, run: int, name: str) -> Path:
        """Return the folder of an artifact."""
        return self.folder / str(run) / name


def checkout(
    given: dict[str, str], workspace: Path, run: int, sha: str, repository: Path, artifacts: Artifacts
) -> Done:
    """actions/checkout: the files of the commit, in an emptied workspace, and no credentials left behind."""
    _only(given, "persist-credentials", "fetch-depth")
    if given.get("persist-credentials") != "false":
        return Done(problem="the token would be left in .git/config")
    git = ["git", "-c", "advice.detachedHead=false"]
    subprocess.run([*git, "clone", "--quiet", "--no-checkout", str(repository), str(workspace)], check=True)
    subprocess.run([*git, "-C", str(workspace), "checkout", "--quiet", sha], check=True)
    return Done()


def setup_python(
    given: dict[str, str], workspace: Path, run: int, sha: str, repository: Path, artifacts: Artifacts
) -> Done:
    """actions/setup-python: there is one already."""
    _only(given, "python-version")
    major, _, minor = given["python-version"].partition(".")
    return Done() if (int(major), int(minor)) >= (3, 11) else Done(problem="that Python is too old for the project")


def upload_artifact(
    given: dict[str, str], workspace: Path, run: int, sha: str, repository: Path, artifacts: Artifacts
) -> Done:
    """actions/upload-artifact: the named files, relative to the folder they have in common."""
    _only(given, "name", "path", "if-no-files-found", "overwrite", "retention-days")
    files = [workspace / line.strip() for line in given["path"].splitlines() if line.strip()]
    there = [each for each in files if each.is_file()]
    if not there:
        return Done(problem="no files were found" if given.get("if-no-files-found") == "error" else "")
    target = artifacts.of(run, given["name"])
    if target.exists():
        if given.get("overwrite") != "true":
            return Done(problem="an artifact of that name exists already")
        shutil.rmtree(target)
    else:
        artifacts.forge.keep(run, given["name"])
    target.mkdir(parents=True)
    for each in there:
        shutil.copy(each, target / each.name)
    return Done()


def download_artifact(
    given: dict[str, str], workspace: Path, run: int, sha: str, repository: Path, artifacts: Artifacts
) -> Done:
    """actions/download-artifact: from this run, or with a token that may read them from another one."""
    _only(given, "name", "path", "run-id", "github-token")
    source = int(given.get("run-id") or run)
    granted = artifacts.forge.tokens.get(given.get("github-token", ""), {})
    if source != run and granted.get("actions") not in ("read", "write"):
        return Done(problem="the token may not read the artifacts of other runs")
    found = artifacts.of(source, given["name"])
    if not found.exists():
        return Done(problem=f"Unable to download artifact(s): Artifact not found for name: {given['name']}")
    shutil.copytree(found, workspace / given["path"], dirs_exist_ok=True)
    return Done(outputs={"download-path": given["path"]})


ACTIONS: Final[dict[str, Callable[[dict[str, str], Path, int, str, Path, Artifacts], Done]]] = {
    "actions/checkout": checkout,
    "actions/setup-python": setup_python,
    "actions/upload-artifact": upload_artifact,
    "actions/download-artifact": download_artifact,
}


def _only(given: dict[str, str], *names: str) -> None:
    unknown = sorted(given.keys() - set(names))
    assert not unknown, f"the action has no input {unknown}"
