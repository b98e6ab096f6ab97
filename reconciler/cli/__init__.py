"""What a person types. Each command parses, calls, prints and picks the exit code; none decides anything."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code: 0 done, 1 error or blocked, 2 changes or drift where asked for."""
    from reconciler.cli.root import run

    return run(sys.argv[1:] if arguments is None else list(arguments))
