"""`logins.json` as values: which logins there are, where the token of each is, and which tokens may be left over.

Version 1 kept a token under the name of its profile. Version 2 names what each is kept under: the keyring is one for
all folders, where two logins of the same name would take each other's place.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

from reconciler.auth.errors import DamagedLoginsError, NewerLoginsError, ProfileNameError
from reconciler.auth.model import Keeping, Leftover, Profile
from reconciler.bounded import read_bounded, spelled
from reconciler.tiktok.model import User

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VERSION: Final = 2
"""What is written. Version 1 is read as well."""
LARGEST: Final = 16 << 20
"""Bytes of the file: more than anybody has logins."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MARK: Final = re.compile(r"@[0-9a-f]{16}")
_MARK_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """A login as it is written down.

    Attributes:
        profile: What is known of it.
        key: What its token is kept under.
        token_digest: The SHA-256 of its token in hexadecimal digits.
    """

    profile: Profile
    key: str
    token_digest: str

    def left_over(self, *, was_used: bool) -> Leftover:
        """Return its token as one that no login has: yet, or any more."""
        kept = self.profile
        return Leftover(self.key, kept.name, kept.base_url, kept.app_id, kept.kept_in, self.token_digest, was_used)


@dataclass(frozen=True, slots=True)
class Listing:
    """Everything that is written down.

    Attributes:
        entries: The logins, by name.
        leftovers: What may lie in a chest besides, by key. Whatever is put into a chest is named here first, and
            whatever is taken out of one is named until it is gone, so that no token is ever lost sight of.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    leftovers: Mapping[str, Leftover] = field(default_factory=dict)

    def with_login(self, entry: Entry) -> Listing:
        """Return it with a login, and with what that replaces as a leftover."""
        former = self.entries.get(entry.profile.name)
        leftovers = {key: each for key, each in self.leftovers.items() if key != entry.key}
        if former and former.key != entry.key:
            leftovers[former.key] = former.left_over(was_used=True)
        return Listing({**self.entries, entry.profile.name: entry}, leftovers)

    def with_leftover(self, leftover: Leftover) -> Listing:
        """Return it with a token that no login has yet."""
        return Listing(self.entries, {**self.leftovers, leftover.key: leftover})

    def without_login(self, name: str) -> Listing:
        """Return it without a login."""
        return Listing({each: entry for each, entry in self.entries.items() if each != name}, self.leftovers)

    def without_leftover(self, key: str) -> Listing:
        """Return it without a leftover."""
        return Listing(self.entries, {each: left for each, left in self.leftovers.items() if each != key})


def require_name(name: str) -> None:
    """Refuse a name that no profile can have; raises ProfileNameError."""
    if not _NAME.fullmatch(name):
        raise ProfileNameError(name)


def new_key(name: str) -> str:
    """Return what a token of a profile can be kept under without taking the place of any other."""
    return f"{name}@{secrets.token_hex(_MARK_BYTES)}"


def read_listing(path: Path) -> Listing:
    """Return what a file says; a file that is not there says that there is nothing.

    Raises:
        DamagedLoginsError: It cannot be read.
        NewerLoginsError: A later version wrote it.
    """
    try:
        raw = read_bounded(path, LARGEST)
    except (FileNotFoundError, NotADirectoryError):
        return Listing()
    except OSError as error:
        raise DamagedLoginsError(path, error.strerror or str(error)) from error
    if raw is None:
        raise DamagedLoginsError(path, f"it has more than {spelled(LARGEST)}")
    try:
        document = orjson.loads(raw)
        version = document["version"]
        if isinstance(version, int) and version > VERSION:
            raise NewerLoginsError(path, version)
        if type(version) is not int or version < 1:
            raise DamagedLoginsError(path, f"it is of version {version!r}; this is version {VERSION}")
        entries = {name: _entry(name, written, version) for name, written in document["logins"].items()}
        left = document["leftovers"] if version > 1 else {}
        return Listing(entries, {key: _leftover(key, written) for key, written in left.items()})
    except (orjson.JSONDecodeError, ProfileNameError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedLoginsError(path, f"it is damaged ({type(error).__name__})") from error


def written(listing: Listing) -> bytes:
    """Return what the file is to hold; none of it is secret."""
    document = {
        "version": VERSION,
        "logins": {name: _written_entry(listing.entries[name]) for name in sorted(listing.entries)},
        "leftovers": {key: _written_leftover(listing.leftovers[key]) for key in sorted(listing.leftovers)},
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _written_entry(entry: Entry) -> dict[str, object]:
    profile, user = entry.profile, entry.profile.user
    return {
        "base_url": profile.base_url,
        "app_id": profile.app_id,
        "user": {"user_id": user.user_id, "name": user.name, "email": user.email},
        "scopes": None if profile.scopes is None else sorted(profile.scopes),
        "advertiser_ids": list(profile.advertiser_ids),
        "logged_in_at": profile.logged_in_at.isoformat(),
        "kept_in": str(profile.kept_in),
        "key": entry.key,
        "token_sha256": entry.token_digest,
    }


def _written_leftover(leftover: Leftover) -> dict[str, object]:
    return {
        "name": leftover.name,
        "base_url": leftover.base_url,
        "app_id": leftover.app_id,
        "kept_in": str(leftover.kept_in),
        "token_sha256": leftover.token_digest,
        "was_used": leftover.was_used,
    }


def _entry(name: str, written: Any, version: int) -> Entry:  # noqa: ANN401  # JSON, at the door
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
    key = name if version == 1 else _key(written["key"], name)
    return Entry(profile, key, _text(written["token_sha256"]))


def _leftover(key: str, written: Any) -> Leftover:  # noqa: ANN401  # JSON, at the door
    name = _text(written["name"])
    require_name(name)
    return Leftover(
        key=_key(key, name),
        name=name,
        base_url=_text(written["base_url"]),
        app_id=_text(written["app_id"]),
        kept_in=Keeping(written["kept_in"]),
        token_digest=_text(written["token_sha256"]),
        was_used=written["was_used"] is True,
    )


def _key(value: object, name: str) -> str:
    """Return the key of a token of `name`; nothing else, since it becomes the name of a file."""
    key = _text(value)
    if key != name and not (key.startswith(name) and _MARK.fullmatch(key.removeprefix(name))):
        raise ValueError
    return key


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
