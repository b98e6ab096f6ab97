"""A login from the command line, and what it leaves on the machine of the tests."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from reconciler.auth.logins import open_logins
from reconciler.auth.model import Keeping, Login, Profile
from reconciler.secret import Secret
from reconciler.tiktok.model import User

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.project import Project, Ran

APP: Final = ("--app-id", "7011")
SECRET: Final = "an-app-secret-nobody-may-read"


def log_in(project: Project, *arguments: str) -> Ran:
    """Log in with whatever browser there is."""
    return project.run("auth", "login", *APP, "--port", "0", *arguments)


def listed(project: Project) -> Any:
    """Return what is written down of logins, all of it."""
    path = project.folder / ".home" / "logins.json"
    return json.loads(path.read_text()) if path.exists() else {"logins": {}, "leftovers": {}}


def kept(project: Project) -> dict[str, Any]:
    """Return the logins that are written down, by name."""
    logins: dict[str, Any] = listed(project)["logins"]
    return logins


def token_file(project: Project, name: str = "default") -> Path:
    """Return where the token of a login is."""
    return tokens(project) / str(kept(project)[name]["key"])


def tokens(project: Project) -> Path:
    """Return the folder of the tokens."""
    return project.folder / ".home" / "tokens"


def keep(project: Project, name: str) -> str:
    """Keep a login of this name in a file, as one that was made; return its token."""
    token = f"the-token-of-{name}"
    accounts = (project.account, project.other_account)
    project.tiktok.add_token(token, accounts, [30, 31, 32], display_name=f"Person of {name}")
    profile = Profile(
        name,
        os.environ["TIKTOK_BASE_URL"],
        "7011",
        User("1", f"Person of {name}"),
        frozenset({30, 31, 32}),
        accounts,
        datetime(2026, 3, 1, tzinfo=UTC),
        Keeping.FILE,
    )
    open_logins(profile.base_url, os.environ).keep(Login(profile, Secret(token)))
    return token


def profiles(project: Project) -> list[str]:
    """Return the names that somebody is logged in under."""
    return [each.name for each in open_logins(os.environ["TIKTOK_BASE_URL"], os.environ).profiles()]


def break_off(project: Project, name: str) -> str:
    """Leave what a login leaves that was killed once its token was written; return the token."""
    token = keep(project, name)
    document = listed(project)
    entry = document["logins"].pop(name)
    document["leftovers"][entry["key"]] = {
        **{each: entry[each] for each in ("base_url", "app_id", "kept_in", "token_sha256")},
        "name": name,
        "was_used": False,
    }
    (project.folder / ".home" / "logins.json").write_text(json.dumps(document))
    return token
