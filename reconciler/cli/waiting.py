"""Shows long work while it goes on: on a terminal a line that moves, elsewhere a line an event."""

from __future__ import annotations

from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Final

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from reconciler.cli import logs
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


_SHOWN_EVERY_SECONDS: Final = 0.1
"""How often a bar moves. What arrives is told for each audience of each request, which is far more often."""


class Reading:
    """Shows which source is being read."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def reading(self, source: str, audiences: int, position: int, total: int) -> None:
        """Show that a source is being read."""
        for_them = f" for {audiences:,} audiences" if audiences > 1 else ""
        text = f"Reading people: {source}{for_them} ({position} of {total})"
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
    """Shows the actions of an apply; deliveries under way at the same time share one bar."""

    def __init__(self, console: Console, progress: Progress) -> None:
        self._console = console
        self._progress = progress
        self._task: TaskID | None = None
        self._under_way: dict[str, int] = {}
        self._arrived = 0
        self._shown_at = 0.0

    def began(self, action: Action) -> None:
        """Show that work on an action starts."""
        self._print(action, f"{_DOING[action.kind]}…")

    def said(self, action: Action, message: str) -> None:
        """Show something a person should know while waiting."""
        self._print(action, visible(message))

    def delivering(self, action: Action, identifiers: int) -> None:
        """Show a bar for a delivery, or make that of the others longer."""
        self._under_way[action.address] = identifiers
        several = len(self._under_way) > 1
        what = f"  {len(self._under_way):,} audiences" if several else f"  {visible(action.address)}"
        total = sum(self._under_way.values())
        if self._task is None:
            self._task = self._progress.add_task(what, total=total)
        else:
            self._progress.update(self._task, description=what, total=total)

    def delivered(self, action: Action, identifiers: int) -> None:  # noqa: ARG002  # whoever's they are, it is one bar
        """Move the bar on."""
        self._arrived += identifiers
        if self._task is not None and monotonic() - self._shown_at >= _SHOWN_EVERY_SECONDS:
            self._progress.update(self._task, completed=self._arrived)
            self._shown_at = monotonic()

    def ended(self, action: Action) -> None:
        """Take the bar away once nothing is under way any more."""
        self._under_way.pop(action.address, None)
        if self._task is not None and not self._under_way:
            self._progress.remove_task(self._task)
            self._task, self._arrived = None, 0

    def _print(self, action: Action, message: str) -> None:
        if logs.is_json():
            logs.progress(action, message)
        else:
            self._console.print(Text(f"{visible(action.address)}: {message}"))


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
