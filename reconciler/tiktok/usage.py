"""What uses the audiences of an account, now.

Everything that can hold on to an audience is asked: ad groups, TopView ad groups (which the default filter of ad
groups leaves out), Smart+ ad groups, saved audiences, and Lookalikes. A lookup that cannot be completed raises, also
where only Smart+ or TopView may not be read: an audience must never look unused because nobody could look.

Endpoints: Marketing API v1.3, ``adgroup/get/``, ``smart_plus/adgroup/get/``, ``dmp/saved_audience/list/``. Ads promoted
in the TikTok app report no audiences at all, so TikTok's own refusal stays the last word on a delete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.tiktok import audiences as custom_audiences
from reconciler.tiktok.concurrency import together
from reconciler.tiktok.model import AudienceKind, UsageKind, Use
from reconciler.tiktok.paging import Listing, pages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.tiktok.client import Parameter, Session
    from reconciler.tiktok.model import Audience
    from reconciler.tiktok.parse import Record

AD_GROUP_FIELDS = (
    "adgroup_id",
    "adgroup_name",
    "campaign_id",
    "audience_ids",
    "excluded_audience_ids",
    "operation_status",
    "secondary_status",
)
_TOP_VIEW_ONLY = {"buying_types": ["RESERVATION_TOP_VIEW"]}

_AD_GROUPS = Listing("adgroup/get/", page_size=1000, key="adgroup_id")
_TOP_VIEW = Listing("adgroup/get/", page_size=100, key="adgroup_id")
_SMART_PLUS = Listing("smart_plus/adgroup/get/", page_size=1000, key="adgroup_id")
# TikTok's OpenAPI files call this list `saved_audiences`, where every other one is `list`; either is read.
_SAVED = Listing("dmp/saved_audience/list/", page_size=100, key="saved_audience_id", items=("saved_audiences", "list"))


async def look_up(
    session: Session, advertiser_id: str, audiences: Mapping[str, Audience]
) -> dict[str, tuple[Use, ...]]:
    """Return what uses each audience, by audience id; an ad group that includes and excludes one uses it twice.

    Args:
        session: Acts with a token for the account.
        advertiser_id: The account.
        audiences: All audiences of the account, since Lookalikes among them are uses too. Each has an entry in the
            result, empty where nothing uses it; other audiences that are named somewhere have one as well.

    Raises:
        PermissionDeniedError: One of the lookups is not permitted.
        TikTokError: One of the lookups failed.
    """
    account: Mapping[str, Parameter] = {"advertiser_id": advertiser_id}
    fields: Mapping[str, Parameter] = {"fields": list(AD_GROUP_FIELDS)}
    ad_groups, top_view, smart_plus, saved = await together(
        (
            pages(session, _AD_GROUPS, {**account, **fields}),
            pages(session, _TOP_VIEW, {**account, **fields, "filtering": _TOP_VIEW_ONLY}),
            pages(session, _SMART_PLUS, account),
            pages(session, _SAVED, account),
        )
    )
    used: dict[str, dict[Use, None]] = {audience_id: {} for audience_id in audiences}

    def note(uses: Iterator[tuple[str, Use]]) -> None:
        for audience_id, use in uses:
            used.setdefault(audience_id, {})[use] = None

    for each in (*ad_groups, *top_view):
        note(_targeted(each, UsageKind.AD_GROUP, "adgroup", each))
    for each in smart_plus:
        note(_targeted(each, UsageKind.SMART_PLUS, "adgroup", each.record("targeting_spec") or each))
    for each in saved:
        note(_targeted(each, UsageKind.SAVED_AUDIENCE, "saved_audience", each))
    note(_grown(await _with_seeds(session, advertiser_id, audiences)))
    return {audience_id: tuple(uses) for audience_id, uses in used.items()}


def _targeted(record: Record, kind: UsageKind, noun: str, targeting: Record) -> Iterator[tuple[str, Use]]:
    """Yield the audiences that `targeting` includes and excludes, each with its use by `record`."""
    identity, name = record.text(f"{noun}_id"), record.optional_text(f"{noun}_name", "name") or ""
    for audience_id in targeting.ids("audience_ids"):
        yield audience_id, Use(kind, identity, name, "includes")
    for audience_id in targeting.ids("excluded_audience_ids", "exclude_audience_ids"):
        yield audience_id, Use(kind, identity, name, "excludes")


async def _with_seeds(
    session: Session, advertiser_id: str, audiences: Mapping[str, Audience]
) -> Mapping[str, Audience]:
    """Return the Lookalikes among `audiences`; where the list left a seed out, as their details have them."""
    lookalikes = {each.audience_id: each for each in audiences.values() if each.kind is AudienceKind.LOOKALIKE}
    seedless = [each.audience_id for each in lookalikes.values() if each.source_audience_id is None]
    return {**lookalikes, **await custom_audiences.details(session, advertiser_id, seedless)}


def _grown(lookalikes: Mapping[str, Audience]) -> Iterator[tuple[str, Use]]:
    for each in lookalikes.values():
        if each.source_audience_id:
            yield each.source_audience_id, Use(UsageKind.LOOKALIKE, each.audience_id, each.name, "grows from")
