"""The logins of a person on this machine: profiles in a file without any secret, their tokens in a `Chest` each.

A token is put under a key of its own, which is written down before it: wherever a login is killed, the one before it
stands as it did, and what the other left is known of, so that it can be taken back. A profile holds the digest of its
token, so that none is taken for one with another's permissions.
"""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout
from platformdirs import user_config_path

from reconciler.auth.chest import FileChest, KeyringChest, digest_of
from reconciler.auth.errors import CannotKeepError, LoginError, NameTakenError
from reconciler.auth.files import private_folder, sweep, write_private
from reconciler.auth.listing import Entry, Listing, new_key, read_listing, require_name, written
from reconciler.auth.model import DEFAULT_PROFILE, Keeping, Leftover, Login, Profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reconciler.auth.chest import Chest
    from reconciler.secret import Secret

HOME_VARIABLE: Final = "RECONCILER_HOME"
"""Names another folder for logins than the one the system has for settings."""

_LOCK_SECONDS: Final = 10

log = logging.getLogger(__name__)


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

    def standing(self, name: str) -> Profile | None:
        """Return the profile that has a name, whichever TikTok it is for, or None."""
        entry = read_listing(self._path).entries.get(name)
        return entry.profile if entry else None

    def elsewhere(self, name: str) -> str | None:
        """Return where a profile is for, if that is another TikTok than this."""
        profile = self.standing(name)
        return profile.base_url if profile and profile.base_url != self._base_url else None

    def all_elsewhere(self) -> tuple[Profile, ...]:
        """Return the profiles that are for other TikToks than this, by name."""
        entries = read_listing(self._path).entries
        return tuple(
            entries[name].profile for name in sorted(entries) if entries[name].profile.base_url != self._base_url
        )

    def get(self, name: str) -> Login | None:
        """Return a login with its token; None where there is none, or where its token is not the one it was given.

        Raises:
            LoginError: The file of the logins cannot be read, or the token of this one: its keyring refuses, or its
                file is open to others. That says nothing about any other login.
        """
        entry = next((each for each in self._here() if each.profile.name == name), None)
        if entry is None:
            return None
        token = self._chests[entry.profile.kept_in].read(entry.key)
        if token is None or digest_of(token) != entry.token_digest:
            self._tell_lost(entry.profile, "is gone" if token is None else "is not the one that the login gave")
            return None
        return Login(entry.profile, token)

    def is_displaced(self, name: str) -> bool:
        """Whether there is a token where that of a login should be, and it is another one.

        Raises:
            LoginError: It cannot be looked at.
        """
        entry = next((each for each in self._here() if each.profile.name == name), None)
        token = self._chests[entry.profile.kept_in].read(entry.key) if entry else None
        return entry is not None and token is not None and digest_of(token) != entry.token_digest

    def acting_for(self, advertiser_id: str) -> Profile | None:
        """Return the profile that may act for an account: the default one, else the only one that may."""
        able = {each.name: each for each in self.profiles() if advertiser_id in each.advertiser_ids}
        if DEFAULT_PROFILE in able:
            return able[DEFAULT_PROFILE]
        return next(iter(able.values())) if len(able) == 1 else None

    def scopes_of(self, token: Secret) -> frozenset[int] | None:
        """Return what a token may do that a login gave, wherever it was found; None for one that nobody knows."""
        digest = digest_of(token)
        return next((each.profile.scopes for each in self._here() if each.token_digest == digest), None)

    def probe(self, kept_in: Keeping) -> None:
        """Find out whether a login could be kept, by keeping something and taking it away again.

        Raises:
            LoginError: It could not: the keyring refuses, or the folder cannot be written to.
        """
        with self._changing():
            trial = self._path.with_name(".probe")
            write_private(trial, b"")
            trial.unlink()
            self._chests[kept_in].probe()

    def keep(self, login: Login, may_replace: Callable[[Profile], bool] = lambda _: True) -> None:
        """Keep a login, in place of one of the same name.

        Args:
            login: The login. One whose token is kept under that name already is only written down anew.
            may_replace: Whether another login of that name may go; asked while nobody else can write.

        Raises:
            NameTakenError: There is another one that may not be replaced.
            LoginError: It cannot be kept. What stood there before still does.
        """
        profile, digest = login.profile, digest_of(login.token)
        require_name(profile.name)
        chest = self._chests[profile.kept_in]
        with self._changing() as listing:
            former = listing.entries.get(profile.name)
            is_known = former is not None and former.token_digest == digest
            if former and is_known and self._holds(former, login):
                self._write(listing.with_login(Entry(profile, former.key, digest)))
                return
            if former and not is_known and not may_replace(former.profile):
                raise NameTakenError(profile.name)
            entry = Entry(profile, new_key(profile.name), digest)
            self._write(listing.with_leftover(entry.left_over(was_used=False)))
            try:
                chest.write(entry.key, login.token)
                listing_after = listing.with_login(entry)
                self._write(listing_after)
            except Exception:
                with suppress(LoginError):
                    chest.remove(entry.key, digest)
                    self._write(listing)
                raise
            if former:
                with suppress(LoginError):  # the login is kept; what is left behind stays known of
                    self._clear(listing_after, former.left_over(was_used=True))

    def forget(self, name: str) -> None:
        """Keep a login no longer, whichever TikTok it is for; one that is not there is as good as forgotten.

        Raises:
            LoginError: It cannot be forgotten.
        """
        with self._changing() as listing:
            entry = listing.entries.get(name)
            if entry is not None:
                self._chests[entry.profile.kept_in].remove(entry.key, entry.token_digest)
                self._write(listing.without_login(name))

    def leftovers(self) -> tuple[Leftover, ...]:
        """Return the tokens for this TikTok that may be kept although no login has them.

        Raises:
            LoginError: The file cannot be read, or another login is being written for too long.
        """
        if not read_listing(self._path).leftovers:
            return ()
        with self._changing() as listing:  # or it may be that of a login which is being kept at this moment
            left = listing.leftovers
            return tuple(left[key] for key in sorted(left) if left[key].base_url == self._base_url)

    def token_of(self, leftover: Leftover) -> Secret | None:
        """Return the token that was left over, or None where it is gone.

        Raises:
            LoginError: It cannot be read.
        """
        token = self._chests[leftover.kept_in].read(leftover.key)
        return token if token is not None and digest_of(token) == leftover.token_digest else None

    def clear(self, leftover: Leftover) -> None:
        """Keep a leftover no longer.

        Raises:
            LoginError: It cannot be removed.
        """
        with self._changing() as listing:
            if leftover.key in listing.leftovers:
                self._clear(listing, leftover)

    def _clear(self, listing: Listing, leftover: Leftover) -> None:
        self._chests[leftover.kept_in].remove(leftover.key, leftover.token_digest)
        self._write(listing.without_leftover(leftover.key))

    def _holds(self, former: Entry, login: Login) -> bool:
        """Whether the token of a login is where it is to be, under a key of its own."""
        if former.profile.kept_in is not login.profile.kept_in or former.key == former.profile.name:
            return False
        try:
            return self._chests[former.profile.kept_in].read(former.key) == login.token
        except LoginError:
            return False

    def _tell_lost(self, profile: Profile, why: str) -> None:
        if profile.name not in self._lost:
            self._lost.add(profile.name)
            log.warning(
                "the token of the login %s in the %s %s, so that login counts for nothing: log in again",
                profile.name,
                profile.kept_in,
                why,
            )

    def _here(self) -> list[Entry]:
        entries = read_listing(self._path).entries
        return [entries[name] for name in sorted(entries) if entries[name].profile.base_url == self._base_url]

    @contextmanager
    def _changing(self) -> Iterator[Listing]:
        """Read what there is and let nobody else write meanwhile."""
        private_folder(self._path.parent)
        lock = FileLock(f"{self._path}.lock", timeout=_LOCK_SECONDS, mode=0o600)
        try:
            with lock:
                listing = read_listing(self._path)
                sweep(self._path.parent, self._path.name)
                for chest in self._chests.values():
                    chest.sweep()
                yield listing
        except Timeout as error:
            raise CannotKeepError(self._path, "another login is being written at this moment") from error
        except OSError as error:
            raise CannotKeepError(self._path, error.strerror or str(error)) from error

    def _write(self, listing: Listing) -> None:
        write_private(self._path, written(listing))


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
