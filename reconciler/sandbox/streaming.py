"""The endpoints below ``/segment/``: streaming audiences and their members.

Source: Marketing API v1.3, streaming audiences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox import access, arrivals, audiences
from reconciler.sandbox.access import WRITE_AUDIENCES
from reconciler.sandbox.adgroups import refuse_in_use
from reconciler.sandbox.batches import ID_SCHEMAS, read_batch
from reconciler.sandbox.envelope import invalid
from reconciler.sandbox.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.sandbox.operations import Call

LONGEST_NAME = 70
"""Characters; a longer name is cut, not refused."""

_ELLIPSIS = "..."


def _segment_audience(call: Call) -> Mapping[str, object]:
    if call.parameters.choice("action", ("create", "delete")) == "create":
        return _create(call)
    return _delete(call)


def _create(call: Call) -> Mapping[str, object]:
    if call.parameters.has("delete_audience_id"):
        raise invalid("delete_audience_id", "Not allowed where action is create.")
    advertiser_id = call.writable_account().advertiser_id
    name = call.parameters.text("custom_audience_name")
    if len(name) > LONGEST_NAME:
        name = name[: LONGEST_NAME - len(_ELLIPSIS)] + _ELLIPSIS
    return {"audience_id": audiences.create(call.transaction, advertiser_id, name, audiences.STREAMING_TYPE)}


def _delete(call: Call) -> Mapping[str, object]:
    if call.parameters.has("custom_audience_name"):
        raise invalid("custom_audience_name", "Not allowed where action is delete.")
    advertiser_id = call.writable_account().advertiser_id
    audience_id = call.parameters.id("delete_audience_id")
    audience = audiences.created_audience(call.transaction, advertiser_id, audience_id)
    if audience.audience_type != audiences.STREAMING_TYPE:
        raise invalid("delete_audience_id", f"Audience {audience_id} is not a streaming audience.")
    refuse_in_use(call.transaction, audience)
    audiences.remove(call.transaction, audience)
    return {}


def _map_segment(call: Call) -> Mapping[str, object]:
    advertiser_ids = call.parameters.ids("advertiser_ids", at_most=100)
    accounts = [access.writable_account(call.transaction, call.caller, each) for each in advertiser_ids]
    businesses = {account.business_center_id or account.advertiser_id for account in accounts}
    if len(businesses) > 1:
        raise invalid("advertiser_ids", "All advertisers of a request must belong to one business.")
    action = call.parameters.choice("action", ("add", "delete"))
    id_schema = call.parameters.choices("id_schema", ID_SCHEMAS)
    mappings = read_batch(call.transaction, call.parameters.value("batch_data"), id_schema, advertiser_ids)
    arrivals.note(call.transaction, "APPEND" if action == "add" else "REMOVE", mappings)
    return {}


OPERATIONS = (
    Operation(
        "POST",
        "/segment/audience/",
        fields=frozenset({"advertiser_id", "action", "custom_audience_name", "delete_audience_id"}),
        scopes=frozenset({WRITE_AUDIENCES}),
        answer=_segment_audience,
    ),
    Operation(
        "POST",
        "/segment/mapping/",
        fields=frozenset({"advertiser_ids", "action", "id_schema", "batch_data"}),
        scopes=frozenset({WRITE_AUDIENCES}),
        answer=_map_segment,
        is_streaming=True,
    ),
)
