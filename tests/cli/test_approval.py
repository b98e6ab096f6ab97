"""The question `apply` asks, and what a terminal shows of it all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from tests.cli.project import Project

ESCAPE = "\x1b"

on_terminals = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")


@dataclass(slots=True)
class Terminal:
    """A command in a process of its own, on a terminal of its own."""

    process: subprocess.Popen[bytes]
    screen: int
    shown: str = ""

    @classmethod
    def running(cls, project: Project, *arguments: str, **environ: str) -> Self:
        import pty

        screen, inside = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "reconciler", *arguments],
            cwd=project.folder,
            env={**os.environ, "TERM": "xterm-256color", **environ},
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
        )
        os.close(inside)
        return cls(process, screen)

    def until(self, text: str | None) -> None:
        """Read until `text` is on the screen; with None until the command ends."""
        while text is None or text not in self.shown:
            try:
                raw = os.read(self.screen, 65_536)
            except OSError:  # how Linux says that nobody is at the other end any more
                raw = b""
            if not raw:
                assert text is None, f"{text!r} never came: {self.shown}"
                return
            self.shown += raw.decode(errors="replace")

    def type(self, line: str) -> None:
        os.write(self.screen, f"{line}\n".encode())

    def end(self) -> int:
        """Read to the end and return the exit code."""
        self.until(None)
        return self.process.wait(timeout=30)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=30)
        os.close(self.screen)


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    """Terminals to be closed at the end."""
    opened: list[Terminal] = []
    yield opened
    for each in opened:
        each.close()


def test_without_a_terminal_a_yes_has_to_be_given_beforehand(project: Project) -> None:
    refused = project("apply", "--skip-members")
    assert refused.code == 1
    assert "--auto-approve" in refused.text
    assert project.names() == []


def test_a_yes_is_a_yes(project: Project) -> None:
    ran = project.run("apply", "--skip-members", *project.options, stdin="yes\n")
    assert ran.code == 0
    assert "Do you want to do this?" in ran.err
    assert project.names() == ["Buyers"]


@pytest.mark.parametrize("answer", ["no", "", "y", "YES", "yes please"])
def test_anything_else_does_nothing(project: Project, answer: str) -> None:
    ran = project.run("apply", "--skip-members", *project.options, stdin=f"{answer}\n")
    assert ran.code == 1
    assert ran.err.rstrip().endswith("Nothing was done.")
    assert project.names() == []
    assert project("state list").out == ""


def test_nobody_is_asked_where_there_is_nothing_to_do_or_it_would_be_refused(project: Project) -> None:
    project = project.structure()
    project.tiktok.set_role(project.account, "ANALYST")
    assert "Do you want" not in project.run("apply", "--skip-members", *project.options, stdin="yes\n").text
    project.tiktok.set_role(project.account, "ADMIN")
    project.apply()
    done = project.run("apply", "--skip-members", *project.options, stdin="yes\n")
    assert done.code == 0
    assert "Do you want" not in done.text


@on_terminals
def test_a_terminal_shows_colour_and_asks(project: Project, terminals: list[Terminal]) -> None:
    terminals.append(terminal := Terminal.running(project, "apply", *project.options))
    terminal.until("Enter a value")
    assert project.names() == []
    terminal.type("yes")
    assert terminal.end() == 0
    assert f"{ESCAPE}[" in terminal.shown
    assert "Apply complete!" in terminal.shown
    assert project.tiktok.members(project.audience_id("Buyers")) == project.hashed()


@on_terminals
def test_no_color_leaves_no_escape_codes_on_a_terminal(project: Project, terminals: list[Terminal]) -> None:
    terminals.append(terminal := Terminal.running(project, "plan", "--skip-members", *project.options, NO_COLOR="1"))
    assert terminal.end() == 0
    assert "will be created" in terminal.shown
    assert ESCAPE not in terminal.shown


def test_what_is_no_terminal_gets_no_escape_codes_and_whole_lines(project: Project) -> None:
    name = "A name as long as TikTok takes, with everything that belongs to it, at"
    project.declare({"a_key_that_is_rather_long_as_well_since_people_like_to_say_it_all": {"name": name}})
    ran = project.spawn("apply", "--skip-members", "--auto-approve", *project.options, "-vv", TERM="xterm-256color")
    assert ran.code == 0
    assert ESCAPE not in ran.out + ran.err
    assert f'"{name}"' in ran.out


@on_terminals
def test_two_applies_at_once_are_kept_apart_and_one_says_who_holds_the_lock(
    project: Project, terminals: list[Terminal]
) -> None:
    terminals.append(first := Terminal.running(project, "apply", "--skip-members", *project.options))
    first.until("Enter a value")

    second = project("apply", "--skip-members", "--auto-approve")
    assert second.code == 1
    assert "the state is locked by" in second.text
    assert "apply" in second.text
    assert "reconciler state unlock" in second.text
    assert project("plan", "--skip-members").code == 0  # looking needs no lock

    first.type("no")
    assert first.end() == 1
    assert project("apply", "--skip-members", "--auto-approve").code == 0
    assert project.names() == ["Buyers"]


@on_terminals
def test_a_run_that_died_holding_the_lock_keeps_nobody_waiting(project: Project, terminals: list[Terminal]) -> None:
    terminals.append(first := Terminal.running(project, "apply", "--skip-members", *project.options))
    first.until("Enter a value")
    first.process.send_signal(signal.SIGKILL)
    first.process.wait(timeout=30)

    ran = project("apply", "--skip-members", "--auto-approve")
    assert ran.code == 0
    assert "died holding the lock" in ran.err
    assert project.names() == ["Buyers"]
