"""`reconciler state …`: looks into the state, and mends it by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import orjson

from reconciler.cli import screen
from reconciler.cli.journaling import journaled, note_unlocking
from reconciler.cli.options import lock_options, output_format, workspace_options
from reconciler.cli.state_transfer import migrate, pull, push
from reconciler.cli.workspace import workspace
from reconciler.report.visible import visible
from reconciler.state import change, document
from reconciler.state.journal_model import Step

if TYPE_CHECKING:
    from reconciler.cli.workspace import Place


@click.group("state")
def command() -> None:
    """Look into the state, and mend it by hand. None of these touches TikTok."""


for _each in (pull, push, migrate):
    command.add_command(_each)


@command.command("list")
@workspace_options
@output_format
def list_(place: Place, form: str) -> int:
    """List the addresses that are managed."""
    with workspace(place) as opened:
        resources = opened.store.read().state.resources
    if form == "json":
        screen.json({"addresses": sorted(resources)})
    else:
        for address in sorted(resources):
            click.echo(address)
    return 0


@command.command("show")
@click.argument("address")
@workspace_options
def show(address: str, place: Place) -> int:
    """Show what the state holds at ADDRESS, as JSON."""
    with workspace(place) as opened:
        state = opened.store.read().state
    change.resource_at(state, address)
    whole = orjson.loads(document.dump(state))
    screen.json({"address": address, **whole["resources"][address]})
    return 0


@command.command("mv")
@click.argument("source")
@click.argument("target")
@workspace_options
@lock_options
def mv(source: str, target: str, place: Place) -> int:
    """Give what is managed at SOURCE the address TARGET. A `moved` entry in the files does the same, reviewed."""
    with workspace(place) as opened, journaled(opened, "state mv") as entry:
        state = opened.store.open()
        after = change.edited_by_hand(change.moved(state.state, source, target))
        entry.begin(state)
        state.save(after)
        entry.did(Step(source, "move", "done", f"to {target}"))
    screen.say(f"{source} is now {target}.")
    return 0


@command.command("rm")
@click.argument("addresses", nargs=-1, required=True)
@workspace_options
@lock_options
def rm(addresses: tuple[str, ...], place: Place) -> int:
    """Stop managing ADDRESSES; they stay on TikTok. A `removed` entry with destroy: false does the same, reviewed."""
    with workspace(place) as opened, journaled(opened, "state rm") as entry:
        state = opened.store.open()
        after = state.state
        let_go = []
        for address in addresses:
            let_go.append(change.resource_at(after, address))
            after = change.without_resource(after, address)
        entry.begin(state)
        state.save(change.edited_by_hand(after))
        entry.did(*(Step(each.address, "forget", "done", f"{each.audience_id} stays") for each in let_go))
    for each in let_go:
        screen.say(f'{each.address} is no longer managed; {each.audience_id} ("{visible(each.name)}") stays.')
    return 0


@command.command("unlock")
@click.argument("lock_id")
@workspace_options
def unlock(lock_id: str, place: Place) -> int:
    """Remove the lock LOCK_ID that a dead run left behind. Make sure that run is dead: two at once do harm."""
    with workspace(place) as opened:
        lock = opened.store.unlock(lock_id)
        note_unlocking(opened.store, lock)
    screen.say(f"Unlocked. It was held by {visible(lock.who)} on {visible(lock.where)} ({visible(lock.why)}).")
    return 0
