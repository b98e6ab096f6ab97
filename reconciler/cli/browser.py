"""Opens a page in a person's browser, which is a program like any other: it gets no secret and prints no result."""

from __future__ import annotations

import os
import sys
import webbrowser
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from reconciler.cli.desk import APP_SECRET_VARIABLE
from reconciler.refresh.credentials import TOKEN_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

_STDOUT: Final = 1
_STDERR: Final = 2


def has_browser() -> bool:
    """Whether a browser can show itself: on Linux one that cannot would take the terminal over."""
    shows = sys.platform in {"win32", "darwin"} or any(os.environ.get(each) for each in ("DISPLAY", "WAYLAND_DISPLAY"))
    return shows or bool(os.environ.get("BROWSER"))


def open_browser(page: str) -> None:
    """Open a page. Whatever a browser and its starter print goes to stderr: stdout is for results."""
    sys.stdout.flush()
    results = os.dup(_STDOUT)
    try:
        os.dup2(_STDERR, _STDOUT)
        with _without_secrets():
            webbrowser.open(page)
    finally:
        os.dup2(results, _STDOUT)
        os.close(results)


@contextmanager
def _without_secrets() -> Iterator[None]:
    """Keep the app's secret and the token out of the environment, which every process that is started inherits."""
    held = {name: os.environ.pop(name) for name in (APP_SECRET_VARIABLE, TOKEN_VARIABLE) if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(held)
