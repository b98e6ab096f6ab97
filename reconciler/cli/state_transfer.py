"""`reconciler state pull`, `push` and `migrate`: the state as a whole, out of its store, into it, or to another."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.bounded import read_bounded, spelled
from reconciler.cli import screen
from reconciler.cli.journaling import journaled
from reconciler.cli.options import lock_options, workspace_options
from reconciler.cli.saved import UnreadableFileError
from reconciler.cli.workspace import scratch, workspace
from reconciler.cli.writing import write_whole
from reconciler.errors import ReconcilerError
from reconciler.report.wording import count
from reconciler.state import sizes, transfer
from reconciler.state.journal_model import Step
from reconciler.state.repository import open_state

if TYPE_CHECKING:
    from reconciler.cli.workspace import Place
    from reconciler.state.transfer import Difference


class LocalStateError(ReconcilerError):
    """The local TikTok keeps its state beside it; it goes nowhere else."""


@click.command("pull")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Write it to this file instead of stdout.",
)
@workspace_options
def pull(output: Path | None, place: Place) -> int:
    """Print the state's document as it stands, checked: a backup, or something to mend and push."""
    with workspace(place) as opened:
        content = transfer.pull(opened.store)
    if output is None or output == Path("-"):
        click.echo(content, nl=False)
    else:
        write_whole(output, content, what="the state", option="-o")
        screen.say(f"The state is in {output}.")
    return 0


@click.command("push")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--force",
    is_flag=True,
    help="Put it there even over a newer state, one of another lineage, or one that is damaged.",
)
@workspace_options
@lock_options
def push(file: Path, force: bool, place: Place) -> int:
    """Put the document in FILE in the place of the state: a backup, or one that was mended by hand."""
    state, by_hand = transfer.edited(_read(file), str(file))
    with workspace(place) as opened, journaled(opened, "state push") as entry:
        made = transfer.open_for(opened.store, state, force=force, now=datetime.now(UTC))
        entry.begin(made.standing)
        made.standing.save(made.state)
        entry.did(Step("state", "push", "done", _told(made.difference)), *_steps(made.difference))
        serial = made.standing.state.serial
    if by_hand:
        screen.say(
            "Warning: the checksum did not fit, so the document was changed after it was written. It has a new one."
        )
    screen.say(f"The state is at serial {serial} now: {_told(made.difference)}.")
    if made.is_blind:
        screen.say(
            "Warning: the state that stood there could not be read, so nobody knows whom TikTok was sent since this "
            "copy was made: people who have left a source since stay in its audience until they expire."
        )
    return 0


@click.command("migrate")
@click.option("--to", required=True, metavar="URL", help="The new store: a directory, s3://…, gs://… or az://….")
@click.option("--keep", is_flag=True, help="Leave the old store usable: a copy, and from then on a fork.")
@workspace_options
@lock_options
def migrate(to: str, keep: bool, place: Place) -> int:
    """Move the state to another store, with the members, the history and the saved plans that go with it."""
    if place.sandbox:
        raise LocalStateError(
            "the state of the local TikTok does not move",
            hint="Without --sandbox, this moves the state that state.url names.",
        )
    target = open_state(_absolute(to, place))
    with workspace(place) as opened, opened.lock("state migrate"), scratch() as folder:
        migrated = transfer.migrate(opened.store, target, folder, keep=keep)
        left = opened.store.url
    screen.say(
        f"The state is at {target.url}, serial {migrated.serial}: "
        f"{count(migrated.sets, 'set')} and {count(migrated.objects, 'record')} with it."
    )
    screen.say(f"Now set state.url to {to} in the files.")
    if keep:
        screen.say(f"What is at {left} still works: nobody may run on it any more, or there are two states.")
    else:
        screen.say(f"Whatever still runs on {left} is refused and told where the state is. Nothing there was removed.")
    return 0


def _told(difference: Difference) -> str:
    told = [f"{verb} {', '.join(addresses)}" for verb, addresses in _parts(difference).items() if addresses]
    return "; ".join(told) or "no resource is another"


def _steps(difference: Difference) -> list[Step]:
    """Return what a push did to each address, for who looks up that address."""
    return [
        Step(address, "push", "done", verb) for verb, addresses in _parts(difference).items() for address in addresses
    ]


def _parts(difference: Difference) -> dict[str, tuple[str, ...]]:
    return {"added": difference.added, "removed": difference.removed, "changed": difference.changed}


def _absolute(url: str, place: Place) -> str:
    """Return the store's URL as the files would give it: a path is one from their folder, and never that itself."""
    if not url.strip() or (place.folder.absolute() / url).resolve() == place.folder.resolve():
        raise LocalStateError(f'"{url}" is no place for a state', hint="Name a folder of its own, or a bucket's URL.")
    return url if "://" in url else os.path.normpath(place.folder.absolute() / url)


def _read(file: Path) -> bytes:
    hint = "`reconciler state pull -o FILE` makes one."
    try:
        content = read_bounded(file, sizes.DOCUMENT)
    except OSError as problem:
        raise UnreadableFileError(f"cannot read {file}: {problem.strerror}", hint=hint) from problem
    if content is None:
        raise UnreadableFileError(f"{file} is larger than {spelled(sizes.DOCUMENT)}, which no state is", hint=hint)
    return content
