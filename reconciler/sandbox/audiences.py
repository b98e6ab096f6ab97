"""Custom audiences as they are kept: finding, making, changing and removing them.

Sources: Marketing API v1.3, custom audiences: 400 an account, 1,000 matched users to be valid, 365 days
without a change or an application to expire, marked as expiring for the last 60 of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from reconciler.sandbox import packed_sets
from reconciler.sandbox.envelope import Code, Refusal, invalid
from reconciler.sandbox.history import API_EDITOR, remember

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.sandbox.database import Transaction

STREAMING_TYPE = "Partner Audience"
FILE_TYPE = "Customer File Audience"
LOOKALIKE_TYPE = "Lookalike Audience"
AUDIENCE_TYPES = (
    STREAMING_TYPE,
    FILE_TYPE,
    LOOKALIKE_TYPE,
    "Website Audience",
    "App Activity Audience",
    "Engagement Audience",
    "Lead Generation",
    "Rule Business Account",
    "Rule ad shop",
    "Challenge",
    "Preferred Population",
)
"""What `audience_type` can be; only the first two can be made through the endpoints here."""

SUB_TYPES = ("NORMAL", "REACH_FREQUENCY")
"""Every audience begins as the first, unless a file audience is created as the second; there is no way back."""

LONGEST_NAME = 128
"""Characters; a streaming audience is created with fewer."""

LARGEST_ACCOUNT = 400
SMALLEST_VALID = 1_000
_DAY = 86_400
EXPIRES_AFTER = 365 * _DAY
EXPIRING_WITHIN = 60 * _DAY


@dataclass(frozen=True, slots=True)
class Audience:
    """A custom audience at one moment of the virtual clock.

    Attributes:
        audience_no: The number its members are kept under; not known outside of this machine.
        audience_id: TikTok's id.
        advertiser_id: The account that created it.
        name: Its name.
        audience_type: One of `AUDIENCE_TYPES`.
        sub_type: ``NORMAL`` or ``REACH_FREQUENCY``.
        calculate_type: What the files held, for an audience made from files.
        source_audience_id: What a Lookalike grew from.
        error_msg: What went wrong, or "".
        is_editable: False refuses every update: its files are being processed, or had too few people in them.
        retention_in_days: How long it lives from its creation on; None for a year after its last use.
        cover_num: Matched users, as far as they are visible yet.
        created_at: Seconds since 1970.
        touched_at: Its last change or application, in seconds since 1970.
        seen_at: The moment this describes, in seconds since 1970.
    """

    audience_no: int
    audience_id: str
    advertiser_id: str
    name: str
    audience_type: str
    sub_type: str
    calculate_type: str | None
    source_audience_id: str | None
    error_msg: str
    is_editable: bool
    retention_in_days: int | None
    cover_num: int
    created_at: int
    touched_at: int
    seen_at: int

    @property
    def lifetime(self) -> int:
        """How many seconds it lives: from its creation with a retention, else from its last change or application."""
        return EXPIRES_AFTER if self.retention_in_days is None else self.retention_in_days * _DAY

    @property
    def expires_at(self) -> int:
        """When it expires, in seconds since 1970; without a retention, unless it is changed or applied before."""
        return (self.touched_at if self.retention_in_days is None else self.created_at) + self.lifetime

    @property
    def is_valid(self) -> bool:
        """Whether ad groups can use it: large enough, not expired, and nothing went wrong with it."""
        return not self.error_msg and self.cover_num >= SMALLEST_VALID and self.seen_at < self.expires_at

    @property
    def is_expiring(self) -> bool:
        """Whether it expires within 60 days."""
        return self.expires_at - EXPIRING_WITHIN <= self.seen_at < self.expires_at


_SELECT = """
    SELECT audience_no, audience_id, advertiser_id, name, audience_type, sub_type, calculate_type,
           source_audience_id, error_msg, is_editable AND editable_from <= ?, retention_in_days,
           cover_num, created_at, touched_at
    FROM audiences
"""
_SHARED_WITH = "SELECT audience_no FROM shares WHERE advertiser_id = ? AND status = 'SHARED'"


_Row: TypeAlias = tuple[
    int, str, str, str, str, str, str | None, str | None, str, int, int | None, int, int, int
]  # as _SELECT names them


def _select(transaction: Transaction, condition: str, values: Iterable[str]) -> tuple[Audience, ...]:
    rows: list[_Row] = transaction.connection.execute(
        f"{_SELECT} WHERE {condition} ORDER BY audience_no DESC", (transaction.now, *values)
    ).fetchall()
    return tuple(Audience(*row[:9], bool(row[9]), *row[10:], seen_at=transaction.now) for row in rows)


def visible_to(transaction: Transaction, advertiser_id: str) -> tuple[Audience, ...]:
    """Return the audiences of an account, its own and those shared into it, the newest first."""
    return _select(transaction, f"advertiser_id = ? OR audience_no IN ({_SHARED_WITH})", (advertiser_id, advertiser_id))


def owned_by(transaction: Transaction, advertiser_id: str) -> tuple[Audience, ...]:
    """Return the audiences an account created, the newest first."""
    return _select(transaction, "advertiser_id = ?", (advertiser_id,))


def find(transaction: Transaction, audience_id: str) -> Audience | None:
    """Return the audience of that id, whoever owns it."""
    return next(iter(_select(transaction, "audience_id = ?", (audience_id,))), None)


def is_shared(transaction: Transaction, audience: Audience, advertiser_id: str | None = None) -> bool:
    """Return whether it is shared with that account, or with any."""
    row = transaction.connection.execute(
        "SELECT 1 FROM shares WHERE audience_no = ? AND status = 'SHARED'"
        " AND advertiser_id = coalesce(?, advertiser_id)",
        (audience.audience_no, advertiser_id),
    ).fetchone()
    return row is not None


def visible_audience(transaction: Transaction, advertiser_id: str, audience_id: str) -> Audience:
    """Return an audience the account can see, or refuse with 40002."""
    audience = find(transaction, audience_id)
    if audience is None or (
        audience.advertiser_id != advertiser_id and not is_shared(transaction, audience, advertiser_id)
    ):
        raise Refusal(Code.INVALID_PARAMETER, f"Audience {audience_id} does not exist in advertiser {advertiser_id}.")
    return audience


def created_audience(transaction: Transaction, advertiser_id: str, audience_id: str) -> Audience:
    """Return an audience the account created; refuse with 40002 an unknown one, with 40001 a shared-in one."""
    audience = visible_audience(transaction, advertiser_id, audience_id)
    if audience.advertiser_id != advertiser_id:
        raise Refusal(
            Code.NO_PERMISSION,
            f"Audience {audience_id} was shared into advertiser {advertiser_id}: only its creator may do this.",
        )
    return audience


def create(
    transaction: Transaction,
    advertiser_id: str,
    name: str,
    audience_type: str,
    *,
    editor: str = API_EDITOR,
    sub_type: str = SUB_TYPES[0],
    calculate_type: str | None = None,
    source_audience_id: str | None = None,
    error_msg: str = "",
    is_editable: bool = True,
    retention_in_days: int | None = None,
    cover_num: int = 0,
) -> str:
    """Make an audience and return its id; refuse with 40002 in an account that has 400 already."""
    (count,) = transaction.connection.execute(
        "SELECT count(*) FROM audiences WHERE advertiser_id = ?", (advertiser_id,)
    ).fetchone()
    if count >= LARGEST_ACCOUNT:
        raise invalid("advertiser_id", f"Advertiser {advertiser_id} already has {LARGEST_ACCOUNT} audiences, the most.")
    audience_id = transaction.new_id()
    now = transaction.now
    cursor = transaction.connection.execute(
        "INSERT INTO audiences VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?)",
        (
            audience_id,
            advertiser_id,
            name,
            audience_type,
            sub_type,
            calculate_type,
            source_audience_id,
            error_msg,
            is_editable,
            now,
            retention_in_days,
            cover_num,
            now,
            now,
        ),
    )
    remember(transaction, int(cursor.lastrowid or 0), "Create", name, editor)
    return audience_id


def rename(transaction: Transaction, audience: Audience, name: str, editor: str = API_EDITOR) -> None:
    """Give the audience another name."""
    transaction.connection.execute("UPDATE audiences SET name = ? WHERE audience_no = ?", (name, audience.audience_no))
    touch(transaction, audience.audience_no)
    remember(transaction, audience.audience_no, "Rename", f"{audience.name} -> {name}", editor)


def change_sub_type(transaction: Transaction, audience: Audience, sub_type: str, editor: str = API_EDITOR) -> None:
    """Give the audience another sub-type; refuse with 40002 the way back, and a Lookalike any but ``NORMAL``."""
    if sub_type == audience.sub_type:
        return
    if sub_type == SUB_TYPES[0]:
        raise invalid("audience_sub_type", f"{audience.sub_type} cannot be changed back to {sub_type}.")
    require_fitting_sub_type(audience.audience_type, sub_type)
    transaction.connection.execute(
        "UPDATE audiences SET sub_type = ? WHERE audience_no = ?", (sub_type, audience.audience_no)
    )
    touch(transaction, audience.audience_no)
    remember(transaction, audience.audience_no, "Change sub type", f"{audience.sub_type} -> {sub_type}", editor)


def require_fitting_sub_type(audience_type: str, sub_type: str) -> None:
    """Refuse with 40002 a sub-type that audiences of this type cannot have."""
    if audience_type == LOOKALIKE_TYPE and sub_type != SUB_TYPES[0]:
        raise invalid("audience_sub_type", "A Lookalike audience stays NORMAL.")


def expire_at(transaction: Transaction, audience: Audience, when: int) -> None:
    """Let the audience expire then, by making it as old as that; what renews an audience renews this one.

    Refuses with 40002 a moment further away than its whole life.
    """
    begun = when - audience.lifetime
    if begun > transaction.now:
        raise invalid("expired_time", f"It lives {audience.lifetime // _DAY} days at most.")
    transaction.connection.execute(
        "UPDATE audiences SET touched_at = :begun, created_at = CASE WHEN retention_in_days IS NULL"
        " THEN min(created_at, :begun) ELSE :begun END WHERE audience_no = :no",
        {"begun": begun, "no": audience.audience_no},
    )


def set_matched(transaction: Transaction, audience: Audience, people: int) -> None:
    """Let the audience have so many matched users, whatever it holds, until its members change again."""
    transaction.connection.execute(
        "UPDATE audiences SET cover_num = ?, recount_at = NULL WHERE audience_no = ?", (people, audience.audience_no)
    )


def lock(transaction: Transaction, audience: Audience, seconds: int) -> None:
    """Refuse updates of the audience for so many seconds: it is being processed."""
    transaction.connection.execute(
        "UPDATE audiences SET editable_from = ? WHERE audience_no = ?",
        (transaction.now + seconds, audience.audience_no),
    )


def close_to_updates(transaction: Transaction, audience: Audience) -> None:
    """Refuse updates of the audience for good."""
    transaction.connection.execute(
        "UPDATE audiences SET is_editable = 0 WHERE audience_no = ?", (audience.audience_no,)
    )


def touch(transaction: Transaction, audience_no: int) -> None:
    """Let its 365 days begin anew: it was changed or applied."""
    transaction.connection.execute(
        "UPDATE audiences SET touched_at = ? WHERE audience_no = ?", (transaction.now, audience_no)
    )


def remove(transaction: Transaction, audience: Audience) -> None:
    """Remove the audience with its members, its shares and its history."""
    packed_sets.drop(transaction, audience.audience_id)
    for table in ("arrivals", "shares", "audience_history", "audiences"):
        transaction.connection.execute(f"DELETE FROM {table} WHERE audience_no = ?", (audience.audience_no,))
