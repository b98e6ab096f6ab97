"""Which token acts for an account: the one the file declares, else the environment's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError
from reconciler.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.config.model import Config

TOKEN_VARIABLE = "TIKTOK_ACCESS_TOKEN"  # noqa: S105  # the name of a variable, not a token


class NoTokenError(ReconcilerError):
    """No token was found for an account."""


def token_for(advertiser_id: str, desired: Config, environ: Mapping[str, str]) -> Secret:
    """Return the token that acts for `advertiser_id`; an account the files no longer name takes the environment's."""
    for advertiser in desired.advertisers.values():
        if advertiser.advertiser_id == advertiser_id and advertiser.access_token:
            return advertiser.access_token
    if token := environ.get(TOKEN_VARIABLE, "").strip():
        return Secret(token)
    raise NoTokenError(
        f"no access token for account {advertiser_id}",
        hint=f"Set {TOKEN_VARIABLE}, or give the advertiser an access_token: ${{…}}. "
        "To try things out without an account, add --sandbox.",
    )
