"""What time it is: on the local TikTok its own time, which `sandbox advance` moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.cli.workspace import local_tiktok

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.cli.workspace import Place


def clock_of(place: Place) -> Callable[[], datetime]:
    """Return what tells the time, UTC, at a place: what is delivered and what expires there goes by it."""
    if not place.sandbox:
        return lambda: datetime.now(UTC)
    with local_tiktok(place) as sandbox:
        ahead = sandbox.controls.now() - datetime.now(UTC)
    return lambda: datetime.now(UTC) + max(ahead, timedelta(0))
