"""Shows long work while it goes on: on a terminal a line that moves, elsewhere a line an event."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from reconciler.cli.screen import notices
from reconciler.plan.model import ActionKind
from reconciler.report.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.progress import TaskID

    from reconciler.plan.model import Action

_DOING: Final = {
    ActionKind.CREATE: "creating",
    ActionKind.UPDATE: "updating",
    ActionKind.REPLACE: "replacing",
    ActionKind.DELETE: "deleting",
    ActionKind.IMPORT: "importing",
    ActionKind.FORGET: "forgetting",
    ActionKind.NOOP: "moving",
}


class Reading:
    """Shows which source is being read."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def reading(self, address: str, position: int, total: int) -> None:
        """Show that the source of `address` is being read."""
        text = f"Reading people: {address} ({position} of {total})"
        if self._task is None:
            self._task = self._progress.add_task(text, total=total, completed=position - 1)
        else:
            self._progress.update(self._task, description=text, completed=position - 1)


@contextmanager
def reading_sources() -> Iterator[Reading]:
    """Show the reading of sources while the block runs; nothing where nobody watches."""
    console = notices()
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield Reading(progress)


class Applying:
    """Shows the actions of an apply."""

    def __init__(self, console: Console, progress: Progress) -> None:
        self._console = console
        self._progress = progress
        self._task: TaskID | None = None

    def began(self, action: Action) -> None:
        """Show that work on an action starts."""
        self._print(f"{visible(action.address)}: {_DOING[action.kind]}…")

    def said(self, action: Action, message: str) -> None:
        """Show something a person should know while waiting."""
        self._print(f"{visible(action.address)}: {visible(message)}")

    def delivering(self, action: Action, identifiers: int) -> None:
        """Show a bar for a delivery."""
        self._task = self._progress.add_task(f"  {action.address}", total=identifiers)

    def delivered(self, action: Action, identifiers: int) -> None:  # noqa: ARG002  # one delivery at a time
        """Move the bar on."""
        if self._task is not None:
            self._progress.advance(self._task, identifiers)

    def ended(self, action: Action) -> None:  # noqa: ARG002  # one delivery at a time
        """Take the bar away."""
        if self._task is not None:
            self._progress.remove_task(self._task)
            self._task = None

    def _print(self, message: str) -> None:
        self._console.print(Text(message))


@contextmanager
def applying(*, quiet: bool) -> Iterator[Applying]:
    """Show an apply while the block runs.

    Args:
        quiet: Show nothing: for `--format json`, where even stderr is read by machines more often than not.
    """
    console = notices()
    console.quiet = quiet
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} identifiers", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as progress:
        yield Applying(console, progress)
