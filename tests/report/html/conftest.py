from __future__ import annotations

from tests.services.chromium import browser

__all__ = ["browser"]
