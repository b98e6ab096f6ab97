"""`reconciler auth logout`: the end of a login, at TikTok and here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.auth.model import Keeping
from reconciler.cli import screen
from reconciler.cli.desk import app_for, desk, profile_option, unknown_login
from reconciler.cli.leftovers import forget_leftovers, take_back_leftovers
from reconciler.cli.options import workspace_options
from reconciler.cli.workspace import drive
from reconciler.errors import ReconcilerError
from reconciler.tiktok.accounts import whoami
from reconciler.tiktok.errors import CredentialError, PermissionDeniedError
from reconciler.tiktok.oauth import revoke

if TYPE_CHECKING:
    from reconciler.auth.model import Leftover, Login
    from reconciler.cli.desk import Desk
    from reconciler.cli.workspace import Place
    from reconciler.tiktok.oauth import App


class LeftBehindError(ReconcilerError):
    """What a broken-off login has left behind is still there."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is not logged out: a token that was left behind under this name could not be taken back",
            hint="Mend what the warning says and log out again; --forget-only removes it here, and leaves it alive at "
            "TikTok.",
        )


@click.command("logout")
@workspace_options
@profile_option
@click.option("--all", "everyone", is_flag=True, help="Every login at this TikTok.")
@click.option("--app-id", metavar="ID", help="The developer app's id, if not the one that it was logged in for.")
@click.option("--forget-only", is_flag=True, help="Do not take the token back at TikTok, where it goes on working.")
def command(place: Place, profile: str, everyone: bool, app_id: str | None, forget_only: bool) -> int:
    """Take the token of a login back at TikTok, and forget it here.

    Taking it back needs the developer app's secret: from TIKTOK_APP_SECRET, or asked for. Where TikTok cannot be
    reached nothing is forgotten, so that the token is not left alive with nobody knowing of it.
    """
    with desk(place) as opened:
        left = opened.logins.leftovers()
        names = (
            {each.name for each in opened.logins.profiles()} | {each.name for each in left} if everyone else {profile}
        )
        problems = 0
        for name in sorted(names):
            try:
                _leave(opened, name, [each for each in left if each.name == name], app_id, forget_only=forget_only)
            except ReconcilerError as problem:
                if not everyone:
                    raise
                problems += 1
                screen.error(problem.message, problem.hint)
        if not names:
            _tell_nobody(opened)
    return 1 if problems else 0


def _leave(opened: Desk, name: str, left: list[Leftover], app_id: str | None, *, forget_only: bool) -> None:
    """Log out a name, and clear away what broken-off logins under it have left."""
    if forget_only:
        forget_leftovers(opened, left)
    elif not take_back_leftovers(opened, left, lambda given: app_for(opened, app_id or given)):
        raise LeftBehindError(name)
    if not left or opened.logins.profile(name):
        _log_out(opened, name, app_id, forget_only=forget_only)


def _log_out(opened: Desk, name: str, app_id: str | None, *, forget_only: bool) -> None:
    profile = opened.logins.standing(name)
    if profile is None or (profile.base_url != opened.home and not forget_only):
        raise unknown_login(opened, name)
    if forget_only:
        where = "" if profile.base_url == opened.home else f", which is for {profile.base_url},"
        screen.say(f"The token of {name}{where} is not taken back: whoever has it can go on using it.")
    elif found := opened.logins.get(name):
        _take_back(opened, found, app_id or profile.app_id)
    elif opened.logins.is_displaced(name):
        left = "is removed here" if profile.kept_in is Keeping.FILE else "stays there"
        screen.say(
            f"Another token stands where that of {name} was. Nobody knows what it is for, so it is not taken back; it "
            f"{left}. The token of {name} itself is gone: if it is alive at TikTok, it ends when you take the app's "
            "permission back there."
        )
    else:
        screen.say(
            f"The token of {name} was gone already. If it is alive at TikTok, it ends when you take the app's "
            "permission back there."
        )
    opened.logins.forget(name)
    screen.say(f"Logged out: {name}.")


def _tell_nobody(opened: Desk) -> None:
    """Tell that there is no login at this TikTok, and which there are at others."""
    elsewhere = [f"{each.name} for {each.base_url}" for each in opened.logins.all_elsewhere()]
    if not elsewhere:
        screen.say("Nobody is logged in.")
        return
    screen.say(
        f"Nobody is logged in at {opened.home}. There is: {', '.join(elsewhere)}. Set TIKTOK_BASE_URL to log out "
        "there, or forget one with --forget-only and its --profile."
    )


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
