"""A company with a repository, a forge, a runner and a TikTok, all on this machine."""

from __future__ import annotations

import hashlib
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import pytest
import yaml

from reconciler.sandbox import TOKEN, Sandbox
from tests.ci.forge import running
from tests.ci.github import REPOSITORY, GitHub
from tests.ci.jobs import Event, Run
from tests.ci.runner import PROJECT, Runner
from tests.services import tiktok as local_tiktok

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reconciler.sandbox import Controls

ACCOUNT: Final = "7000000000000000001"
EXAMPLES: Final = PROJECT / "examples" / "ci" / "github"
STATE: Final = "/srv/reconciler/state"
"""Where the example workflows keep the state; each company replaces it by a folder of its own."""

WORKFLOWS: Final = ".github/workflows"


@dataclass(slots=True)
class Repository:
    """A git repository, and who pushes to it."""

    folder: Path

    def commit(self, message: str, files: Mapping[str, str]) -> str:
        """Commit files on the current branch; returns the commit."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        """Run git."""
        who = ["-c", "user.name=Alice", "-c", "user.email=alice@example.com"]
        done = subprocess.run(
            ["git", "-C", str(self.folder), *who, *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()


@dataclass(slots=True)
class Company:
    """Whoever reviews audiences in pull requests.

    Attributes:
        tiktok: TikTok's side.
        state: The folder that every workflow keeps the state in.
    """

    forge: GitHub
    repository: Repository
    runner: Runner
    tiktok: Controls
    state: Path

    def workflow(self, text: str) -> str:
        """Return a workflow as this company has it: with its own state folder."""
        return text.replace(STATE, str(self.state))

    def push(self, number: int, head: str, workflow: str = f"{WORKFLOWS}/plan.yml", **repo: str) -> Run:
        """Run what a push to a pull request starts."""
        self.forge.push(number, head)
        head_repository = {"full_name": REPOSITORY, **repo}
        payload = {"number": number, "pull_request": {"number": number, "head": {"sha": head, "repo": head_repository}}}
        return self.runner.start(workflow, Event("pull_request", payload, f"refs/pull/{number}/merge", head, head))

    def merge(self, number: int, workflow: str | None = f"{WORKFLOWS}/apply.yml") -> Run | None:
        """Merge a pull request, and run what that starts."""
        self.repository.git("switch", "--quiet", "main")
        self.repository.git("merge", "--quiet", "--no-ff", "--message", f"Merge #{number}", "change")
        commit = self.repository.git("rev-parse", "HEAD")
        self.forge.merge(number, commit)
        return self.on_main(workflow, "push") if workflow else None

    def on_main(self, workflow: str, event: str) -> Run:
        """Run a workflow on the main branch."""
        commit = self.repository.git("rev-parse", "main")
        payload: dict[str, Any] = {"ref": "refs/heads/main"}
        return self.runner.start(workflow, Event(event, payload, "refs/heads/main", commit, commit))

    def names(self) -> list[str]:
        """Return the names of the audiences on TikTok."""
        return sorted(each.name for each in self.tiktok.audiences(ACCOUNT))


def people() -> str:
    """Return 1,100 people as CSV."""

    def device(number: int) -> UUID:
        return UUID(bytes=hashlib.sha256(f"device {number}".encode()).digest()[:16], version=4)

    return "mpid,idfa\n" + "".join(f"{4_711_000_000_000 + each},{device(each)}\n" for each in range(1_100))


def config(audiences: Mapping[str, Mapping[str, object]]) -> str:
    """Return an audiences.yaml that keeps its state where the workflows say."""
    document = {
        "version": 1,
        "state": {"url": "${RECONCILER_STATE}"},
        "rate_limit": "ultimate",
        "advertisers": {"acme": {"advertiser_id": ACCOUNT}},
        "sources": {"people": {"path": "people.csv", "identities": {"mpid": "mpid", "idfa": "idfa"}}},
        "audiences": {key: {"advertiser": "acme", "source": "people", **each} for key, each in audiences.items()},
    }
    return yaml.safe_dump(document, sort_keys=False)


@pytest.fixture(scope="session")
def tiktok(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, str]]:
    """The local TikTok in a process of its own, and its base URL."""
    with local_tiktok.running(tmp_path_factory.mktemp("tiktok")) as started:
        yield started


@pytest.fixture
def company(tmp_path: Path, tiktok: tuple[Sandbox, str]) -> Iterator[Company]:
    """A company that has just copied the example workflows."""
    with founded(tmp_path, tiktok) as made:
        yield made


@contextmanager
def founded(folder: Path, tiktok: tuple[Sandbox, str]) -> Iterator[Company]:
    """Found a company in a folder, on an emptied TikTok."""
    sandbox, url = tiktok
    sandbox.reset()
    sandbox.ensure([ACCOUNT])
    for name in ("repository", "runner"):
        (folder / name).mkdir()
    repository = Repository(folder / "repository")
    repository.git("init", "--quiet", "--initial-branch", "main")
    with running(GitHub()) as forge:
        runner = Runner(
            folder / "runner",
            repository.folder,
            forge,
            secrets={"TIKTOK_ACCESS_TOKEN": TOKEN},
            env={"TIKTOK_BASE_URL": url, "LANG": "C.UTF-8"},
        )
        made = Company(forge, repository, runner, sandbox.controls, folder / "state")
        examples = {
            f"{WORKFLOWS}/{path.name}": made.workflow(path.read_text(encoding="utf-8"))
            for path in sorted(EXAMPLES.glob("*.yml"))
        }
        repository.commit("Workflows", {**examples, "people.csv": people()})
        yield made
    assert forge.unexpected == []
