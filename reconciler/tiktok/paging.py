"""Reading lists that come in pages, whole or not at all.

``page`` counts from 1; every page carries ``page_info {page, page_size, total_number, total_page}``. Source: Marketing
API v1.3, pagination.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.tiktok.concurrency import together
from reconciler.tiktok.errors import UnreadableAnswerError
from reconciler.tiktok.parse import Record

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from reconciler.tiktok.client import Parameter, Session

READINGS = 3
"""How often a list that changes while it is being read is read, before it is given up."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Where a list is and how it comes.

    Attributes:
        path: The endpoint.
        page_size: The most it gives at once.
        key: The field that tells its objects apart.
        items: What the answer calls the list.
    """

    path: str
    page_size: int
    key: str
    items: tuple[str, ...] = ("list",)


@dataclass(frozen=True, slots=True)
class _Page:
    records: list[Record]
    total: int
    pages: int


async def pages(session: Session, listing: Listing, params: Mapping[str, Parameter]) -> list[Record]:
    """Return every object of a list, each once, in TikTok's order: the first page, then the others concurrently.

    An object that is created or deleted meanwhile shifts the ones behind it across pages, so that one may come twice
    or not at all. What comes twice is taken once; where the pages disagree on how many there are, or fewer came than
    TikTok counts, the list is read again. A list that cannot be read whole raises, for what is missing from it would
    look deleted, or unused.

    Raises:
        UnreadableAnswerError: The list has no page info, its page info contradicts itself, or it never stood still.
        TikTokError: A page could not be had.
    """
    for _ in range(READINGS):
        first = await _page(session, listing, params, 1)
        rest = await together(_page(session, listing, params, number) for number in range(2, first.pages + 1))
        distinct = {record.text(listing.key): record for page in (first, *rest) for record in page.records}
        if all(page.total == first.total for page in rest) and len(distinct) >= first.total:
            return list(distinct.values())
    said = f"it counts {first.total} entries and gives {len(distinct)}, or changed each of {READINGS} times it was read"
    raise UnreadableAnswerError(said, path=listing.path)


async def walk(session: Session, listing: Listing, params: Mapping[str, Parameter]) -> AsyncGenerator[Record, None]:
    """Yield the objects of a list page after page, so that whoever looks for a few can stop early.

    Raises:
        UnreadableAnswerError: The list has no page info, or its page info contradicts itself.
        TikTokError: A page could not be had.
    """
    number = last = 1
    while number <= last:
        page = await _page(session, listing, params, number)
        for record in page.records:
            yield record
        number, last = number + 1, page.pages


async def _page(session: Session, listing: Listing, params: Mapping[str, Parameter], number: int) -> _Page:
    query = {**params, "page": number, "page_size": listing.page_size}
    answer = Record(listing.path, await session.get(listing.path, query))
    told = answer.record("page_info")
    total = told.count("total_number") if told else None
    last = told.count("total_page") if told else None
    if told is None or total is None or last is None:
        raise UnreadableAnswerError('its "page_info" is missing or incomplete', passing=False, path=listing.path)
    size = told.count("page_size") or listing.page_size
    pages_needed = math.ceil(total / size)
    if max(last, 1) != max(pages_needed, 1):
        said = f"it counts {total} entries in pages of {size}, and {last} pages"
        raise UnreadableAnswerError(said, passing=False, path=listing.path)
    return _Page(answer.records(*listing.items) if total else [], total, pages_needed)
