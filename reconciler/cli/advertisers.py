"""`reconciler advertisers`: the accounts a token can reach, ready for the files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.auth.errors import NoSuchProfileError
from reconciler.auth.model import DEFAULT_PROFILE
from reconciler.auth.reach import reach
from reconciler.cli import screen
from reconciler.cli.desk import APP_ID_VARIABLE, APP_SECRET_VARIABLE, app_of, desk
from reconciler.cli.options import workspace_options
from reconciler.cli.workspace import drive
from reconciler.cli.writing import write_whole
from reconciler.config import Reachable, advertisers_yaml
from reconciler.config.freetext import comment
from reconciler.plan.encode import encode
from reconciler.report.standing_document import STANDING_FORMAT_VERSION, account_document
from reconciler.report.standing_text import render_account
from reconciler.report.visible import visible
from reconciler.tiktok.model import Role
from reconciler.tiktok.permission import Work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.auth.model import AccountStanding, Holder
    from reconciler.auth.reach import Reach
    from reconciler.cli.desk import Desk
    from reconciler.cli.workspace import Place


@click.command("advertisers")
@workspace_options
@click.option("--profile", metavar="NAME", help="With the token of this login; else the one that is found first.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "yaml", "json"]),
    default="text",
    show_default=True,
    help="yaml is ready to paste under advertisers:.",
)
@click.option("--new", "only_new", is_flag=True, help="Leave out what the files declare already.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Write to this file instead of stdout.",
)
def command(place: Place, profile: str | None, form: str, only_new: bool, output: Path | None) -> int:
    """List the accounts a token can reach, with the role on each and what is missing to write to it.

    With TIKTOK_APP_ID and TIKTOK_APP_SECRET set TikTok itself is asked which these are; else they are those the login
    was given, or those of the Business Centers it can see. --format yaml writes them for audiences.yaml, each expected
    to stay as it is now.

    \b
    Example:
      reconciler advertisers --format yaml --new
    """  # noqa: D301  # click reads the backspace: what follows keeps its lines
    output = None if output == Path("-") else output
    with desk(place) as opened:
        holder = _holder(opened, profile)
        reached = drive(_reach(opened, holder))
        found = [each for each in reached.accounts if not (only_new and each.key)]
        screen.say(f"{len(found):,} of {len(reached.accounts):,} accounts, {reached.told_by}.")
        text = _yaml(found, opened, holder) if form == "yaml" else None
    if text is not None:
        text += _left_out(found)
    if form == "json":
        accounts = [account_document(each) for each in found]
        text = encode({"format_version": STANDING_FORMAT_VERSION, "advertisers": accounts}).decode()
    if text is None:
        _show(found, output)
    elif output is None:
        screen.put(text)
    else:
        write_whole(output, text.encode(), what="the accounts", option="--output")
    return 0


def _holder(opened: Desk, profile: str | None) -> Holder:
    held = [each for each in opened.credentials.holders() if each.token is not None]
    named = [each for each in held if each.profile and each.profile.name == profile] if profile else held
    if not named:
        name = profile or DEFAULT_PROFILE
        raise NoSuchProfileError(
            f"there is no token: nobody is logged in as {name}",
            hint=f"Run `reconciler auth login --profile {name}`, or set TIKTOK_ACCESS_TOKEN.",
        )
    return named[0]


async def _reach(opened: Desk, holder: Holder) -> Reach:
    app_id, secret = (os.environ.get(each, "").strip() for each in (APP_ID_VARIABLE, APP_SECRET_VARIABLE))
    app = app_of(app_id, secret) if app_id and secret else opened.app
    async with opened.tiktok() as tiktok:
        return await reach(tiktok, holder, app, opened.keys, opened.business_centers)


def _yaml(found: Sequence[AccountStanding], opened: Desk, holder: Holder) -> str:
    profile = holder.profile.name if holder.profile else DEFAULT_PROFILE
    accounts = [
        Reachable(
            each.advertiser_id,
            each.account.name,
            each.account.status,
            each.account.currency,
            each.account.timezone,
            each.account.business_center_id,
            profile=None if profile == DEFAULT_PROFILE else profile,
            note=_note(each),
        )
        for each in found
        if each.account is not None
    ]
    return advertisers_yaml(accounts, taken=opened.config.advertisers)


def _left_out(found: Sequence[AccountStanding]) -> str:
    """Tell which accounts TikTok does not describe, so that no entry can be written, and return that as comments."""
    lines: list[str] = []
    for each in found:
        if each.account is None:
            named = f"{each.key} ({each.advertiser_id})" if each.key else each.advertiser_id
            why = " ".join(f"{lack.reason}. {lack.way_out}" for lack in each.lacks[Work.READ])
            screen.say(f"Warning: {named} is left out: {visible(why)}")
            lines += comment(f"{named} is left out: {why}")
    return "".join(f"  {line}\n" for line in lines)


def _note(standing: AccountStanding) -> str:
    role = standing.account.role if standing.account else Role.UNKNOWN
    lines = ["Your role on it cannot be read." if role is Role.UNKNOWN else f"Your role on it is {role.capitalize()}."]
    lines += [f"Cannot be written to: {each.reason}. {each.way_out}" for each in standing.lacks[Work.WRITE]]
    return "\n".join(lines)


def _show(found: Sequence[AccountStanding], output: Path | None) -> None:
    import io

    from rich.console import Console

    paper = io.StringIO()
    console = (
        screen.results() if output is None else Console(file=paper, color_system=None, soft_wrap=True, _environ={})
    )
    for each in found:
        render_account(each, console)
    if output is not None:
        write_whole(output, paper.getvalue().encode(), what="the accounts", option="--output")
