"""Which files a source's path names, what format they are in, and whether they are whole."""

from __future__ import annotations

import csv
import glob
import io
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from reconciler.identity.columns import is_like_a_value, listed
from reconciler.identity.errors import SourceMissingError, SourceUnreadableError
from reconciler.identity.sources.urls import filesystem, find, is_url
from reconciler.origin import Format

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.identity.sources.drivers.filesystem import Remote
    from reconciler.origin import FileOrigin


_SUFFIXES = {
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".jsonl": Format.JSON_LINES,
    ".ndjson": Format.JSON_LINES,
    ".json": Format.JSON_LINES,
}
_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
_DELIMITERS = (",", ";", "\t", "|")
_CHUNK = 1 << 20
_LONGEST_HEADER = 1 << 20
"""Characters of the line that names the columns."""
MOST_COLUMNS: Final = 10_000
"""Columns of a source: a statement that names a hundred thousand keeps an engine busy for minutes."""
_KINDS = {Format.PARQUET: "Parquet", Format.CSV: "CSV", Format.JSON_LINES: "JSON Lines"}
_ROW_BYTES = 40
"""Bytes of a row of text with one identifier and little else."""
_COMPRESSED = 4
"""How much larger such text is than its compressed form, at most."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one source: at least one, all of one format, none empty.

    Attributes:
        path: The path or glob they were found by, as people wrote it but for secrets, for messages.
        format: Their format.
        paths: Each file, absolute or as given, sorted.
        versions: Size in bytes of each, and what tells it from a later file in its place.
        remote: What opens them, where they are not on this machine.
    """

    path: str
    format: Format
    paths: tuple[str, ...]
    versions: tuple[tuple[int, object], ...]
    remote: Remote | None = field(default=None, compare=False)

    @property
    def kind(self) -> str:
        """The format's name."""
        return _KINDS[self.format]


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of CSV files: the columns' names, and what separates them."""

    columns: tuple[str, ...]
    delimiter: str


def find_files(origin: FileOrigin) -> Files:
    """Return the files of an origin: a file or a glob (``**`` crosses folders).

    Raises:
        SourceMissingError: There is none.
        SourceUnreadableError: They are of several formats or an unknown one, one is empty, or may not be read.
    """
    if is_url(origin.path):
        return _find_remote(origin)
    path = origin.path
    # Path.glob takes no absolute pattern.
    found = [path] if Path(path).is_file() else glob.glob(path, recursive=True)  # noqa: PTH207
    paths = tuple(sorted(each for each in found if Path(each).is_file()))
    if not paths:
        raise _missing(origin)
    formats = {origin.format or _format(each) for each in paths}
    if len(formats) > 1:
        raise _mixed(origin, formats)
    versions = tuple((status.st_size, status.st_mtime_ns) for status in map(_status, paths))
    for each, (size, _) in zip(paths, versions, strict=True):
        if size == 0:
            raise _empty(each)
    return Files(origin.declared, formats.pop(), paths, versions)


def _find_remote(origin: FileOrigin) -> Files:
    found = find(origin.path)
    formats = {origin.format or _format(urlsplit(each.url).path) for each in found}
    if len(formats) > 1:
        raise _mixed(origin, formats)
    for each in found:
        if not each.size:
            raise _empty(each.url)
    versions = tuple((each.size, each.version) for each in found)
    # On the web there are no globs, and in the URL as it was written a signature or a password may stand.
    declared = found[0].url if origin.path.lower().startswith(("http://", "https://")) else origin.declared
    return Files(declared, formats.pop(), tuple(each.url for each in found), versions, filesystem(found))


def most_rows(files: Files) -> int:
    """Return how many rows there are at most, or about: from the footers of Parquet, from the size of text."""
    if files.format is Format.PARQUET:
        return sum(_footer(files, path).num_rows for path in files.paths)
    times = [_COMPRESSED if _compression(path) else 1 for path in files.paths]
    return sum(size * each for (size, _), each in zip(files.versions, times, strict=True)) // _ROW_BYTES


def check_whole(files: Files) -> None:
    """Decompress compressed text to its end, because DuckDB takes the half of a cut-off file for all of it.

    Raises:
        SourceUnreadableError: A file is cut off, damaged, or not compressed at all.
    """
    for path in files.paths:
        if _compression(path) and files.format is not Format.PARQUET:
            try:
                with _open(files, path) as stream:
                    while stream.read(_CHUNK):
                        pass
            except OSError:
                raise SourceUnreadableError(
                    f"{path} is cut off or damaged: it does not decompress to its end", hint="Copy or export it again."
                ) from None


def read_header(files: Files) -> Header:
    """Return the header that all of these CSV files share.

    Raises:
        SourceUnreadableError: A header is missing, not UTF-8, names a column twice, or differs between the files.
    """
    first, *others = files.paths
    header = _header(files, first)
    for other in others:
        if _header(files, other) != header:
            raise SourceUnreadableError(
                f"{other} has another header than {first}",
                hint="Give all files of a source the same columns, in the same order, separated the same way.",
            )
    return header


def check_footer(files: Files) -> None:
    """Check that the columns of these Parquet files have names that are told apart.

    Raises:
        SourceUnreadableError: Two of them differ in upper and lower case alone, or not at all.
    """
    path = files.paths[0]
    with _reading_footer(files, path):
        names = pq.read_schema(_stored(files, path)).names
    check_names(names, path)


def _footer(files: Files, path: str) -> pq.FileMetaData:
    with _reading_footer(files, path):
        return pq.read_metadata(_stored(files, path))


@contextmanager
def _reading_footer(files: Files, path: str) -> Iterator[None]:
    """Turn what PyArrow raises over a damaged footer, errors of the operating system among it, into one of ours."""
    try:
        yield
    except (OSError, ValueError, IndexError, pa.ArrowException):
        if files.remote is not None and files.remote.failure is not None:
            raise files.remote.failure from None
        raise SourceUnreadableError(
            f"{path} is not a readable Parquet file: its footer is damaged",
            hint="Is it cut off? Copy or export it again.",
        ) from None


def has_rows(files: Files) -> bool:
    """Return whether any of these CSV files has more than its header."""
    for path in files.paths:
        with _open(files, path) as stream:
            # What is not UTF-8 is told where rows are read.
            lines = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline=None)
            lines.readline(_LONGEST_HEADER)
            if any(piece.strip() for piece in iter(partial(lines.readline, _CHUNK), "")):
                return True
    return False


def _header(files: Files, path: str) -> Header:
    try:
        with _open(files, path) as stream:
            line = io.TextIOWrapper(stream, encoding="utf-8-sig", newline=None).readline(_LONGEST_HEADER)
    except UnicodeDecodeError:
        raise SourceUnreadableError(f"{path} is not UTF-8 text", hint="Save it as UTF-8.") from None
    except OSError:
        raise SourceUnreadableError(f"{path} cannot be read to its end", hint="Is it what its suffix says?") from None
    if not line.strip():
        raise SourceUnreadableError(f"{path} begins with an empty line", hint="The first line must name the columns.")
    delimiter = max(_DELIMITERS, key=lambda each: len(_split(line, each)))
    names = _split(line, delimiter)
    if not names and len(line) <= csv.field_size_limit():
        raise SourceUnreadableError(
            f"{path}, line 1 has a quote that does not end a name",
            hint="Quote whole names, and write a quote within one twice.",
        )
    if not names or len(line) == _LONGEST_HEADER:
        raise SourceUnreadableError(
            f"{path}, line 1 is too long to name columns", hint="Is it CSV? The first line must name the columns."
        )
    columns = tuple(name.strip() or f"column{index}" for index, name in enumerate(names))
    if any(map(is_like_a_value, columns)):
        raise SourceUnreadableError(
            f"{path}, line 1 looks like somebody's row, and must name the columns", hint="Export it with a header."
        )
    check_names(columns, path)
    return Header(columns, delimiter)


def check_names(columns: Sequence[str], path: str) -> None:
    """Check that the columns of a file can be told apart, and are no more than an engine takes at once.

    Raises:
        SourceUnreadableError: They are too many, or two differ in upper and lower case alone, or not at all.
    """
    if len(columns) > MOST_COLUMNS:
        raise SourceUnreadableError(
            f"{path} has {len(columns):,} columns; at most {MOST_COLUMNS:,} are read",
            hint="Export the columns that are needed.",
        )
    seen: set[str] = set()
    for name in columns:
        if name.casefold() in seen:
            raise SourceUnreadableError(
                f'{path} has the column "{listed([name])}" twice',
                hint="Rename one; upper and lower case do not tell columns apart.",
            )
        seen.add(name.casefold())


def _split(line: str, delimiter: str) -> Sequence[str]:
    try:
        return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter, strict=True), [])
    except csv.Error:  # a piece is longer than any name, or text follows a quoted one
        return []


def _open(files: Files, path: str) -> pa.NativeFile:
    """Open a file's text, decompressed."""
    return pa.input_stream(_stored(files, path), compression=_compression(path))


def _stored(files: Files, path: str) -> str | IO[bytes]:
    """Return what PyArrow opens to read a file as it is stored."""
    if files.remote is None:
        return path
    opened: IO[bytes] = files.remote.open(path)
    return opened


def _compression(path: str) -> str | None:
    return _COMPRESSIONS.get(Path(urlsplit(path).path if is_url(path) else path).suffix.lower())


def _format(path: str) -> Format:
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    if suffixes and suffixes[-1] in _COMPRESSIONS:
        suffixes.pop()
    if suffixes and suffixes[-1] in _SUFFIXES:
        return _SUFFIXES[suffixes[-1]]
    raise SourceUnreadableError(
        f"{path} is of no known format",
        hint=f"Known by suffix: {', '.join(_SUFFIXES)}; text also with {' or '.join(_COMPRESSIONS)} after it.",
    )


def _status(path: str) -> os.stat_result:
    if not os.access(path, os.R_OK):
        raise SourceUnreadableError(f"{path} may not be read", hint="Check the file's permissions.")
    return Path(path).stat()


def _mixed(origin: FileOrigin, formats: set[Format]) -> SourceUnreadableError:
    return SourceUnreadableError(
        f"{origin.declared} mixes formats: {', '.join(sorted(_KINDS[each] for each in formats))}",
        hint="Name files of one format, for example with *.parquet.",
    )


def _empty(path: str) -> SourceUnreadableError:
    return SourceUnreadableError(f"{path} is empty: it has not even a header", hint="Was its export cut off?")


def _missing(origin: FileOrigin) -> SourceMissingError:
    path = origin.path
    if Path(path).is_dir():
        return SourceMissingError(
            f"{origin.declared} is a folder", hint=f"Name its files: {Path(origin.declared) / '*.parquet'}"
        )
    what = "no file matches" if glob.has_magic(path) else "there is no file"
    return SourceMissingError(f"{what} {origin.declared}", hint="Paths are relative to the file they are written in.")
