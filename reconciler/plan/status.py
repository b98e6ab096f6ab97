"""How each managed audience is doing: what was delivered beside what TikTok has made of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from reconciler.plan.decide import account_name
from reconciler.plan.encode import timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from reconciler.plan.inputs import Inputs
    from reconciler.state.model import Resource

STATUS_FORMAT_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One managed audience.

    Attributes:
        address: Its address.
        account: Key of its account in the files, or the account's id.
        audience_id: Its id on TikTok, or None where it has not been created.
        name: Its name on TikTok, or the last one known.
        kind: What it is made from, as TikTok spells it: ``Partner Audience``.
        delivered_users: People delivered, or None where nothing was.
        delivered_identifiers: Identifiers delivered, or None where nothing was.
        cover_num: People TikTok has matched, or None where it has no such audience. Stays 0 for hours after a
            delivery (Marketing API v1.3, reading audiences).
        is_valid: Whether ads can use it: it has been computed, is large enough and has not expired. None where
            TikTok has no such audience.
        expires_at: When it expires, or None where TikTok names no time.
        delivered_at: When people were last delivered whole, or None.
        problem: What is wrong with it, or "".
        is_known: Whether its account could be read; where not, nothing is known of it on TikTok.
    """

    address: str
    account: str
    audience_id: str | None
    name: str
    kind: str
    delivered_users: int | None = None
    delivered_identifiers: int | None = None
    cover_num: int | None = None
    is_valid: bool | None = None
    expires_at: datetime | None = None
    delivered_at: datetime | None = None
    problem: str = ""
    is_known: bool = True

    @property
    def match_rate(self) -> float | None:
        """Matched people as a share of those delivered, from 0; None where either is unknown or nobody was delivered.

        Above 1 is possible: an adopted audience may hold people delivered by others.
        """
        if self.cover_num is None or not self.delivered_users:
            return None
        return self.cover_num / self.delivered_users


def status_document(rows: Sequence[StatusRow]) -> dict[str, object]:
    """Return the rows as plain values, ready for JSON; None stands for what is not known."""
    return {"format_version": STATUS_FORMAT_VERSION, "audiences": [_document(row) for row in rows]}


def _document(row: StatusRow) -> dict[str, object]:
    return asdict(row) | {
        "match_rate": row.match_rate,
        "expires_at": timestamp(row.expires_at) if row.expires_at else None,
        "delivered_at": timestamp(row.delivered_at) if row.delivered_at else None,
    }


def status_of(inputs: Inputs) -> list[StatusRow]:
    """Return a row for each managed audience, by address."""
    return [_row(resource, inputs) for _, resource in sorted(inputs.owned.resources.items())]


def _row(resource: Resource, inputs: Inputs) -> StatusRow:
    remote = inputs.actual[resource.advertiser_id]
    actual = remote.audiences.get(resource.audience_id)
    missing = f"unknown: {remote.unreadable.reason}" if remote.unreadable else "no longer on TikTok"
    members = resource.members
    return StatusRow(
        address=resource.address,
        account=account_name(inputs.desired, resource.advertiser_id),
        audience_id=resource.audience_id,
        name=actual.name if actual else resource.name,
        kind=str(actual.kind) if actual else "",
        delivered_users=members.users if members else None,
        delivered_identifiers=members.identifiers if members else None,
        delivered_at=members.delivered_at if members else None,
        cover_num=actual.cover_num if actual else None,
        is_valid=actual.is_valid if actual else None,
        expires_at=actual.expires_at if actual else None,
        problem=actual.error_msg if actual else missing,
        is_known=remote.is_readable,
    )
