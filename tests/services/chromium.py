"""A real Chromium for tests, without a window: it draws a page, and tells what the page asked for and said."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Playwright

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_MISSING: Final = (
    f"no Chromium: set $CHROMIUM, install one of {', '.join(_NAMES)}, or run `playwright install chromium`"
)

__all__ = ["browser"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of a module.

    Not for longer: while it runs, its event loop is this thread's, and nobody else's `asyncio.run` would start.
    """
    with running() as started:
        yield started


@contextmanager
def running() -> Iterator[Browser]:
    """Start a browser, and stop it at the end.

    Where there is none the test is skipped; but a CI run (``CI`` is set) without one would prove less than it says,
    and fails.
    """
    with sync_playwright() as playwright:
        executable = _executable(playwright)
        if executable is None and os.environ.get("CI"):
            pytest.fail(_MISSING)
        if executable is None:
            pytest.skip(_MISSING)
        browser = playwright.chromium.launch(executable_path=executable, headless=True, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def _executable(playwright: Playwright) -> str | None:
    """Return the browser this machine names or has, else playwright's own, else None."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    installed = next(filter(None, map(shutil.which, _NAMES)), None)
    own = playwright.chromium.executable_path
    return installed or (own if Path(own).exists() else None)
