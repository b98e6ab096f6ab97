"""`reconciler auth …`: logins, what they may do, and their end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from reconciler.auth.errors import NoSuchProfileError
from reconciler.auth.model import DEFAULT_PROFILE, Holder
from reconciler.auth.standing import look_into_all
from reconciler.cli import login, screen
from reconciler.cli.desk import app_for, desk
from reconciler.cli.options import output_format, workspace_options
from reconciler.cli.workspace import drive
from reconciler.errors import ReconcilerError
from reconciler.refresh.credentials import TOKEN_VARIABLE
from reconciler.report.standing_document import standings_document
from reconciler.report.standing_text import render_standings
from reconciler.tiktok.accounts import whoami
from reconciler.tiktok.errors import CredentialError, PermissionDeniedError
from reconciler.tiktok.oauth import revoke
from reconciler.tiktok.permission import Work

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.auth.model import Login, Profile, Standing
    from reconciler.cli.desk import Desk
    from reconciler.cli.workspace import Place
    from reconciler.tiktok.oauth import App

_profile = click.option(
    "--profile", default=DEFAULT_PROFILE, show_default=True, metavar="NAME", help="The login that is meant."
)


class NotATerminalError(ReconcilerError):
    """What is to be shown may be shown to a person only."""


@click.group("auth")
def command() -> None:
    """Log in to TikTok, see what a login may do, and log out.

    A token is taken from an advertiser's access_token, else from TIKTOK_ACCESS_TOKEN, else from a login: that of the
    profile the advertiser names, or the one called default.
    """


command.add_command(login.command)


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


@command.command("logout")
@workspace_options
@_profile
@click.option("--all", "everyone", is_flag=True, help="Every login at this TikTok.")
@click.option("--app-id", metavar="ID", help="The developer app's id, if not the one that it was logged in for.")
@click.option("--forget-only", is_flag=True, help="Do not take the token back at TikTok, where it goes on working.")
def logout(place: Place, profile: str, everyone: bool, app_id: str | None, forget_only: bool) -> int:
    """Take the token of a login back at TikTok, and forget it here.

    Taking it back needs the developer app's secret: from TIKTOK_APP_SECRET, or asked for. Where TikTok cannot be
    reached nothing is forgotten, so that the token is not left alive with nobody knowing of it.
    """
    with desk(place) as opened:
        names = [each.name for each in opened.logins.profiles()] if everyone else [profile]
        for name in names:
            _log_out(opened, name, app_id, forget_only=forget_only)
        if not names:
            screen.say("Nobody is logged in.")
    return 0


@command.command("token")
@workspace_options
@_profile
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
        screen.say(f"The token of {profile} opens {len(found.profile.advertiser_ids):,} accounts to whoever reads it.")
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
        raise _unknown(opened, profile)
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
        raise _unknown(opened, name)
    return found


def _unknown(opened: Desk, name: str) -> NoSuchProfileError:
    elsewhere = opened.logins.elsewhere(name)
    if elsewhere:
        return NoSuchProfileError(
            f"the login {name} is for {elsewhere}, not for {opened.home}", hint="Set TIKTOK_BASE_URL to reach it."
        )
    if opened.logins.profile(name):
        return NoSuchProfileError(
            f"the token of {name} is gone, or another one stands in its place",
            hint=f"Run `reconciler auth login --profile {name}`.",
        )
    known = ", ".join(each.name for each in opened.logins.profiles())
    hint = f"There is: {known}." if known else "There is no login at all; `reconciler auth login` makes one."
    return NoSuchProfileError(f"nobody is logged in as {name}", hint=hint)


def _log_out(opened: Desk, name: str, app_id: str | None, *, forget_only: bool) -> None:
    profile = opened.logins.profile(name)
    if profile is None:
        raise _unknown(opened, name)
    if forget_only:
        screen.say(f"The token of {name} is not taken back: whoever has it can go on using it.")
    elif found := opened.logins.get(name):
        _take_back(opened, found, app_id or profile.app_id)
    else:
        screen.say(f"The token of {name} was gone already.")
    opened.logins.forget(name)
    screen.say(f"Logged out: {name}.")


def _take_back(opened: Desk, found: Login, app_id: str) -> None:
    """Take a token back at TikTok. One that is dead needs no app's secret, so nobody is asked for one."""
    try:
        dead = drive(_death(opened, found))
        if dead is None:
            drive(_revoke(opened, found, app_for(opened, app_id)))
        else:
            screen.say(f"TikTok had taken the token back already ({dead.rstrip('.')}).")
    except ReconcilerError:
        name = found.profile.name
        screen.say(f"{name} is not forgotten; --forget-only would do that, and leave its token alive at TikTok.")
        raise


async def _death(opened: Desk, found: Login) -> str | None:
    """Return why TikTok does not take a token any more, in its words, or None."""
    async with opened.tiktok() as tiktok:
        try:
            await whoami(tiktok.acting_with(found.token))
        except CredentialError as dead:
            return dead.said
        except PermissionDeniedError:
            return None  # it may not even tell whose it is, but TikTok knows it
    return None


async def _revoke(opened: Desk, found: Login, app: App) -> None:
    async with opened.tiktok() as tiktok:
        await revoke(tiktok, app, found.token)
