"""Audiences made from customer files: upload the files, create an audience from them, change who is in it.

Endpoints: Marketing API v1.3, ``dmp/custom_audience/file/upload/``, ``…/create/`` and ``…/update/``. An upload alone
changes no audience; one that is used nowhere expires. What the files hold: `reconciler.tiktok.file_text`.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from reconciler.tiktok.errors import UncertainWriteError, UnreadableAnswerError
from reconciler.tiktok.parse import Record
from reconciler.tiktok.transport import Form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.tiktok.client import Session
    from reconciler.tiktok.file_text import Layout

Action: TypeAlias = Literal["APPEND", "REMOVE", "REPLACE"]

MOST_FILES: Final = 50
"""Files of one call. TikTok takes 500, and advises no more than some 50."""

_UPLOAD: Final = "dmp/custom_audience/file/upload/"
_CREATE: Final = "dmp/custom_audience/create/"
_UPDATE: Final = "dmp/custom_audience/update/"


async def upload(session: Session, advertiser_id: str, text: bytes, layout: Layout) -> str:
    """Upload one file and return the path by which this account, and no other, may use it until it expires.

    Args:
        session: Acts with a token for the account.
        advertiser_id: The account.
        text: The file, hashed identifiers only, at most 50 MB.
        layout: Of the audience it is for.

    Raises:
        FileRefusedError: TikTok does not take the file.
        UnhashedError: TikTok finds identifiers in it that are not hashed.
        TikTokError: TikTok refused for another reason, or could not be reached.
    """
    signature = await asyncio.to_thread(lambda: hashlib.md5(text, usedforsecurity=False).hexdigest())
    fields = {"advertiser_id": advertiser_id, "file_signature": signature, "calculate_type": layout.uploaded_as}
    answer = await session.upload(_UPLOAD, Form(fields, "members.csv", text))
    return Record(_UPLOAD, answer).text("file_path")


async def create(
    session: Session,
    advertiser_id: str,
    name: str,
    file_paths: Sequence[str],
    layout: Layout,
    *,
    audience_sub_type: str = "NORMAL",
    retention_in_days: int | None = None,
) -> str:
    """Create an audience of everybody in the files and return its id. It is processed for hours before it can change.

    Args:
        session: Acts with a token for the account.
        advertiser_id: The account.
        name: At most 128 characters.
        file_paths: What `upload` returned: 1 to 500, `MOST_FILES` advised.
        layout: The one the files were uploaded with; the audience's for good.
        audience_sub_type: ``NORMAL`` or ``REACH_FREQUENCY``.
        retention_in_days: How long it lives from now on, 1 to 365; None for 365 days after its last use.

    Raises:
        FileRefusedError: A file has expired, or is not one of this account or type; nothing was made.
        UncertainWriteError: It may exist or not; list the account's audiences to know. Never repeat this blindly:
            names are not unique, so a second call makes a second audience.
        TikTokError: TikTok refused for another reason, or could not be reached.
    """
    body: dict[str, object] = {
        "advertiser_id": advertiser_id,
        "custom_audience_name": name,
        "file_paths": list(file_paths),
        "calculate_type": layout.calculate_type,
        "audience_sub_type": audience_sub_type,
    }
    if retention_in_days is not None:
        body["retention_in_days"] = retention_in_days
    answer = Record(_CREATE, await session.post(_CREATE, body, repeatable=False))
    try:
        return answer.text("custom_audience_id")
    except UnreadableAnswerError as error:
        raise UncertainWriteError(error.said, path=_CREATE, advertiser_id=advertiser_id) from error


async def update(
    session: Session, advertiser_id: str, audience_id: str, file_paths: Sequence[str], action: Action
) -> None:
    """Put everybody in the files into an audience, take them out, or let nobody else be in it.

    Doing so again changes nothing. The audience is processed anew, and cannot change meanwhile.

    Args:
        session: Acts with a token for the account.
        advertiser_id: The account.
        audience_id: One of its audiences that were made from files.
        file_paths: What `upload` returned: 1 to 500, `MOST_FILES` advised.
        action: What the files are for.

    Raises:
        NotEditableError: It is still processing, or was created with fewer than 1,000 matches.
        NotReadyError: It is still processing.
        FileRefusedError: A file has expired, or is not one of this account or of the audience's type.
        TikTokError: TikTok refused for another reason, such as fewer than 1,000 people left, or could not be reached.
    """
    body = {
        "advertiser_id": advertiser_id,
        "custom_audience_id": audience_id,
        "file_paths": list(file_paths),
        "action": action,
    }
    await session.post(_UPDATE, body, repeatable=True)


async def set_sub_type(session: Session, advertiser_id: str, audience_id: str, audience_sub_type: str) -> None:
    """Make a ``NORMAL`` audience a ``REACH_FREQUENCY`` one; there is no way back.

    Raises:
        NotEditableError: It is still processing, or was created with fewer than 1,000 matches.
        TikTokError: TikTok refused for another reason, or could not be reached.
    """
    # TikTok ignores every other field of a call that sets the sub type, so it goes alone.
    body = {
        "advertiser_id": advertiser_id,
        "custom_audience_id": audience_id,
        "audience_sub_type": audience_sub_type,
    }
    await session.post(_UPDATE, body, repeatable=True)
