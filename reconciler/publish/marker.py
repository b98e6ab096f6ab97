"""The invisible line by which a later run finds what an earlier one posted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

from reconciler.publish.errors import InvalidKeyError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.publish.model import Comment, Issue

Marked = TypeVar("Marked", "Comment", "Issue")

LONGEST_KEY: Final = 100
_KEY: Final = re.compile(r"[A-Za-z0-9]+([._-][A-Za-z0-9]+)*")


def marker(key: str) -> str:
    """Return the marker of `key`, an HTML comment.

    Raises:
        InvalidKeyError: `key` is not letters and digits with single dots, dashes and underscores between them, or is
            longer than 100 characters. Anything else could end the HTML comment, and show.
    """
    if not _KEY.fullmatch(key) or len(key) > LONGEST_KEY:
        raise InvalidKeyError(
            f"{key!r} cannot be a key",
            hint=f"Take up to {LONGEST_KEY} letters and digits, with single dots, dashes or underscores between them.",
        )
    return f"<!-- reconciler:{key} -->"


def marked(posts: Iterable[Marked], key: str) -> list[Marked]:
    """Return what carries the marker of `key` in its first line and may be trusted, the first one posted first."""
    sign = marker(key)
    ours = [each for each in posts if each.trusted and each.body.partition("\n")[0].strip() == sign]
    return sorted(ours, key=lambda each: each.number)
