"""A digest of how an audience's people are drawn: while it stays the same, only the source can have brought others."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import orjson

from reconciler.origin import FileOrigin

if TYPE_CHECKING:
    from reconciler.config.model import Audience, Config
    from reconciler.origin import Origin

_VERSION: Final = 1
"""Raised whenever the same declaration comes to draw other people; a recipe of before is then one nobody knows."""


def recipe_of(audience: Audience, desired: Config) -> str | None:
    """Return the SHA-256 of source, columns, `where` and identities; None where no source fills the audience.

    Nothing in it depends on the machine, and nothing secret goes into it: of a path what the files say, without who
    asks and the signature of a web address; of a connection nothing but the kind of database.
    """
    if audience.source is None:
        return None
    source = desired.sources[audience.source]
    parts = [
        _VERSION,
        _origin(source.origin),
        [asdict(column) for column in source.columns],
        audience.where,
        audience.identities,
    ]
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _origin(origin: Origin) -> list[str | None]:
    if isinstance(origin, FileOrigin):
        return ["files", str(origin), origin.format]
    return ["query", str(origin), origin.query]
