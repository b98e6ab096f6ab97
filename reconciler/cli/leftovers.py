"""Tokens that a login left behind because it was broken off or replaced: taken back at TikTok, and then forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli import screen
from reconciler.cli.workspace import drive
from reconciler.errors import ReconcilerError
from reconciler.report.visible import visible
from reconciler.tiktok.errors import TikTokError
from reconciler.tiktok.oauth import is_dead, revoke

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reconciler.auth.model import Leftover
    from reconciler.cli.desk import Desk
    from reconciler.secret import Secret
    from reconciler.tiktok.oauth import App


def take_back_leftovers(opened: Desk, leftovers: Iterable[Leftover], app_of: Callable[[str], App]) -> bool:
    """Take back what was left behind at this TikTok, and return whether all of it is gone.

    What cannot be taken back now is kept for the next time, and keeps nothing else from being done.

    Args:
        opened: Where logins are.
        leftovers: What was left behind.
        app_of: Gives the developer app of an id, with the secret that it takes; asked for a living token only.
    """
    remaining = [each for each in leftovers if not _is_taken_back(opened, each, app_of)]
    return not remaining


def forget_leftovers(opened: Desk, leftovers: Iterable[Leftover]) -> None:
    """Forget what was left behind, and leave it alive at TikTok."""
    for each in leftovers:
        opened.logins.clear(each)
        screen.say(f"What {_origin(each)} had left behind is removed, and not taken back at TikTok.")


def _is_taken_back(opened: Desk, leftover: Leftover, app_of: Callable[[str], App]) -> bool:
    what = f"the token that {_origin(leftover)} had left behind"
    try:
        token = None if leftover.was_used else opened.logins.token_of(leftover)
        if token is not None:
            drive(_revoke(opened, app_of(leftover.app_id), token))
            screen.say(f"Taken back: {what}.")
        elif not leftover.was_used:
            screen.say(
                f"If TikTok gave {_origin(leftover)} a token, it never arrived here; it ends when you take the app's "
                "permission back at TikTok."
            )
        opened.logins.clear(leftover)
    except ReconcilerError as problem:
        screen.say(f"Warning: {what} could not be taken back, and is kept until it can: {visible(problem.message)}.")
        return False
    return True


def _origin(leftover: Leftover) -> str:
    return f"{'an earlier' if leftover.was_used else 'a broken-off'} login as {leftover.name}"


async def _revoke(opened: Desk, app: App, token: Secret) -> None:
    async with opened.tiktok() as tiktok:
        try:
            await revoke(tiktok, app, token)
        except TikTokError as refused:
            if not is_dead(refused):
                raise
