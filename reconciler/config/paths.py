"""Paths people write: where a source's files and the state are, seen from the file that names them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from reconciler.config.wording import listed

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.config.document import Document
    from reconciler.config.inspection import Inspection
    from reconciler.config.model import KeyPath

DEFAULT_STATE = ".reconciler/state"

_COLUMNAR = (".parquet",)
_TEXT = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")
_SUFFIXES = (*_COLUMNAR, *_TEXT, *(f"{each}.gz" for each in _TEXT))
# Two letters or more, so that a drive (C:\…) is no scheme.
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+)://")


def check_source(inspection: Inspection, key: str) -> None:
    """Report a source path that no reader of this version takes."""
    path = ("sources", key, "path")
    written = inspection.text(*path)
    if written is None:
        return
    if _SCHEME.match(written):
        inspection.error(
            path,
            f"source path {inspection.shown(*path)} is a URL, which is not available in this version",
            "Give a local file or glob.",
        )
    elif not written.lower().endswith(_SUFFIXES):
        inspection.error(
            path,
            f"source path {inspection.shown(*path)} has no suffix that says what it is",
            f"One of {listed(_COLUMNAR + _TEXT)}; the text formats also with .gz.",
        )


def check_state(inspection: Inspection) -> None:
    """Report a state URL that no store of this version keeps."""
    path = ("state", "url")
    written = inspection.text(*path)
    if written is None or not (match := _SCHEME.match(written)):
        return
    only = "Only a local directory is: a path, or file:///absolute/path."
    if match["scheme"].lower() != "file":
        scheme = "this scheme" if inspection.is_interpolated(*path) else f"{match['scheme'].lower()}://"
        inspection.error(path, f"state in {scheme} is not available in this version", only)
    elif _of_file_url(written) is None:
        inspection.error(path, f"state URL {inspection.shown(*path)} names no absolute local path", only)


def source_path(document: Document, at: KeyPath, written: str) -> str:
    """Return the absolute form of a source path written at `at`."""
    return _absolute(document, at, written)


def state_directory(document: Document, written: str | None, folder: Path) -> str:
    """Return the absolute directory of the state; by default below `folder`, itself absolute."""
    if written is None:
        return str(folder / DEFAULT_STATE)
    if _SCHEME.match(written):
        return _of_file_url(written) or str(folder / DEFAULT_STATE)
    return _absolute(document, ("state", "url"), written)


def _absolute(document: Document, at: KeyPath, written: str) -> str:
    """Resolve against the directory of the file in which the value stands."""
    folder = document.files[document.values[at].file].parent
    # Not Path.resolve, which would read the disk: a glob is no path that exists.
    return os.path.normpath(folder / written)


def _of_file_url(url: str) -> str | None:
    """Return the path of a ``file://`` URL, or None where it names another machine or no absolute path."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    path = unquote(parts.path)
    is_local = parts.netloc in {"", "localhost"}
    return os.path.normpath(path) if is_local and path.startswith("/") and "\0" not in path else None
