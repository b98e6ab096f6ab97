"""A value that must never be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, final
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from collections.abc import Iterator


@final
class Secret:
    """A credential: shown as ``***`` wherever it is printed, logged, formatted or put into a traceback.

    Every one that is alive is known to the process, so that others' words can be searched for its value.
    """

    __slots__ = ("__weakref__", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        _alive[id(self)] = self  # by identity: of two that are equal, one may go while the other stays

    def reveal(self) -> str:
        """Return the value itself. Call this only where it goes onto the wire."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        msg = "a secret is never pickled"
        raise TypeError(msg)


_alive: WeakValueDictionary[int, Secret] = WeakValueDictionary()


def values_alive() -> Iterator[str]:
    """Yield the value of each secret that this process holds; to be searched for, never to be shown."""
    for reference in _alive.valuerefs():
        secret = reference()
        if secret is not None:
            yield secret.reveal()
