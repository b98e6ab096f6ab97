"""How every document of this tool is written as JSON: indented, in a stable order, times in UTC."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC
from typing import TYPE_CHECKING, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from reconciler.diagnostics import Location

_LAYOUT: Final = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def encode(document: Mapping[str, object]) -> bytes:
    """Return `document` as UTF-8 JSON that ends in a newline; keys keep their order.

    Half of a surrogate pair, which a name on TikTok may hold and UTF-8 cannot, becomes U+FFFD: a stranger's
    name must not keep a plan from being written.
    """
    try:
        return orjson.dumps(document, option=_LAYOUT)
    except orjson.JSONEncodeError:
        return orjson.dumps(_encodable(document), option=_LAYOUT)


def timestamp(at: datetime) -> str:
    """Return an aware time as ISO 8601 in UTC: ``2026-03-01T09:30:00Z``; microseconds only where there are any."""
    return at.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def location_document(location: Location | None) -> dict[str, object] | None:
    """Return a place in a file as plain values: ``file``, ``line`` and ``column``; None for none."""
    return asdict(location) if location else None


def _encodable(value: object) -> object:
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {key: _encodable(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encodable(each) for each in value]
    return value
