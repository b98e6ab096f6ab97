"""`reconciler import`: takes what exists on TikTok under management."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import screen
from reconciler.cli.adopting import (
    NothingToImportError,
    account,
    adopt_account,
    read_account,
    resource_of,
    tell_left_out,
    tell_unmanaged,
)
from reconciler.cli.adoption import survey
from reconciler.cli.journaling import journaled
from reconciler.cli.options import lock_options, workspace_options
from reconciler.cli.workspace import workspace
from reconciler.cli.writing import write_whole
from reconciler.config import audiences_yaml
from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidConfigError
from reconciler.plan.inputs import Inputs
from reconciler.plan.recovery import owned_ids
from reconciler.report.visible import quoted
from reconciler.state import change
from reconciler.state.journal_model import Step

if TYPE_CHECKING:
    from reconciler.cli.workspace import Place


@click.command("import")
@click.argument("address", required=False)
@click.argument("audience_id", required=False)
@workspace_options
@lock_options
@click.option("--all", "advertiser", metavar="ADVERTISER", help="Every audience of this account: write YAML for it.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="With --all: write here.")
@click.option(
    "--adopt", is_flag=True, help="With --all: declare them in the files and manage them at once, nothing to merge."
)
def command(
    address: str | None,
    audience_id: str | None,
    place: Place,
    advertiser: str | None,
    output: Path | None,
    adopt: bool,
) -> int:
    """Take an audience that exists on TikTok under management. TikTok is not changed.

    ADDRESS is one that the files declare; AUDIENCE_ID is TikTok's. With --all, YAML for a whole account is
    written instead, with `import:` lines that the next apply acts on; what is managed already is left out.
    --adopt does both steps: a directory gets a file of its own for the account, a file gets more audiences at
    the end of those it has, and the state takes them over, so that the next plan has nothing to change.

    \b
    Examples:
      reconciler import audience.lapsed_buyers 7300000000000000042
      reconciler import --all acme_us -o acme_us.yaml
      reconciler import --all acme_us --adopt
    """  # noqa: D301  # click reads the backspace: what follows keeps its lines
    if advertiser is None and (output or adopt):
        raise click.UsageError("-o and --adopt go with --all ADVERTISER.")
    if advertiser is not None:
        if address is not None:
            raise click.UsageError("--all takes no ADDRESS.")
        if output and adopt:
            raise click.UsageError("--adopt writes into the files of -c; it takes no -o.")
        return adopt_account(place, advertiser) if adopt else _whole_account(place, advertiser, output)
    if address is None or audience_id is None:
        raise click.UsageError("give ADDRESS and AUDIENCE_ID, or --all ADVERTISER.")
    return _one(place, address, audience_id)


def _one(place: Place, address: str, audience_id: str) -> int:
    with workspace(place) as opened, journaled(opened, "import") as entry:
        audience = opened.config.audience_at(address)
        if audience is None:
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
        remote = read_account(opened, advertiser_id)
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
        resource = resource_of(replace(audience, import_id=audience_id), inputs)
        if isinstance(resource, Diagnostic):
            raise InvalidConfigError([resource])
        after = change.edited_by_hand(change.with_resource(state.state, resource))
        if intent := change.pending_create(after, address):
            after = change.without_pending(after, intent)
            tell_unmanaged(intent, after, remote)
        entry.begin(state)
        state.save(after)
        entry.did(Step(address, "import", "done", audience_id))
    screen.say(
        f"{address} now manages {audience_id} ({quoted(found.name)}). Run `reconciler plan` to see what differs."
    )
    return 0


def _whole_account(place: Place, key: str, output: Path | None) -> int:
    if output is not None and output.exists():
        raise NothingToImportError(f"{output} exists already", hint="Choose another file; nothing is overwritten.")
    with workspace(place) as opened:
        advertiser = account(opened, key)
        owned = opened.store.read().state
        found = survey(read_account(opened, advertiser.advertiser_id), advertiser, opened.config, owned)
    # In a directory another file declares the account already, and none may say so twice.
    text = audiences_yaml(advertiser, found.adoptable, found.left_out, with_advertiser=not place.config.is_dir())
    if output is None:
        screen.put(text)
    else:
        write_whole(output, text.encode(), what="the audiences", option="-o")
    tell_left_out(found)
    if output is not None:
        screen.say(f"Wrote {output}. Merge it into your files, then run `reconciler plan`.")
    return 0
