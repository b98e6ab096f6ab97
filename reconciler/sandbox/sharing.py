"""Sharing audiences with other accounts of the same Business Center. Source: Marketing API v1.3, audience sharing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox import audiences
from reconciler.sandbox.access import SHARE_AUDIENCES
from reconciler.sandbox.envelope import invalid
from reconciler.sandbox.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.sandbox.access import Account
    from reconciler.sandbox.audiences import Audience
    from reconciler.sandbox.database import Transaction
    from reconciler.sandbox.operations import Call


def share(transaction: Transaction, audience: Audience, advertiser_id: str) -> None:
    """Let another account see and use the audience."""
    transaction.connection.execute(
        "INSERT OR REPLACE INTO shares VALUES (?, ?, 'SHARED')", (audience.audience_no, advertiser_id)
    )


def _share(call: Call) -> Mapping[str, object]:
    owner = call.writable_account()
    ids = call.parameters.ids("custom_audience_ids", at_most=10)
    shared = [audiences.created_audience(call.transaction, owner.advertiser_id, each) for each in ids]
    recipients = call.parameters.ids("shared_advertiser_ids", at_most=10)
    for recipient in recipients:
        _require_same_business(call.transaction, owner, recipient)
    for audience in shared:
        for recipient in recipients:
            share(call.transaction, audience, recipient)
    return {}


def _require_same_business(transaction: Transaction, owner: Account, recipient: str) -> None:
    if recipient == owner.advertiser_id:
        raise invalid("shared_advertiser_ids", f"Advertiser {recipient} is the owner.")
    row = transaction.connection.execute(
        "SELECT 1 FROM advertisers WHERE advertiser_id = ? AND business_center_id = ?",
        (recipient, owner.business_center_id),
    ).fetchone()
    if row is None:
        raise invalid(
            "shared_advertiser_ids",
            f"Advertiser {recipient} is not in advertiser {owner.advertiser_id}'s Business Center.",
        )


def _cancel(call: Call) -> Mapping[str, object]:
    owner = call.writable_account()
    audience = audiences.created_audience(
        call.transaction, owner.advertiser_id, call.parameters.id("custom_audience_id")
    )
    recipient = call.parameters.id("shared_advertiser_id")
    if not audiences.is_shared(call.transaction, audience, recipient):
        raise invalid("shared_advertiser_id", f"Audience {audience.audience_id} is not shared with {recipient}.")
    call.transaction.connection.execute(
        "UPDATE shares SET status = 'CANCELLED' WHERE audience_no = ? AND advertiser_id = ?",
        (audience.audience_no, recipient),
    )
    return {}


def _log(call: Call) -> Mapping[str, object]:
    owner = call.readable_account()
    audience = audiences.created_audience(
        call.transaction, owner.advertiser_id, call.parameters.id("custom_audience_id")
    )
    rows = call.transaction.connection.execute(
        "SELECT advertiser_id, name, shares.status FROM shares JOIN advertisers USING (advertiser_id)"
        " WHERE audience_no = ? ORDER BY advertiser_id",
        (audience.audience_no,),
    )
    return {
        "list": [
            {"shared_advertiser_id": advertiser_id, "shared_advertiser_name": name, "status": status}
            for advertiser_id, name, status in rows
        ]
    }


OPERATIONS = (
    Operation(
        "POST",
        "/dmp/custom_audience/share/",
        fields=frozenset({"advertiser_id", "custom_audience_ids", "shared_advertiser_ids"}),
        scopes=frozenset({SHARE_AUDIENCES}),
        answer=_share,
    ),
    Operation(
        "POST",
        "/dmp/custom_audience/share/cancel/",
        fields=frozenset({"advertiser_id", "custom_audience_id", "shared_advertiser_id"}),
        scopes=frozenset({SHARE_AUDIENCES}),
        answer=_cancel,
    ),
    Operation(
        "GET",
        "/dmp/custom_audience/share/log/",
        fields=frozenset({"advertiser_id", "custom_audience_id"}),
        scopes=frozenset({SHARE_AUDIENCES}),
        answer=_log,
    ),
)
