"""What the kinds of actions and of drift are called on a page, and how much they weigh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.plan.drift.model import DriftKind
from reconciler.plan.model import ActionKind

if TYPE_CHECKING:
    from reconciler.plan.model import Action


@dataclass(frozen=True, slots=True)
class Label:
    """A kind, as people see it.

    Attributes:
        key: What a filter knows it by: a word of small letters.
        text: Its name.
        symbol: A sign that stands for it, so that colour never has to.
        tone: ``adds``, ``changes``, ``takes`` or ``quiet``: what it is coloured after.
    """

    key: str
    text: str
    symbol: str
    tone: str


MOVE: Final = Label("move", "Move", "⇢", "changes")
"""An action that changes an address and nothing else."""

ACTIONS: Final = {
    ActionKind.CREATE: Label("create", "Create", "+", "adds"),
    ActionKind.UPDATE: Label("update", "Update", "~", "changes"),
    ActionKind.REPLACE: Label("replace", "Replace", "∓", "takes"),
    ActionKind.DELETE: Label("delete", "Delete", "−", "takes"),
    ActionKind.IMPORT: Label("import", "Import", "←", "adds"),
    ActionKind.FORGET: Label("forget", "Forget", "×", "changes"),
    ActionKind.NOOP: Label("unchanged", "Unchanged", "=", "quiet"),
}

DRIFTS: Final = {
    DriftKind.DELETED: Label("deleted", "Deleted", "−", "takes"),
    DriftKind.RETYPED: Label("retyped", "Type changed", "∓", "takes"),
    DriftKind.INVALID: Label("invalid", "Invalid", "!", "takes"),
    DriftKind.EXPIRED: Label("expired", "Expired", "!", "takes"),
    DriftKind.EXPIRING: Label("expiring", "Expiring", "◷", "changes"),
    DriftKind.EMPTIED: Label("emptied", "Emptied", "∅", "takes"),
    DriftKind.MATCH_RATE: Label("match_rate", "Low match rate", "%", "changes"),
    DriftKind.RENAMED: Label("renamed", "Renamed", "~", "changes"),
    DriftKind.SHARED: Label("shared", "Shared", "⇄", "changes"),
    DriftKind.IN_USE: Label("in_use", "In use", "⇠", "changes"),
    DriftKind.EDITED: Label("edited", "Edited", "✎", "changes"),
    DriftKind.MEMBERS: Label("members", "People changed", "±", "changes"),
    DriftKind.ACCOUNT_STATUS: Label("account_status", "Account status", "!", "takes"),
    DriftKind.ACCESS: Label("access", "No access", "!", "deletes"),
    DriftKind.ACCOUNT_ROLE: Label("account_role", "Account role", "!", "takes"),
    DriftKind.EXPECTATION: Label("expectation", "Not as expected", "≠", "changes"),
    DriftKind.UNMANAGED: Label("unmanaged", "Unmanaged", "?", "quiet"),
}


def label_of(action: Action) -> Label:
    """Return what an action is called: a no-op that changes its address is a move."""
    only_moves = action.kind is ActionKind.NOOP and action.does_something
    return MOVE if only_moves else ACTIONS[action.kind]
