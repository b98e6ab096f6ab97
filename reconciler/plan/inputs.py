"""The four inputs of a plan, side by side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.config.model import Config
    from reconciler.diagnostics import Diagnostic
    from reconciler.identity.model import Delta, SetSummary
    from reconciler.state.model import State
    from reconciler.tiktok.model import Remote


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """The wanted set of one audience, and how it differs from what was delivered."""

    wanted: SetSummary
    delta: Delta


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a plan is made from.

    Attributes:
        desired: What the files declare.
        actual: What TikTok has, by advertiser id; every account that the files or the state name.
        owned: What the state says is ours.
        members: By address; None where people were not looked at.
        targets: Addresses to limit the plan to; empty for all.
        findings: Findings made while gathering, to be shown with the plan.
    """

    desired: Config
    actual: Mapping[str, Remote]
    owned: State
    members: Mapping[str, MemberFacts] | None
    targets: frozenset[str] = frozenset()
    findings: tuple[Diagnostic, ...] = field(default=())
