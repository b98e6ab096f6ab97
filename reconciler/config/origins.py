"""Where a source's rows come from: ``path``, or ``connection`` with ``query``, and never both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

from reconciler.config import paths
from reconciler.config.wording import did_you_mean, label, listed, quoted
from reconciler.origin import FileOrigin, Format, QueryOrigin
from reconciler.secret import Secret

if TYPE_CHECKING:
    from reconciler.config.inspection import Inspection
    from reconciler.config.model import KeyPath
    from reconciler.origin import Origin

_WEB: Final = ("http", "https")
_SCHEMES: Final = ("s3", "gs", "az", "abfss", *_WEB)
_COLUMNAR: Final = (".parquet",)
_TEXT: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")
_SUFFIXES: Final = (*_COLUMNAR, *_TEXT, *(f"{each}.gz" for each in _TEXT))
_TABLES: Final = (Format.DELTA, Format.ICEBERG)
_GLOB: Final = frozenset("*?[")
_EITHER: Final = "path names files, connection and query a database. Keep one of the two."
_MISSING: Final = {
    "path": "Name its files with path, or a database with connection and query.",
    "connection": "A query needs the database's URL: connection: ${WAREHOUSE_URL}",
    "query": "A connection needs a query: a SELECT in the database's own SQL.",
}


def check(inspection: Inspection, source: str) -> None:
    """Report what a source lacks, has too much of, or gives in a way that cannot be read."""
    at = ("sources", source)
    if inspection.is_spoilt(*at):
        return
    _check_choice(inspection, at)
    _check_path(inspection, at)


def origin(inspection: Inspection, source: str) -> Origin:
    """Return where the rows of a sound source come from."""
    at = ("sources", source)
    if written := inspection.text(*at, "path"):
        stated = inspection.text(*at, "format")
        return FileOrigin(
            path=paths.source_path(inspection.document, (*at, "path"), written),
            declared=inspection.as_written(*at, "path"),
            format=Format(stated) if stated else None,
        )
    # The schema, and the check above, leave no sound source without these two.
    connection = cast("str", inspection.text(*at, "connection"))
    return QueryOrigin(
        connection=Secret(paths.connection_url(inspection.document, (*at, "connection"), connection)),
        query=cast("str", inspection.text(*at, "query")),
    )


def _check_choice(inspection: Inspection, at: KeyPath) -> None:
    # What stands there misspelt was meant to be there.
    given = {key for key in _MISSING if inspection.has(*at, key) or inspection.is_spoilt(*at, key)}
    match "path" in given, "connection" in given, "query" in given:
        case (False, False, False):
            _lacks(inspection, at, "path")
        case (False, False, True):
            _lacks(inspection, at, "connection")
        case (False, True, False):
            _lacks(inspection, at, "query")
        case (True, True, True):
            _has_too_much(inspection, at, "path", "connection and query", _EITHER)
        case (True, True, False):
            _has_too_much(inspection, at, "connection", "path", _EITHER)
        case (True, False, True):
            _has_too_much(inspection, at, "query", "path", _EITHER)
    if given and "path" not in given:
        detail = "format says what files are, and a query gives none. Take it out."
        _has_too_much(inspection, at, "format", listed(sorted(given), "and"), detail)


def _lacks(inspection: Inspection, at: KeyPath, key: str) -> None:
    inspection.error((*at, key), f"{label(at)} has no {quoted(key)}", _MISSING[key])


def _has_too_much(inspection: Inspection, at: KeyPath, key: str, beside: str, detail: str) -> None:
    if inspection.has(*at, key):
        inspection.error((*at, key), f"{label(at)} has {key} beside {beside}", detail, at="key")


def _check_path(inspection: Inspection, at: KeyPath) -> None:
    path = (*at, "path")
    written = inspection.text(*path)
    if written is None:
        return
    scheme = paths.scheme_of(written)
    problem = _problem_of_url(inspection, path, scheme, written) if scheme else None
    if problem is None and not inspection.is_spoilt(*at, "format"):
        problem = _problem_of_format(inspection.text(*at, "format"), _without_parameters(scheme, written))
    if problem is not None:
        summary, detail = problem
        inspection.error(path, f"source path {inspection.shown(*path)} {summary}", detail)


def _problem_of_url(inspection: Inspection, path: KeyPath, scheme: str, written: str) -> tuple[str, str] | None:
    """Return what is wrong with a URL, to follow the path itself, and what to do."""
    known = f"Files are read from {listed([f'{each}://' for each in _SCHEMES], 'and')}."
    if scheme == "file":
        return "is a file:// URL", "Give the path alone."
    if scheme not in _SCHEMES:
        otherwise = f"{known} A database goes under connection, with a query."
        return "has an unknown scheme", (
            otherwise if inspection.is_interpolated(*path) else did_you_mean(scheme, _SCHEMES, otherwise)
        )
    if written.partition("://")[2][:1] in {"", "/", "*"}:
        return f"names no {'host' if scheme in _WEB else 'bucket'}", "It follows the two slashes."
    if scheme in _WEB and "*" in _without_parameters(scheme, written):
        return "is a pattern, and the web has no folders to look in", "Name one file."
    return None


def _problem_of_format(stated: str | None, path: str) -> tuple[str, str] | None:
    """Return what keeps a path from being read in its format, to follow the path itself, and what to do."""
    if stated is None:
        if path.lower().endswith(_SUFFIXES):
            return None
        suffixes = f"One of {listed(_COLUMNAR + _TEXT)}; the text formats also with .gz."
        return "has no suffix that says what it is", f"{suffixes} Or say it with format."
    if stated in _TABLES and _GLOB & set(path):
        return "is a pattern", "A table is one folder; name that."
    return None


def _without_parameters(scheme: str | None, written: str) -> str:
    """Return a path without what follows ``?`` on the web; in an object store that is a pattern."""
    if scheme not in _WEB:
        return written
    try:
        return urlsplit(written).path
    except ValueError:  # brackets around what is no IPv6 address
        return written
