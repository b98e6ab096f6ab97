"""`reconciler sandbox …`: the local TikTok, and what people would do on its side."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from reconciler.cli import sandbox_accounts, screen
from reconciler.cli.sandbox_accounts import config_option as _config
from reconciler.cli.workspace import Place, local_tiktok
from reconciler.config import load
from reconciler.errors import ReconcilerError
from reconciler.report.visible import visible
from reconciler.sandbox import DEFAULT_PORT, TOKEN

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from reconciler.sandbox import Sandbox

EXAMPLE_ACCOUNTS = ("7000000000000000001", "7000000000000000002")


class UnaskedResetError(ReconcilerError):
    """A reset wants a yes, and there is no terminal to ask on."""


_editor = click.option(
    "--editor", default="someone@example.com", show_default=True, help="Who TikTok will say has done it."
)


@click.group("sandbox")
def command() -> None:
    """Run a TikTok on this machine, and act on its side.

    TikTok's own sandbox has no audience endpoint. This one has them, and is as strict as the real one. Any command
    reaches it in process with --sandbox; other programs reach it over HTTP after `sandbox serve`.
    """


@command.command("serve")
@_config
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="The port to listen on; 0 takes a free one.")
@click.option("--advertiser", "advertisers", multiple=True, metavar="ID", help="An account to make; repeatable.")
def serve(config: Path, host: str, port: int, advertisers: tuple[str, ...]) -> int:
    """Serve the local TikTok over HTTP until Ctrl-C.

    It has the accounts of the config, or those given with --advertiser.
    """

    def ready(url: str) -> None:
        screen.say(
            f"The local TikTok is at {url}\n"
            "In another terminal:\n"
            f"  export TIKTOK_BASE_URL={url} TIKTOK_ACCESS_TOKEN={TOKEN}\n"
            "  reconciler plan\n"
            "Stop with Ctrl-C."
        )

    with _sandbox(config) as sandbox:
        sandbox.ensure(advertisers or _declared_accounts(config) or EXAMPLE_ACCOUNTS)
        sandbox.serve(host, port, ready)
    return 0


@command.command("reset")
@_config
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(config: Path, yes: bool) -> int:
    """Empty the local TikTok, and remove the state that --sandbox keeps of it."""
    import shutil

    if not (yes or _agreed()):
        screen.say("Nothing was done.")
        return 1
    with local_tiktok(Place(config, sandbox=True), anew=True) as sandbox:
        sandbox.reset()
        sandbox.ensure(_declared_accounts(config) or EXAMPLE_ACCOUNTS)  # one that is being served goes on
    shutil.rmtree(Place(config, sandbox=True).sandbox_state, ignore_errors=True)
    screen.say("The local TikTok is empty.")
    return 0


@command.command("audiences")
@_config
def audiences(config: Path) -> int:
    """List the audiences of every account, with the people TikTok has matched so far."""
    rows = [("account", "id", "kind", "matched", "valid", "name")]
    with _sandbox(config) as sandbox:
        for advertiser_id in _declared_accounts(config) or EXAMPLE_ACCOUNTS:
            for each in sandbox.controls.audiences(advertiser_id):
                valid = "yes" if each.is_valid else "no"
                matched = f"{each.cover_num:,}"
                row = (advertiser_id, each.audience_id, each.audience_type, matched, valid, visible(each.name))
                rows.append(row)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


@command.command("advance")
@_config
@click.argument("hours", type=click.FloatRange(min=0))
def advance(config: Path, hours: float) -> int:
    """Let HOURS pass: audiences populate a day after people were delivered, and expire after a year."""
    with _sandbox(config) as sandbox:
        sandbox.controls.advance(hours)
        now = sandbox.controls.now()
    screen.say(f"It is now {now:%Y-%m-%d %H:%M} UTC on the local TikTok.")
    return 0


@command.command("rename")
@_config
@click.argument("audience_id")
@click.argument("name")
@_editor
def rename(config: Path, audience_id: str, name: str, editor: str) -> int:
    """Rename an audience by hand, as someone would in Ads Manager."""
    with _sandbox(config) as sandbox:
        sandbox.controls.rename(audience_id, name, editor=editor)
    screen.say(f'{audience_id} is now "{visible(name)}".')
    return 0


@command.command("share")
@_config
@click.argument("audience_id")
@click.argument("advertiser_id")
@click.option("--stop", is_flag=True, help="Stop sharing it instead.")
@_editor
def share(config: Path, audience_id: str, advertiser_id: str, stop: bool, editor: str) -> int:
    """Share an audience with another account by hand. The account is made where there is none."""
    with _sandbox(config) as sandbox:
        if stop:
            sandbox.controls.unshare(audience_id, advertiser_id, editor=editor)
        else:
            sandbox.ensure([advertiser_id])
            sandbox.controls.share(audience_id, advertiser_id, editor=editor)
    screen.say(f"{audience_id} is {'no longer' if stop else 'now'} shared with {advertiser_id}.")
    return 0


@command.command("expire")
@_config
@click.argument("audience_id")
@click.option(
    "--in",
    "days",
    type=click.IntRange(0, 365),
    default=0,
    show_default=True,
    metavar="DAYS",
    help="How many days it has left; TikTok warns of the last 60.",
)
def expire(config: Path, audience_id: str, days: int) -> int:
    """Let an audience expire now, or in some days.

    It becomes as old as that takes, so whatever renews an audience renews it: a delivery, or a new ad group.
    """
    with _sandbox(config) as sandbox:
        expires = sandbox.controls.now() + timedelta(days=days)
        sandbox.controls.set_expiry(audience_id, expires)
    screen.say(f"{audience_id} {'expires' if days else 'expired'} on {expires:%Y-%m-%d} at {expires:%H:%M} UTC.")
    return 0


@command.command("match")
@_config
@click.argument("audience_id")
@click.argument("people", type=click.IntRange(min=0, max=10**12))
def match(config: Path, audience_id: str, people: int) -> int:
    """Let TikTok match PEOPLE of an audience.

    It shows at once and whatever was delivered, until members change again; 0 is an audience that was emptied.
    """
    with _sandbox(config) as sandbox:
        sandbox.controls.set_matched(audience_id, people)
    screen.say(f"TikTok now matches {people:,} people of {audience_id}, until its members change.")
    return 0


@command.command("fail")
@_config
@click.argument("audience_id")
@click.argument("message")
def fail(config: Path, audience_id: str, message: str) -> int:
    """Let an audience fail with MESSAGE.

    TikTok reports it as error_msg, and the audience is not valid until MESSAGE is "" again.
    """
    with _sandbox(config) as sandbox:
        sandbox.controls.set_error(audience_id, message)
    screen.say(f'{audience_id} has failed: "{visible(message)}".' if message else f"{audience_id} is well again.")
    return 0


@command.command("delete")
@_config
@click.argument("audience_id")
def delete(config: Path, audience_id: str) -> int:
    """Delete an audience by hand, as someone would in Ads Manager."""
    with _sandbox(config) as sandbox:
        sandbox.controls.delete(audience_id)
    screen.say(f"{audience_id} is gone.")
    return 0


@command.command("ad-group")
@_config
@click.argument("advertiser_id")
@click.argument("name")
@click.option("--include", "includes", multiple=True, metavar="AUDIENCE_ID", help="An audience it reaches; repeatable.")
@click.option("--exclude", "excludes", multiple=True, metavar="AUDIENCE_ID", help="One it leaves out; repeatable.")
@click.option(
    "--kind",
    type=click.Choice(["standard", "smart_plus", "top_view"]),
    default="standard",
    show_default=True,
    help="Which of TikTok's kinds of ad group.",
)
@_editor
def ad_group(
    config: Path,
    advertiser_id: str,
    name: str,
    includes: tuple[str, ...],
    excludes: tuple[str, ...],
    kind: str,
    editor: str,
) -> int:
    """Make an ad group that uses audiences. Prints its id."""
    with _sandbox(config) as sandbox:
        made = sandbox.controls.add_ad_group(
            advertiser_id, name, includes=includes, excludes=excludes, kind=kind, editor=editor
        )
    click.echo(made)
    return 0


@command.command("delete-ad-group")
@_config
@click.argument("adgroup_id")
def delete_ad_group(config: Path, adgroup_id: str) -> int:
    """Delete an ad group, so that its audiences are free."""
    with _sandbox(config) as sandbox:
        sandbox.controls.delete_ad_group(adgroup_id)
    screen.say(f"Ad group {adgroup_id} is gone.")
    return 0


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise UnaskedResetError(
            "sandbox reset wants a yes, and there is no terminal to ask on",
            hint="Add --yes to empty the local TikTok without being asked.",
        )
    screen.say("This empties the local TikTok, and removes the state that --sandbox keeps of it.")
    return click.confirm("Empty it?", err=True)


def _sandbox(config: Path) -> AbstractContextManager[Sandbox]:
    return local_tiktok(Place(config, sandbox=True))


def _declared_accounts(config: Path) -> list[str]:
    """Return the accounts of a config that can be read, whatever else is wrong with it."""
    if not config.exists():
        return []
    return [each.advertiser_id for each in load(config, os.environ).config.advertisers.values()]


for _command in sandbox_accounts.COMMANDS:
    command.add_command(_command)
