"""Accounts, Business Centers, and whose token it is. Source: Marketing API v1.3, account management."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox.access import accounts_of, readable_account
from reconciler.sandbox.apps import require_app
from reconciler.sandbox.envelope import Code, Refusal
from reconciler.sandbox.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.sandbox.access import Account
    from reconciler.sandbox.operations import Call

_ADVERTISER_FIELDS: tuple[str, ...] = (
    "advertiser_id",
    "name",
    "status",
    "role",
    "currency",
    "timezone",
    "country",
    "company",
    "balance",
)


def _list_advertisers(call: Call) -> Mapping[str, object]:
    require_app(call.transaction, call.parameters.text("app_id"), call.parameters.text("secret"))
    accounts = accounts_of(call.transaction, call.caller)
    return {"list": [{"advertiser_id": each.advertiser_id, "advertiser_name": each.name} for each in accounts]}


def _describe_advertisers(call: Call) -> Mapping[str, object]:
    ids = call.parameters.ids("advertiser_ids", at_most=100)
    wanted = _ADVERTISER_FIELDS
    if call.parameters.has("fields"):
        wanted = call.parameters.choices("fields", _ADVERTISER_FIELDS)
    accounts = [readable_account(call.transaction, call.caller, each) for each in ids]
    described = [_describe(account) for account in accounts]
    return {"list": [{name: each[name] for name in wanted} for each in described]}


def _describe(account: Account) -> dict[str, object]:
    return {
        "advertiser_id": account.advertiser_id,
        "name": account.name,
        "status": account.status,
        # The kind of account, which is not what the caller may do on it; that is `advertiser_role` of an asset.
        "role": "ROLE_ADVERTISER",
        "currency": account.currency,
        "timezone": account.timezone,
        "country": "US",
        "company": "Local Company",
        "balance": 0,
    }


def _describe_user(call: Call) -> Mapping[str, object]:
    caller = call.caller
    return {"core_user_id": caller.user_id, "display_name": caller.display_name, "email": caller.email}


def _list_business_centers(call: Call) -> Mapping[str, object]:
    page = call.parameters.page(largest=50)
    accounts = accounts_of(call.transaction, call.caller)
    return page.of(
        sorted({each.business_center_id for each in accounts if each.business_center_id}),
        lambda bc_id: {
            "bc_info": {"bc_id": bc_id, "name": f"Local Business Center …{bc_id[-4:]}", "status": "ENABLE"},
            "user_role": "STANDARD",
        },
    )


def _list_business_center_assets(call: Call) -> Mapping[str, object]:
    bc_id = call.parameters.id("bc_id")
    call.parameters.choice("asset_type", ("ADVERTISER",))
    page = call.parameters.page(largest=50)
    inside = [each for each in accounts_of(call.transaction, call.caller) if each.business_center_id == bc_id]
    if not inside:
        raise Refusal(Code.NO_PERMISSION, f"No permission to read Business Center {bc_id}.")
    return page.of(
        inside,
        lambda account: {
            "asset_id": account.advertiser_id,
            "asset_name": account.name,
            "asset_type": "ADVERTISER",
            "advertiser_role": account.role,
        },
    )


_PAGED = frozenset({"page", "page_size"})

OPERATIONS = (
    Operation(
        "GET",
        "/oauth2/advertiser/get/",
        fields=frozenset({"app_id", "secret"}),
        scopes=frozenset(),
        answer=_list_advertisers,
    ),
    Operation(
        "GET",
        "/advertiser/info/",
        fields=frozenset({"advertiser_ids", "fields"}),
        scopes=frozenset(),
        answer=_describe_advertisers,
    ),
    Operation("GET", "/user/info/", fields=frozenset(), scopes=frozenset(), answer=_describe_user),
    Operation("GET", "/bc/get/", fields=_PAGED, scopes=frozenset(), answer=_list_business_centers),
    Operation(
        "GET",
        "/bc/asset/get/",
        fields=_PAGED | {"bc_id", "asset_type"},
        scopes=frozenset(),
        answer=_list_business_center_assets,
    ),
)
