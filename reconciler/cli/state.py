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
from reconciler.diagnostics import warning
from reconciler.report.visible import visible
from reconciler.state import change, document
from reconciler.state.journal_model import Step
from reconciler.state.model import PendingCreate

if TYPE_CHECKING:
    from reconciler.cli.workspace import Place
    from reconciler.diagnostics import Diagnostic
    from reconciler.state.model import State


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
        state = opened.store.read().state
    begun = sorted((each for each in state.pending if isinstance(each, PendingCreate)), key=lambda each: each.address)
    if form == "json":
        screen.json({"addresses": sorted(state.resources), "interrupted": [each.address for each in begun]})
    else:
        for address in sorted(state.resources):
            click.echo(address)
        screen.findings(map(_interrupted, begun))
    return 0


def _interrupted(intent: PendingCreate) -> Diagnostic:
    return warning(
        f'{intent.address}: a create was interrupted on {intent.since:%Y-%m-%d}: "{intent.name}" in account '
        f"{intent.advertiser_id}",
        f"The next apply looks for what it made. To wait for it no longer, run `reconciler state rm {intent.address}`.",
    )


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
    if source == target:
        raise click.UsageError("SOURCE and TARGET are one address.")
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
        let_go = {}
        for address in dict.fromkeys(addresses):
            let_go[address] = _what_stays(after, address)
            after = change.without_resource(after, address)
        entry.begin(state)
        state.save(change.edited_by_hand(after))
        entry.did(*(Step(address, "forget", "done", stays) for address, stays in let_go.items()))
    for address, stays in let_go.items():
        screen.say(f"{address} is no longer managed; {stays}.")
    return 0


def _what_stays(state: State, address: str) -> str:
    """Return what letting go of an address leaves on TikTok, for people."""
    intent = change.pending_create(state, address)
    if address not in state.resources and intent is not None:
        made = f'an audience named "{visible(intent.name)}" in account {intent.advertiser_id}'
        return f"if its interrupted create made {made}, that stays"
    resource = change.resource_at(state, address)
    every = [(resource.audience_id, resource.name), *((old.audience_id, old.name) for old in resource.deposed)]
    named = [f'{audience_id} ("{visible(name)}")' for audience_id, name in every]
    return f"{' and '.join(named)} {'stays' if len(named) == 1 else 'stay'}"


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
