"""What the pages for teams and the examples say is there: pages, inputs of the Action, commands and their options."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any, Final

import click
import pytest
import yaml

from reconciler.cli.root import reconciler
from tests.ci.linters import ROOT
from tests.ci.scripts import scripts_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES: Final = tuple(ROOT / "docs" / name for name in ("ci.md", "policy.md"))
WORKFLOWS: Final = tuple(sorted((ROOT / "examples/ci/github").glob("*.yml")))
SCRIPTED: Final = (ROOT / "examples/ci/gitlab/.gitlab-ci.yml", ROOT / "examples/ci/atlantis/repos.yaml")
STATE: Final = "/srv/reconciler/state"


def inputs() -> set[str]:
    """Return the inputs of the Action."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return set(action["inputs"])


def uses_of_the_action(path: Path) -> list[dict[str, Any]]:
    """Return the steps of a workflow that use the Action."""
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
    return [step for job in jobs for step in job["steps"] if "/reconciler@" in step.get("uses", "")]


def commands(text: str) -> Iterator[str]:
    """Return every command line of reconciler in a script, up to what the shell does with it."""
    for line in text.replace("\\\n", " ").splitlines():
        for found in re.findall(r"(?:^|&& |\|\| |\{ )\s*(reconciler [^#|&;}]*)", line.strip()):
            yield re.sub(r"\s\d?>.*", "", found).strip()


def documented() -> list[str]:
    """Return every command line of reconciler in the shell blocks of the pages and in the examples."""
    blocks = [
        block for page in PAGES for block in re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), flags=re.DOTALL)
    ]
    blocks += [script.text for path in SCRIPTED for script in scripts_of(path)]
    return sorted({command for block in blocks for command in commands(block)})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_and_file_that_is_linked_is_there(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))

    assert targets
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_gives_the_action_inputs_that_it_has(path: Path) -> None:
    used = uses_of_the_action(path)

    assert used
    assert {name for step in used for name in step["with"]} <= inputs()


def test_the_pages_give_the_action_inputs_that_it_has() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    given = [yaml.safe_load(each) for each in re.findall(r"with: (\{command: [^}]*\})", text)]

    assert given
    assert {name for each in given for name in each} <= inputs()


@pytest.mark.parametrize("command", documented())
def test_a_command_that_is_shown_can_be_typed(command: str) -> None:
    _, *arguments = shlex.split(command)
    taker: click.Command = reconciler
    # As the command line makes it: click keeps the help option that a command was first asked for.
    context = click.Context(reconciler, **reconciler.context_settings)
    while isinstance(taker, click.Group):
        name, *arguments = arguments
        found = taker.get_command(context, name)
        assert found is not None, f"there is no command {name}"
        taker = found

    taker.make_context("reconciler", arguments, parent=context)


@pytest.mark.parametrize("path", [*WORKFLOWS, *SCRIPTED], ids=lambda path: path.name)
def test_every_example_keeps_the_state_in_the_same_folder(path: Path) -> None:
    assert STATE in path.read_text(encoding="utf-8")


def test_a_merge_starts_an_apply_exactly_where_its_request_had_a_plan() -> None:
    def paths(name: str, event: str) -> list[str]:
        workflow = yaml.load((ROOT / "examples/ci/github" / name).read_text("utf-8"), Loader=yaml.BaseLoader)
        found: list[str] = workflow["on"][event]["paths"]
        return found

    assert paths("apply.yml", "push") == paths("plan.yml", "pull_request")
