"""Finding one's way: help, versions, and what is said about a command that is not one."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest

from reconciler import __version__
from reconciler.cli.root import COMMANDS, reconciler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.project import Project


def every_command() -> Iterator[tuple[str, ...]]:
    """Yield every command, those of groups included."""
    context = click.Context(reconciler)
    for name in COMMANDS:
        command = reconciler.get_command(context, name)
        yield (name,)
        if isinstance(command, click.Group):
            yield from ((name, each) for each in command.commands)


@pytest.mark.parametrize("command", [(), *every_command()], ids=" ".join)
def test_help_says_in_a_sentence_what_it_does(project: Project, command: tuple[str, ...]) -> None:
    for flag in ("--help", "-h"):
        ran = project.run(*command, flag)
        assert (ran.code, ran.err) == (0, "")
    usage, _, rest = ran.out.partition("\n\n")
    assert " ".join(("Usage: reconciler", *command)) in " ".join(usage.split())
    first_sentence = " ".join(rest.split("\n\n")[0].split())
    assert re.match(r"[A-Z].*?[.:]( |$)", first_sentence), first_sentence


def test_the_help_of_all_lists_every_command_in_the_order_people_meet_them(project: Project) -> None:
    listed = re.findall(r"^  (\w+) {2,}\S", project.run("--help").out.partition("Commands:")[2], re.MULTILINE)
    assert listed == list(COMMANDS)


@pytest.mark.parametrize(
    ("typed", "meant"), [("paln", "plan"), ("aply", "apply"), ("stat", "state"), ("sandbx", "sandbox")]
)
def test_a_slip_of_the_hand_is_answered_with_what_was_meant(project: Project, typed: str, meant: str) -> None:
    ran = project.run(typed)
    assert (ran.code, ran.out) == (1, "")
    assert f'There is no command "{typed}". Did you mean "{meant}"?' in ran.text


@pytest.mark.parametrize(
    "arguments", [["destroy-everything"], ["plan", "--no-such-option"], ["state", "lst"], ["state", "mv", "a"]]
)
def test_what_makes_no_sense_is_an_error_with_the_way_to_the_help(project: Project, arguments: list[str]) -> None:
    ran = project.run(*arguments)
    assert (ran.code, ran.out) == (1, "")
    assert "--help" in ran.err


def test_the_version_is_told(project: Project) -> None:
    assert project.run("--version").out.strip().endswith(__version__)


def test_v_shows_every_call_and_without_it_nothing_is_said(project: Project) -> None:
    project = project.structure()
    assert project("plan").err == ""
    assert re.search(r"GET dmp/custom_audience/list/: code 0, request \w+", project("plan", "-v").err)
    assert project("plan").err == ""


def test_python_m_is_the_same_command(project: Project) -> None:
    assert project.spawn("--version").out == project.run("--version").out


def test_help_does_not_wait_for_an_engine() -> None:
    heavy = "duckdb", "ibis", "pyarrow", "httpx", "uvicorn"
    program = (
        "import sys; from reconciler.cli import main; main(['--help']); "
        f"print([each for each in {heavy} if each in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_examples_in_a_help_stand_on_lines_of_their_own(project: Project) -> None:
    for command in ("plan", "import"):
        text = project.run(command, "--help").out
        assert "\\b" not in text
        assert "Examples:\n    reconciler " in text
