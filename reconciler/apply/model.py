"""What an apply did, as data: one outcome an action, in the order things happened."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.plan.model import ActionKind


class OutcomeStatus(StrEnum):
    """How an action ended."""

    DONE = "done"
    BLOCKED = "blocked"
    FAILED = "failed"
    SKIPPED = "skipped"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one action.

    Attributes:
        address: The action's address.
        kind: What was to be done.
        status: How it ended.
        message: Why it ended so, in one sentence; for what is done usually empty.
        details: What the message rests on, a line each: ad groups by name and id, for example.
        audience_id: The audience it was about, once there is one.
        added: Identifiers that have certainly arrived.
        removed: Identifiers that have certainly been taken out.
        way_out: What a person can do about what was not done.
    """

    address: str
    kind: ActionKind
    status: OutcomeStatus
    message: str = ""
    details: tuple[str, ...] = ()
    audience_id: str | None = None
    added: int = 0
    removed: int = 0
    way_out: str = ""

    @property
    def is_done(self) -> bool:
        """Whether the action was carried out whole."""
        return self.status is OutcomeStatus.DONE


@dataclass(frozen=True, slots=True)
class Applied:
    """Everything one apply did.

    Attributes:
        plan_id: The plan it carried out.
        outcomes: One an action.
        rows: Rows of people sent.
        requests: Requests that carried them.
        seconds: How long it took.
        interrupted: Whether it was stopped from outside, with Ctrl-C for example.
        rows_alone: Rows it would have taken, had each audience travelled alone.
        requests_alone: Requests likewise, by estimate.
        refusal: Why nothing at all was done, in one sentence; empty for an apply that set to work.
        way_out: What a person can do about a refusal.
    """

    plan_id: str
    outcomes: tuple[Outcome, ...]
    rows: int
    requests: int
    seconds: float
    interrupted: bool = False
    rows_alone: int = 0
    requests_alone: int = 0
    refusal: str = ""
    way_out: str = ""

    @property
    def rows_saved(self) -> int:
        """Rows that did not have to be sent because audiences of an account shared them."""
        return max(0, self.rows_alone - self.rows)

    @property
    def requests_saved(self) -> int:
        """Requests likewise, by estimate."""
        return max(0, self.requests_alone - self.requests)

    @property
    def done(self) -> Mapping[ActionKind, int]:
        """How many actions of each kind were carried out; kinds with none are left out."""
        return Counter(outcome.kind for outcome in self.outcomes if outcome.is_done)

    @property
    def statuses(self) -> Mapping[OutcomeStatus, int]:
        """How many actions ended in each way; ways with none are left out."""
        return Counter(outcome.status for outcome in self.outcomes)

    @property
    def added(self) -> int:
        """Identifiers added, in all."""
        return sum(outcome.added for outcome in self.outcomes)

    @property
    def removed(self) -> int:
        """Identifiers removed, in all."""
        return sum(outcome.removed for outcome in self.outcomes)

    @property
    def succeeded(self) -> bool:
        """Whether everything the plan asked for was carried out."""
        return not self.interrupted and not self.refusal and all(outcome.is_done for outcome in self.outcomes)
