"""The URLs of Spark, and what is needed for each."""

from __future__ import annotations

import re
import socket
from importlib.util import find_spec
from typing import Final
from urllib.parse import SplitResult, urlsplit

from reconciler.identity.errors import UnsupportedEngineError

_LOCAL: Final = re.compile(r"local(\[([1-9][0-9]*|\*)\])?")
_SCHEMES: Final = ("local", "spark", "sc")
_PATIENCE: Final = 5.0
"""Seconds to wait for a cluster's door to open. Spark itself would wait for minutes."""


def is_spark(url: str) -> bool:
    """Whether an engine's URL is meant for Spark, well-formed or not."""
    return re.split(r"[:\[]", url, maxsplit=1)[0] in _SCHEMES


def is_connect(url: str) -> bool:
    """Whether a URL is one of Spark Connect, which needs no Java on this machine."""
    return url.startswith("sc://")


def check(url: str) -> None:
    """Check that a URL is one of Spark's, and that PySpark is there to follow it.

    Raises:
        UnsupportedEngineError: It is not, or PySpark is missing.
    """
    if not _LOCAL.fullmatch(url) and not _has_host(url):
        raise UnsupportedEngineError(
            f'"{url}" is not a URL of Spark',
            hint="Write local[4] or local[*] for this machine, spark://host:7077 or sc://host:15002 for a cluster.",
        )
    needed = ("pyspark", "grpc") if is_connect(url) else ("pyspark",)
    if any(find_spec(name) is None for name in needed):
        raise UnsupportedEngineError(
            f"engine {url} needs PySpark, which is not installed",
            hint='In a checkout of reconciler, run: pip install ".[spark]"',
        )


def knock(url: str) -> None:
    """Check that something answers where a cluster should be.

    Raises:
        UnsupportedEngineError: Nothing does.
    """
    if _LOCAL.fullmatch(url):
        return
    failures = []
    for host, port in _doors(url):
        try:
            socket.create_connection((host, port), timeout=_PATIENCE).close()
        except OSError as error:
            failures.append(f"{host}:{port} ({error.strerror or 'no answer'})")
        else:
            return
    raise UnsupportedEngineError(
        f"no Spark answers at {', '.join(failures)}", hint="Is the cluster up, and its address right?"
    )


def _has_host(url: str) -> bool:
    return url.startswith(("spark://", "sc://")) and bool(_doors(url))


def _doors(url: str) -> list[tuple[str, int]]:
    """Return the hosts and ports of a URL; none where it is not well-formed. A standalone cluster may have several."""
    split = urlsplit(url)
    default = 15002 if is_connect(url) else 7077
    try:
        each = [urlsplit(f"//{host}") for host in split.netloc.split(",")]
        return [(host, port) for one in each for host, port in [_door(one, default)] if host]
    except ValueError:
        return []


def _door(split: SplitResult, default: int) -> tuple[str, int]:
    return split.hostname or "", split.port or default
