"""One comment a key, however often and from however many runs it is posted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.publish.errors import UncertainPostError
from reconciler.publish.marker import marked
from reconciler.publish.model import Change, Published

if TYPE_CHECKING:
    from reconciler.publish.model import Comment, Forge, Thread

ATTEMPTS: Final = 3
"""How often a post is tried that may have happened or not; before each it is looked for."""


async def publish_comment(forge: Forge, thread: Thread, key: str, body: str) -> Published:
    """Make `body` the one comment with `key` on `thread`.

    Where two runs post at once, whichever looks last finds both, keeps the first and deletes the other.

    Args:
        forge: Where.
        thread: On what.
        key: Which comment.
        body: What it says, as `compose` makes it.

    Raises:
        ForgeError: It is not there, or maybe not.
    """
    found = marked(await forge.comments(thread), key)
    posted: Comment | None = None
    uncertain = 0
    while not found and posted is None:
        try:
            posted = await forge.post_comment(thread, body)
        except UncertainPostError:
            uncertain += 1
            if uncertain == ATTEMPTS:
                raise
        found = marked(await forge.comments(thread), key)
    if posted is not None and (not found or found[0].number == posted.number):
        await _delete(forge, thread, found[1:])
        return Published(Change.POSTED, posted.url)
    return await _update(forge, thread, found, body)


async def _update(forge: Forge, thread: Thread, found: list[Comment], body: str) -> Published:
    """Let the first of these say `body`, and delete the others."""
    first, *others = found
    change = Change.UNCHANGED
    if first.body != body:
        first = await forge.update_comment(thread, first.number, body)
        change = Change.UPDATED
    await _delete(forge, thread, others)
    return Published(change, first.url)


async def _delete(forge: Forge, thread: Thread, comments: list[Comment]) -> None:
    for each in comments:
        await forge.delete_comment(thread, each.number)
