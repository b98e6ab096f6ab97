"""One open issue a key, and none where there is nothing to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.publish.body import compose
from reconciler.publish.comment import ATTEMPTS, publish_comment
from reconciler.publish.errors import UncertainPostError
from reconciler.publish.marker import marked
from reconciler.publish.model import Change, Published, Thread, ThreadKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.publish.model import Forge, Issue


async def publish_issue(forge: Forge, title: str, key: str, body: str, labels: Sequence[str]) -> Published:
    """Make `body` the one open issue with `key`.

    An open one is updated, its labels left as people have set them since. Where two runs open one at once, the later
    is closed again.

    Args:
        forge: Where.
        title: What it is called.
        key: Which issue.
        body: What it says, as `compose` makes it.
        labels: For a new one.

    Raises:
        ForgeError: It is not there, or maybe not.
    """
    found = marked(await forge.open_issues(), key)
    opened: Issue | None = None
    uncertain = 0
    while not found and opened is None:
        try:
            opened = await forge.open_issue(title, body, labels)
        except UncertainPostError:
            uncertain += 1
            if uncertain == ATTEMPTS:
                raise
        found = marked(await forge.open_issues(), key)
    if opened is not None and (not found or found[0].number == opened.number):
        await _close_all(forge, found[1:])
        return Published(Change.POSTED, opened.url)
    first, *others = found
    updated = await forge.update_issue(first.number, title, body)
    await _close_all(forge, others)
    return Published(Change.UPDATED, updated.url)


async def close_issue(forge: Forge, key: str, report: str, *, origin: str = "") -> Published | None:
    """Close the open issue with `key`, with `report` as its last comment; None where none is open.

    Args:
        forge: Where.
        key: Which issue.
        report: Markdown that says why.
        origin: As for `compose`.

    Raises:
        ForgeError: It is not closed.
        UnpostableError: As `compose`.
    """
    found = marked(await forge.open_issues(), key)
    if not found:
        return None
    first = found[0]
    last_words = f"{key}-closed"
    body = compose(report, last_words, forge, origin=origin)
    said = await publish_comment(forge, Thread(ThreadKind.ISSUE, first.number), last_words, body)
    await _close_all(forge, found)
    return Published(Change.CLOSED, said.url)


async def _close_all(forge: Forge, issues: Sequence[Issue]) -> None:
    for each in issues:
        await forge.close_issue(each.number)
