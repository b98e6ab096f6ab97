"""What a database says when it fails, in words of ours.

While a query's columns are looked up no row has been read, so the database's own words about the query may be shown.
While rows are read they may not: databases quote the value they stumble over.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from reconciler.identity.errors import SourceError, SourceMissingError, SourceUnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGES: Final = frozenset(
    {"adbc_driver_manager", "_duckdb", "duckdb", "pymysql", "trino", "requests", "urllib3", "databricks", "thrift"}
)
"""Whose errors these are; anything else is a defect of this tool and passes."""
_REFUSED: Final = re.compile(
    r"password authentication failed|no password supplied|role \S+ does not exist|access denied for user|"
    r"incorrect username or password|authentication|unauthori[sz]ed|\b401\b|invalid (access )?token|"
    r"could not find default credentials",
    re.IGNORECASE,
)
_FORBIDDEN: Final = re.compile(
    r"permission denied|access denied|not authorized|command denied|insufficient privilege|\b403\b|forbidden",
    re.IGNORECASE,
)
_NO_DATABASE: Final = re.compile(
    r"database \S+ does not exist|unknown database|not a database|not a valid DuckDB", re.IGNORECASE
)
_UNREACHABLE: Final = re.compile(
    r"translate host name|name or service not known|name resolution|nodename nor servname|no such host|"
    r"connection refused|timed? ?out|can't connect|no route to host|unreachable|max retries|is the server running",
    re.IGNORECASE,
)
_BEFORE: Final = re.compile(
    r"^(?:[A-Z_]+: )?(?:\[\w+\] )?(?:Failed to (?:prepare|execute|describe) query: )?(?:ERROR: +|\w+ Error: )?"
)
_AFTER: Final = re.compile(r"\s+(?:LINE \d+:|query: |Query was: |SQLSTATE: ).*", re.DOTALL)
_QUOTED: Final = re.compile(r"(['\"`])([^'\"`\n]*)\1")
_LONGEST: Final = 300


class Doing(Enum):
    """What was being done when a database failed."""

    CONNECTING = auto()
    DESCRIBING = auto()
    READING = auto()


@contextmanager
def telling(name: str, place: str, doing: Doing, query: str = "") -> Iterator[None]:
    """Turn what a driver raises inside into a `SourceError`.

    Args:
        name: The kind of database.
        place: Where it is.
        doing: What is being done.
        query: The SQL a person wrote; of what the database says only quotations from it are kept.
    """
    try:
        yield
    except Exception as error:
        if type(error) is RuntimeError and str(error) == "Query interrupted":
            # How DuckDB reports Ctrl-C in the middle of a query.
            raise KeyboardInterrupt from None
        if not _is_of_a_driver(error):
            raise
        raise _told(name, place, doing, query, error) from None


def _is_of_a_driver(error: Exception) -> bool:
    package = type(error).__module__.split(".")[0]
    return package in _PACKAGES or isinstance(error, OSError | pa.ArrowException | OverflowError)


def _told(name: str, place: str, doing: Doing, query: str, error: Exception) -> SourceError:
    said = _words(error)
    state = getattr(error, "sqlstate", None) or ""
    if _UNREACHABLE.search(said) and doing is not Doing.READING:
        return SourceMissingError(
            f"{name} at {place} does not answer", hint="Check the host and port in the connection URL, and the network."
        )
    if _NO_DATABASE.search(said) and doing is not Doing.READING:
        return SourceMissingError(
            f"{name} at {place} has no such database", hint="Check what stands behind the host in the connection URL."
        )
    if state == "42501" or (_FORBIDDEN.search(said) and doing is not Doing.CONNECTING):
        return SourceUnreadableError(
            f"{name} at {place} does not let this user read what the query names",
            hint="Grant the user SELECT on it (and USAGE on its schema).",
        )
    if _REFUSED.search(said) or _FORBIDDEN.search(said):
        return SourceUnreadableError(
            f"{name} at {place} refuses the user or the password",
            hint="Check user and password in the connection URL; a special character in them is percent-encoded.",
        )
    if doing is Doing.CONNECTING:
        return SourceUnreadableError(
            f"{name} at {place} did not accept the connection",
            hint="Check the connection URL: host, port, database and options.",
        )
    if doing is Doing.DESCRIBING:
        return SourceError(
            f"{name} does not run the query: {_quotable(said, query)}", hint="Try the query there first."
        )
    if state.startswith("22") or isinstance(error, pa.ArrowInvalid | OverflowError) or "mismatch" in said.lower():
        return SourceUnreadableError(
            f"{name} at {place}: a value in the rows does not convert or compute",
            hint="Look at the casts and divisions in the query and in each where, and at the columns' types.",
        )
    return SourceUnreadableError(
        f"{name} at {place} failed while its rows were read{f' (SQLSTATE {state})' if state else ''}",
        hint="Run it again; if it stays, look into the database's own log.",
    )


def _words(error: Exception) -> str:
    """Return what an error says, without the codes around it."""
    # Trino's client keeps the server's own words apart; PyMySQL has a number and a text.
    match (getattr(error, "message", None), error.args):
        case (str() as said, _) | (_, (int(), str() as said, *_)):
            return said
        case _:
            return str(error)


def _quotable(said: str, query: str) -> str:
    """Return the database's words about the query on one line, without quotations from anywhere else."""
    plain = _AFTER.sub("", _BEFORE.sub("", said.strip()))
    kept = _QUOTED.sub(
        lambda match: (
            match[0] if match[2].casefold().rpartition(".")[2] in query.casefold() else f"{match[1]}…{match[1]}"
        ),
        plain,
    )
    return " ".join(kept.split())[:_LONGEST].rstrip(".! ")
