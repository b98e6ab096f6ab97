"""Which variables of the environment are secret, and where in the files one may be read.

A file is changed by whoever may open a pull request, and its plan is shown to everybody who may look at it. A secret
that could be written into a name would stand in the plan, in its report, and on TikTok.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from reconciler.redaction import strike

if TYPE_CHECKING:
    from reconciler.config.model import KeyPath

_WORDS: Final = "TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|PASS|PWD?|PW|CREDENTIALS?|KEY|APIKEY|SIGNATURE|SAS"
_SECRET: Final = re.compile(rf"(?:.*_)?(?:{_WORDS})(?:_.*|\d*)", re.IGNORECASE)
_FOLDERS: Final = frozenset({"PWD", "OLDPWD"})
"""What a shell calls the folder it is in."""

_OWN: Final = frozenset({"TIKTOK_ACCESS_TOKEN", "TIKTOK_APP_SECRET"})
"""What speaks for this tool to TikTok, and is for nobody else."""

_OF_CI: Final = re.compile(
    r"(?:GITHUB|GH|GITLAB|CI_JOB|CI_REGISTRY|ACTIONS_RUNTIME|ACTIONS_ID_TOKEN_REQUEST|ATLANTIS_GH|ATLANTIS_GITLAB)_"
    r"(?:TOKEN|PASSWORD)|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|AZURE_CLIENT_SECRET|AZURE_STORAGE_(?:ACCOUNT_)?KEY"
)
"""What speaks for a job to its forge and its cloud. Whoever needs it takes it from the environment directly."""

_TOKEN: Final = ("advertisers", "access_token")
_CONFIDENTIAL: Final = frozenset(
    {_TOKEN, ("sources", "connection"), ("sources", "path"), ("state", "url"), ("engine",)}
)
"""What holds credentials, or a URL that may: the section, and the key below whatever its name is there."""

_WAY_OUT: Final = (
    "Secrets are read in access_token, connection, path, engine and state.url. "
    "If it is none, give it a name without token, secret, password or key."
)


def objection(name: str, value: str, path: KeyPath) -> tuple[str, str] | None:
    """Return why a variable may not be read at `path`, and the way out; None where it may.

    Args:
        name: Of the variable.
        value: What it holds, or would hold by default. It is in nothing that is returned.
        path: The string that refers to it.
    """
    place = _place(path)
    if place == _TOKEN and not _OF_CI.fullmatch(name):
        return None
    if name in _OWN:
        return f"environment variable {name} is for access_token alone", "Anywhere else it would not go to TikTok only."
    if _OF_CI.fullmatch(name):
        return (
            f"environment variable {name} is not for these files",
            "It speaks for the job that this runs in. What needs it finds it by itself.",
        )
    if place in _CONFIDENTIAL or not is_secret(name, value):
        return None
    return f"environment variable {name} holds a secret, and everybody sees what stands here", _WAY_OUT


def is_secret(name: str, value: str) -> bool:
    """Whether a variable is a secret: by its name, or because what it holds looks like a credential."""
    return bool(_SECRET.fullmatch(name) and name not in _FOLDERS) or strike(value) != value


def _place(path: KeyPath) -> KeyPath:
    """Return `path` without the name that people gave to what it is in, and without places in lists."""
    return path[:1] + path[2:3] if path[:1] in {("advertisers",), ("sources",)} else path
