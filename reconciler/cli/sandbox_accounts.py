"""`reconciler sandbox …` for accounts: what an admin, or TikTok, would change about them and about who may use them.

What is said of tokens here holds for every token of the local TikTok: its own, and those of logins.
"""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import screen
from reconciler.cli.workspace import DEFAULT_CONFIG, Place, local_tiktok
from reconciler.report.visible import visible

config_option = click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    default=DEFAULT_CONFIG,
    show_default=True,
    metavar="PATH",
    help="The local TikTok lies in .reconciler/ beside this file.",
)


@click.command("account")
@config_option
@click.argument("advertiser_id")
@click.option("--status", metavar="STATUS", help="STATUS_ENABLE, STATUS_LIMIT, STATUS_DISABLE …")
@click.option("--name", metavar="NAME", help="Another name.")
@click.option("--currency", metavar="CODE", help="Another currency, such as EUR.")
@click.option("--timezone", metavar="ZONE", help="Another time zone, such as Europe/Paris.")
@click.option("--business-center", "business_center_id", metavar="ID", help="Another Business Center.")
@click.option("--no-business-center", is_flag=True, help="In no Business Center, so that no role can be read.")
def account(
    config: Path,
    advertiser_id: str,
    status: str | None,
    name: str | None,
    currency: str | None,
    timezone: str | None,
    business_center_id: str | None,
    no_business_center: bool,
) -> int:
    """Change an account: its status, its name, its currency, its time zone, its Business Center."""
    if no_business_center and business_center_id:
        raise click.UsageError("--business-center and --no-business-center do not go together.")
    if not any((status, name, currency, timezone, business_center_id, no_business_center)):
        raise click.UsageError("say what to change: --status, --name, --currency, --timezone, --business-center …")
    with local_tiktok(Place(config, sandbox=True)) as sandbox:
        sandbox.controls.set_account(
            advertiser_id, name=name, currency=currency, timezone=timezone, business_center_id=business_center_id
        )
        if status:
            sandbox.controls.set_status(advertiser_id, status)
        if no_business_center:
            sandbox.controls.outside_business_center(advertiser_id)
    screen.say(f"Account {advertiser_id} is changed.")
    return 0


@click.command("role")
@config_option
@click.argument("advertiser_id")
@click.argument("role", type=click.Choice(["ADMIN", "OPERATOR", "ANALYST"], case_sensitive=False))
def role(config: Path, advertiser_id: str, role: str) -> int:
    """Give everybody another role on an account. An Analyst may only look."""
    with local_tiktok(Place(config, sandbox=True)) as sandbox:
        sandbox.controls.set_role(advertiser_id, role, token=None)
    screen.say(f"Everybody is now {role.capitalize()} on {advertiser_id}.")
    return 0


@click.command("withdraw")
@config_option
@click.argument("advertiser_id")
def withdraw(config: Path, advertiser_id: str) -> int:
    """Take an account away from every token; `sandbox role` gives it back."""
    with local_tiktok(Place(config, sandbox=True)) as sandbox:
        sandbox.controls.withdraw(advertiser_id, token=None)
    screen.say(f"No token may act for {advertiser_id} any more.")
    return 0


@click.command("scopes")
@config_option
@click.argument("scopes", nargs=-1, type=click.IntRange(1, 99999))
def scopes(config: Path, scopes: tuple[int, ...]) -> int:
    """Let every token have these SCOPES and no others: 30 reads audiences, 31 writes, 32 shares them, 3 is all.

    A login goes on believing what it was told when it was made, as with the real TikTok.
    """
    with local_tiktok(Place(config, sandbox=True)) as sandbox:
        sandbox.controls.set_scopes(None, scopes)
    screen.say(f"Every token now has {visible(', '.join(map(str, scopes)) or 'no scope')}.")
    return 0


@click.command("tokens")
@config_option
@click.option("--expire", is_flag=True, help="Let all of them be expired.")
@click.option("--revoke", is_flag=True, help="Let all of them be taken back.")
def tokens(config: Path, expire: bool, revoke: bool) -> int:
    """List the tokens there are, by whose they are; or end them all."""
    with local_tiktok(Place(config, sandbox=True)) as sandbox:
        if expire:
            sandbox.controls.expire_token(token=None)
        if revoke:
            sandbox.controls.revoke_token(token=None)
        for each in sandbox.controls.tokens():
            granted = ", ".join(each.advertiser_ids) or "no account"
            scopes = ", ".join(map(str, sorted(each.scopes))) or "none"
            click.echo(f"{visible(each.person)}: {each.status.lower()}, scopes {scopes}, for {granted}")
    return 0


COMMANDS = (account, role, withdraw, scopes, tokens)
