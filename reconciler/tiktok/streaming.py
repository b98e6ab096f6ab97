"""Streaming audiences: create one, and send identifiers into it or out of it.

Endpoints: Marketing API v1.3, ``segment/audience/`` and ``segment/mapping/``. A row is one person or device, with one
place for each identifier type; adding and removing are idempotent for each pair of identifier and audience.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from reconciler.identifiers import Hash, IdType
from reconciler.tiktok.errors import UncertainWriteError, UnhashedError, UnreadableAnswerError
from reconciler.tiktok.parse import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.tiktok.client import Session

Action: TypeAlias = Literal["add", "delete"]

MAX_ROWS = 1000
"""Rows of one request unless a person says otherwise. TikTok confirms no number; other senders use this one."""

MOST_ROWS = 10_000
"""Rows of one request that a person may ask for."""

MAX_BYTES = 1_000_000
"""Bytes of one request; what is larger is sent in halves. As with rows, the number that other senders use."""

_AUDIENCE = "segment/audience/"
_MAPPING = "segment/mapping/"

_SCHEMA_NAMES = {
    IdType.IDFA_MD5: "IDFA_MD5",
    IdType.GAID_MD5: "AAID_MD5",
    IdType.IDFA_SHA256: "IDFA_SHA256",
    IdType.GAID_SHA256: "AAID_SHA256",
    IdType.EMAIL_SHA256: "EMAIL_SHA256",
    IdType.PHONE_SHA256: "PHONE_SHA256",
}
_HASHED = {Hash.MD5: "^[0-9a-f]{32}$", Hash.SHA256: "^[0-9a-f]{64}$"}


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


async def send(session: Session, advertiser_id: str, audience_id: str, action: Action, batch: pa.RecordBatch) -> None:
    """Send a batch of identifiers into an audience or out of it; doing so again changes nothing.

    A batch that is too large for one request goes in several, one after the other. TikTok takes a request whole or
    not at all, so a failure may leave a part of a large batch delivered: send it again.

    Args:
        session: Acts with a token for the account.
        advertiser_id: The account.
        audience_id: One of its streaming audiences.
        action: ``add`` or ``delete``.
        batch: Columns named by `IdType` values, lower-case hexadecimal text or null; a row for a person or device.

    Raises:
        UnhashedError: A value is not a hash; nothing of its request was sent.
        TikTokError: TikTok refused, or could not be reached.
    """
    if batch.num_rows == 0:
        return
    body = _request(advertiser_id, audience_id, action, batch) if batch.num_rows <= MOST_ROWS else None
    if body is None or (len(body) > MAX_BYTES and batch.num_rows > 1):
        half = batch.num_rows // 2
        await send(session, advertiser_id, audience_id, action, batch.slice(0, half))
        await send(session, advertiser_id, audience_id, action, batch.slice(half))
        return
    await session.post(_MAPPING, body, repeatable=True, rows=batch.num_rows, advertiser_id=advertiser_id)


def encode(batch: pa.RecordBatch, audience_ids: Sequence[str]) -> bytes:
    """Return the JSON of ``batch_data``: for each row an array with an object for each column, in column order.

    An object is ``{"id": hash, "audience_ids": [...]}``, or ``{}`` where the row lacks that identifier. Works on whole
    columns; takes no time in Python for each row.

    Args:
        batch: Columns named by `IdType` values, lower-case hexadecimal text or null.
        audience_ids: Audiences of one advertiser that every row goes to.

    Raises:
        UnhashedError: A value is not a lower-case hash of its column's type.
    """
    if batch.num_rows == 0:
        return b"[]"
    tail = f'","audience_ids":{orjson.dumps(list(audience_ids)).decode()}}}'
    objects = [_objects(IdType(name), batch.column(name), tail) for name in batch.schema.names]
    rows = pc.binary_join_element_wise("[", pc.binary_join_element_wise(*objects, ","), "]", "")
    everything = pa.ListArray.from_arrays(pa.array([0, len(rows)], pa.int32()), rows)
    inner: bytes = pc.binary_join(everything, ",")[0].as_buffer().to_pybytes()
    return b"[" + inner + b"]"


def _objects(id_type: IdType, column: pa.Array, tail: str) -> pa.Array:
    """Return the JSON object of each value, ending in `tail`; ``{}`` where there is none."""
    hashes = column.cast(pa.string())
    # The last gate before the wire: whatever went wrong before, nothing raw passes here, and no message quotes it.
    if not pc.all(pc.match_substring_regex(hashes, _HASHED[id_type.hash]), min_count=0).as_py():
        raise UnhashedError(
            f"a value of the column {id_type} is no {id_type.hash} hash, so nothing was sent", path=_MAPPING
        )
    return pc.fill_null(pc.binary_join_element_wise('{"id":"', hashes, tail, ""), "{}")


def _request(advertiser_id: str, audience_id: str, action: Action, batch: pa.RecordBatch) -> bytes:
    """Return the whole JSON body of one request; the rows are joined in as they are, not parsed again."""
    head = orjson.dumps(
        {
            "advertiser_ids": [advertiser_id],
            "action": action,
            "id_schema": [schema_name(IdType(name)) for name in batch.schema.names],
        }
    )
    return head[:-1] + b',"batch_data":' + encode(batch, [audience_id]) + b"}"
