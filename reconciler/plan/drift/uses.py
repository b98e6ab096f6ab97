"""What uses an audience, as an apply remembers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.tiktok.model import Use


def remembered(uses: Iterable[Use]) -> tuple[str, ...]:
    """Return each use by what it is, not by its name, which may change: ``ad group 123 includes``; sorted."""
    return tuple(sorted({mark(use) for use in uses}))


def mark(use: Use) -> str:
    """Return what tells a use from every other."""
    return f"{use.kind} {use.id} {use.mode}"
