"""Where tokens are kept: the system's keyring, or files that nobody but their owner may read."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import stat
from typing import TYPE_CHECKING, Final, Protocol

from reconciler.auth.errors import (
    CannotKeepError,
    ExposedTokenError,
    ForeignTokenError,
    KeyringUnusableError,
    UnreadableTokenError,
)
from reconciler.auth.files import write_new_private
from reconciler.auth.model import Keeping
from reconciler.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

SERVICE: Final = "reconciler"
"""What tokens stand under in a keyring."""

_PROBE: Final = ".probe"
"""What a chest is tried out under: no profile can be called that."""

_UNFINISHED: Final = re.compile(r"\.[a-z0-9_]{8}")
"""What earlier versions left behind when they were killed while they wrote a token."""

log = logging.getLogger(__name__)


class Chest(Protocol):
    """Keeps tokens, each under a key. Every operation raises a `LoginError` where it cannot."""

    @property
    def kept_in(self) -> Keeping:
        """What it is."""
        ...

    def read(self, key: str) -> Secret | None:
        """Return the token under a key, or None where there is none."""
        ...

    def write(self, key: str, token: Secret) -> None:
        """Keep a token under a key that has none."""
        ...

    def remove(self, key: str, digest: str) -> None:
        """Keep the token with this digest no longer; one that is not there is as good as removed."""
        ...

    def probe(self) -> None:
        """Keep something and remove it again, to find out whether a token could be kept."""
        ...

    def sweep(self) -> None:
        """Remove what was never finished. To be called while nobody else writes."""
        ...


class KeyringChest:
    """Tokens in the system's keyring: macOS's Keychain, Windows' Credential Locker, the Secret Service of a desktop.

    Whatever a keyring raises is caught: besides the errors that `keyring` has for it, those of the system's library.
    """

    kept_in = Keeping.KEYRING

    def read(self, key: str) -> Secret | None:
        """Return the token under a key; a keyring that is locked asks the person."""
        import keyring

        try:
            found = keyring.get_password(SERVICE, key)
        except Exception as error:
            raise KeyringUnusableError("be read", _told(error)) from error
        return Secret(found) if found else None

    def write(self, key: str, token: Secret) -> None:
        """Keep a token under a key."""
        import keyring

        try:
            keyring.set_password(SERVICE, key, token.reveal())
        except Exception as error:
            told = _told(error).replace(token.reveal(), "***")
            raise KeyringUnusableError("keep the token", told) from None

    def remove(self, key: str, digest: str) -> None:
        """Keep the token with this digest no longer; another one under its key is somebody else's, and stays."""
        import keyring

        try:
            found = keyring.get_password(SERVICE, key)
            if found is not None and digest_of(Secret(found)) == digest:
                keyring.delete_password(SERVICE, key)
        except Exception as error:
            raise KeyringUnusableError("forget the token", _told(error)) from error

    def probe(self) -> None:
        """Keep something that is no token, and remove it again."""
        import keyring

        key, content = f"{_PROBE}@{secrets.token_hex(8)}", "not a token"
        try:
            keyring.set_password(SERVICE, key, content)
            came_back = keyring.get_password(SERVICE, key) == content
            keyring.delete_password(SERVICE, key)
        except Exception as error:
            raise KeyringUnusableError("keep a token", _told(error)) from error
        if not came_back:
            raise KeyringUnusableError("keep a token", "what was put into it did not come out again")

    def sweep(self) -> None:
        """Do nothing: a keyring writes a secret whole."""


class FileChest:
    """Tokens in files, one each, made for their owner alone.

    Args:
        folder: Where; made, for its owner alone, at the first write.
    """

    kept_in = Keeping.FILE

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, key: str) -> Path:
        """Return the file of a key."""
        return self._folder / key

    def read(self, key: str) -> Secret | None:
        """Return the token under a key, unless its file has been open to others."""
        path = self.path(key)
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

    def write(self, key: str, token: Secret) -> None:
        """Keep a token under a key."""
        write_new_private(self.path(key), token.reveal().encode() + b"\n")

    def remove(self, key: str, digest: str) -> None:  # noqa: ARG002  # the folder is one's own, and so is all that is in it
        """Keep the token under a key no longer."""
        path = self.path(key)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise CannotKeepError(path, error.strerror or str(error)) from error

    def probe(self) -> None:
        """Write a file that holds no token, and remove it again."""
        write_new_private(self.path(_PROBE), b"not a token\n")
        self.remove(_PROBE, "")

    def sweep(self) -> None:
        """Remove the files that earlier versions left when they were killed, and tell of a token that was in one."""
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            if _UNFINISHED.fullmatch(path.name) and path.is_file():
                held = path.stat().st_size
                path.unlink(missing_ok=True)
                if held:
                    log.warning(
                        "a login that was broken off had left a token in %s; it is removed here, and was not taken "
                        "back: if it is alive at TikTok, it ends when you take the app's permission back there",
                        path,
                    )


def digest_of(token: Secret) -> str:
    """Return the SHA-256 of a token in hexadecimal digits, whatever signs it is made of."""
    return hashlib.sha256(token.reveal().encode(errors="surrogatepass")).hexdigest()


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
