"""What an apply tells while it runs, so that long work can show itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from reconciler.plan.model import Action


class Progress(Protocol):
    """Told what is happening; shows it or ignores it."""

    def began(self, action: Action) -> None:
        """Say that work on an action starts."""

    def said(self, action: Action, message: str) -> None:
        """Say something a person should know while waiting: a wait, a recovery."""

    def delivering(self, action: Action, identifiers: int) -> None:
        """Say that a delivery of so many identifiers starts; audiences that travel together start together."""

    def delivered(self, action: Action, identifiers: int) -> None:
        """Say that so many more identifiers have arrived."""

    def ended(self, action: Action) -> None:
        """Say that work on an action is over, well or not."""


class Silent:
    """Shows nothing."""

    def began(self, action: Action) -> None:
        """Ignore it."""

    def said(self, action: Action, message: str) -> None:
        """Ignore it."""

    def delivering(self, action: Action, identifiers: int) -> None:
        """Ignore it."""

    def delivered(self, action: Action, identifiers: int) -> None:
        """Ignore it."""

    def ended(self, action: Action) -> None:
        """Ignore it."""
