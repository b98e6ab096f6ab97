"""Tokens for tests: whose acts for which account, with no login on this machine in the way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.auth.logins import open_logins
from reconciler.config.model import Advertiser, Config
from reconciler.refresh.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.auth.logins import Logins
    from reconciler.secret import Secret

NOWHERE: Final = Path("/nowhere/at/all")


def no_logins() -> Logins:
    """Return the logins of a machine that nobody has logged in on."""
    return open_logins("http://local.tiktok/open_api/v1.3", {}, NOWHERE)


def tokens(by_account: Mapping[str, Secret]) -> Credentials:
    """Return credentials that hold a token for each of these accounts and for no other."""
    declared = {each: Advertiser(each, each, access_token=token) for each, token in by_account.items()}
    return Credentials(Config("", advertisers=declared), {}, no_logins())


def token_for_all(desired: Config, token: str) -> Credentials:
    """Return credentials that hold one token for every account, as the environment does."""
    return Credentials(desired, {"TIKTOK_ACCESS_TOKEN": token}, no_logins())
