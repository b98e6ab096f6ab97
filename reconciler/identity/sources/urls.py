"""Files that are not on this machine: on S3, Google Cloud Storage, Azure, or any web server.

Only ranges are fetched, as much of a file as its format asks for. Credentials come from where each cloud's own tools
look for them; there are none in the files people write.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from reconciler.identity.errors import SourceError, SourceMissingError
from reconciler.identity.sources.drivers.model import is_installed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.identity.sources.drivers.filesystem import Remote

Read: TypeAlias = Callable[[int, int], bytes]
"""Start and length → these bytes of a file."""

_WEB: Final = ("http", "https")
_EXTRAS: Final = {
    **dict.fromkeys(("s3", "s3a"), "s3"),
    **dict.fromkeys(("gs", "gcs"), "gcs"),
    **dict.fromkeys(("az", "azure", "abfs", "abfss"), "azure"),
    **dict.fromkeys(_WEB, "http"),
}


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file at a URL.

    Attributes:
        url: Where it is.
        size: Its length in bytes.
        version: What tells it from a later file at the same URL: its entity tag, or the time of its last change.
        modified: When it last changed, in seconds since 1970.
        read: Fetches a part of it; fails when the file has changed in the meantime.
    """

    url: str
    size: int
    version: str
    modified: float = 0
    read: Read = field(compare=False, repr=False, default=lambda *_: b"")


def is_url(path: str) -> bool:
    """Return whether `path` is a URL of a kind that is read from here."""
    return _scheme(path) in _EXTRAS


def find(url: str) -> tuple[RemoteFile, ...]:
    """Return the files at `url`, sorted: one, or all that a glob matches (``**`` crosses folders).

    Raises:
        SourceMissingError: There is none, no such bucket, or no such host.
        SourceUnreadableError: The credentials do not suffice, or the server gives no parts of files.
        SourceError: What reads from there is not installed, or the URL is none of the kinds that are read.
    """
    scheme = _scheme(url)
    if scheme not in _EXTRAS:
        raise SourceError(f"{_shown(url)} is of no kind that is read", hint=f"There are: {', '.join(_EXTRAS)}.")
    _require(scheme)
    if scheme in _WEB:
        from reconciler.identity.sources.drivers.web import find_file

        return (find_file(url),)
    from reconciler.identity.sources.drivers.stores import find_objects

    found = find_objects(url)
    if not found:
        raise SourceMissingError(f"no file matches {url}", hint="A glob's * stays within a folder; ** crosses folders.")
    return found


def filesystem(files: Sequence[RemoteFile]) -> Remote:
    """Return exactly `files` as a read-only filesystem, for DuckDB's ``register_filesystem`` or to open them with.

    When a read fails under DuckDB, what went wrong stands in its `failure`: DuckDB raises an error of its own.
    """
    from reconciler.identity.sources.drivers.filesystem import Remote

    return Remote(files)


def glob_pattern(glob: str) -> re.Pattern[str]:
    """Return what a glob over ``/``-separated names matches: ``*`` and ``?`` within a folder, ``**`` across folders."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]/]+\])", glob)
    special = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile(
        "".join(special.get(part) or (part if _is_set(part) else re.escape(part)) for part in parts), re.DOTALL
    )


def _is_set(part: str) -> bool:
    return part.startswith("[") and part.endswith("]") and len(part) > 2


def _require(scheme: str) -> None:
    wanted = ("fsspec",) if scheme in _WEB else ("fsspec", "obstore")
    if not all(map(is_installed, wanted)):
        raise SourceError(
            f"reading from {scheme}:// takes a package that is not installed",
            hint=f'In a checkout of reconciler, run: pip install ".[{_EXTRAS[scheme]}]"',
        )


def _scheme(path: str) -> str:
    scheme, separator, _ = path.partition("://")
    return scheme.lower() if separator else ""


def _shown(url: str) -> str:
    return url.split("?", maxsplit=1)[0]
