"""Keyrings as machines have them: one that works, and those that do not."""

from __future__ import annotations

from typing import NoReturn

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked


class MemoryKeyring(KeyringBackend):
    """Keeps its secrets in this process.

    Attributes:
        kept: What it keeps, by service and name.
        asked: How often it was asked for a secret.
    """

    priority = 5

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}
        self.asked = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.asked += 1
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class RefusingKeyring(MemoryKeyring):
    """Raises the same error whatever it is asked for."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self._error = error or KeyringLocked("the prompt was dismissed")

    def get_password(self, service: str, username: str) -> NoReturn:
        raise self._error

    def set_password(self, service: str, username: str, password: str) -> NoReturn:
        raise self._error

    def delete_password(self, service: str, username: str) -> NoReturn:
        raise self._error


class EchoingKeyring(MemoryKeyring):
    """Fails, and repeats in its complaint what it was given."""

    def set_password(self, service: str, username: str, password: str) -> NoReturn:
        raise OSError(f"cannot store {password!r}")


class PlaintextKeyring(MemoryKeyring):
    """Named as those are that write secrets into a file as they are, with the rank of a good one."""
