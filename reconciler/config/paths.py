"""Paths people write: where a source's rows and the state are, seen from the file that names them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from reconciler.buckets import BUCKET_SCHEMES, BucketUrl, BucketUrlError

if TYPE_CHECKING:
    from reconciler.config.document import Document
    from reconciler.config.inspection import Inspection
    from reconciler.config.model import KeyPath

DEFAULT_STATE = ".reconciler/state"

_EMBEDDED = {"sqlite", "duckdb"}
_ABSOLUTE = ("/", "~", ":memory:")
# What ends or escapes the path of a URL, and is neither in the name of a folder.
_ESCAPED = str.maketrans({"%": "%25", "?": "%3F", "#": "%23"})
# Two letters or more, so that a drive (C:\…) is no scheme.
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+)://")


def scheme_of(written: str) -> str | None:
    """Return the scheme of a URL in lower case, or None for a path."""
    match = _SCHEME.match(written)
    return match["scheme"].lower() if match else None


def check_state(inspection: Inspection) -> None:
    """Report a state URL that no store of this version keeps."""
    path = ("state", "url")
    written = inspection.text(*path)
    if written is None or (named := scheme_of(written)) is None:
        return
    known = "A path, file:///absolute/path, s3://bucket/folder, gs://bucket/folder or az://container/folder is."
    is_secret = inspection.is_interpolated(*path)
    if named in BUCKET_SCHEMES:
        try:
            BucketUrl.parse(written)
        except BucketUrlError as error:
            inspection.error(path, "the state URL cannot be used" if is_secret else error.message, error.hint or "")
    elif named != "file":
        scheme = "this scheme" if is_secret else f"{named}://"
        inspection.error(path, f"state in {scheme} is not available in this version", known)
    elif _of_file_url(written) is None:
        inspection.error(path, f"state URL {inspection.shown(*path)} names no absolute local path", known)


def source_path(document: Document, at: KeyPath, written: str) -> str:
    """Return the absolute form of a source path written at `at`; a URL keeps its form, its scheme in lower case."""
    if scheme := scheme_of(written):
        return scheme + written[len(scheme) :]
    return _absolute(document, at, written)


def connection_url(document: Document, at: KeyPath, written: str) -> str:
    """Return a database's URL written at `at`, with the file of an embedded one absolute.

    ``sqlite:///people.db`` names a file beside the one it is written in, ``sqlite:////var/people.db`` is absolute
    already; the same for ``duckdb://``.
    """
    scheme, _, rest = written.partition("://")
    file, mark, parameters = rest.removeprefix("/").partition("?")
    if scheme.lower() not in _EMBEDDED or not file or file.startswith(_ABSOLUTE):
        return written
    folder = Path(str(_folder(document, at)).translate(_ESCAPED))
    return f"{scheme}:///{os.path.normpath(folder / file)}{mark}{parameters}"


def state_url(document: Document, written: str | None, folder: Path) -> str:
    """Return where the state is: a bucket's URL as written, or an absolute directory; by default below `folder`."""
    if written is None:
        return str(folder / DEFAULT_STATE)
    scheme = scheme_of(written)
    if scheme in BUCKET_SCHEMES:
        return written
    if scheme is not None:
        return _of_file_url(written) or str(folder / DEFAULT_STATE)
    return _absolute(document, ("state", "url"), written)


def _absolute(document: Document, at: KeyPath, written: str) -> str:
    """Resolve against the directory of the file in which the value stands."""
    # Not Path.resolve, which would read the disk: a glob is no path that exists.
    return os.path.normpath(_folder(document, at) / written)


def _folder(document: Document, at: KeyPath) -> Path:
    return document.files[document.values[at].file].parent


def _of_file_url(url: str) -> str | None:
    """Return the path of a ``file://`` URL, or None where it names another machine or no absolute path."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    path = unquote(parts.path)
    is_local = parts.netloc in {"", "localhost"}
    return os.path.normpath(path) if is_local and path.startswith("/") and "\0" not in path else None
