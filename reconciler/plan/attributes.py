"""Attributes on each side, and the difference between them."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Final

from reconciler.plan.model import Attributes, Change
from reconciler.tiktok.model import AudienceKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.config.model import Audience, Config
    from reconciler.state.model import Resource
    from reconciler.tiktok import model as tiktok

_FIXED: Final = frozenset({"advertiser_id", "delivery", "retention_in_days"})
"""Attributes TikTok has no call to change (Marketing API v1.3)."""

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
        retention_in_days=audience.file.retention_in_days,
        audience_sub_type=audience.file.audience_sub_type,
    )


def present(resource: Resource, audience: tiktok.Audience | None) -> Attributes:
    """Return what is there: TikTok's word where it has one, the state's for what TikTok does not tell."""
    return Attributes(
        name=audience.name if audience else resource.name,
        advertiser_id=resource.advertiser_id,
        delivery=resource.delivery,
        identities=resource.identities,
        prevent_destroy=resource.prevent_destroy,
        retention_in_days=resource.retention_in_days,
        audience_sub_type=_sub_type(audience, resource.delivery) if audience else resource.audience_sub_type,
    )


def adopted(audience: tiktok.Audience, wanted: Attributes) -> Attributes:
    """Return what is there before an import: what TikTok does not tell is taken to be as wanted."""
    return Attributes(
        name=audience.name,
        advertiser_id=wanted.advertiser_id,
        delivery=wanted.delivery,
        identities=wanted.identities,
        prevent_destroy=wanted.prevent_destroy,
        retention_in_days=wanted.retention_in_days,
        audience_sub_type=_sub_type(audience, wanted.delivery),
    )


def _sub_type(audience: tiktok.Audience, delivery: str) -> str:
    """Return a customer file audience's sub-type; a streamed one has none to speak of."""
    return audience.sub_type if delivery == "file" else "NORMAL"


def left_alone(wanted: Attributes, before: Attributes) -> Attributes:
    """Return what is wanted of an audience that no source fills: how people would reach it stays as it is."""
    return replace(
        wanted,
        delivery=before.delivery,
        retention_in_days=before.retention_in_days,
        audience_sub_type=before.audience_sub_type,
    )


def difference(before: Attributes, after: Attributes) -> tuple[Change, ...]:
    """Return each attribute that differs, whole: a list that changed is shown before and after, not item by item."""
    was, wanted = asdict(before), asdict(after)
    differing = differing_keys(was, wanted)
    return tuple(Change(name, was[name], wanted[name]) for name in was if name in differing)


def needs_replacement(change: Change, before: Attributes) -> bool:
    """Return whether TikTok has no call for a change, so that the audience is made anew.

    The sub-type goes one way only. All files of an audience are of one type (Marketing API v1.3, customer file
    audiences): one identity's own, or that of several; to go from one to the other takes a new audience. Where no
    identity is sent, before or after, no file is compared with any.
    """
    if change.path == "audience_sub_type":
        return change.before == "REACH_FREQUENCY"
    if change.path == "identities" and before.delivery == "file":
        sizes = {len(each) for each in (change.before, change.after) if isinstance(each, tuple)}
        return 1 in sizes and 0 not in sizes
    return change.path in _FIXED


def differing_keys(before: Mapping[str, object], after: Mapping[str, object]) -> frozenset[str]:
    """Return the keys whose values differ, in whatever depth."""
    if before == after:
        return frozenset()
    from deepdiff import DeepDiff  # half a second to import, and most plans find nothing that differs

    levels = (level for found in DeepDiff(before, after, view="tree").values() for level in found)
    return frozenset(str(level.path(output_format="list")[0]) for level in levels)
