"""Where logins are made and looked after: at which TikTok, with which files, and for which developer app."""

from __future__ import annotations

import os
import sys
from collections import ChainMap
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import click

from reconciler.auth.logins import open_logins
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


class NoAppError(ReconcilerError):
    """Nobody said which developer app it is for, or with which secret."""


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
    named = named or click.prompt("App id", err=True)
    secret = secret or click.prompt("App secret (not shown)", err=True, hide_input=True)
    return App(named.strip(), Secret(secret.strip()))


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
