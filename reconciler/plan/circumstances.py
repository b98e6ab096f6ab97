"""What the guards of one action go by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.config.model import Audience
    from reconciler.plan.inputs import MemberFacts
    from reconciler.plan.model import Action
    from reconciler.state.model import Deposed
    from reconciler.tiktok import model as tiktok


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the guards of one action need to know beside the action.

    Attributes:
        remotes: Every account, by advertiser id.
        declared: The declaration at the resource's address, or None for an action on what is no longer declared.
        facts: The wanted set of that declaration, or None where people were not looked at.
        owner: Address that owns the audience in the state, or None; the action's own where several do.
        other_owners: Other addresses that own the same audience in the state.
        importers: Other addresses whose `import` would adopt the same audience.
        creates_before: Audiences this plan creates in the same account before this one.
        unrelieved: Audiences that the one at this address replaced and whose people it has not been given yet.
    """

    remotes: Mapping[str, tiktok.Remote]
    declared: Audience | None = None
    facts: MemberFacts | None = None
    owner: str | None = None
    other_owners: tuple[str, ...] = ()
    importers: tuple[str, ...] = ()
    creates_before: int = 0
    unrelieved: tuple[Deposed, ...] = ()

    def audience(self, action: Action) -> tiktok.Audience | None:
        """Return the audience the action is about, as TikTok has it."""
        advertiser_id = action.before.advertiser_id if action.before else action.advertiser_id
        return self.remotes[advertiser_id].audiences.get(action.audience_id or "")
