"""`reconciler auth login`: from a click on TikTok's page to a token that is kept."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import click

from reconciler.auth.callback import listening
from reconciler.auth.chest import usable_keyring
from reconciler.auth.consent import LONGEST_ANSWER, is_loopback, new_state, read_answer, require_address
from reconciler.auth.errors import KeyringUnusableError, LoginError, RedirectUriError, UnreadableRedirectError
from reconciler.auth.listing import require_name
from reconciler.auth.login import Wanted, log_in
from reconciler.auth.model import DEFAULT_PROFILE, Keeping
from reconciler.cli import screen
from reconciler.cli.browser import has_browser, open_browser
from reconciler.cli.desk import app_for, desk
from reconciler.cli.leftovers import take_back_leftovers
from reconciler.cli.options import output_format, workspace_options
from reconciler.cli.workspace import drive
from reconciler.errors import ReconcilerError
from reconciler.report.standing_document import STANDING_FORMAT_VERSION, standing_document
from reconciler.report.standing_text import render_standing
from reconciler.report.visible import quoted, visible
from reconciler.tiktok.oauth import authorization_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.auth.login import LoggedIn
    from reconciler.auth.model import Login, Profile
    from reconciler.cli.desk import Desk
    from reconciler.cli.workspace import Place
    from reconciler.secret import Secret
    from reconciler.tiktok.oauth import App

DEFAULT_PORT: Final = 8976
DEFAULT_PATH: Final = "/callback"


class LoginStandsError(ReconcilerError):
    """There is a login of that name already, and nobody to ask whether it may go."""


@click.command("login")
@workspace_options
@output_format
@click.option(
    "--profile", default=DEFAULT_PROFILE, show_default=True, metavar="NAME", help="The name to keep it under."
)
@click.option("--app-id", metavar="ID", help="The developer app's id; else TIKTOK_APP_ID, else asked for.")
@click.option(
    "--redirect-uri",
    envvar="TIKTOK_REDIRECT_URI",
    metavar="URI",
    help=f"As registered with the app; else http://127.0.0.1:{DEFAULT_PORT}{DEFAULT_PATH}.",
)
@click.option("--port", type=click.IntRange(0, 65535), help="Listen here; 0 takes any free port.")
@click.option("--path", metavar="PATH", help="The path that is answered to.")
@click.option("--paste", is_flag=True, help="Listen nowhere; take the address TikTok sent the browser to, pasted.")
@click.option("--no-browser", is_flag=True, help="Open no browser; only print where to go.")
@click.option(
    "--store",
    type=click.Choice(["auto", "keyring", "file"]),
    default="auto",
    show_default=True,
    help="Where the token goes; auto takes the system's keyring where there is one.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait.",
)
@click.option("--yes", is_flag=True, help="Do not ask before another login of that name is replaced.")
def command(
    place: Place,
    form: str,
    profile: str,
    app_id: str | None,
    redirect_uri: str | None,
    port: int | None,
    path: str | None,
    paste: bool,
    no_browser: bool,
    store: str,
    timeout: float,
    yes: bool,
) -> int:
    """Log in to TikTok in a browser, and keep the token that comes of it.

    You confirm on TikTok's own page what the developer app may do on which accounts. The token is kept in the system's
    keyring or, where there is none, in a file that only you may read, and is used by every other command from then on.
    The app's secret is taken from TIKTOK_APP_SECRET, or asked for.

    \b
    Examples:
      reconciler auth login
      reconciler auth login --profile agency --port 9000
      reconciler auth login --paste          on a machine without a browser
    """  # noqa: D301  # click reads the backspace: what follows keeps its lines
    require_name(profile)
    if paste and (port is not None or path):
        raise click.UsageError("--paste listens nowhere; it takes no --port and no --path.")
    path = f"/{path.lstrip('/')}" if path else None
    with desk(place) as opened:
        former = opened.logins.standing(profile)
        if not _may_replace(opened, profile, former, yes=yes):
            screen.say("Nothing was done.")
            return 1
        kept_in = _keeping(opened, store, place)
        app = app_for(opened, app_id)
        take_back_leftovers(
            opened, [each for each in opened.logins.leftovers() if each.app_id == app.app_id], lambda _: app
        )
        if paste:
            code = _pasted(opened, app, redirect_uri or _default_uri(None, None))
        else:
            code = _called_back(opened, app, redirect_uri, port, path, timeout, shows_browser=not no_browser)
        meanwhile = opened.logins.standing(profile)
        if meanwhile != former and not _may_replace(opened, profile, meanwhile, yes=yes):
            screen.say("Nothing was done: TikTok's answer was not made use of.")
            return 1

        def keep(login: Login) -> None:
            opened.logins.keep(login, may_replace=lambda found: yes or found == meanwhile)

        wanted = Wanted(profile, opened.home, kept_in, datetime.now(UTC), opened.keys, opened.business_centers)
        screen.say("TikTok's answer has arrived; fetching the token …")
        logged_in = drive(_fetch(opened, app, code, wanted, keep))
    _tell(logged_in, form, place, store)
    return 0


async def _fetch(opened: Desk, app: App, code: Secret, wanted: Wanted, keep: Callable[[Login], None]) -> LoggedIn:
    async with opened.tiktok() as tiktok:
        return await log_in(tiktok, app, code, wanted, keep)


def _called_back(
    opened: Desk,
    app: App,
    redirect_uri: str | None,
    port: int | None,
    path: str | None,
    timeout: float,
    *,
    shows_browser: bool,
) -> Secret:
    """Return the code that TikTok sends the browser to this machine with."""
    uri = redirect_uri or _default_uri(port, path)
    require_address(uri)
    if not is_loopback(uri) and port is None:
        raise RedirectUriError(
            f"{uri} does not lead to this machine",
            hint="Add --paste and paste the address you are sent to; or --port, where something passes on to this "
            "machine what arrives there.",
        )
    state = new_state()
    with listening(uri, state, port=port if redirect_uri or port == 0 else None, path=path) as callback:
        page = authorization_url(opened.address, app.app_id, state=state.reveal(), redirect_uri=callback.redirect_uri)
        opens = shows_browser and has_browser()
        screen.say(f"{'Opening TikTok in your browser. If nothing opens, go' if opens else 'Go'} to:\n\n  {page}\n")
        if opens:
            open_browser(page)
        with screen.notices().status("Waiting for you to confirm there … (Ctrl-C stops)"):
            return callback.wait(timeout)


def _pasted(opened: Desk, app: App, redirect_uri: str) -> Secret:
    """Return the code in the address that a person copies out of a browser, which need not be on this machine."""
    require_address(redirect_uri)
    state = new_state()
    page = authorization_url(opened.address, app.app_id, state=state.reveal(), redirect_uri=redirect_uri)
    screen.say(
        f"Go to:\n\n  {page}\n\nConfirm there. The browser is then sent to {redirect_uri}, and may well say that it "
        "cannot open it. Copy the whole address it shows."
    )
    try:
        if sys.stdin.isatty():
            written: str = click.prompt("The address (not shown)", err=True, hide_input=True)
        else:
            written = sys.stdin.readline(LONGEST_ANSWER + 2)  # what is longer is refused, and need not be read
    except UnicodeDecodeError:
        raise UnreadableRedirectError("it is not text") from None
    return read_answer(written, state)


def _default_uri(port: int | None, path: str | None) -> str:
    return f"http://127.0.0.1:{DEFAULT_PORT if port is None else port or 80}{path or DEFAULT_PATH}"


def _keeping(opened: Desk, store: str, place: Place) -> Keeping:
    """Return where the token goes. That something can be kept there is tried out: TikTok gives a token once.

    Raises:
        LoginError: Nothing can be kept there.
    """
    if place.sandbox:
        store = str(Keeping.FILE)
    wanted = (Keeping.KEYRING if usable_keyring() else Keeping.FILE) if store == "auto" else Keeping(store)
    try:
        opened.logins.probe(wanted)
    except KeyringUnusableError as refused:
        if store != "auto":
            raise
        screen.say(f"Warning: {visible(refused.message)}. The token goes into a file that only you may read.")
        opened.logins.probe(Keeping.FILE)
        return Keeping.FILE
    return wanted


def _may_replace(opened: Desk, profile: str, former: Profile | None, *, yes: bool) -> bool:
    """Ask before a login is replaced: its token stays alive at TikTok, and nobody would know of it any more."""
    if yes or former is None:
        return True
    elsewhere = former.base_url != opened.home
    whose = f"for {former.base_url}" if elsewhere else f"of {quoted(former.user.name or former.user.user_id)}"
    stands = f"There is a login {profile} already, {whose}"
    if not sys.stdin.isatty():
        raise LoginStandsError(
            stands,
            hint="Log out first, which also takes its token back; or take another --profile, or replace it with --yes.",
        )
    screen.say(f"{stands}. `auth logout` would also take its token back.")
    return click.confirm("Replace it?", err=True)


def _tell(logged_in: LoggedIn, form: str, place: Place, store: str) -> None:
    profile, standing = logged_in.login.profile, logged_in.standing
    where = "in the system's keyring"
    if profile.kept_in is Keeping.FILE:
        where = "in a file that only you may read"
        if store == "auto" and not place.sandbox and not usable_keyring():
            where += ", since there is no keyring here"
    screen.say(f"Logged in as {quoted(profile.user.name or profile.user.user_id)}; kept {where}, as {profile.name}.")
    if logged_in.problem is not None:
        what = "whose it is could not be written down"
        if not isinstance(logged_in.problem, LoginError):
            what = "what it may do could not be looked up"
        screen.say(f"Warning: {what}: {visible(logged_in.problem.message)}.")
    if standing is not None and form == "text":
        render_standing(standing, screen.results())
    if form == "json":
        document = standing_document(standing) if standing else {"profile": profile.name, "accounts": None}
        screen.json({"format_version": STANDING_FORMAT_VERSION, **document})
    named = "" if profile.name == DEFAULT_PROFILE else f" For accounts that are its: `profile: {profile.name}`."
    screen.say(f"Next: `reconciler advertisers` writes these accounts for your files.{named}")
