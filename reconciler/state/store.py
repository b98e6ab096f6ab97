"""The seam: what the state asks of the place it is kept in. Nothing here assumes a disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as it was read.

    Attributes:
        content: All of its bytes.
        version: What `Store.swap` takes to tell whether the object changed since; means nothing else.
    """

    content: bytes
    version: str


class Store(Protocol):
    """Named objects that are each replaced whole: a reader sees the old bytes or the new ones, never a mixture.

    Names are relative, with ``/`` between their parts. The operations are the ones object stores offer, so
    that a directory, S3, Google Cloud Storage and Azure can all stand behind this. Every operation raises
    `reconciler.state.errors.StoreError` when the store itself fails.
    """

    @property
    def url(self) -> str:
        """Where the store is, as people would write it, without credentials."""
        ...

    def get(self, name: str, /) -> StoredObject | None:
        """Return the object, or None where there is none.

        Raises:
            StateError: It is longer than one of its name may be: of the class that tells of damage to its kind; see
                `reconciler.state.sizes`. No more of it was read than that.
        """
        ...

    def swap(self, name: str, content: bytes, expected: str | None, /) -> str | None:
        """Put `content` where the object still has the version `expected`; with None: where there is no object.

        Returns:
            The new version, or None where the object is another one by now; then nothing was written.

        Raises:
            OversizedWriteError: `content` is longer than `get` would take; nothing was written.
        """
        ...

    def put(self, name: str, content: bytes | Path, /) -> None:
        """Put bytes, or a file's bytes without holding them in memory, whatever stood there before.

        Raises:
            OversizedWriteError: The bytes are more than `get` would take; nothing was written.
        """
        ...

    def delete(self, name: str, expected: str | None = None, /) -> bool:
        """Remove the object, where given only if it still has the version `expected`; return whether it did."""
        ...

    def names(self, prefix: str, /) -> list[str]:
        """Return the names of all objects directly under `prefix`, which ends in ``/``, sorted."""
        ...

    def has(self, name: str, /) -> bool:
        """Return whether there is such an object."""
        ...

    def fetch(self, name: str, scratch: Path, /) -> Path | None:
        """Return a local file with the object's bytes, or None where there is no object.

        A store that is local gives the object in place; others download it into the directory `scratch`.
        The file is to be read only, and lives as long as the object and `scratch` do.
        """
        ...

    def tidy(self) -> None:
        """Remove what writers that were killed long ago left half written."""
        ...
