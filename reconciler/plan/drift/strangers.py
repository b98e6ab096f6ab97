"""The audiences of an account that nobody manages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.plan.decide import account_name
from reconciler.plan.drift.model import Drifted, DriftKind
from reconciler.plan.recovery import owned_ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.plan.inputs import Inputs
    from reconciler.state.model import State
    from reconciler.tiktok.model import Audience


def unmanaged(inputs: Inputs, owned: State) -> Iterator[Drifted]:
    """Tell each audience that the state does not own, by account and name.

    One that the files name with `import`, at an address that manages none yet, is declared: that an apply has yet to
    adopt it is the plan's to tell.
    """
    declared = inputs.desired.audiences.values()
    imported = {each.import_id for each in declared if each.address not in owned.resources}
    known = owned_ids(owned) | imported
    for advertiser_id, remote in sorted(inputs.actual.items()):
        if not remote.is_readable:
            continue
        strangers = [each for each in remote.audiences.values() if each.audience_id not in known]
        for audience in sorted(strangers, key=lambda each: (each.name, each.audience_id)):
            yield _stranger(audience, advertiser_id, account_name(inputs.desired, advertiser_id))


def _stranger(audience: Audience, advertiser_id: str, account: str) -> Drifted:
    shared = "" if audience.is_creator else ", shared in by another account"
    return Drifted(
        DriftKind.UNMANAGED,
        None,
        account,
        advertiser_id,
        audience.audience_id,
        f'"{audience.name}" is not in the files ({audience.kind}{shared})',
        since=audience.created_at,
        remedy="nothing touches it; `reconciler import` adopts it" if audience.is_creator else "nothing touches it",
    )
