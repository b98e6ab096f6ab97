"""`reconciler init`: a first file to fill in."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import click

from reconciler import schemas
from reconciler.cli.screen import say
from reconciler.cli.workspace import WORK_FOLDER
from reconciler.config import starter_yaml
from reconciler.errors import ReconcilerError


class FileInTheWayError(ReconcilerError):
    """`init` never overwrites."""


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
def command(folder: Path) -> None:
    """Write a first audiences.yaml to fill in, and the schema that lets editors complete it.

    Nothing that exists is overwritten. The work folder .reconciler/ is added to .gitignore: it holds hashed
    identifiers and belongs in no repository.
    """
    target = folder / "audiences.yaml"
    if target.exists():
        raise FileInTheWayError(f"{target} exists already", hint="Edit it, or run `reconciler init FOLDER` elsewhere.")
    folder.mkdir(parents=True, exist_ok=True)
    target.write_text(starter_yaml(), encoding="utf-8")
    _write_schema(folder / "schemas" / "audiences.schema.json")
    _ignore(folder / ".gitignore")
    steps = [
        *([] if folder == Path() else [f"cd {shlex.quote(str(folder))}"]),
        f"Fill in the advertiser id, the source and the audience in {target.name}.",
        "reconciler validate",
        "reconciler plan --sandbox        try it out on the local TikTok",
        "reconciler auth login            once, or export TIKTOK_ACCESS_TOKEN=…",
        "reconciler plan",
    ]
    say(f"Wrote {target}. Next:\n" + "\n".join(f"  {number}. {step}" for number, step in enumerate(steps, start=1)))


def _write_schema(path: Path) -> None:
    """Put the schema where the file's first line names it, so that editors complete and check."""
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(schemas.load("audiences"), indent=2) + "\n", encoding="utf-8")


def _ignore(path: Path) -> None:
    line = f"{WORK_FOLDER}/".encode()
    present = path.read_bytes() if path.exists() else b""  # in whatever encoding
    if line in present.splitlines():
        return
    separator = b"" if not present or present.endswith(b"\n") else b"\n"
    path.write_bytes(b"%b%b%b\n" % (present, separator, line))
