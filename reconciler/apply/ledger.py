"""What becomes of each action of an apply: written up as it happens, told in the order actions are to happen."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from reconciler import running, telemetry
from reconciler.apply.errors import RefusedError
from reconciler.apply.model import Outcome, OutcomeStatus
from reconciler.apply.workbench import Tally
from reconciler.errors import ReconcilerError
from reconciler.plan.model import ActionKind, Block, Guard
from reconciler.state.errors import StateError
from reconciler.tiktok.errors import (
    CredentialError,
    InvalidRequestError,
    PermissionDeniedError,
    RateLimitedError,
    TikTokError,
    UnreachableError,
    WriteConflictError,
    concerns_account,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Iterator, Sequence

    from reconciler.apply.workbench import Workbench
    from reconciler.plan.model import Action

FATAL: Final = (UnreachableError, StateError)
"""After one of these the next action would only meet it again, or must not be tried: the apply stops."""

_SPENT: Final = (
    "It stayed so for as long as `patience` lets a call be tried, and what else there is to do was not made to wait as "
    "long. Apply again: it goes on from here. Where TikTok fails at this one alone, apply the others with --target."
)

REFUSALS: Final = (InvalidRequestError, PermissionDeniedError)
"""What TikTok will not do for one audience, and so not for any that travels with it."""


_LEAVING: Final = frozenset({ActionKind.DELETE, ActionKind.FORGET})
_ASKS_NOBODY: Final = frozenset({ActionKind.NOOP, ActionKind.FORGET})
"""What is done in the state alone."""


@dataclass(slots=True)
class Entry:
    """An action on its way.

    Attributes:
        action: What is to be done.
        lacks: How far it has not come, in a phrase, should the apply stop now.
        is_begun: Whether any work has been done on it.
        remark: What a person should know about it though it is done; usually nothing.
        tally: What has arrived for it alone, and its identifiers that travelled with others'.
        outcome: What became of it; None while it is open.
    """

    action: Action
    lacks: str = "not begun"
    is_begun: bool = False
    remark: str = ""
    tally: Tally = field(default_factory=Tally)
    outcome: Outcome | None = None


class Ledger:
    """The actions of an apply.

    Args:
        bench: What the apply works with.
        actions: What is to be done, in the order it is told. What a guard stands against is closed from the start.

    Attributes:
        stopped_by: Why nothing more may be done anywhere, or None.
    """

    def __init__(self, bench: Workbench, actions: Iterable[Action]) -> None:
        self.stopped_by: str | None = None
        self._bench = bench
        self._cut_off: dict[str, str] = {}  # accounts in which nothing more can be done, and why
        self._entries = [Entry(each) for each in actions]
        for entry in self._entries:
            if entry.action.is_blocked:
                self._close(entry, _barred(entry.action.blocked_by))

    def open(self) -> Iterator[Entry]:
        """Yield the actions that are still to be worked on; none once the apply has stopped."""
        for entry in self._entries:
            if self.is_open(entry):
                yield entry

    def is_open(self, entry: Entry) -> bool:
        """Whether an action is still to be worked on."""
        return entry.outcome is None and self._obstacle(entry) is None

    def held_back(self, entry: Entry) -> Block | None:
        """Return why an audience that was replaced has to stay for now: what takes its place has not come about."""
        action = entry.action
        if not action.is_deposed or action.kind is not ActionKind.DELETE:
            return None
        for other in self._entries:
            is_successor = other.action.address == action.resource_address and other.action.kind not in _LEAVING
            if is_successor and (other.outcome is None or other.outcome.status is not OutcomeStatus.DONE):
                return Block(
                    Guard.STALE, f"{other.action.address}, which replaced it, is not done yet", way_out="Apply again."
                )
        return None

    def bench_for(self, entry: Entry) -> Workbench:
        """Return the bench for work on one action: what arrives is counted for it."""
        return replace(self._bench, tally=entry.tally)

    async def attempt(self, entries: Sequence[Entry], work: Awaitable[object], *, is_only_way: bool = True) -> bool:
        """Do work on some actions and return whether it was done; if not, why not is what became of each of them.

        The failure of some leaves the others alone; a guard met at the last moment does too. A token that is no longer
        taken ends the work in its accounts. Cancelling (Ctrl-C), and what everything else would only meet again, stops
        the apply: an outage is waited out once, not once for each audience.

        Args:
            entries: The actions.
            work: What to do.
            is_only_way: Whether there is no other way to do it; else what TikTok refuses is left open.
        """
        self._begin(entries)
        try:
            with running.working_on(*(each.action.address for each in entries)):
                await telemetry.within(_name_of(entries), work)
        except asyncio.CancelledError:
            self.stopped_by = "interrupted"
            ending = _Ending(OutcomeStatus.INTERRUPTED)
        except RefusedError as refusal:
            ending = _barred((refusal.block,))
        except ReconcilerError as problem:
            if isinstance(problem, REFUSALS) and not is_only_way:
                return False
            way_out = self._stop_for(problem, entries)
            ending = _Ending(OutcomeStatus.FAILED, problem.message, way_out=way_out)
        else:
            return True
        for entry in entries:
            self._close(entry, ending)
        return False

    def done(self, entry: Entry) -> None:
        """Close an action that was carried out whole."""
        self._close(entry, _Ending(OutcomeStatus.DONE, entry.remark))

    def outcomes(self) -> tuple[Outcome, ...]:
        """Return what became of each action; those still open were left, for the reason the apply stopped."""
        for entry in self._entries:
            if entry.outcome is None:
                self._close(entry, _Ending(OutcomeStatus.SKIPPED, f"{entry.lacks}: {self._obstacle(entry)}"))
        return tuple(entry.outcome for entry in self._entries if entry.outcome is not None)

    def tallies(self) -> list[Tally]:
        """Return what arrived: first what travelled for several actions together, then what did for each alone."""
        return [self._bench.tally, *(entry.tally for entry in self._entries)]

    def _obstacle(self, entry: Entry) -> str | None:
        """Return why an action cannot be worked on, or None."""
        return self.stopped_by or next(filter(None, map(self._cut_off.get, _accounts(entry.action))), None)

    def _stop_for(self, problem: ReconcilerError, entries: Sequence[Entry]) -> str:
        """Stop what would only meet a problem again, all or some accounts; return what a person can do about it."""
        if isinstance(problem, FATAL):
            self.stopped_by = problem.message
        elif isinstance(problem, CredentialError):
            self._cut_off |= dict.fromkeys(self._lost_with(problem, entries), problem.message)
        elif _is_outage(problem):
            if isinstance(problem, RateLimitedError) and not problem.concerns_app:
                self._cut_off |= dict.fromkeys(_accounts_of(entries), problem.message)
            else:
                self.stopped_by = problem.message
            return f"{problem.hint or ''} {_SPENT}".lstrip()
        return problem.hint or ""

    def _lost_with(self, problem: CredentialError, entries: Iterable[Entry]) -> set[str]:
        """Return the accounts that a refused token acts for, or the one that it no longer acts for."""
        refused = _accounts_of(entries)
        if problem.advertiser_id in refused:
            refused = {problem.advertiser_id}
        if concerns_account(problem):
            return refused
        return {other for each in refused for other in self._bench.sessions.sharing(each)}

    def _begin(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            if not entry.is_begun:
                entry.is_begun = True
                self._bench.progress.began(entry.action)

    def _close(self, entry: Entry, ending: _Ending) -> None:
        action, resource = entry.action, self._bench.state.state.resources.get(entry.action.address)
        entry.outcome = Outcome(
            action.address,
            action.kind,
            ending.status,
            ending.message,
            ending.details,
            resource.audience_id if entry.is_begun and resource else action.audience_id,
            entry.tally.added,
            entry.tally.removed,
            ending.way_out,
        )
        telemetry.count("reconciler.actions", kind=str(action.kind), outcome=str(ending.status))
        for direction, arrived in (("added", entry.tally.added), ("removed", entry.tally.removed)):
            telemetry.count("reconciler.identifiers", arrived, direction=direction)
        if entry.is_begun:
            self._bench.progress.ended(action)


@dataclass(frozen=True, slots=True)
class _Ending:
    """What an `Outcome` says of how an action ended."""

    status: OutcomeStatus
    message: str = ""
    details: tuple[str, ...] = ()
    way_out: str = ""


def _name_of(entries: Sequence[Entry]) -> str:
    """Return what to call work on these actions in a trace."""
    return f"action {entries[0].action.kind}" if len(entries) == 1 else "actions together"


def _is_outage(problem: ReconcilerError) -> bool:
    """Whether TikTok failed for as long as a call is tried; a conflict is about one object, however long it lasts."""
    return isinstance(problem, TikTokError) and problem.outlasted and not isinstance(problem, WriteConflictError)


def _accounts_of(entries: Iterable[Entry]) -> set[str]:
    return {each for entry in entries for each in _accounts(entry.action)}


def _accounts(action: Action) -> tuple[str, ...]:
    """Return the accounts that the rest of an action asks TikTok about."""
    if action.kind in _ASKS_NOBODY:
        return ()
    return (action.advertiser_id, *((action.before.advertiser_id,) if action.before else ()))


def _barred(blocks: Sequence[Block]) -> _Ending:
    return _Ending(
        OutcomeStatus.BLOCKED,
        "; ".join(block.message for block in blocks),
        tuple(line for block in blocks for line in block.details),
        " ".join(block.way_out for block in blocks if block.way_out),
    )
