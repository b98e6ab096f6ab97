"""The logins of a person on this machine: profiles in a file without any secret, their tokens in a `Chest` each.

A token is written before the profile that leads to it, and the profile holds the token's digest: a login that was
killed between the two leaves a token that belongs to no profile, and is not taken for one with another's permissions.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
from filelock import FileLock, Timeout
from platformdirs import user_config_path

from reconciler.auth.chest import FileChest, KeyringChest
from reconciler.auth.errors import CannotKeepError, DamagedLoginsError, LoginError, NewerLoginsError, ProfileNameError
from reconciler.auth.files import private_folder, write_private
from reconciler.auth.model import DEFAULT_PROFILE, Keeping, Login, Profile
from reconciler.tiktok.model import User

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.auth.chest import Chest
    from reconciler.secret import Secret

HOME_VARIABLE: Final = "RECONCILER_HOME"
"""Names another folder for logins than the one the system has for settings."""

_VERSION: Final = 1
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LOCK_SECONDS: Final = 10

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A profile as it is written down, with the SHA-256 of its token in hexadecimal digits."""

    profile: Profile
    token_digest: str


class Logins:
    """What is known of logins at one TikTok. Looking costs a small file; a keyring is asked for a token only.

    Args:
        folder: Where profiles are written down.
        base_url: The TikTok that is talked to: a login at another one is as good as none, since its token must not
            go there.
        chests: Where tokens are.
    """

    def __init__(self, folder: Path, base_url: str, chests: Mapping[Keeping, Chest]) -> None:
        self._path = folder / "logins.json"
        self._base_url = base_url
        self._chests = chests
        self._lost: set[str] = set()

    @property
    def path(self) -> Path:
        """The file in which profiles are written down."""
        return self._path

    def profiles(self) -> tuple[Profile, ...]:
        """Return the profiles of this TikTok, by name.

        Raises:
            DamagedLoginsError: The file cannot be read.
        """
        return tuple(each.profile for each in self._here())

    def profile(self, name: str) -> Profile | None:
        """Return a profile of this TikTok, or None."""
        return next((each for each in self.profiles() if each.name == name), None)

    def elsewhere(self, name: str) -> str | None:
        """Return where a profile is for, if that is another TikTok than this."""
        entry = self._read().get(name)
        return entry.profile.base_url if entry and entry.profile.base_url != self._base_url else None

    def get(self, name: str) -> Login | None:
        """Return a login with its token; None where there is none, or where its token is not the one it was given.

        Raises:
            LoginError: The file, the keyring or the token's file cannot be read.
        """
        entry = next((each for each in self._here() if each.profile.name == name), None)
        if entry is None:
            return None
        token = self._chests[entry.profile.kept_in].read(name)
        if token is None or _digest(token) != entry.token_digest:
            self._tell_lost(entry.profile, "is gone" if token is None else "is not the one that the login gave")
            return None
        return Login(entry.profile, token)

    def acting_for(self, advertiser_id: str) -> Profile | None:
        """Return the profile that may act for an account: the default one, else the only one that may."""
        able = {each.name: each for each in self.profiles() if advertiser_id in each.advertiser_ids}
        if DEFAULT_PROFILE in able:
            return able[DEFAULT_PROFILE]
        return next(iter(able.values())) if len(able) == 1 else None

    def scopes_of(self, token: Secret) -> frozenset[int] | None:
        """Return what a token may do that a login gave, wherever it was found; None for one that nobody knows."""
        digest = _digest(token)
        return next((each.profile.scopes for each in self._here() if each.token_digest == digest), None)

    def keep(self, login: Login) -> None:
        """Keep a login, in place of one of the same name.

        Raises:
            LoginError: It cannot be kept. A token that was written then leads nowhere.
        """
        profile = login.profile
        require_name(profile.name)
        with self._changing() as entries:
            former = entries.get(profile.name)
            self._chests[profile.kept_in].write(profile.name, login.token)
            entries[profile.name] = _Entry(profile, _digest(login.token))
            self._write(entries)
            if former and former.profile.kept_in is not profile.kept_in:
                with suppress(LoginError):  # the login is kept; what is left behind leads nowhere
                    self._chests[former.profile.kept_in].remove(profile.name)

    def forget(self, name: str) -> None:
        """Keep a login no longer; one that is not there is as good as forgotten.

        Raises:
            LoginError: It cannot be forgotten.
        """
        with self._changing() as entries:
            entry = entries.pop(name, None)
            if entry is not None:
                self._chests[entry.profile.kept_in].remove(name)
                self._write(entries)

    def _tell_lost(self, profile: Profile, why: str) -> None:
        if profile.name not in self._lost:
            self._lost.add(profile.name)
            log.warning(
                "the token of the login %s in the %s %s, so that login counts for nothing: log in again",
                profile.name,
                profile.kept_in,
                why,
            )

    def _here(self) -> list[_Entry]:
        entries = self._read()
        return [entries[name] for name in sorted(entries) if entries[name].profile.base_url == self._base_url]

    @contextmanager
    def _changing(self) -> Iterator[dict[str, _Entry]]:
        """Read the entries and let nobody else write meanwhile."""
        private_folder(self._path.parent)
        lock = FileLock(f"{self._path}.lock", timeout=_LOCK_SECONDS, mode=0o600)
        try:
            with lock:
                yield self._read()
        except Timeout as error:
            raise CannotKeepError(self._path, "another login is being written at this moment") from error
        except OSError as error:
            raise CannotKeepError(self._path, error.strerror or str(error)) from error

    def _read(self) -> dict[str, _Entry]:
        try:
            raw = self._path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise DamagedLoginsError(self._path, error.strerror or str(error)) from error
        try:
            document = orjson.loads(raw)
            version = document["version"]
            if isinstance(version, int) and version > _VERSION:
                raise NewerLoginsError(self._path, version)
            if version is not _VERSION:
                raise DamagedLoginsError(self._path, f"it is of version {version!r}; this is version {_VERSION}")
            return {name: _entry(name, written) for name, written in document["logins"].items()}
        except (orjson.JSONDecodeError, ProfileNameError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise DamagedLoginsError(self._path, f"it is damaged ({type(error).__name__})") from error

    def _write(self, entries: Mapping[str, _Entry]) -> None:
        document = {"version": _VERSION, "logins": {name: _written(entries[name]) for name in sorted(entries)}}
        write_private(self._path, orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def open_logins(base_url: str, environ: Mapping[str, str], folder: Path | None = None) -> Logins:
    """Return the logins at a TikTok.

    Args:
        base_url: Where its API is.
        environ: Where `HOME_VARIABLE` is looked for.
        folder: Where they are kept instead.
    """
    home = os.path.expanduser(environ.get(HOME_VARIABLE, "").strip())  # noqa: PTH111  # pathlib's raises without a home
    named = folder or (Path(home) if home else user_config_path("reconciler", appauthor=False))
    kept = Path(os.path.abspath(named))  # noqa: PTH100  # links stay what they are
    chests: dict[Keeping, Chest] = {Keeping.FILE: FileChest(kept / "tokens"), Keeping.KEYRING: KeyringChest()}
    return Logins(kept, base_url, chests)


def require_name(name: str) -> None:
    """Refuse a name that no profile can have; raises ProfileNameError."""
    if not _NAME.fullmatch(name):
        raise ProfileNameError(name)


def _digest(token: Secret) -> str:
    return hashlib.sha256(token.reveal().encode()).hexdigest()


def _written(entry: _Entry) -> dict[str, object]:
    profile, user = entry.profile, entry.profile.user
    return {
        "base_url": profile.base_url,
        "app_id": profile.app_id,
        "user": {"user_id": user.user_id, "name": user.name, "email": user.email},
        "scopes": None if profile.scopes is None else sorted(profile.scopes),
        "advertiser_ids": list(profile.advertiser_ids),
        "logged_in_at": profile.logged_in_at.isoformat(),
        "kept_in": str(profile.kept_in),
        "token_sha256": entry.token_digest,
    }


def _entry(name: str, written: Any) -> _Entry:  # noqa: ANN401  # JSON, at the door
    require_name(name)
    user = written["user"]
    scopes = written["scopes"]
    when = datetime.fromisoformat(written["logged_in_at"])
    if when.tzinfo is None:
        raise ValueError
    profile = Profile(
        name=name,
        base_url=_text(written["base_url"]),
        app_id=_text(written["app_id"]),
        user=User(_text(user["user_id"]), _text(user["name"]), _text(user["email"])),
        scopes=None if scopes is None else frozenset(map(_number, _list(scopes))),
        advertiser_ids=tuple(map(_text, _list(written["advertiser_ids"]))),
        logged_in_at=when,
        kept_in=Keeping(written["kept_in"]),
    )
    return _Entry(profile, _text(written["token_sha256"]))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError
    return value
