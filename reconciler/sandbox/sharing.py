"""Sharing audiences with other accounts of the same Business Center. Source: Marketing API v1.3, audience sharing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox import audiences
from reconciler.sandbox.access import SHARE_AUDIENCES
from reconciler.sandbox.envelope import invalid
from reconciler.sandbox.history import API_EDITOR, remember
from reconciler.sandbox.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.sandbox.audiences import Audience
    from reconciler.sandbox.database import Transaction
    from reconciler.sandbox.operations import Call


def share(transaction: Transaction, audience: Audience, advertiser_id: str, editor: str = API_EDITOR) -> None:
    """Let another account see and use the audience; nothing happens where it can already."""
    if audiences.is_shared(transaction, audience, advertiser_id):
        return
    transaction.connection.execute(
        "INSERT OR REPLACE INTO shares VALUES (?, ?, 'SHARED')", (audience.audience_no, advertiser_id)
    )
    remember(transaction, audience.audience_no, "Share", f"with advertiser {advertiser_id}", editor)


def stop_sharing(transaction: Transaction, audience: Audience, advertiser_id: str, editor: str = API_EDITOR) -> None:
    """Let the account see the audience no longer; refuse with 40002 where it does not."""
    if not audiences.is_shared(transaction, audience, advertiser_id):
        raise invalid("shared_advertiser_id", f"Audience {audience.audience_id} is not shared with {advertiser_id}.")
    transaction.connection.execute(
        "UPDATE shares SET status = 'CANCELLED' WHERE audience_no = ? AND advertiser_id = ?",
        (audience.audience_no, advertiser_id),
    )
    remember(transaction, audience.audience_no, "Stop sharing", f"with advertiser {advertiser_id}", editor)


def require_same_business(transaction: Transaction, owner: str, recipient: str) -> None:
    """Refuse with 40002 to share between accounts of different Business Centers, or with the owner itself."""
    if recipient == owner:
        raise invalid("shared_advertiser_ids", f"Advertiser {recipient} is the owner.")
    row = transaction.connection.execute(
        "SELECT 1 FROM advertisers AS one JOIN advertisers AS other USING (business_center_id)"
        " WHERE one.advertiser_id = ? AND other.advertiser_id = ?",
        (owner, recipient),
    ).fetchone()
    if row is None:
        raise invalid(
            "shared_advertiser_ids", f"Advertiser {recipient} is not in advertiser {owner}'s Business Center."
        )


def _share(call: Call) -> Mapping[str, object]:
    owner = call.writable_account()
    ids = call.parameters.ids("custom_audience_ids", at_most=10)
    shared = [audiences.created_audience(call.transaction, owner.advertiser_id, each) for each in ids]
    recipients = call.parameters.ids("shared_advertiser_ids", at_most=10)
    for recipient in recipients:
        require_same_business(call.transaction, owner.advertiser_id, recipient)
    for audience in shared:
        for recipient in recipients:
            share(call.transaction, audience, recipient)
    return {}


def _cancel(call: Call) -> Mapping[str, object]:
    owner = call.writable_account()
    audience = audiences.created_audience(
        call.transaction, owner.advertiser_id, call.parameters.id("custom_audience_id")
    )
    stop_sharing(call.transaction, audience, call.parameters.id("shared_advertiser_id"))
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
            {
                "custom_audience_id": audience.audience_id,
                "shared_advertiser_id": advertiser_id,
                "shared_advertiser_name": name,
                "status": status,
            }
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
