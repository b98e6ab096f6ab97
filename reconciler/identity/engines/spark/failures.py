"""What Spark says when it fails, in words of ours: its own quote the very values that must never be shown."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from reconciler.identity.errors import EngineError, IdentityError, SetUnreadableError, SourceUnreadableError, WhereError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.identity.sources.files import Files

_CONDITION: Final = re.compile(r"\[([A-Z][A-Z0-9_]+(?:\.[A-Z][A-Z0-9_]+)*)\]")
"""The name of an error condition, with which every message of Spark begins that has one."""
_VALUE_CONDITIONS: Final = (
    "CAST_INVALID_INPUT",
    "CAST_OVERFLOW",
    "DIVIDE_BY_ZERO",
    "ARITHMETIC_OVERFLOW",
    "NUMERIC_VALUE_OUT_OF_RANGE",
    "DATETIME_OVERFLOW",
    "INTERVAL_ARITHMETIC_OVERFLOW",
    "INVALID_PARAMETER_VALUE",
)
_FILE_CONDITIONS: Final = ("FAILED_READ_FILE", "PATH_NOT_FOUND", "MALFORMED_RECORD_IN_PARSING", "CANNOT_READ")
_MEMORY: Final = ("OutOfMemoryError", "No space left on device", "UNABLE_TO_ACQUIRE_MEMORY", "maxResultSize")


@contextmanager
def reading_source(files: Files) -> Iterator[None]:
    """Turn what Spark raises inside into errors of ours that name the files and hold nothing of a row."""
    with _translated(lambda condition, said: _of_source(condition, said, files)):
        yield


@contextmanager
def reading_sets() -> Iterator[None]:
    """The same for set files, which this tool wrote itself."""
    with _translated(_of_sets):
        yield


def of_spark() -> tuple[type[Exception], ...]:
    """Return what Spark raises when it fails, or the way to it does."""
    from py4j.protocol import Py4JError  # type: ignore[import-untyped]  # py4j has no types
    from pyspark.errors import PySparkException

    return PySparkException, Py4JError, ConnectionError


@contextmanager
def _translated(explain: Callable[[str, str], IdentityError | None]) -> Iterator[None]:
    try:
        yield
    except of_spark() as error:
        said = str(error)
        found = _CONDITION.search(said)
        condition = found[1] if found else ""
        raise (_of_engine(said) or explain(condition, said) or _unknown(condition, error)) from None


def _of_engine(said: str) -> EngineError | None:
    if any(each in said for each in _MEMORY):
        return EngineError(
            "Spark ran out of memory or of room to spill",
            hint="Give it more: spark.driver.memory and spark.executor.memory, in spark-defaults.conf.",
        )
    return None


def _of_source(condition: str, said: str, files: Files) -> IdentityError | None:
    if condition in _VALUE_CONDITIONS:
        return WhereError(
            "where fails on a value in the rows: it does not convert or compute",
            hint="Use try_cast(column as type), which gives null where a value does not convert.",
        )
    if not condition.startswith(_FILE_CONDITIONS):
        return None
    # The longest first: one name may begin another.
    path = next((each for each in sorted(files.paths, key=len, reverse=True) if each in said), files.path)
    if "DATA_TYPE_MISMATCH" in condition:
        return SourceUnreadableError(
            f"{path}: a column has another type than in the other files",
            hint="Give a column the same type in all files.",
        )
    if condition == "PATH_NOT_FOUND" or "FILE_NOT_EXIST" in condition:
        return SourceUnreadableError(
            f"Spark does not find {path}", hint="The cluster must see the files under the same path as this machine."
        )
    return SourceUnreadableError(
        f"{path} is not a {files.kind} file that Spark can read",
        hint="Is it cut off? Text may be compressed with gzip, not with zstd.",
    )


def _of_sets(condition: str, _: str) -> IdentityError | None:
    if condition.startswith((*_FILE_CONDITIONS, "UNABLE_TO_INFER_SCHEMA")):
        return SetUnreadableError(
            "the file of a set is missing or damaged", hint="Plan again; if it stays, restore the state's sets."
        )
    return None


def _unknown(condition: str, error: Exception) -> EngineError:
    return EngineError(
        f"Spark failed ({condition or type(error).__name__})",
        hint="Is the cluster still up? If it is, please report this with the source's column types.",
    )
