from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def printed() -> Callable[..., str]:
    """Print to a file, as a pipe or the log of a CI job would be: `printed(render_plan, plan)`."""

    def print_to_file(render: Callable[..., None], *subject: object, **options: object) -> str:
        paper = StringIO()
        render(*subject, Console(file=paper, width=80, _environ={}), **options)
        return paper.getvalue()

    return print_to_file


@pytest.fixture
def shown() -> Callable[..., str]:
    """Print to a terminal of some columns: `shown(render_plan, plan, width=80)`; in colour only where asked for."""

    def print_to_terminal(
        render: Callable[..., None], *subject: object, width: int = 80, environ: dict[str, str] | None = None
    ) -> str:
        paper = StringIO()
        console = Console(
            file=paper,
            width=width,
            force_terminal=True,
            color_system=None if environ is None else "standard",
            legacy_windows=False,
            _environ=environ or {},
        )
        render(*subject, console)
        return paper.getvalue()

    return print_to_terminal
