"""Forges to post to, and the command line that posts there as a run of CI would."""

from __future__ import annotations

import io
import json
import os
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import pytest

from reconciler.cli import main
from tests.ci.forge import Application, Forge, serving
from tests.ci.github import REPOSITORY, GitHub
from tests.ci.gitlab import PROJECT, PROJECT_PATH, GitLab

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

F = TypeVar("F", bound=Forge)

GITHUB_TOKEN: Final = "ghs_0123456789abcdefghijklmnopqrstuvwxyz"
GITLAB_TOKEN: Final = "glpat-0123456789abcdefghij"
ALL: Final = {"pull-requests": "write", "issues": "write", "actions": "read", "contents": "read"}
HEAD: Final = "1" * 40

_FOREIGN: Final = ("GITHUB_", "GITLAB_", "CI", "RUNNER_")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command line left."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Job:
    """A run of CI, in whose environment commands run."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch

    def env(self, **variables: str | None) -> None:
        """Set variables, or unset those that are None."""
        for name, value in variables.items():
            if value is None:
                self.monkeypatch.delenv(name, raising=False)
            else:
                self.monkeypatch.setenv(name, value)

    def event(self, payload: object) -> None:
        """Let the run have been started by this."""
        path = self.folder / "event.json"
        path.write_text(json.dumps(payload), encoding="utf-8")
        self.env(GITHUB_EVENT_PATH=str(path))

    def publish(self, command: str, text: str | None, *options: str) -> Ran:
        """Run `reconciler publish COMMAND`, with a file that holds `text`."""
        arguments = ["publish", command]
        if text is not None:
            path = self.folder / "report.md"
            path.write_text(text, encoding="utf-8")
            arguments.append(str(path))
        return self.run(*arguments, *options)

    def run(self, *arguments: str) -> Ran:
        """Run a command line."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main([*arguments])
        ran = Ran(code, out.getvalue(), err.getvalue())
        for sign in ("Traceback", "something unexpected", GITHUB_TOKEN, GITLAB_TOKEN):
            assert sign not in ran.out + ran.err, ran
        return ran


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A run of nothing yet: the environment knows of no CI."""
    for name in [each for each in os.environ if each.startswith(_FOREIGN)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_COLOR", "1")
    return Job(tmp_path, monkeypatch)


def pull_request_event(number: int, head: str = HEAD, repository: str = REPOSITORY) -> dict[str, object]:
    """Return the payload that a push to a pull request starts runs with."""
    return {
        "number": number,
        "pull_request": {"number": number, "head": {"sha": head, "repo": {"full_name": repository}}},
    }


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[Application[Forge], str]]:
    """One server for every test, and its address."""
    application = Application(Forge())
    with serving(application) as address:
        yield application, address


@contextmanager
def standing_in(forge: F, served: tuple[Application[Forge], str]) -> Iterator[F]:
    """Let the server stand in for `forge`, which must not have been asked what nobody expects."""
    application, address = served
    application.forge, forge.url = forge, f"{address}{forge.base}"
    yield forge
    assert forge.unexpected == []


@pytest.fixture
def github(job: Job, served: tuple[Application[Forge], str]) -> Iterator[GitHub]:
    """GitHub with pull request #1, and the run of a push to it."""
    with standing_in(GitHub(tokens={GITHUB_TOKEN: ALL}), served) as forge:
        number = forge.open_pull(HEAD)
        job.env(
            GITHUB_ACTIONS="true",
            GITHUB_API_URL=forge.url,
            GITHUB_SERVER_URL="https://github.example",
            GITHUB_REPOSITORY=REPOSITORY,
            GITHUB_REF=f"refs/pull/{number}/merge",
            GITHUB_SHA="f" * 40,
            GITHUB_RUN_ID="77",
            GITHUB_ACTOR="alice",
            GITHUB_TOKEN=GITHUB_TOKEN,
        )
        job.event(pull_request_event(number))
        yield forge


@pytest.fixture
def gitlab(job: Job, served: tuple[Application[Forge], str]) -> Iterator[GitLab]:
    """GitLab with merge request !1, and a pipeline of it."""
    with standing_in(GitLab(tokens={GITLAB_TOKEN: 500}), served) as forge:
        number = forge.open_request(HEAD)
        job.env(
            CI="true",
            GITLAB_CI="true",
            CI_API_V4_URL=forge.url,
            CI_PROJECT_ID=PROJECT,
            CI_PROJECT_URL=f"https://gitlab.example/{PROJECT_PATH}",
            CI_MERGE_REQUEST_IID=str(number),
            CI_MERGE_REQUEST_PROJECT_ID=PROJECT,
            CI_MERGE_REQUEST_SOURCE_PROJECT_ID=PROJECT,
            CI_COMMIT_SHA=HEAD,
            CI_JOB_URL=f"https://gitlab.example/{PROJECT_PATH}/-/jobs/9",
            GITLAB_TOKEN=GITLAB_TOKEN,
        )
        yield forge
