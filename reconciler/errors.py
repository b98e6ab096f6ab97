"""The root of every error a person can meet. Each room adds its own classes below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.diagnostics import Diagnostic


class ReconcilerError(Exception):
    """Something went wrong that the person at the keyboard can act on.

    Args:
        message: What happened, in one sentence that names the thing it happened to.
        hint: The way out: what to do, run or change. Shown on a line of its own.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidConfigError(ReconcilerError):
    """The files do not say something this tool can act on; `diagnostics` holds every finding, not the first."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        errors = sum(1 for each in diagnostics if each.is_error)
        super().__init__(f"{errors} {'error' if errors == 1 else 'errors'} in the configuration")
        self.diagnostics = tuple(diagnostics)
