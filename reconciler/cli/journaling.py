"""Writes a run into the journal: when it sets to work, and what came of it when it ends."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from reconciler import __version__, running
from reconciler.cli import screen
from reconciler.errors import ReconcilerError
from reconciler.redaction import strike
from reconciler.state.journal_model import RunRecord, RunStatus, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.apply.model import Applied
    from reconciler.cli.workspace import Workspace
    from reconciler.state.lock import Held
    from reconciler.state.model import Lock
    from reconciler.state.repository import OpenState, StateStore

_INTERRUPTED = 130


class Entry:
    """The entry of this run in the journal. There is none until `begin`: a run that wrote nothing leaves none.

    Attributes:
        held: The lock the run holds.
    """

    def __init__(self, store: StateStore, held: Held) -> None:
        self.held = held
        self._store = store
        self._state: OpenState | None = None
        self._record: RunRecord | None = None

    def begin(self, state: OpenState, *, plan_id: str | None = None) -> None:
        """Write down that this run sets to work. Call this before anything is written anywhere.

        Raises:
            StoreError: It cannot be written down, so nothing may be done.
        """
        self._state = state
        self._record = replace(_begun(), lock_id=self.held.lock.id, plan_id=plan_id, serial_before=state.state.serial)
        self._store.journal.keep(self._record)

    def did(self, *steps: Step) -> None:
        """Note what was done."""
        if self._record is not None:
            self._record = replace(self._record, steps=(*self._record.steps, *steps))

    def ended_with(self, code: int) -> int:
        """Note the exit code, and return it."""
        if self._record is not None:
            status = RunStatus.FAILED if code else RunStatus.DONE
            self._record = replace(self._record, status=status, exit_code=code)
        return code

    def applied(self, applied: Applied) -> None:
        """Note what an apply did."""
        if self._record is None:
            return
        self._record = replace(self._record, rows=applied.rows, requests=applied.requests)
        self.ended_with(0 if applied.succeeded else 1)
        self.did(
            *(
                Step(each.address, str(each.kind), str(each.status), strike(each.message), each.added, each.removed)
                for each in applied.outcomes
            )
        )

    def end(self, problem: BaseException | None) -> None:
        """Write down how it ended, and on which error if on one. It has ended so whether this succeeds or not."""
        if self._record is None:
            return
        record = self._record
        if problem is not None:
            said = problem.message if isinstance(problem, ReconcilerError) else type(problem).__name__
            code = _INTERRUPTED if isinstance(problem, (KeyboardInterrupt, click.Abort)) else 1
            record = replace(record, status=RunStatus.FAILED, exit_code=code, error=strike(said))
        elif record.status is RunStatus.UNDER_WAY:
            record = replace(record, status=RunStatus.DONE, exit_code=0)
        now = datetime.now(UTC)
        ended = replace(
            record,
            ended=now,
            seconds=round((now - record.started).total_seconds(), 3),
            serial_after=None if self._state is None else self._state.state.serial,
        )
        try:
            self._store.journal.keep(ended)
        except ReconcilerError as why:
            screen.say(f"Warning: how this run ended is not in the journal: {why.message}.")


@contextmanager
def journaled(opened: Workspace, why: str) -> Iterator[Entry]:
    """Hold the state's lock while the block runs, and keep what it does in the journal.

    Raises:
        LockedError: Someone else holds the lock, or may.
    """
    with ExitStack() as holding:
        held = holding.enter_context(opened.lock(f"{why}, run {running.current().id}"))
        entry = Entry(opened.store, held)
        try:
            yield entry
        except BaseException as problem:
            entry.end(problem)
            _release(holding, held)
            raise
        entry.end(None)
        _release(holding, held)


def _release(holding: ExitStack, held: Held) -> None:
    """Let go of the lock. The run has ended as it has, so that it cannot be let go of is no more than a warning."""
    try:
        holding.close()
    except ReconcilerError as why:
        screen.say(
            f"Warning: the lock may still stand: {why.message}. Where it refuses the next run, "
            f"`reconciler state unlock {held.lock.id}` removes it."
        )


def note_unlocking(store: StateStore, removed: Lock) -> None:
    """Keep in the journal that a lock was removed by hand, which takes no lock."""
    now = datetime.now(UTC)
    step = Step("state", "unlock", "done", f"the lock {removed.id} of {removed.who} on {removed.where} ({removed.why})")
    record = replace(_begun(), status=RunStatus.DONE, ended=now, exit_code=0, steps=(step,))
    try:
        store.journal.keep(record)
    except ReconcilerError as why:
        screen.say(f"Warning: this is not in the journal: {why.message}.")


def _begun() -> RunRecord:
    run = running.current()
    words = len(run.command.split())
    return RunRecord(
        run=run.id,
        command=run.command,
        arguments=tuple(strike(each) for each in run.arguments[words:]),
        who=running.who(),
        where=running.where(),
        tool_version=__version__,
        started=run.began,
    )
