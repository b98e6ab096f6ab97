"""The pre-commit hooks let a good file pass, stop a bad one, and run where they should.

Run by the real pre-commit, in a git repository, on the example configuration. One thing differs: pre-commit would
install the program from the network, and here it is the one that is tested.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.ci.linters import ROOT

BIN: Final = Path(sys.executable).parent
EXAMPLE: Final = ROOT / "examples" / "ci" / "pre-commit" / ".pre-commit-config.yaml"
GOOD: Final = """\
version: 1

advertisers:
  acme:
    advertiser_id: "7000000000000000001"

sources:
  people:
    path: people.csv
    identities: {idfa: idfa}

audiences:
  buyers:
    advertiser: acme
    source: people
"""


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository with the hooks installed."""

    folder: Path

    def commit(self, **files: str) -> subprocess.CompletedProcess[str]:
        """Try to commit files, named without ``.yaml``."""
        for name, text in files.items():
            path = self.folder / f"{name}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.git("add", "--all")
        return self.git("commit", "--message", "Audiences", check=False)

    def git(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run git, with everything of this machine's kept out."""
        environ = {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder.parent),
            "PRE_COMMIT_HOME": str(self.folder.parent / "pre-commit"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "LANG": "C.UTF-8",
        }
        who = ("-c", "user.name=Alice", "-c", "user.email=alice@example.com")
        return subprocess.run(
            ["git", *who, *arguments], cwd=self.folder, env=environ, capture_output=True, text=True, check=check
        )


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository that took over the example configuration."""
    manifest = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
    (wanted,) = yaml.safe_load(EXAMPLE.read_text("utf-8"))["repos"]
    hooks = [{**manifest[hook["id"]], **hook, "language": "system"} for hook in wanted["hooks"]]
    folder = tmp_path / "repository"
    folder.mkdir()
    made = Repository(folder)
    made.git("init", "--quiet", "--initial-branch", "main")
    (folder / "people.csv").write_text("idfa\n", encoding="utf-8")
    config = yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]})
    (folder / ".pre-commit-config.yaml").write_text(config, encoding="utf-8")
    subprocess.run([BIN / "pre-commit", "install"], cwd=folder, check=True, capture_output=True)
    return made


def test_files_that_hold_are_committed(repository: Repository) -> None:
    done = repository.commit(audiences=GOOD)

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_mistake_is_stopped_with_its_line(repository: Repository) -> None:
    done = repository.commit(audiences=GOOD.replace("source: people", "source: peple"))

    assert done.returncode == 1
    assert "audiences.yaml:15:13" in done.stdout + done.stderr
    assert repository.git("log", check=False).returncode != 0, "nothing was committed"


def test_a_file_that_is_not_canonical_is_put_into_its_form_to_be_looked_at(repository: Repository) -> None:
    done = repository.commit(audiences=GOOD.replace("source: people\n", "source: people   \n\n\n"))

    assert done.returncode == 1
    assert (repository.folder / "audiences.yaml").read_text(encoding="utf-8") == GOOD
    assert repository.commit().returncode == 0


def test_other_files_start_no_hook(repository: Repository) -> None:
    done = repository.commit(values="image: reconciler\n")

    assert done.returncode == 0
    assert (done.stdout + done.stderr).count("Skipped") == 2
