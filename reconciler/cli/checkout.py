"""Names of files as a forge knows them: from the top of the checkout, wherever in it a command runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_TOPS: Final = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""What GitHub Actions and GitLab CI call the top of the checkout."""


def name_in_checkout(name: str) -> str:
    """Return a file's name from the top of the checkout, with slashes.

    Outside CI the working directory takes the place of the top. What lies outside keeps its name.
    """
    top = next((Path(os.environ[each]) for each in _TOPS if os.environ.get(each)), Path.cwd())
    path = Path(os.path.abspath(name))  # noqa: PTH100  # a link in the checkout keeps the name it has there
    for root in (top, Path(os.path.realpath(top))):
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return Path(name).as_posix()
