"""What drift is told from beside the inputs of a plan: the past, and who did what on TikTok."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.diagnostics import Diagnostic
    from reconciler.state.history_model import History
    from reconciler.tiktok.model import Application, Edit


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known beyond how things are now. All of it may be missing, and then less can be told.

    Attributes:
        history: What applies have seen.
        edits: Who did what to an audience, by audience id, the newest first.
        applications: Who put an audience into an ad group last, by audience id.
        findings: What could not be looked up, and why.
    """

    history: History
    edits: Mapping[str, tuple[Edit, ...]] = field(default_factory=dict)
    applications: Mapping[str, Application] = field(default_factory=dict)
    findings: tuple[Diagnostic, ...] = ()
