"""Keys made from the names that people gave things on TikTok."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

_LONGEST = 60
_NOT_IN_KEYS = re.compile(r"[^a-z0-9]+")


def key_for(name: str, kind: str, id_: str, taken: AbstractSet[str]) -> str:
    """Return a key that reads like `name` and is none of `taken`.

    Args:
        name: What it is called on TikTok, whatever that is.
        kind: What it is, which begins the key where the name gives no letter to begin with: ``audience``.
        id_: Its id, which ends the key where the name gives nothing at all.
        taken: Keys that mean something already.
    """
    slug = _slug(name)
    if not slug:
        slug = f"{kind}_{id_}"
    elif not slug[0].isalpha():
        slug = f"{kind}_{slug}"
    key, number = slug, 2
    while key in taken:
        key, number = f"{slug}_{number}", number + 1
    return key


def _slug(name: str) -> str:
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _NOT_IN_KEYS.sub("_", ascii_name.lower())[:_LONGEST].strip("_")
