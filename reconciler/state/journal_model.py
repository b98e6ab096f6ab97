"""What the journal keeps of one run: who did what when, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class RunStatus(StrEnum):
    """How a run stands: it began and said nothing since, it did all it was to do, or it did not."""

    UNDER_WAY = "under way"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one action of a run.

    Attributes:
        address: What it was about.
        kind: What was to be done: ``create``, ``move``.
        outcome: How it ended: ``done``, ``blocked``, ``failed``, ``skipped``, ``interrupted``.
        message: Why it ended so; usually empty for what is done.
        added: Identifiers that have arrived.
        removed: Identifiers that have been taken out.
    """

    address: str
    kind: str
    outcome: str
    message: str = ""
    added: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run that wrote, or was about to.

    Attributes:
        run: The run's id, as in logs and traces.
        command: ``apply``, ``state mv``.
        arguments: The command line after the program's name, without secrets.
        who: Who ran it.
        where: On which machine, in which process.
        tool_version: The version of reconciler.
        started: When it began, UTC.
        status: How it stands.
        lock_id: The lock it held; None where it needed none. A run that says it is under way and does not hold this
            lock any more was killed.
        ended: When it ended; None while it is under way.
        plan_id: The plan it carried out, if it was one.
        serial_before: The state's serial when it began.
        serial_after: The state's serial at its end.
        steps: One an action.
        rows: Rows of people that were sent.
        requests: Requests that carried them.
        seconds: How long it took.
        exit_code: What it ended with; None while it is under way.
        error: What it ended on, in a sentence; empty otherwise.
    """

    run: str
    command: str
    arguments: tuple[str, ...]
    who: str
    where: str
    tool_version: str
    started: datetime
    status: RunStatus = RunStatus.UNDER_WAY
    lock_id: str | None = None
    ended: datetime | None = None
    plan_id: str | None = None
    serial_before: int | None = None
    serial_after: int | None = None
    steps: tuple[Step, ...] = ()
    rows: int = 0
    requests: int = 0
    seconds: float = 0.0
    exit_code: int | None = None
    error: str = ""

    def is_silent(self, holder: str | None) -> bool:
        """Whether it ended without a word: it was killed, and could not say what came of it.

        Args:
            holder: The id of the lock that stands; None where there is none.
        """
        return self.status is RunStatus.UNDER_WAY and (self.lock_id is None or self.lock_id != holder)

    def concerns(self, address: str) -> bool:
        """Whether one of its actions was about `address`, or its command line named it."""
        return any(each.address == address for each in self.steps) or address in self.arguments
