"""`reconciler demo`: everything once, on generated people and the local TikTok. Prints each command it runs."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import yaml
from rich.text import Text

import reconciler
from reconciler.cli import screen
from reconciler.cli.workspace import Place, scratch
from reconciler.errors import ReconcilerError
from reconciler.state.repository import open_state

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = "audiences.yaml"


class DemoError(ReconcilerError):
    """A step did not end as it should: the demo is a check, too."""


@click.command("demo")
@click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False), help="Work in this folder and leave it there."
)
def command(keep: Path | None) -> int:
    """Plan, apply and drift on the example, against the local TikTok, in a folder of its own.

    Every command is printed before it runs, so each can be typed by hand as well. Needs no account and no network.
    """
    with _folder(keep) as folder:
        _copy_example(folder)
        with _inside(folder):
            _walk_through()
    return 0


def _walk_through() -> None:
    _tell("The files declare two advertiser accounts and five audiences. Do they hold?")
    _run("validate")
    _tell("What would change on TikTok? The plan is saved, for a reviewer.")
    _run("plan", "--sandbox", "--out", "plan.json")
    _tell("Approved: apply exactly that plan.")
    _run("apply", "--sandbox", "plan.json")
    _tell("Nothing is left to do.")
    _run("plan", "--sandbox", "--detailed-exitcode")
    _tell("TikTok takes its time to populate audiences. A day passes.")
    _run("sandbox", "advance", "26")
    _run("status", "--sandbox")

    account, lapsed = _managed("audience.lapsed_buyers")
    _, spenders = _managed("audience.big_spenders")
    _tell("Someone renames one audience by hand and deletes another. The nightly drift report finds it.")
    _run("sandbox", "rename", lapsed, "Lapsed buyers OLD")
    _run("sandbox", "delete", spenders)
    _run("drift", "--sandbox", expected=2)
    _tell("Apply puts it right.")
    _run("apply", "--sandbox", "--auto-approve")

    _tell("An ad group uses an audience, and someone takes the audience out of the files.")
    ad_group = _run_for_output("sandbox", "ad-group", account, "Spring sale", "--include", lapsed)
    _undeclare("lapsed_buyers")
    _tell("The plan refuses, with the ad group's name, and so does apply.")
    _run("plan", "--sandbox", expected=1)
    _run("apply", "--sandbox", "--auto-approve", expected=1)
    _tell("Once the ad group is gone the audience may go, too.")
    _run("sandbox", "delete-ad-group", ad_group)
    _run("apply", "--sandbox", "--auto-approve")
    _run("plan", "--sandbox", "--detailed-exitcode")
    _tell("That is all of it. Next: reconciler init")


def _run(*arguments: str, expected: int = 0) -> None:
    _show(arguments)
    from reconciler.cli.root import run

    code = run(arguments)
    if code != expected:
        raise DemoError(f"the demo expected exit code {expected} and got {code}", hint="This is a defect; report it.")
    if expected:
        screen.results().print(Text(f"(exit code {code})", style="dim"))


def _run_for_output(*arguments: str) -> str:
    from click.testing import CliRunner

    from reconciler.cli.sandbox import command as sandbox

    _show(arguments)
    output = CliRunner().invoke(sandbox, list(arguments[1:]), catch_exceptions=False).stdout
    screen.results().print(output.strip())
    return output.strip()


def _show(arguments: tuple[str, ...]) -> None:
    shown = " ".join(f'"{each}"' if " " in each else each for each in arguments)
    screen.results().print(Text.assemble("\n", ("$ ", "dim"), (f"reconciler {shown}", "bold")))


def _tell(sentence: str) -> None:
    screen.results().print(Text(f"\n# {sentence}", style="cyan"))


def _managed(address: str) -> tuple[str, str]:
    place = Place(Path(FILE), sandbox=True)
    resource = open_state(str(place.sandbox_state.absolute())).read().state.resources[address]
    return resource.advertiser_id, resource.audience_id


def _undeclare(key: str) -> None:
    screen.results().print(Text.assemble("\n", ("$ ", "dim"), (f"$EDITOR {FILE}    # take {key} out", "bold")))
    document = yaml.safe_load(Path(FILE).read_text(encoding="utf-8"))
    del document["audiences"][key]
    Path(FILE).write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def _copy_example(folder: Path) -> None:
    if (folder / FILE).exists():
        raise DemoError(f"{folder / FILE} exists already", hint="Choose an empty folder.")
    package = Path(reconciler.__file__).parent
    installed = package / "_example"
    origin = installed if installed.is_dir() else package.parent
    shutil.copy(origin / FILE, folder / FILE)
    shutil.copytree(origin / "examples", folder / "examples")


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with scratch() as folder:
            yield folder
    else:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
