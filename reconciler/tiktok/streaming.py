"""Streaming audiences: create one, and send identifiers into several or out of them.

Endpoints: Marketing API v1.3, ``segment/audience/`` and ``segment/mapping/``. A row is one person or device, with one
place for each identifier type; adding and removing are idempotent for each pair of identifier and audience.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

import orjson

from reconciler.identifiers import IdType
from reconciler.tiktok.errors import UncertainWriteError, UnreadableAnswerError
from reconciler.tiktok.mapping_text import PATH, encode
from reconciler.tiktok.parse import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from reconciler.tiktok.client import Session

Action: TypeAlias = Literal["add", "delete"]

MAX_ROWS = 1000
"""Rows of one request unless a person says otherwise. TikTok confirms no number; other senders use this one."""

MOST_ROWS = 10_000
"""Rows of one request that a person may ask for."""

MAX_BYTES = 1_000_000
"""Bytes of one request; what is larger is sent in halves. As with rows, the number that other senders use."""

_AUDIENCE = "segment/audience/"

_SCHEMA_NAMES = {
    IdType.IDFA_MD5: "IDFA_MD5",
    IdType.GAID_MD5: "AAID_MD5",
    IdType.IDFA_SHA256: "IDFA_SHA256",
    IdType.GAID_SHA256: "AAID_SHA256",
    IdType.EMAIL_SHA256: "EMAIL_SHA256",
    IdType.PHONE_SHA256: "PHONE_SHA256",
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request of mapping rows, written out.

    Attributes:
        advertiser_id: The account it is for.
        rows: How many rows it carries.
        body: Its JSON.
    """

    advertiser_id: str
    rows: int
    body: bytes = field(repr=False)


def schema_name(id_type: IdType) -> str:
    """Return what this endpoint calls an identifier type: Google's id is ``AAID`` here, ``GAID`` in files."""
    return _SCHEMA_NAMES[id_type]


async def create(session: Session, advertiser_id: str, name: str) -> str:
    """Create an empty streaming audience and return its id. TikTok cuts a name over 70 characters.

    Raises:
        UncertainWriteError: It may exist or not; list the account's audiences to know. Never repeat this blindly:
            names are not unique, so a second call makes a second audience.
        TikTokError: TikTok refused, or could not be reached.
    """
    body = {"advertiser_id": advertiser_id, "action": "create", "custom_audience_name": name}
    answer = Record(_AUDIENCE, await session.post(_AUDIENCE, body, repeatable=False))
    try:
        return answer.text("audience_id")
    except UnreadableAnswerError as error:
        raise UncertainWriteError(error.said, path=_AUDIENCE, advertiser_id=advertiser_id) from error


async def send(
    session: Session,
    advertiser_id: str,
    audience_ids: Sequence[str],
    action: Action,
    rows: pa.RecordBatch,
    *,
    legs: pa.RecordBatch | None = None,
    max_rows: int = MAX_ROWS,
) -> None:
    """Send identifiers into audiences or out of them; doing so again changes nothing.

    What is too large for one request goes in several, one after the other. TikTok takes a request whole or not at
    all, so a failure may leave a part delivered: send it again.

    Args:
        session: Acts with a token for the account.
        advertiser_id: The account.
        audience_ids: Streaming audiences of it.
        action: ``add`` or ``delete``.
        rows: Columns named by `IdType` values, binary digests or null; a row for a person or device.
        legs: Which identifier goes where, as `mapping_text.encode` takes it; None for every one to every audience.
        max_rows: Rows of one request.

    Raises:
        UnhashedError: A value is not a digest; nothing was sent.
        TikTokError: TikTok refused, or could not be reached.
    """
    for request in list(requests(advertiser_id, audience_ids, action, rows, legs=legs, max_rows=max_rows)):
        await post(session, request)


async def post(session: Session, request: Request) -> None:
    """Send one request; sending it again changes nothing.

    Raises:
        TikTokError: TikTok refused, or could not be reached.
    """
    await session.post(PATH, request.body, repeatable=True, rows=request.rows, advertiser_id=request.advertiser_id)


def requests(
    advertiser_id: str,
    audience_ids: Sequence[str],
    action: Action,
    rows: pa.RecordBatch,
    *,
    legs: pa.RecordBatch | None = None,
    max_rows: int = MAX_ROWS,
) -> Iterator[Request]:
    """Yield the requests that `send` sends, which together hold every row once, in order. No I/O.

    A request holds at most `max_rows` rows and `MAX_BYTES`, or as many times that as `max_rows` is of `MAX_ROWS`; a
    single row that is larger goes alone.

    Raises:
        UnhashedError: A value is not a digest.
    """
    if rows.num_rows == 0:
        return
    if rows.num_rows <= max_rows:
        body = _body(advertiser_id, audience_ids, action, rows, legs)
        if rows.num_rows == 1 or len(body) <= MAX_BYTES * max(1, max_rows / MAX_ROWS):
            yield Request(advertiser_id, rows.num_rows, body)
            return
    half = rows.num_rows // 2
    for start, length in ((0, half), (half, rows.num_rows - half)):
        some = rows.slice(start, length)
        theirs = None if legs is None else legs.slice(start, length)
        yield from requests(advertiser_id, audience_ids, action, some, legs=theirs, max_rows=max_rows)


def _body(
    advertiser_id: str, audience_ids: Sequence[str], action: Action, rows: pa.RecordBatch, legs: pa.RecordBatch | None
) -> bytes:
    """Return the whole JSON body of one request; the rows are joined in as they are, not parsed again."""
    head = orjson.dumps(
        {
            "advertiser_ids": [advertiser_id],
            "action": action,
            "id_schema": [schema_name(IdType(name)) for name in rows.schema.names],
        }
    )
    return b"".join((head[:-1], b',"batch_data":', encode(rows, audience_ids, legs), b"}"))
