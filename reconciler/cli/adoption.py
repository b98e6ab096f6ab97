"""What of an account can be taken under management, under which key, and what cannot and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.config import Adopted, Delivery, FileOptions, LeftOut, keyed, obstacle
from reconciler.plan.recovery import made_by, owned_ids
from reconciler.state.model import PendingCreate
from reconciler.tiktok.model import AudienceKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.config import model as config
    from reconciler.state.model import State
    from reconciler.tiktok.model import Audience, Remote


@dataclass(frozen=True, slots=True)
class Survey:
    """An account, sorted out. What the state owns, or an `import:` line names already, is in neither list.

    Attributes:
        adoptable: What can be declared, by the key it is to have.
        left_out: What cannot.
    """

    adoptable: Mapping[str, Adopted]
    left_out: tuple[LeftOut, ...]


def survey(remote: Remote, advertiser: config.Advertiser, desired: config.Config, owned: State) -> Survey:
    """Sort out what an account has.

    Args:
        remote: The account, just read.
        advertiser: How the files call it.
        desired: What the files declare; no key of theirs, or that the state remembers, is used again.
        owned: The state.
    """
    known = owned_ids(owned) | {each.import_id for each in desired.audiences.values() if each.import_id}
    of_ours = [each for each in desired.audiences.values() if each.advertiser == advertiser.key and not each.import_id]
    names = {each.name: each.address for each in of_ours}
    uncertain = {
        audience.audience_id: each.address
        for each in owned.pending
        if isinstance(each, PendingCreate) and each.advertiser_id == advertiser.advertiser_id
        for audience in made_by(each, owned, remote)
    }
    adoptable: list[Adopted] = []
    left_out: list[LeftOut] = []
    for each in sorted(remote.audiences.values(), key=lambda each: (each.name, each.audience_id)):
        if each.audience_id in known:
            continue
        if reason := _reason(each, names, uncertain):
            left_out.append(LeftOut(each.name, each.audience_id, reason))
        else:
            adoptable.append(_adopted(each))
    return Survey(keyed(adoptable, _taken(desired, owned)), tuple(left_out))


def _reason(audience: Audience, names: Mapping[str, str], uncertain: Mapping[str, str]) -> str:
    """Return why an audience cannot be declared, or ""."""
    if not audience.is_creator:
        return "another account shared it in; import it in the account that made it"
    if maker := uncertain.get(audience.audience_id):
        return f"an interrupted apply may have made it for {maker}; the next plan settles that"
    if namesake := names.get(audience.name):
        return f"{namesake} is declared with its name; to adopt it there, give that one an import: line"
    return obstacle(audience.name)


def _adopted(audience: Audience) -> Adopted:
    is_file = audience.kind is AudienceKind.FILE
    delivery = Delivery.STREAMING if audience.kind is AudienceKind.STREAMING else Delivery.FILE
    is_delivered = is_file or delivery is Delivery.STREAMING
    return Adopted(
        audience.name,
        audience.audience_id,
        delivery,
        "" if is_delivered else f"a {audience.kind}: its name alone is managed",
        FileOptions(audience_sub_type=audience.sub_type) if is_file else FileOptions(),
    )


def _taken(desired: config.Config, owned: State) -> set[str]:
    """Return the keys that mean something already: in the files, in the state, or in a move or removal."""
    addresses = {*owned.resources, *(each.address for each in owned.pending)}
    addresses |= {address for each in desired.moved for address in (each.from_address, each.to_address)}
    addresses |= {each.address for each in desired.removed}
    return {*desired.audiences, *(each.removeprefix("audience.") for each in addresses)}
