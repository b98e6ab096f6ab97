"""What tokens may do, in the terminal: whose each is, and account by account what is missing for which work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from reconciler.report.lines import blank, write
from reconciler.report.symbols import ERROR, WARNING
from reconciler.report.visible import quoted, visible
from reconciler.report.wording import account as named_account
from reconciler.tiktok.model import Role
from reconciler.tiktok.permission import SCOPE_NAMES, Work

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from reconciler.auth.model import AccountStanding, Holder, Standing
    from reconciler.tiktok.model import Lack, User

_UNKNOWN_SCOPES: Final = "unknown: TikTok tells them at login only, and this token came by another way"


def render_standings(standings: Sequence[Standing], console: Console) -> None:
    """Print each token with its accounts, those for which nothing is missing in a line."""
    for standing in standings:
        render_standing(standing, console)
        blank(console)
    if not standings:
        write(console, Text("Nobody is logged in. Run `reconciler auth login`.", "bold"))


def render_standing(standing: Standing, console: Console) -> None:
    """Print one token."""
    holder = standing.holder
    write(console, Text(visible(holder.origin), "bold"))
    if standing.problem:
        _write_lack(standing.problem, console, indent="  ", style=ERROR)
        for each in standing.accounts:
            write(console, Text(named_account(each.key or each.advertiser_id, each.advertiser_id), "bold"), first="  ")
        return
    write(console, Text.assemble("token: ", ("alive", "green"), _owner(standing.user)), first="  ")
    write(console, Text(f"scopes: {_scopes(holder)}"), first="  ")
    for each in standing.accounts:
        render_account(each, console, indent="  ")
    if not standing.accounts:
        write(console, Text("It may act for no account that is known here.", WARNING), first="  ")


def render_account(standing: AccountStanding, console: Console, *, indent: str = "") -> None:
    """Print an account: what it is, and what is missing there."""
    key = standing.key or standing.advertiser_id
    name = Text(named_account(key, standing.advertiser_id), "bold")
    found = standing.account
    if found is None:
        write(console, name, first=indent)
    else:
        home = f"Business Center {found.business_center_id}" if found.business_center_id else "in no Business Center"
        role = "role unknown" if found.role is Role.UNKNOWN else f"your role is {found.role.capitalize()}"
        facts = (quoted(found.name), found.status, found.currency, home, role)
        write(console, Text.assemble(name, f": {', '.join(visible(each) for each in facts if each)}"), first=indent)
    _write_works(standing, console, f"{indent}  ")


def _write_works(standing: AccountStanding, console: Console, indent: str) -> None:
    """Say what may be done, and once for each reason what may not."""
    able = [str(work) for work in Work if standing.may(work)]
    if able:
        unsure = ""
        if standing.account and standing.account.role is Role.UNKNOWN and standing.may(Work.WRITE):
            unsure = " (TikTok decides at the first write)"
        write(console, Text.assemble(("+ ", "green"), f"may {_listed(able)}{unsure}"), first=indent)
    for lack, works in _by_lack(standing).items():
        what = f"may not {_listed(works, 'or')}: {lack.reason}"
        write(console, Text.assemble(("- ", ERROR), f"{visible(what)}. {visible(lack.way_out)}"), first=indent)


def _by_lack(standing: AccountStanding) -> dict[Lack, list[str]]:
    found: dict[Lack, list[str]] = {}
    for work in Work:
        for lack in standing.lacks[work]:
            found.setdefault(lack, []).append(str(work))
    return found


def _write_lack(lack: Lack, console: Console, *, indent: str, style: str) -> None:
    write(console, Text.assemble((visible(lack.reason), style), f". {visible(lack.way_out)}"), first=indent)


def _owner(user: User | None) -> Text:
    if user is None or not (user.name or user.user_id):
        return Text("")
    email = f" <{user.email}>" if user.email else ""
    return Text(f", of {visible(user.name or user.user_id)}{visible(email)}")


def _scopes(holder: Holder) -> str:
    if holder.scopes is None:
        return _UNKNOWN_SCOPES
    named = [f"{each} {SCOPE_NAMES[each]}" for each in sorted(holder.scopes) if each in SCOPE_NAMES]
    others = len(holder.scopes) - len(named)
    if others:
        named.append(f"{others} that {'has' if others == 1 else 'have'} nothing to do with audiences")
    return ", ".join(named) or "none"


def _listed(words: Iterable[str], last: str = "and") -> str:
    *others, final = words
    return f"{', '.join(others)} {last} {final}" if others else final
