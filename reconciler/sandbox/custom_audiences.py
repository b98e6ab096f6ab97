"""The endpoints below ``/dmp/custom_audience/`` that list, describe, change and delete audiences.

Source: Marketing API v1.3, custom audiences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox import audiences
from reconciler.sandbox.access import READ_AUDIENCES, WRITE_AUDIENCES
from reconciler.sandbox.adgroups import refuse_in_use
from reconciler.sandbox.database import spell_time
from reconciler.sandbox.envelope import Code, Refusal, invalid
from reconciler.sandbox.file_audiences import update_members
from reconciler.sandbox.history import newest_lines
from reconciler.sandbox.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.sandbox.audiences import Audience
    from reconciler.sandbox.database import Transaction
    from reconciler.sandbox.operations import Call


def _list(call: Call) -> Mapping[str, object]:
    advertiser_id = call.readable_account().advertiser_id
    page = call.parameters.page(largest=100)
    listed = audiences.visible_to(call.transaction, advertiser_id)
    if call.parameters.has("custom_audience_ids"):
        wanted = call.parameters.ids("custom_audience_ids", at_most=100)
        listed = tuple(each for each in listed if each.audience_id in wanted)
    return page.of(
        listed,
        lambda audience: _fields(call.transaction, audience, advertiser_id) | {"audience_type": audience.audience_type},
    )


def _get(call: Call) -> Mapping[str, object]:
    advertiser_id = call.readable_account().advertiser_id
    ids = call.parameters.ids("custom_audience_ids", at_most=100)
    history_size = call.parameters.number("history_size", default=100, low=1, high=100)
    found = [audiences.visible_audience(call.transaction, advertiser_id, each) for each in ids]
    return {
        "list": [
            {
                "audience_details": _fields(call.transaction, audience, advertiser_id)
                | {"type": _short_type(audience.audience_type)},
                "audience_history": newest_lines(call.transaction, audience.audience_no, history_size),
            }
            for audience in found
        ]
    }


def _update(call: Call) -> Mapping[str, object]:
    advertiser_id = call.writable_account().advertiser_id
    audience = audiences.created_audience(call.transaction, advertiser_id, call.parameters.id("custom_audience_id"))
    if not audience.is_editable:
        raise Refusal(Code.INVALID_PARAMETER, f"Audience is not editable: {audience.audience_id}.")
    if call.parameters.has("audience_sub_type"):
        sub_type = call.parameters.choice("audience_sub_type", audiences.SUB_TYPES)
        audiences.change_sub_type(call.transaction, audience, sub_type)
        return {}  # ignoring every other field, as TikTok does
    has_files = call.parameters.has("file_paths")
    if call.parameters.has("action") and not has_files:
        raise invalid("action", "Only allowed beside file_paths.")
    if call.parameters.has("custom_audience_name") or not has_files:
        name = call.parameters.text("custom_audience_name", at_most=audiences.LONGEST_NAME)
        audiences.rename(call.transaction, audience, name)
    if has_files:
        update_members(call, audience)
    return {}


def _delete(call: Call) -> Mapping[str, object]:
    advertiser_id = call.writable_account().advertiser_id
    ids = call.parameters.ids("custom_audience_ids", at_most=100)
    doomed = [audiences.created_audience(call.transaction, advertiser_id, each) for each in ids]
    for audience in doomed:
        refuse_in_use(call.transaction, audience)
    for audience in doomed:
        audiences.remove(call.transaction, audience)
    return {}


def _apply_log(call: Call) -> Mapping[str, object]:
    advertiser_id = call.readable_account().advertiser_id
    page = call.parameters.page(largest=100)
    ids = call.parameters.ids("custom_audience_ids", at_most=100)
    for audience_id in ids:
        audiences.created_audience(call.transaction, advertiser_id, audience_id)
    latest = (_latest_application(call.transaction, each) for each in ids)
    listed = page.of([each for each in latest if each is not None], lambda application: application)
    return {"advertiser_id": advertiser_id, **listed}


def _latest_application(transaction: Transaction, audience_id: str) -> dict[str, object] | None:
    row = transaction.connection.execute(
        "SELECT adgroup_id, adgroup_name, usage_mode, editor, applied_at FROM applications"
        " WHERE audience_id = ? ORDER BY entry_no DESC LIMIT 1",
        (audience_id,),
    ).fetchone()
    if row is None:
        return None
    adgroup_id, adgroup_name, usage_mode, editor, applied_at = row
    return {
        "audience_id": audience_id,
        "adgroup_id": adgroup_id,
        "adgroup_name": adgroup_name,
        "usage_mode": usage_mode,
        "editor": editor,
        "action_timestamp": spell_time(applied_at),
    }


def _fields(transaction: Transaction, audience: Audience, advertiser_id: str) -> dict[str, object]:
    source = audience.source_audience_id
    return {
        "audience_id": audience.audience_id,
        "name": audience.name,
        "audience_sub_type": audience.sub_type,
        "calculate_type": audience.calculate_type,
        "cover_num": audience.cover_num,
        "is_valid": audience.is_valid,
        "is_expiring": audience.is_expiring,
        "expired_time": spell_time(audience.expires_at),
        "create_time": spell_time(audience.created_at),
        "is_creator": audience.advertiser_id == advertiser_id,
        "shared": audiences.is_shared(transaction, audience),
        "owner_id": audience.advertiser_id,
        "is_auto_refresh": False,
        "rule": None,
        "lookalike_spec": {"source_audience_id": source} if source else None,
        "msg": "",
        "error_msg": audience.error_msg,
    }


def _short_type(audience_type: str) -> str:
    # TikTok spells the streaming kind in two ways; answering with both keeps callers from trusting one.
    return "Partner" if audience_type == audiences.STREAMING_TYPE else audience_type


_ACCOUNT = frozenset({"advertiser_id"})
_PAGED = frozenset({"page", "page_size"})

OPERATIONS = (
    Operation(
        "GET",
        "/dmp/custom_audience/list/",
        fields=_ACCOUNT | _PAGED | {"custom_audience_ids"},
        scopes=frozenset({READ_AUDIENCES}),
        answer=_list,
    ),
    Operation(
        "GET",
        "/dmp/custom_audience/get/",
        fields=_ACCOUNT | {"custom_audience_ids", "history_size"},
        scopes=frozenset({READ_AUDIENCES}),
        answer=_get,
    ),
    Operation(
        "POST",
        "/dmp/custom_audience/update/",
        fields=_ACCOUNT | {"custom_audience_id", "custom_audience_name", "audience_sub_type", "file_paths", "action"},
        scopes=frozenset({WRITE_AUDIENCES}),
        answer=_update,
    ),
    Operation(
        "POST",
        "/dmp/custom_audience/delete/",
        fields=_ACCOUNT | {"custom_audience_ids"},
        scopes=frozenset({WRITE_AUDIENCES}),
        answer=_delete,
    ),
    Operation(
        "GET",
        "/dmp/custom_audience/apply/log/",
        fields=_ACCOUNT | _PAGED | {"custom_audience_ids"},
        # The published scope lists disagree: one reads this log under 30, one under 31.
        scopes=frozenset({READ_AUDIENCES, WRITE_AUDIENCES}),
        answer=_apply_log,
    ),
)
