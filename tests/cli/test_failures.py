"""Whatever goes wrong, a person reads a sentence about it and what to do: never a traceback.

That no traceback and no "something unexpected" is printed is checked by every run of these tests.
"""

from __future__ import annotations

import logging
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.cli import main

if TYPE_CHECKING:
    from tests.cli.project import Project

NEED_FILES = ("validate", "plan", "apply", "drift", "status", "state list")


@pytest.mark.parametrize("command", NEED_FILES)
def test_missing_files_say_how_to_make_some(project: Project, command: str) -> None:
    (project.folder / "audiences.yaml").unlink()
    ran = project(command)
    assert ran.code == 1
    assert "audiences.yaml does not exist" in ran.text
    assert "reconciler init" in ran.text


def test_a_directory_without_files_says_so(project: Project) -> None:
    (project.folder / "empty").mkdir()
    ran = project("plan", "-c", "empty")
    assert ran.code == 1
    assert "no *.yaml or *.yml file in empty" in ran.text


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[]", b'{"version": 1}', b'{"version": 99}'])
def test_a_damaged_state_is_left_alone_and_named(project: Project, content: bytes) -> None:
    project = project.structure()
    project.apply()
    path = project.folder / ".reconciler" / "sandbox-state" / "state.json"
    path.write_bytes(content)
    for command in ("plan", "apply", "drift", "status", "state list"):
        ran = project(command)
        assert (ran.code, ran.out) == (1, "")
        assert str(path) in ran.err
    assert path.read_bytes() == content
    assert project.names() == ["Buyers"]


def test_a_damaged_lock_is_named(project: Project) -> None:
    project = project.structure()
    project.apply()
    (project.folder / ".reconciler" / "sandbox-state" / "lock.json").write_bytes(b"{")
    for ran in (project("apply", "--auto-approve"), project("state unlock", "x")):
        assert ran.code == 1
        assert "lock.json cannot be read" in ran.text


def test_a_set_that_was_lost_or_damaged_says_what_that_means(project: Project) -> None:
    project.apply()
    (snapshot,) = (project.folder / ".reconciler" / "sandbox-state" / "sets").iterdir()
    snapshot.write_bytes(b"PAR1")
    damaged = project("plan")
    assert damaged.code == 1
    assert "is damaged" in damaged.text
    snapshot.unlink()
    lost = project("plan")
    assert lost.code == 1
    assert "is not in the state store" in lost.text


def test_a_staged_set_that_is_gone_stops_the_apply_before_anything_is_done(project: Project) -> None:
    project("plan", "--out", "plan.json")
    for each in (project.folder / ".reconciler" / "sandbox-state" / "sets").iterdir():
        each.unlink()
    ran = project.run("apply", *project.options, "plan.json")
    assert ran.code == 1
    assert "plan again" in ran.text
    assert project.names() == []


@pytest.mark.parametrize("in_the_way", [".reconciler", ".reconciler/sandbox.db"])
def test_a_file_in_the_way_of_the_local_tiktok_is_named(project: Project, in_the_way: str) -> None:
    blocking = project.folder / "elsewhere" / in_the_way
    blocking.parent.mkdir(parents=True)
    blocking.write_text("no database at all, only some text", encoding="utf-8")
    path = project.folder / "elsewhere" / "audiences.yaml"
    path.write_bytes((project.folder / "audiences.yaml").read_bytes())
    for command in (["plan", "--sandbox"], ["sandbox", "audiences"], ["sandbox", "serve", "--port", "0"]):
        ran = project.run(*command, "-c", str(path))
        assert (ran.code, ran.out) == (1, "")
        assert f"elsewhere/{in_the_way}" in ran.text


def test_a_file_in_the_way_of_the_state_is_named(served: Project) -> None:
    served.write("in the way", ".reconciler")
    for command in ("plan", "apply", "state list"):
        ran = served(command)
        assert ran.code == 1
        assert re.search(r"cannot (read|write) \w+\.json in the state store .*\.reconciler/state", ran.text), ran.text


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="there is nothing that even root may not write to")
def test_a_state_that_cannot_be_written_is_named(served: Project) -> None:
    served.declare({"buyers": {"name": "Buyers"}}, state={"url": "/sys/kernel/reconciler"})
    ran = served("apply", "--skip-members", "--auto-approve")
    assert (ran.code, ran.out) == (1, "")
    assert "in the state store /sys/kernel/reconciler" in ran.text
    assert "yours to write" in ran.text
    assert served.names() == []


def test_a_plan_that_cannot_be_saved_says_where(project: Project) -> None:
    (project.folder / "file").write_text("", encoding="utf-8")
    ran = project("plan", "--skip-members", "--out", "file/plan.json")
    assert ran.code == 1
    assert "cannot save the plan to file/plan.json" in ran.text


@pytest.mark.parametrize(
    "arguments", [["rename", "1", "New"], ["delete", "1"], ["delete-ad-group", "1"], ["ad-group", "1", "New"]]
)
def test_what_the_local_tiktok_does_not_know_is_named(project: Project, arguments: list[str]) -> None:
    ran = project.run("sandbox", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert re.search(r"Error: .*\b1\b.*\n  \S", ran.err)


def test_a_port_that_is_taken_is_named(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ran = project.run("sandbox", "serve", "--port", port)
    assert ran.code == 1
    assert f"127.0.0.1:{port}" in ran.text
    assert "Choose another port" in ran.text


def test_a_defect_is_called_one_and_its_words_are_kept_out_even_of_the_log(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    people = ["jane@example.com"]

    def fail(*_: object) -> None:
        try:
            raise_for(people[0])
        except KeyError as error:
            raise ValueError(people[0]) from error

    def raise_for(person: str) -> None:
        raise KeyError(person)

    monkeypatch.setattr("reconciler.cli.status.status_of", fail)
    caplog.set_level(logging.DEBUG, logger="reconciler")
    assert main(["status", "--sandbox"]) == 1
    told = capsys.readouterr().err
    assert "This is a defect of reconciler" in told
    logged = caplog.text
    assert "KeyError" in logged
    assert "ValueError" in logged
    assert "test_failures.py" in logged
    assert "jane@" not in told + logged
