"""`reconciler auth …`: logins, what they may do, and their end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from reconciler.auth.model import Holder
from reconciler.auth.standing import look_into_all
from reconciler.cli import login, logout, screen
from reconciler.cli.desk import desk, profile_option, unknown_login
from reconciler.cli.options import output_format, workspace_options
from reconciler.cli.workspace import drive
from reconciler.errors import ReconcilerError
from reconciler.refresh.credentials import TOKEN_VARIABLE
from reconciler.report.standing_document import standings_document
from reconciler.report.standing_text import render_standings
from reconciler.report.wording import count
from reconciler.tiktok.permission import Work

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.auth.model import Login, Profile, Standing
    from reconciler.cli.desk import Desk
    from reconciler.cli.workspace import Place


class NotATerminalError(ReconcilerError):
    """What is to be shown may be shown to a person only."""


@click.group("auth")
def command() -> None:
    """Log in to TikTok, see what a login may do, and log out.

    A token is taken from an advertiser's access_token, else from TIKTOK_ACCESS_TOKEN, else from a login: that of the
    profile the advertiser names, or the one called default.
    """


command.add_command(login.command)
command.add_command(logout.command)


@command.command("status")
@workspace_options
@output_format
@click.option("--profile", metavar="NAME", help="Only the login of this name.")
def status(place: Place, form: str, profile: str | None) -> int:
    """Show each token: whose it is, where it was found, and what it may do on which account.

    Exit code 0: every declared account can be read and written. 1: something is missing for one, or a token is dead.
    """
    with desk(place, needs_files=True) as opened:
        held = _held(opened, profile)
        standings = drive(_look(opened, held))
    if form == "json":
        screen.json(standings_document(standings))
    else:
        render_standings(standings, screen.results())
    if any(each.origin == TOKEN_VARIABLE for each in held) and any(each.profile for each in held):
        screen.say(f"{TOKEN_VARIABLE} is set and comes before every login; unset it to use one.")
    return 0 if standings and all(map(_suffices, standings)) else 1


@command.command("token")
@workspace_options
@profile_option
def token(place: Place, profile: str) -> int:
    """Show the token of a login: on a terminal, after a yes, and nowhere else.

    It opens every account the login may act for. Put it into the secret store of your CI, and never into a file.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise NotATerminalError(
            "a token is shown on a terminal only",
            hint="Nothing was printed, since a pipe or a log may be read by others. Commands find the token of a login "
            "by themselves; elsewhere put it into TIKTOK_ACCESS_TOKEN, from a secret store.",
        )
    with desk(place) as opened:
        found = _login(opened, profile)
        accounts = count(len(found.profile.advertiser_ids), "account")
        screen.say(f"The token of {profile} opens {accounts} to whoever reads it.")
        if not click.confirm("Show it?", err=True):
            return 1
        click.echo(found.token.reveal())
    return 0


def _held(opened: Desk, profile: str | None) -> tuple[Holder, ...]:
    held = opened.credentials.holders()
    shown = {each.profile.name for each in held if each.profile}
    held += tuple(_lost(each) for each in opened.logins.profiles() if each.name not in shown)
    if profile is None:
        return held
    if opened.logins.profile(profile) is None:
        raise unknown_login(opened, profile)
    return tuple(each for each in held if each.profile and each.profile.name == profile)


def _lost(profile: Profile) -> Holder:
    """Return what stands for a login whose token is gone, which would otherwise not be seen at all."""
    accounts = dict.fromkeys(profile.advertiser_ids)
    origin = f"profile {profile.name} ({profile.kept_in}), whose token is gone"
    return Holder(origin, None, profile, profile.scopes, {**accounts}, {**accounts})


async def _look(opened: Desk, held: Iterable[Holder]) -> list[Standing]:
    async with opened.tiktok() as tiktok:
        return await look_into_all(tiktok, held)


def _suffices(standing: Standing) -> bool:
    """Whether the token lives, and nothing is missing to read and write the accounts that the files declare."""
    declared = [each for each in standing.accounts if each.key is not None]
    return standing.is_alive and all(each.may(Work.READ) and each.may(Work.WRITE) for each in declared)


def _login(opened: Desk, name: str) -> Login:
    found = opened.logins.get(name)
    if found is None:
        raise unknown_login(opened, name)
    return found
