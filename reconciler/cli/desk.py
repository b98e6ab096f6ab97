"""Where logins are made and looked after: at which TikTok, with which files, and for which developer app."""

from __future__ import annotations

import os
import sys
from collections import ChainMap
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import click

from reconciler.auth.errors import NoSuchProfileError
from reconciler.auth.logins import open_logins
from reconciler.auth.model import DEFAULT_PROFILE
from reconciler.cli import screen
from reconciler.cli.workspace import SANDBOX_URL, base_url, local_tiktok, read_config, sandbox_logins
from reconciler.config import Config
from reconciler.errors import InvalidConfigError, ReconcilerError
from reconciler.refresh.credentials import TOKEN_VARIABLE, Credentials
from reconciler.secret import Secret
from reconciler.tiktok.client import TikTok
from reconciler.tiktok.oauth import App

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.auth.logins import Logins
    from reconciler.cli.workspace import Place

APP_ID_VARIABLE: Final = "TIKTOK_APP_ID"
APP_SECRET_VARIABLE: Final = "TIKTOK_APP_SECRET"  # noqa: S105  # the name of a variable, not a secret


profile_option = click.option(
    "--profile", default=DEFAULT_PROFILE, show_default=True, metavar="NAME", help="The login that is meant."
)
"""`--profile`, for a command that is about one login."""


class NoAppError(ReconcilerError):
    """Nobody said which developer app it is for, or with which secret."""


class UnusableAppError(ReconcilerError):
    """The id or the secret of a developer app is none. It is named and never repeated."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} holds a space, a line break or another sign that no app's id and no app's secret has",
            hint="Copy it anew from the app's page in TikTok's developer portal.",
        )


@dataclass(frozen=True, slots=True)
class Desk:
    """What it takes to log in and out.

    Attributes:
        address: Where TikTok is reached, by a browser too.
        home: What logins are kept as being for. The local TikTok's port is another one each time.
        logins: The logins there are.
        config: What is declared; of no file, nothing is.
        credentials: The tokens there are.
        app: The developer app to log in for where no other is named.
    """

    address: str
    home: str
    logins: Logins
    config: Config
    credentials: Credentials
    app: App | None = None

    def tiktok(self) -> TikTok:
        """Return a client; an async context manager."""
        return TikTok(self.address, tier=None if self.app else str(self.config.rate_tier))

    @property
    def keys(self) -> dict[str, str]:
        """What the files call accounts, by advertiser id."""
        return {each.advertiser_id: each.key for each in self.config.advertisers.values()}

    @property
    def business_centers(self) -> dict[str, str | None]:
        """The Business Center the files give for accounts, by advertiser id."""
        return {each.advertiser_id: each.business_center_id for each in self.config.advertisers.values()}


@contextmanager
def desk(place: Place, *, needs_files: bool = False) -> Iterator[Desk]:
    """Open a desk. It takes no files; where there are some, accounts go by the names they give them.

    Args:
        place: Where the command works.
        needs_files: Whether files that do not hold are an error. Else they are told of, and left out.

    Raises:
        InvalidConfigError: The files hold errors, and are needed.
    """
    if place.sandbox:
        with _local_desk(place, needs_files=needs_files) as opened:
            yield opened
        return
    home = base_url(os.environ)
    logins = open_logins(home, os.environ)
    config = _files(place, os.environ, needs_files=needs_files)
    yield Desk(home, home, logins, config, Credentials(config, os.environ, logins))


def app_for(opened: Desk, app_id: str | None) -> App:
    """Return the developer app, asking for what nobody has said yet. The secret is never shown, and never an option.

    Raises:
        NoAppError: It has not been said, and there is nobody to ask.
        UnusableAppError: What has been said is none.
    """
    if opened.app is not None and app_id in {None, opened.app.app_id}:
        return opened.app
    named = app_id or os.environ.get(APP_ID_VARIABLE, "").strip()
    secret = os.environ.get(APP_SECRET_VARIABLE, "").strip()
    if not (named and secret) and not sys.stdin.isatty():
        missing = APP_SECRET_VARIABLE if named else APP_ID_VARIABLE
        raise NoAppError(
            f"{missing} is not set, and there is no terminal to ask on",
            hint="Both stand on the app's page in TikTok's developer portal. Put the secret into the environment, "
            "from a secret store; no option takes it, since others on a machine see what a command was called with.",
        )
    named = named or _asked("App id")
    secret = secret or _asked("App secret (not shown)", hidden=True)
    return app_of(named, secret)


def app_of(app_id: str, secret: str) -> App:
    """Return a developer app; raises UnusableAppError where its id or its secret can be none."""
    for what, value in (
        (f"the app's id ({APP_ID_VARIABLE})", app_id),
        (f"the app's secret ({APP_SECRET_VARIABLE})", secret),
    ):
        if not value.isascii() or not value.isprintable() or " " in value:
            raise UnusableAppError(what)
    return App(app_id, Secret(secret))


def unknown_login(opened: Desk, name: str) -> NoSuchProfileError:
    """Return the error that there is no such login here, and what there is instead."""
    elsewhere = opened.logins.elsewhere(name)
    if elsewhere:
        return NoSuchProfileError(
            f"the login {name} is for {elsewhere}, not for {opened.home}",
            hint="Set TIKTOK_BASE_URL to reach it; `reconciler auth logout --forget-only` forgets it from here.",
        )
    if opened.logins.profile(name):
        return NoSuchProfileError(
            f"the token of {name} is gone, or another one stands in its place",
            hint=f"Run `reconciler auth login --profile {name}`.",
        )
    known = ", ".join(each.name for each in opened.logins.profiles())
    hint = f"There is: {known}." if known else "There is no login at all; `reconciler auth login` makes one."
    return NoSuchProfileError(f"nobody is logged in as {name}", hint=hint)


def _asked(question: str, *, hidden: bool = False) -> str:
    try:
        answer: str = click.prompt(question, err=True, hide_input=hidden)
    except UnicodeDecodeError:
        raise UnusableAppError("what was typed") from None
    return answer.strip()


@contextmanager
def _local_desk(place: Place, *, needs_files: bool) -> Iterator[Desk]:
    from reconciler.cli.sandbox import EXAMPLE_ACCOUNTS
    from reconciler.sandbox import APP_ID, APP_SECRET, TOKEN

    environ = ChainMap({TOKEN_VARIABLE: TOKEN}, dict(os.environ))
    declared = _files(place, environ, needs_files=needs_files)
    accounts = {key: replace(each, access_token=None) for key, each in declared.advertisers.items()}
    config, logins = replace(declared, advertisers=accounts), sandbox_logins(place)
    with local_tiktok(place) as sandbox, sandbox.serving() as address:
        sandbox.ensure([each.advertiser_id for each in accounts.values()] or EXAMPLE_ACCOUNTS)
        credentials = Credentials(config, {}, logins, fallback=Secret(TOKEN))
        yield Desk(address, SANDBOX_URL, logins, config, credentials, App(APP_ID, Secret(APP_SECRET)))


def _files(place: Place, environ: Mapping[str, str], *, needs_files: bool) -> Config:
    if not place.config.exists() and place.is_default:
        return Config("")
    try:
        config, _ = read_config(place, environ)
    except InvalidConfigError as problem:
        if needs_files:
            raise
        screen.say(f"Warning: {place.config} is left out: {problem.message}. See `reconciler validate`.")
        return Config("")
    return config
