"""No token, no app secret and no code of a login is found anywhere: whatever command runs, however much it says.

Every command runs with -vv against a TikTok over HTTP, with a login in a file and the secret in the environment. What
they print, what they leave on the disk and what they are called with is searched.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import click
import httpx
import pytest

from reconciler.cli.root import COMMANDS, reconciler
from tests.cli.logging_in import SECRET, log_in, token_file, tokens
from tests.consent import decide

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.project import Project
    from tests.consent import Visitor

RUNS: Final[dict[str, tuple[str, ...]]] = {
    "init": ("other.yaml",),
    "auth login": ("--app-id", "7011", "--port", "0", "--yes", "-vv"),
    "auth status": ("-vv",),
    "auth token": ("-vv",),
    "advertisers": ("--format", "yaml", "-o", "accounts.yaml", "-vv"),
    "validate": ("-vv",),
    "fmt": ("--check", "audiences.yaml"),
    "plan": ("--out", "plan.json", "-vv"),
    "show": ("plan.json", "--format", "html", "-o", "plan.html"),
    "publish comment": ("plan.html", "--on", "github", "--repository", "acme/ads", "--request", "7"),
    "publish find-artifact": ("--on", "github", "--repository", "acme/ads"),
    "publish issue": ("plan.html", "--title", "Drift", "--on", "github", "--repository", "acme/ads"),
    "apply": ("plan.json", "-vv", "--format", "json", "-o", "outcome.json"),
    "drift": ("-vv", "--format", "json"),
    "status": ("-vv",),
    "import": ("--all", "acme", "-o", "imported.yaml", "-vv"),
    "history": ("-vv", "--format", "json"),
    "state list": ("-vv",),
    "state show": ("audience.buyers", "-vv"),
    "state mv": ("audience.buyers", "audience.others", "-vv"),
    "state rm": ("audience.others", "-vv"),
    "state pull": ("-o", "pulled.json", "-vv"),
    "state push": ("pulled.json", "-vv"),
    "state migrate": ("--to", "elsewhere", "-vv"),
    "state unlock": ("none", "-vv"),
    "sandbox reset": ("--yes",),
    "sandbox audiences": (),
    "sandbox advance": ("1",),
    "sandbox rename": ("1", "New"),
    "sandbox share": ("1", "7000000000000000002"),
    "sandbox expire": ("1",),
    "sandbox match": ("1", "5"),
    "sandbox fail": ("1", "no"),
    "sandbox delete": ("1",),
    "sandbox ad-group": ("7000000000000000001", "Spring"),
    "sandbox delete-ad-group": ("1",),
    "sandbox account": ("7000000000000000001", "--name", "Acme"),
    "sandbox role": ("7000000000000000001", "ANALYST"),
    "sandbox withdraw": ("7000000000000000001",),
    "sandbox scopes": ("30",),
    "sandbox tokens": (),
    "sandbox serve": ("--host", "no-such-host.invalid"),
    "demo": (),
    "auth logout": ("-vv",),
}
"""What each command is run with, in this order; one that refuses tells just as much as one that does."""


def every_command() -> Iterator[str]:
    context = click.Context(reconciler)
    for name in COMMANDS:
        command = reconciler.get_command(context, name)
        if isinstance(command, click.Group):
            yield from (f"{name} {each}" for each in command.commands)
        else:
            yield name


class Secrets:
    """What must not be found, in every spelling."""

    def __init__(self, **values: str) -> None:
        self.needles: dict[bytes, str] = {}
        for name, value in values.items():
            assert len(value) >= 8
            raw = value.encode()
            # Base64 of a text inside another depends on where it begins; its middle is one of three.
            shifted = [base64.b64encode(b"x" * skip + raw)[4 * bool(skip) : -4] for skip in range(3)]
            for spelled in (raw, raw[::-1], raw.hex().encode(), *shifted):
                self.needles[spelled] = name

    def found_in(self, content: bytes) -> set[str]:
        return {name for needle, name in self.needles.items() if needle in content}

    def assert_in_no_file(self, folder: Path) -> None:
        """But for the one file that holds the token, which nobody else may read."""
        for path in folder.rglob("*"):
            if path.is_file() and path.parent.name != "tokens":
                assert not self.found_in(path.read_bytes()), path
            elif path.is_file():
                assert path.stat().st_mode & 0o077 == 0


@pytest.fixture
def here(served: Project, monkeypatch: pytest.MonkeyPatch, person: Visitor) -> Project:
    """A project with a login in a file and the app's secret in the environment."""
    monkeypatch.delenv("TIKTOK_ACCESS_TOKEN")
    monkeypatch.setenv("TIKTOK_APP_SECRET", SECRET)
    served.tiktok.set_app("7011", SECRET)
    ran = log_in(served, "-vv")
    assert ran.code == 0
    assert "oauth2/access_token/" in ran.err, "it says what it does"
    assert not secrets(served, person).found_in((ran.out + ran.err).encode())
    return served


def secrets(project: Project, person: Visitor) -> Secrets:
    token = token_file(project).read_text().strip()
    codes = {f"code_{number}": httpx.URL(each).params["auth_code"] for number, each in enumerate(person.answers)}
    return Secrets(token=token, secret=SECRET, **codes)


def test_every_command_has_been_thought_of() -> None:
    assert sorted(RUNS) == sorted(every_command())


def test_no_command_tells_a_secret(here: Project, person: Visitor) -> None:
    known = [secrets(here, person)]
    for name, arguments in RUNS.items():
        ran = here.run(*name.split(), *arguments)
        if name == "auth login":
            assert ran.code == 0, ran.text
            known.append(secrets(here, person))
        for each in known:
            assert not each.found_in((ran.out + ran.err).encode()), name
            each.assert_in_no_file(here.folder)
    assert (here.folder / "plan.html").exists()
    assert (here.folder / "outcome.json").exists()
    assert list(tokens(here).iterdir()) == []


@pytest.mark.parametrize("command", [("plan",), ("auth", "status"), ("advertisers",), ("auth", "logout")])
def test_nor_where_tiktok_cannot_be_reached(
    here: Project, person: Visitor, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.tiktok.retry.SILENCE_SECONDS", 0.0)
    known = secrets(here, person)
    here.tiktok.add_fault("drop_before", times=1000)
    ran = here.run(*command, "-vv")
    assert ran.code == 1
    assert not known.found_in((ran.out + ran.err).encode())


def test_nor_in_a_traceback(here: Project, person: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    known = secrets(here, person)

    async def fail(*_: object) -> None:
        raise RuntimeError(f"{SECRET} {person.answers[0]}")

    monkeypatch.setattr("reconciler.cli.auth.look_into_all", fail)
    with pytest.raises(AssertionError) as told:  # of the test's own: nothing unexpected may reach a person
        here.run("auth", "status", "-vv")
    assert "RuntimeError" in str(told.value)
    assert not known.found_in(str(told.value).encode())


def test_nor_in_the_arguments_of_a_process(here: Project, person: Visitor) -> None:
    """Those of the command itself, and of the browser it opens: anybody on the machine can read them."""
    seen, script = here.folder / "seen.json", here.folder / "browser.py"
    script.write_text(
        "import json, pathlib, sys\n"
        "found = [each.read_bytes().replace(b'\\0', b' ').decode(errors='replace')\n"
        "         for each in pathlib.Path('/proc').glob('[0-9]*/cmdline') if each.exists()]\n"
        f"pathlib.Path({str(seen)!r}).write_text(json.dumps([sys.argv, *found]))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "auth", "login", "--app-id", "7011", "--port", "0", "--yes"],
        cwd=here.folder,
        env={**os.environ, "BROWSER": f"{sys.executable} {script} %s &"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    page = next(line.strip() for line in iter(process.stderr.readline, "") if "/portal/auth" in line)
    person.answers.append(decide(page))
    assert httpx.get(person.answers[-1]).status_code == 200
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    for _ in range(200):
        if seen.exists() and seen.stat().st_size:
            break
        subprocess.run(["true"], check=True)
    arguments = "\n".join(map(str, json.loads(seen.read_text())))
    assert "/portal/auth" in arguments, "the browser was asked to go there"
    assert "reconciler auth login" in arguments
    assert not secrets(here, person).found_in(arguments.encode())


def test_what_is_searched_for_would_be_found(here: Project, person: Visitor, tmp_path: Path) -> None:
    known, planted = secrets(here, person), tmp_path / "planted"
    planted.mkdir()
    for path in tokens(here).iterdir():
        shutil.copy(path, planted / "leaked")
    with pytest.raises(AssertionError):
        known.assert_in_no_file(planted)
    assert known.found_in(base64.b64encode(f"the secret is {SECRET}".encode())) == {"secret"}
