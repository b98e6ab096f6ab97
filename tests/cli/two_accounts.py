"""Two accounts with a token each, so that one can lose what the other keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.cli.project import Project

WRITER: Final = "the-token-of-acme"
"""Acts for acme alone; the environment's acts for globex."""


def advertisers(project: Project) -> dict[str, dict[str, str]]:
    """Return what declares both."""
    return {
        "acme": {"advertiser_id": project.account, "access_token": "${ACME_TOKEN}"},
        "globex": {"advertiser_id": project.other_account},
    }


def declare(project: Project, named: dict[str, str], **sections: object) -> None:
    """Declare audiences of these names in both accounts, under their keys with the account's before them."""
    audiences = {
        f"{account}_{key}": {"name": name, "advertiser": account}
        for account in ("acme", "globex")
        for key, name in named.items()
    }
    project.declare(audiences, advertisers=advertisers(project), **sections)
