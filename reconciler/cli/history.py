"""`reconciler history`: who applied what when, and what came of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, Final

import click

from reconciler.cli import screen
from reconciler.cli.options import output_format, workspace_options
from reconciler.cli.workspace import workspace
from reconciler.diagnostics import warning
from reconciler.errors import ReconcilerError
from reconciler.report.history_document import history_document
from reconciler.report.history_text import render_run, render_runs
from reconciler.state.errors import DamagedLockError
from reconciler.state.moved import refuse_moved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.cli.workspace import Place
    from reconciler.state.journal import UnusableRecordError
    from reconciler.state.journal_model import RunRecord
    from reconciler.state.repository import StateStore

_SHOWN: Final = 20


class UnknownRunError(ReconcilerError):
    """No run of that id is in the journal, or several are whose id begins so."""


class Since(click.ParamType[datetime]):
    """A moment in the past: ``90m``, ``12h``, ``7d`` or ``2w`` ago, or a day, ``2026-03-01``."""

    name = "time"
    _AGO = re.compile(r"(?P<number>\d{1,5})(?P<unit>[mhdw])")
    _UNITS: ClassVar = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the moment, UTC."""
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        try:
            if ago := self._AGO.fullmatch(text.lower()):
                return datetime.now(UTC) - timedelta(**{self._UNITS[ago["unit"]]: int(ago["number"])})
            moment = datetime.fromisoformat(text)
            return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f'"{value}" is no time: write 12h, 7d, 2w, or a day such as 2026-03-01.', param, ctx)


@click.command("history")
@click.argument("run", required=False, default="")
@workspace_options
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=_SHOWN,
    show_default=True,
    metavar="N",
    help="Show so many runs, the newest.",
)
@click.option("--since", type=Since(), metavar="TIME", help="Only runs that began since: 12h, 7d, 2w, 2026-03-01.")
@click.option("--address", metavar="ADDRESS", help="Only runs that did something about this address.")
@output_format
def command(run: str, place: Place, limit: int, since: datetime | None, address: str | None, form: str) -> int:
    """Show the runs that wrote to this state, newest first: who ran what, and what came of it.

    With RUN, the id of one or how it begins, show that one whole. An apply that was killed could not say how it ended:
    it "ended without a word". Plans are not kept: they write nothing.

    \b
    Examples:
      reconciler history --since 7d
      reconciler history --address audience.lapsed_buyers
      reconciler history 3f2a9c
    """  # noqa: D301  # click reads the backspace: what follows keeps its lines
    if run and (since or address):
        raise click.UsageError("RUN shows one run whole; --since and --address choose among all of them.")
    with workspace(place) as opened:
        refuse_moved(opened.store.objects)
        holder = _holder(opened.store)
        found = opened.store.journal.newest_first(since=since, run=run.strip().lower(), warn=_warn)
        shown = [_the_one(found, run)] if run else list(islice(_about(found, address), limit))
    if form == "json":
        screen.json(history_document(shown, holder))
    elif run:
        render_run(shown[0], holder, screen.results())
    elif shown:
        render_runs(shown, holder, screen.results())
    else:
        screen.say("There are no such runs." if since or address else "Nothing has been applied yet.")
    return 0


def _about(found: Iterator[RunRecord], address: str | None) -> Iterator[RunRecord]:
    return (each for each in found if address is None or each.concerns(address))


def _the_one(found: Iterator[RunRecord], run: str) -> RunRecord:
    matching = list(islice(found, 2))
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise UnknownRunError(f"the ids of several runs begin with {run}", hint="Give more of its digits.")
    raise UnknownRunError(f"there is no run {run} in the journal", hint="See `reconciler history` for those there are.")


def _holder(store: StateStore) -> str | None:
    """Return the id of the lock that stands; None where none does, or nobody can tell."""
    try:
        lock = store.read_lock()
    except DamagedLockError:
        return None
    return None if lock is None else lock.id


def _warn(unusable: UnusableRecordError) -> None:
    screen.findings([warning(unusable.message, unusable.hint or "")])
