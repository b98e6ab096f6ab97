"""Which files a source's path names, what format they are in, and whether they are whole."""

from __future__ import annotations

import csv
import glob
import io
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from reconciler.identity.errors import SourceMissingError, SourceUnreadableError

if TYPE_CHECKING:
    from collections.abc import Sequence


class Format(StrEnum):
    """A format rows are read in."""

    PARQUET = "Parquet"
    CSV = "CSV"
    JSON_LINES = "JSON Lines"


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


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one source: at least one, all of one format, none empty.

    Attributes:
        path: The path or glob they were found by, for messages.
        format: Their format.
        paths: Each file, absolute or as given, sorted.
        versions: Size in bytes and modification time in nanoseconds of each: a file that changed has another.
    """

    path: str
    format: Format
    paths: tuple[str, ...]
    versions: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of CSV files: the columns' names, and what separates them."""

    columns: tuple[str, ...]
    delimiter: str


def find_files(path: str) -> Files:
    """Return the files at `path`, a file or a glob (``**`` crosses folders).

    Raises:
        SourceMissingError: There is none.
        SourceUnreadableError: They are of several formats or an unknown one, one is empty, or may not be read.
    """
    # Path.glob takes no absolute pattern.
    found = [path] if Path(path).is_file() else glob.glob(path, recursive=True)  # noqa: PTH207
    paths = tuple(sorted(each for each in found if Path(each).is_file()))
    if not paths:
        raise _missing(path)
    formats = {_format(each) for each in paths}
    if len(formats) > 1:
        raise SourceUnreadableError(
            f"{path} mixes formats: {', '.join(sorted(formats))}",
            hint="Name files of one format, for example with *.parquet.",
        )
    versions = tuple((status.st_size, status.st_mtime_ns) for status in map(_status, paths))
    for each, (size, _) in zip(paths, versions, strict=True):
        if size == 0:
            raise SourceUnreadableError(f"{each} is empty: it has not even a header", hint="Was its export cut off?")
    return Files(path, formats.pop(), paths, versions)


def check_whole(files: Files) -> None:
    """Decompress compressed text to its end, because DuckDB takes the half of a cut-off file for all of it.

    Raises:
        SourceUnreadableError: A file is cut off, damaged, or not compressed at all.
    """
    for path in files.paths:
        if Path(path).suffix.lower() in _COMPRESSIONS and files.format is not Format.PARQUET:
            try:
                with _open(path) as stream:
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
    header = _header(first)
    for other in others:
        if _header(other) != header:
            raise SourceUnreadableError(
                f"{other} has another header than {first}",
                hint="Give all files of a source the same columns, in the same order, separated the same way.",
            )
    return header


def _header(path: str) -> Header:
    try:
        with _open(path) as stream:
            line = io.TextIOWrapper(stream, encoding="utf-8-sig", newline=None).readline()
    except UnicodeDecodeError:
        raise SourceUnreadableError(f"{path} is not UTF-8 text", hint="Save it as UTF-8.") from None
    except OSError:
        raise SourceUnreadableError(f"{path} cannot be read to its end", hint="Is it what its suffix says?") from None
    if not line.strip():
        raise SourceUnreadableError(f"{path} begins with an empty line", hint="The first line must name the columns.")
    delimiter = max(_DELIMITERS, key=lambda each: len(_split(line, each)))
    columns = tuple(name.strip() or f"column{index}" for index, name in enumerate(_split(line, delimiter)))
    seen: set[str] = set()
    for name in columns:
        if name.casefold() in seen:
            raise SourceUnreadableError(
                f'{path} has the column "{name}" twice',
                hint="Rename one; upper and lower case do not tell columns apart.",
            )
        seen.add(name.casefold())
    return Header(columns, delimiter)


def _split(line: str, delimiter: str) -> Sequence[str]:
    return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])


def _open(path: str) -> pa.NativeFile:
    return pa.input_stream(path, compression=_COMPRESSIONS.get(Path(path).suffix.lower()))


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


def _missing(path: str) -> SourceMissingError:
    if "://" in path:
        return SourceMissingError(f"{path} is not a file on this machine", hint="Sources are local files and globs.")
    if Path(path).is_dir():
        return SourceMissingError(f"{path} is a folder", hint=f"Name its files: {Path(path) / '*.parquet'}")
    what = "no file matches" if glob.has_magic(path) else "there is no file"
    return SourceMissingError(f"{what} {path}", hint="Paths are relative to the file they are written in.")
