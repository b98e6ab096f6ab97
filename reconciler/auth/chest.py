"""Where tokens are kept: the system's keyring, or files that nobody but their owner may read."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final, Protocol

from reconciler.auth.errors import (
    CannotKeepError,
    ExposedTokenError,
    ForeignTokenError,
    KeyringUnusableError,
    UnreadableTokenError,
)
from reconciler.auth.files import write_private
from reconciler.auth.model import Keeping
from reconciler.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

SERVICE: Final = "reconciler"
"""What tokens stand under in a keyring."""


class Chest(Protocol):
    """Keeps one token for each profile. Every operation raises a `LoginError` where it cannot."""

    @property
    def kept_in(self) -> Keeping:
        """What it is."""
        ...

    def read(self, profile: str) -> Secret | None:
        """Return the token of a profile, or None where there is none."""
        ...

    def write(self, profile: str, token: Secret) -> None:
        """Keep the token of a profile, whatever stood there before."""
        ...

    def remove(self, profile: str) -> None:
        """Keep the token of a profile no longer; one that is not there is as good as removed."""
        ...


class KeyringChest:
    """Tokens in the system's keyring: macOS's Keychain, Windows' Credential Locker, the Secret Service of a desktop.

    Whatever a keyring raises is caught: besides the errors that `keyring` has for it, those of the system's library.
    """

    kept_in = Keeping.KEYRING

    def read(self, profile: str) -> Secret | None:
        """Return the token of a profile; a keyring that is locked asks the person."""
        import keyring

        try:
            found = keyring.get_password(SERVICE, profile)
        except Exception as error:
            raise KeyringUnusableError("be read", _told(error)) from error
        return Secret(found) if found else None

    def write(self, profile: str, token: Secret) -> None:
        """Keep the token of a profile."""
        import keyring

        try:
            keyring.set_password(SERVICE, profile, token.reveal())
        except Exception as error:
            told = _told(error).replace(token.reveal(), "***")
            raise KeyringUnusableError("keep the token", told) from None

    def remove(self, profile: str) -> None:
        """Keep the token of a profile no longer."""
        import keyring

        try:
            if keyring.get_password(SERVICE, profile) is not None:
                keyring.delete_password(SERVICE, profile)
        except Exception as error:
            raise KeyringUnusableError("forget the token", _told(error)) from error


class FileChest:
    """Tokens in files, one each, made for their owner alone.

    Args:
        folder: Where; made, for its owner alone, at the first write.
    """

    kept_in = Keeping.FILE

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, profile: str) -> Path:
        """Return the file of a profile."""
        return self._folder / profile

    def read(self, profile: str) -> Secret | None:
        """Return the token of a profile, unless its file has been open to others."""
        path = self.path(profile)
        try:
            with path.open("rb") as file:
                _require_private(path, os.fstat(file.fileno()))
                found = file.read().decode().strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror or str(error) if isinstance(error, OSError) else "it is not text"
            raise UnreadableTokenError(path, why) from error
        return Secret(found) if found else None

    def write(self, profile: str, token: Secret) -> None:
        """Keep the token of a profile."""
        write_private(self.path(profile), token.reveal().encode() + b"\n")

    def remove(self, profile: str) -> None:
        """Keep the token of a profile no longer."""
        path = self.path(profile)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise CannotKeepError(path, error.strerror or str(error)) from error


def usable_keyring() -> bool:
    """Whether this machine has a keyring that keeps secrets: a real one, and none that writes plain text."""
    import keyring
    from keyring.backends.chainer import ChainerBackend

    try:
        backend = keyring.get_keyring()
        if isinstance(backend, ChainerBackend):
            backend = backend.backends[0]  # the one that is written to
        return "plaintext" not in type(backend).__name__.lower() and float(backend.priority) >= 1
    except Exception:  # a backend of whatever maker that cannot even tell is not usable
        return False


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__


def _require_private(path: Path, found: os.stat_result) -> None:
    if os.name != "posix":
        return
    if found.st_uid != os.geteuid():
        raise ForeignTokenError(path)
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ExposedTokenError(path, stat.S_IMODE(found.st_mode))
