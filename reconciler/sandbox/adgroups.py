"""What uses an audience: ad groups of three kinds, and saved audiences.

They are made through the controls; the endpoints only read them. Each kind has its own endpoint or filter and
its own place for the audiences, as on TikTok. Source: Marketing API v1.3, ad groups, Smart+ and saved audiences.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.sandbox import audiences
from reconciler.sandbox.access import READ_AUDIENCES
from reconciler.sandbox.envelope import Code, Refusal, invalid
from reconciler.sandbox.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.sandbox.audiences import Audience
    from reconciler.sandbox.database import Transaction
    from reconciler.sandbox.operations import Call

TOP_VIEW = "RESERVATION_TOP_VIEW"
_BUYING_TYPES = ("AUCTION", "RESERVATION_RF", TOP_VIEW)
_AD_GROUP_FIELDS: tuple[str, ...] = (
    "adgroup_id",
    "adgroup_name",
    "campaign_id",
    "advertiser_id",
    "audience_ids",
    "excluded_audience_ids",
    "operation_status",
    "secondary_status",
)
_SECONDARY_STATUS = {
    "ENABLE": "ADGROUP_STATUS_DELIVERY_OK",
    "DISABLE": "ADGROUP_STATUS_DISABLE",
    "DELETE": "ADGROUP_STATUS_DELETE",
}


class AdGroupKind(StrEnum):
    """Which endpoint, and which filter, shows an ad group."""

    STANDARD = "standard"
    SMART_PLUS = "smart_plus"
    TOP_VIEW = "top_view"


@dataclass(frozen=True, slots=True)
class AdGroup:
    """An ad group. `operation_status` is ``ENABLE``, ``DISABLE`` or ``DELETE``."""

    adgroup_id: str
    campaign_id: str
    advertiser_id: str
    name: str
    kind: AdGroupKind
    operation_status: str


def find_ad_group(transaction: Transaction, adgroup_id: str) -> AdGroup | None:
    """Return the ad group of that id, deleted or not."""
    row: tuple[str, str, str, str, str, str] | None = transaction.connection.execute(
        "SELECT adgroup_id, campaign_id, advertiser_id, name, kind, operation_status FROM ad_groups"
        " WHERE adgroup_id = ?",
        (adgroup_id,),
    ).fetchone()
    if row is None:
        return None
    adgroup_id, campaign_id, advertiser_id, name, kind, operation_status = row
    return AdGroup(adgroup_id, campaign_id, advertiser_id, name, AdGroupKind(kind), operation_status)


def aim(
    transaction: Transaction, holder_id: str, includes: Iterable[str], excludes: Iterable[str]
) -> tuple[tuple[str, str], ...]:
    """Make an ad group or a saved audience name exactly these audiences.

    Returns:
        What it did not name before: each usage mode and audience id.
    """
    before = set(_aimed_at(transaction, holder_id))
    transaction.connection.execute("DELETE FROM targets WHERE holder_id = ?", (holder_id,))
    for usage_mode, audience_ids in (("Include", includes), ("Exclude", excludes)):
        transaction.connection.executemany(
            "INSERT OR IGNORE INTO targets VALUES (?, ?, ?)",
            [(holder_id, usage_mode, audience_id) for audience_id in audience_ids],
        )
    return tuple(each for each in _aimed_at(transaction, holder_id) if each not in before)


def log_application(
    transaction: Transaction, ad_group: AdGroup, applied: Iterable[tuple[str, str]], editor: str
) -> None:
    """Write what the ad group began to use into the application log; an applied audience's 365 days begin anew."""
    for usage_mode, audience_id in applied:
        transaction.connection.execute(
            "INSERT INTO applications VALUES (NULL, ?, ?, ?, ?, ?, ?)",
            (audience_id, ad_group.adgroup_id, ad_group.name, usage_mode, editor, transaction.now),
        )
        audience = audiences.find(transaction, audience_id)
        if audience is not None:
            audiences.touch(transaction, audience.audience_no)


def refuse_in_use(transaction: Transaction, audience: Audience) -> None:
    """Refuse with 40002 the deletion of an audience that a live ad group of any kind and account names."""
    rows = transaction.connection.execute(
        "SELECT DISTINCT adgroup_id FROM targets JOIN ad_groups ON adgroup_id = holder_id"
        " WHERE audience_id = ? AND operation_status <> 'DELETE' ORDER BY adgroup_id",
        (audience.audience_id,),
    )
    users = [adgroup_id for (adgroup_id,) in rows]
    if users:
        raise Refusal(
            Code.INVALID_PARAMETER,
            f"Audience {audience.audience_id} cannot be deleted: it is being used by ad groups {', '.join(users)}.",
        )


def _list_ad_groups(call: Call) -> Mapping[str, object]:
    advertiser_id = call.readable_account().advertiser_id
    kind = _kind_filtered(call)
    page = call.parameters.page(largest=100 if kind is AdGroupKind.TOP_VIEW else 1000)
    wanted = _AD_GROUP_FIELDS
    if call.parameters.has("fields"):
        wanted = call.parameters.choices("fields", _AD_GROUP_FIELDS)

    def show(ad_group: AdGroup) -> dict[str, object]:
        shown = _common_fields(ad_group) | _targets(call.transaction, ad_group.adgroup_id)
        return {name: shown[name] for name in wanted}

    return page.of(_live_ad_groups(call.transaction, advertiser_id, kind), show)


def _kind_filtered(call: Call) -> AdGroupKind:
    """Return which ad groups the filter asks for; by default TopView ones are left out."""
    if not call.parameters.has("filtering"):
        return AdGroupKind.STANDARD
    filtering = call.parameters.nested("filtering", ("buying_types",))
    if not filtering.has("buying_types"):
        return AdGroupKind.STANDARD
    buying_types = filtering.choices("buying_types", _BUYING_TYPES)
    if TOP_VIEW not in buying_types:
        return AdGroupKind.STANDARD
    if len(buying_types) > 1:
        raise invalid("buying_types", f"{TOP_VIEW} cannot be combined with another value.")
    return AdGroupKind.TOP_VIEW


def _list_smart_plus_ad_groups(call: Call) -> Mapping[str, object]:
    advertiser_id = call.readable_account().advertiser_id
    page = call.parameters.page(largest=1000)
    return page.of(
        _live_ad_groups(call.transaction, advertiser_id, AdGroupKind.SMART_PLUS),
        lambda ad_group: {
            **_common_fields(ad_group),
            "targeting_spec": _targets(call.transaction, ad_group.adgroup_id),
        },
    )


def _list_saved_audiences(call: Call) -> Mapping[str, object]:
    advertiser_id = call.readable_account().advertiser_id
    page = call.parameters.page(largest=100)
    rows: list[tuple[str, str]] = call.transaction.connection.execute(
        "SELECT saved_audience_id, name FROM saved_audiences WHERE advertiser_id = ? ORDER BY saved_audience_id DESC",
        (advertiser_id,),
    ).fetchall()
    return page.of(
        rows,
        lambda row: {
            "saved_audience_id": row[0],
            "saved_audience_name": row[1],
            **_targets(call.transaction, row[0]),
        },
    )


def _live_ad_groups(transaction: Transaction, advertiser_id: str, kind: AdGroupKind) -> tuple[AdGroup, ...]:
    rows = transaction.connection.execute(
        "SELECT adgroup_id, campaign_id, name, operation_status FROM ad_groups"
        " WHERE advertiser_id = ? AND kind = ? AND operation_status <> 'DELETE' ORDER BY adgroup_id DESC",
        (advertiser_id, kind),
    )
    return tuple(
        AdGroup(adgroup_id, campaign_id, advertiser_id, name, kind, operation_status)
        for adgroup_id, campaign_id, name, operation_status in rows
    )


def _common_fields(ad_group: AdGroup) -> dict[str, object]:
    return {
        "adgroup_id": ad_group.adgroup_id,
        "adgroup_name": ad_group.name,
        "campaign_id": ad_group.campaign_id,
        "advertiser_id": ad_group.advertiser_id,
        "operation_status": ad_group.operation_status,
        "secondary_status": _SECONDARY_STATUS[ad_group.operation_status],
    }


def _targets(transaction: Transaction, holder_id: str) -> dict[str, object]:
    rows = _aimed_at(transaction, holder_id)
    return {
        "audience_ids": [audience_id for usage_mode, audience_id in rows if usage_mode == "Include"],
        "excluded_audience_ids": [audience_id for usage_mode, audience_id in rows if usage_mode == "Exclude"],
    }


def _aimed_at(transaction: Transaction, holder_id: str) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = transaction.connection.execute(
        "SELECT usage_mode, audience_id FROM targets WHERE holder_id = ? ORDER BY audience_id, usage_mode", (holder_id,)
    ).fetchall()
    return rows


_PAGED = frozenset({"advertiser_id", "page", "page_size"})

OPERATIONS = (
    Operation(
        "GET",
        "/adgroup/get/",
        fields=_PAGED | {"fields", "filtering"},
        scopes=frozenset(),
        answer=_list_ad_groups,
    ),
    Operation("GET", "/smart_plus/adgroup/get/", fields=_PAGED, scopes=frozenset(), answer=_list_smart_plus_ad_groups),
    Operation(
        "GET",
        "/dmp/saved_audience/list/",
        fields=_PAGED,
        scopes=frozenset({READ_AUDIENCES}),
        answer=_list_saved_audiences,
    ),
)
