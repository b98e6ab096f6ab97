"""Custom audiences of an account: list them, read who changed and who applied them, rename and delete them.

Endpoints: Marketing API v1.3, ``dmp/custom_audience/``.
"""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.tiktok import parse
from reconciler.tiktok.concurrency import chunks, together
from reconciler.tiktok.paging import Listing, pages, walk
from reconciler.tiktok.parse import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.tiktok.client import Parameter, Session
    from reconciler.tiktok.model import Application, Audience, Edit

IDS_PER_CALL = 100
"""Marketing API v1.3, ``dmp/custom_audience/get/``; the application log names no figure, and is asked for as many."""

HISTORY_SIZE = 100
"""The most lines of history that TikTok gives for one audience."""

_LIST = Listing("dmp/custom_audience/list/", page_size=100, key="audience_id")
_APPLICATIONS = Listing("dmp/custom_audience/apply/log/", page_size=IDS_PER_CALL, key="audience_id")
_DETAILS = "dmp/custom_audience/get/"
_UPDATE = "dmp/custom_audience/update/"
_DELETE = "dmp/custom_audience/delete/"

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


async def list_all(session: Session, advertiser_id: str) -> dict[str, Audience]:
    """Return every audience of an account by id, owned and shared in: one call for 100 of them.

    Raises:
        TikTokError: TikTok refused, could not be reached, or could not give the list whole.
    """
    found = [parse.audience(each) for each in await pages(session, _LIST, {"advertiser_id": advertiser_id})]
    return {audience.audience_id: audience for audience in found}


async def peek(session: Session, advertiser_id: str) -> None:
    """Ask for the beginning of the list and look at nothing of it: does TikTok let this token read it?

    Raises:
        PermissionDeniedError: It does not.
        TikTokError: TikTok refused for another reason, or could not be reached.
    """
    await session.get(_LIST.path, {"advertiser_id": advertiser_id, "page": 1, "page_size": 1})


async def details(session: Session, advertiser_id: str, audience_ids: Iterable[str]) -> dict[str, Audience]:
    """Return audiences by id as their details have them, which say more than the list: one call for 100 of them.

    Raises:
        InvalidRequestError: One of the ids is not an audience of the account.
        TikTokError: TikTok refused for another reason, or could not be reached.
    """
    found = [parse.audience(detail) for detail, _ in await _details(session, advertiser_id, audience_ids, lines=1)]
    return {audience.audience_id: audience for audience in found}


async def history(session: Session, advertiser_id: str, audience_ids: Iterable[str]) -> dict[str, tuple[Edit, ...]]:
    """Return who did what to audiences, by id, up to `HISTORY_SIZE` lines each: the newest first, undated ones last.

    TikTok promises no order; lines of the same second stay in the one they came in.

    Raises:
        InvalidRequestError: One of the ids is not an audience of the account.
        TikTokError: TikTok refused for another reason, or could not be reached.
    """
    found = await _details(session, advertiser_id, audience_ids, lines=HISTORY_SIZE)
    return {
        detail.text("audience_id", "custom_audience_id"): tuple(
            sorted(map(parse.edit, lines), key=lambda edit: edit.at or _LONG_AGO, reverse=True)
        )
        for detail, lines in found
    }


async def applications(session: Session, advertiser_id: str, audience_ids: Iterable[str]) -> dict[str, Application]:
    """Return who put audiences into an ad group last, by audience id; one that never was in any is left out.

    It is a log: the ad group may have let go of the audience since, or be gone. `usage.look_up` tells what is.

    Args:
        session: Acts with a token for the account.
        advertiser_id: The account.
        audience_ids: Audiences that the account has created; TikTok shows nobody else's applications.

    Raises:
        PermissionDeniedError: One of the audiences was shared in, or the token may not read the log.
        InvalidRequestError: One of the ids is not an audience of the account.
        TikTokError: TikTok refused for another reason, or could not be reached.
    """

    async def some(ids: list[str]) -> list[Application]:
        query: Mapping[str, Parameter] = {"advertiser_id": advertiser_id, "custom_audience_ids": ids}
        async with aclosing(walk(session, _APPLICATIONS, query)) as lines:
            return [parse.application(line) async for line in lines]

    distinct = list(dict.fromkeys(audience_ids))
    latest: dict[str, Application] = {}
    for answer in await together(some(ids) for ids in chunks(distinct, IDS_PER_CALL)):
        for each in answer:
            known = latest.setdefault(each.audience_id, each)
            if (each.at or _LONG_AGO) > (known.at or _LONG_AGO):
                latest[each.audience_id] = each
    return latest


async def rename(session: Session, advertiser_id: str, audience_id: str, name: str) -> None:
    """Give an audience of any kind another name.

    Raises:
        NotEditableError: It is still processing, or too small ever to be edited.
        TikTokError: TikTok refused for another reason, or could not be reached.
    """
    body = {"advertiser_id": advertiser_id, "custom_audience_id": audience_id, "custom_audience_name": name}
    await session.post(_UPDATE, body, repeatable=True)


async def delete(session: Session, advertiser_id: str, audience_id: str) -> None:
    """Delete one audience: of several in one call, one that is refused would keep all of them.

    Raises:
        InUseError: An ad group or something else uses it.
        UncertainWriteError: It may be gone or not; list the account's audiences to know.
        TikTokError: TikTok refused for another reason, or could not be reached.
    """
    body = {"advertiser_id": advertiser_id, "custom_audience_ids": [audience_id]}
    await session.post(_DELETE, body, repeatable=False)


async def _details(
    session: Session, advertiser_id: str, audience_ids: Iterable[str], *, lines: int
) -> list[tuple[Record, list[Record]]]:
    """Return the details and up to `lines` lines of history of each audience."""

    async def some(ids: list[str]) -> list[Record]:
        query: Mapping[str, Parameter] = {
            "advertiser_id": advertiser_id,
            "custom_audience_ids": ids,
            "history_size": lines,
        }
        return Record(_DETAILS, await session.get(_DETAILS, query)).records("list")

    distinct = list(dict.fromkeys(audience_ids))
    answers = await together(some(ids) for ids in chunks(distinct, IDS_PER_CALL))
    found = [each for answer in answers for each in answer]
    return [(each.record("audience_details") or each, each.optional_records("audience_history")) for each in found]
