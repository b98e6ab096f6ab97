"""From a workspace to a drift report: gather the inputs of a plan and what drift is told from beside them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.cli import screen
from reconciler.cli.planning import gather_in
from reconciler.diagnostics import warning
from reconciler.plan import scope as plan_scope
from reconciler.plan.drift.detect import detect
from reconciler.refresh.accounts import Sessions
from reconciler.refresh.evidence import gather_evidence

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from reconciler.cli.planning import Scope
    from reconciler.cli.workspace import Workspace
    from reconciler.plan.drift.evidence import Evidence
    from reconciler.plan.drift.model import Drift
    from reconciler.plan.inputs import Inputs
    from reconciler.state.history_model import History
    from reconciler.state.model import State


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found when it was looked for drift.

    Attributes:
        inputs: How things are, with usage in them where it was looked up.
        evidence: How they came to be so, as far as that is known.
        at: When it was looked, UTC.
    """

    inputs: Inputs
    evidence: Evidence
    at: datetime

    @property
    def drift(self) -> Drift:
        """What drifted."""
        return detect(self.inputs, self.evidence, now=self.at)

    def told_with(self, history: History) -> Drift:
        """Return what would have been told, had applies seen this."""
        return detect(self.inputs, replace(self.evidence, history=history), now=self.at)


async def look(
    opened: Workspace,
    owned: State,
    scope: Scope,
    folder: Path,
    now: Callable[[], datetime],
    *,
    all_usage: bool = False,
) -> Looked:
    """Look for drift. Reads only; what could not be looked up is told on stderr.

    Args:
        opened: Where the command works.
        owned: The state.
        scope: What the report is to cover.
        folder: Where sets are written.
        now: The time, UTC.
        all_usage: As for `gather_evidence`.

    Raises:
        ReconcilerError: What `gather` and `gather_evidence` raise.
    """
    history = opened.store.history(
        owned.lineage, warn=lambda why: screen.findings([warning(why.message, why.hint or "")])
    )
    async with opened.tiktok() as tiktok:
        gathered = await gather_in(tiktok, opened, owned, scope, folder, with_usage=())
        ids = plan_scope.accounts(opened.config, owned)
        sessions = Sessions(tiktok, ids, opened.credentials)
        inputs, evidence = await gather_evidence(sessions, gathered.inputs, history, all_usage=all_usage)
    screen.findings(evidence.findings)
    return Looked(inputs, evidence, now())
