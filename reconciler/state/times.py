"""Moments as the text they are kept as: ISO 8601 in UTC with a ``Z``."""

from __future__ import annotations

from datetime import UTC, datetime


def dump_time(time: datetime) -> str:
    """Return `time` in UTC, to the microsecond where it has any: ``2026-03-01T09:30:00Z``.

    Raises:
        ValueError: It has no zone, so nobody can tell which moment it is.
    """
    if time.utcoffset() is None:
        raise ValueError(f"{time} has no time zone")
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """Return the moment that `dump_time` wrote.

    Raises:
        ValueError: It is none, or not in UTC.
    """
    if not text.endswith("Z"):
        raise ValueError(f"{text} is not a time in UTC")
    return datetime.fromisoformat(text)
