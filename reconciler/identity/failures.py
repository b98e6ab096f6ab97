"""What DuckDB says when it fails, in words of ours: its own quote the very values that must never be shown."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from reconciler.identity.errors import EngineError, IdentityError, SetUnreadableError, SourceUnreadableError, WhereError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.identity.sources.files import Files

_FULL = re.compile(r"No space left|File too large|[Qq]uota exceeded")
_LINE = re.compile(r"Error on Line: (\d+)|in line (\d+)")
_WIDTH = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
_ABSENT = re.compile(r'schema mismatch in glob: column "([^"\n]+)" was read .* could not be found in file "([^"\n]+)"')


@contextmanager
def reading_source(files: Files, *, filtered: bool = False) -> Iterator[None]:
    """Turn what DuckDB raises inside into errors of ours that name the file and hold nothing of a row.

    Args:
        files: What is being read.
        filtered: Whether a `where` runs, which may fail on a value too.
    """

    def explain(message: str) -> IdentityError:
        failure = files.remote.failure if files.remote else None
        return failure if isinstance(failure, IdentityError) else _of_source(message, files, filtered=filtered)

    with _translated(explain):
        yield


@contextmanager
def reading_rows(name: str, *, filtered: bool = False) -> Iterator[None]:
    """The same for rows that come from `name` as Arrow columns and are hashed by DuckDB on this side."""
    fails = WhereError(
        "where fails on a value in the rows: it does not convert or compute",
        hint="Use try_cast(column as type), which gives null where a value does not convert.",
    )
    broken = SourceUnreadableError(f"the rows of {name} could not be read to their end", hint="Try again.")
    with _translated(lambda _: fails if filtered else broken):
        yield


@contextmanager
def reading_sets() -> Iterator[None]:
    """The same for set files, which this tool wrote itself."""
    with _translated(
        lambda _: SetUnreadableError(
            "the file of a set is missing or damaged", hint="Plan again; if it stays, restore the state's sets."
        )
    ):
        yield


@contextmanager
def _translated(explain: Callable[[str], IdentityError]) -> Iterator[None]:
    try:
        yield
    except (duckdb.Error, pa.ArrowException) as error:
        raise (_of_engine(error) or explain(str(error))) from None
    except RuntimeError as error:
        # How DuckDB reports Ctrl-C in the middle of a query.
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from None
        raise


def _of_engine(error: Exception) -> IdentityError | None:
    if isinstance(error, duckdb.OutOfMemoryException):
        return EngineError(
            "the engine ran out of memory or of room to spill", hint="Free memory and disk space, or split the source."
        )
    if isinstance(error, duckdb.IOException) and _FULL.search(str(error)):
        return EngineError(
            "the disk of the temporary files is full, or no file there may be so large",
            hint="Free space on it; TMPDIR names another folder.",
        )
    if isinstance(error, duckdb.InternalException | duckdb.FatalException | duckdb.NotImplementedException):
        return EngineError(
            f"the engine failed ({type(error).__name__})", hint="Please report this with the source's column types."
        )
    return None


def _of_source(message: str, files: Files, *, filtered: bool) -> IdentityError:
    # The longest first: one name may begin another.
    path = next((each for each in sorted(files.paths, key=len, reverse=True) if each in message), None)
    line = next((number for match in [_LINE.search(message)] if match for number in match.groups() if number), None)
    place = f"{path or files.path}{f', line {line}' if line else ''}"
    if path is None and line is None and filtered:
        return WhereError(
            "where fails on a value in the rows: it does not convert or compute",
            hint="Use try_cast(column as type), which gives null where a value does not convert.",
        )
    if match := _WIDTH.search(message):
        return SourceUnreadableError(
            f"{place} has {match[2]} columns where the header has {match[1]}",
            hint="Quote values that hold the separator, or export the file again.",
        )
    if match := _ABSENT.search(message):
        return SourceUnreadableError(
            f'{match[2]} lacks the column "{match[1]}" that other files have',
            hint="Give all files of a source the same columns.",
        )
    if "unterminated quote" in message:
        return SourceUnreadableError(f"{place}: a quoted value does not end", hint='Write a quote in a value as "".')
    if "utf-8" in message.lower() or "unicode" in message.lower():
        return SourceUnreadableError(f"{place} is not UTF-8 text", hint="Save it as UTF-8.")
    if "failed to cast" in message.lower() or "convert" in message.lower():
        return SourceUnreadableError(
            f"{place}: a value does not fit its column's type", hint="Give a column the same type in all files."
        )
    return SourceUnreadableError(
        f"{place} is not a readable {files.kind} file", hint="Is it cut off, or of another format than its suffix?"
    )
