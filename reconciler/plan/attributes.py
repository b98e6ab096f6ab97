"""Attributes on each side, and the difference between them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from reconciler.plan.model import Attributes, Change
from reconciler.tiktok.model import AudienceKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.config.model import Audience, Config
    from reconciler.state.model import Resource
    from reconciler.tiktok import model as tiktok

NEEDS_REPLACEMENT: Final = frozenset({"advertiser_id", "delivery"})
"""Attributes TikTok has no call to change: the audience is made anew."""

DELIVERED_KIND: Final = {"streaming": AudienceKind.STREAMING, "file": AudienceKind.FILE}
"""Delivery → the kind of audience it makes, the only one it can fill (Marketing API v1.3, reading audiences)."""

DELIVERY_OF: Final = {kind: delivery for delivery, kind in DELIVERED_KIND.items()}
"""The same the other way round; kinds that TikTok fills by itself have no delivery."""


def declared(audience: Audience, desired: Config) -> Attributes:
    """Return what the files want."""
    return Attributes(
        name=audience.name,
        advertiser_id=desired.advertisers[audience.advertiser].advertiser_id,
        delivery=str(audience.delivery),
        identities=tuple(str(identity) for identity in audience.identities),
        prevent_destroy=audience.lifecycle.prevent_destroy,
    )


def present(resource: Resource, audience: tiktok.Audience | None) -> Attributes:
    """Return what is there: TikTok's word where it has one, the state's for what TikTok does not tell."""
    return Attributes(
        name=audience.name if audience else resource.name,
        advertiser_id=resource.advertiser_id,
        delivery=resource.delivery,
        identities=resource.identities,
        prevent_destroy=resource.prevent_destroy,
    )


def adopted(audience: tiktok.Audience, wanted: Attributes) -> Attributes:
    """Return what is there before an import: only the name is known to differ, the rest is new to the state."""
    return Attributes(
        name=audience.name,
        advertiser_id=wanted.advertiser_id,
        delivery=wanted.delivery,
        identities=wanted.identities,
        prevent_destroy=wanted.prevent_destroy,
    )


def difference(before: Attributes, after: Attributes) -> tuple[Change, ...]:
    """Return each attribute that differs, whole: a list that changed is shown before and after, not item by item."""
    was, wanted = asdict(before), asdict(after)
    differing = differing_keys(was, wanted)
    return tuple(Change(name, was[name], wanted[name]) for name in was if name in differing)


def differing_keys(before: Mapping[str, object], after: Mapping[str, object]) -> frozenset[str]:
    """Return the keys whose values differ, in whatever depth."""
    if before == after:
        return frozenset()
    from deepdiff import DeepDiff  # half a second to import, and most plans find nothing that differs

    levels = (level for found in DeepDiff(before, after, view="tree").values() for level in found)
    return frozenset(str(level.path(output_format="list")[0]) for level in levels)
