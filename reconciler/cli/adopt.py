"""`reconciler import`: takes what exists on TikTok under management."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.apply.begin import imported
from reconciler.cli import screen
from reconciler.cli.options import workspace_options
from reconciler.cli.workspace import drive, workspace
from reconciler.config import Adopted, Delivery, audiences_yaml
from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidConfigError, ReconcilerError
from reconciler.plan.decide import Case, decide
from reconciler.plan.inputs import Inputs
from reconciler.plan.recovery import owned_ids
from reconciler.refresh.accounts import read_accounts
from reconciler.refresh.gather import sessions_for
from reconciler.state import change
from reconciler.tiktok.model import AudienceKind

if TYPE_CHECKING:
    from reconciler.cli.workspace import Place, Workspace
    from reconciler.config import model as config
    from reconciler.state.model import Resource
    from reconciler.tiktok.model import Audience, Remote


class NothingToImportError(ReconcilerError):
    """What is to be imported is not there, not declared, or managed already."""


@click.command("import")
@click.argument("address", required=False)
@click.argument("audience_id", required=False)
@workspace_options
@click.option("--all", "advertiser", metavar="ADVERTISER", help="Write YAML for every audience of this account.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="With --all: write here.")
def command(
    address: str | None, audience_id: str | None, place: Place, advertiser: str | None, output: Path | None
) -> int:
    """Take an audience that exists on TikTok under management. TikTok is not changed.

    ADDRESS is one that the files declare; AUDIENCE_ID is TikTok's. With --all, YAML for a whole account is
    written instead, with `import:` lines that the next apply acts on; what is managed already is left out.

    \b
    Examples:
      reconciler import audience.lapsed_buyers 7300000000000000042
      reconciler import --all acme_us -o acme_us.yaml
    """  # noqa: D301  # click reads the backspace: what follows keeps its lines
    if advertiser is not None:
        if address is not None:
            raise click.UsageError("--all takes no ADDRESS.")
        return _whole_account(place, advertiser, output)
    if address is None or audience_id is None:
        raise click.UsageError("give ADDRESS and AUDIENCE_ID, or --all ADVERTISER.")
    return _one(place, address, audience_id)


def _one(place: Place, address: str, audience_id: str) -> int:
    with workspace(place) as opened, opened.store.lock("import"):
        audience = opened.config.audiences.get(address.removeprefix("audience."))
        if audience is None or audience.address != address:
            known = ", ".join(each.address for each in opened.config.audiences.values())
            raise NothingToImportError(f"{address} is not declared", hint=f"Declare it first. Declared are: {known}.")
        state = opened.store.open()
        if address in state.state.resources:
            raise NothingToImportError(
                f"{address} manages {state.state.resources[address].audience_id} already",
                hint=f"To manage another one there, run `reconciler state rm {address}` first.",
            )
        if audience_id in owned_ids(state.state):
            raise NothingToImportError(
                f"{audience_id} is managed already", hint="See `reconciler state list`; `state mv` renames an address."
            )
        advertiser_id = opened.config.advertisers[audience.advertiser].advertiser_id
        remote = _read(opened, advertiser_id)
        found = remote.audiences.get(audience_id)
        if found is None:
            raise NothingToImportError(
                f"account {advertiser_id} has no audience {audience_id}", hint="Check the id in Ads Manager."
            )
        if not found.is_creator:
            raise NothingToImportError(
                f"{audience_id} was shared in by another account", hint="Import it in the account that made it."
            )
        inputs = Inputs(opened.config, {advertiser_id: remote}, state.state, members=None)
        resource = _adopting(replace(audience, import_id=audience_id), inputs)
        after = change.edited_by_hand(change.with_resource(state.state, resource))
        if intent := change.pending_create(after, address):
            after = change.without_pending(after, intent)
        state.save(after)
    screen.say(f'{address} now manages {audience_id} ("{found.name}"). Run `reconciler plan` to see what differs.')
    return 0


def _adopting(audience: config.Audience, inputs: Inputs) -> Resource:
    """Return the resource that an `import` line in the files would make."""
    decision = decide(Case(audience.address, audience, None), inputs)
    if isinstance(decision, Diagnostic):
        raise InvalidConfigError([decision])
    return imported(decision)


def _whole_account(place: Place, key: str, output: Path | None) -> int:
    with workspace(place) as opened:
        advertiser = opened.config.advertisers.get(key)
        if advertiser is None:
            known = ", ".join(opened.config.advertisers)
            raise NothingToImportError(f"no advertiser {key} is declared", hint=f"Declared are: {known}.")
        managed = owned_ids(opened.store.read().state)
        remote = _read(opened, advertiser.advertiser_id)
    text = audiences_yaml(advertiser, _adoptable(remote, managed))
    if output is None:
        click.echo(text, nl=False)
    elif output.exists():
        raise NothingToImportError(f"{output} exists already", hint="Choose another file; nothing is overwritten.")
    else:
        output.write_text(text, encoding="utf-8")
        screen.say(f"Wrote {output}. Merge it into your files, then run `reconciler plan`.")
    return 0


def _read(opened: Workspace, advertiser_id: str) -> Remote:
    async def read() -> Remote:
        async with opened.tiktok() as tiktok:
            sessions = sessions_for(tiktok, [advertiser_id], opened.config, opened.environ)
            return (await read_accounts(sessions, opened.config))[advertiser_id]

    return drive(read())


def _adoptable(remote: Remote, managed: frozenset[str]) -> list[Adopted]:
    candidates = [each for each in remote.audiences.values() if each.is_creator and each.audience_id not in managed]
    return [_adopted(each) for each in sorted(candidates, key=lambda each: (each.name, each.audience_id))]


def _adopted(audience: Audience) -> Adopted:
    delivery = Delivery.FILE if audience.kind is not AudienceKind.STREAMING else Delivery.STREAMING
    note = (
        ""
        if audience.kind in {AudienceKind.STREAMING, AudienceKind.FILE}
        else f"a {audience.kind}: its name alone is managed"
    )
    return Adopted(audience.name, audience.audience_id, delivery, note)
