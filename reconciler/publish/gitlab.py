"""GitLab, over its REST API. Source: GitLab REST API v4: notes, issues, commits; quick actions."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from reconciler.publish import reading
from reconciler.publish.model import Comment, Issue, Request, Thread, ThreadKind
from reconciler.publish.wire import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.publish.wire import Wire

NEEDS_API: Final = "a project access token with the role Reporter or above and the scope `api`"

_KINDS: Final = {ThreadKind.REQUEST: "merge_requests", ThreadKind.ISSUE: "issues"}
_QUICK_ACTION: Final = re.compile(r"^(\s*)/(?=[A-Za-z])")
_FENCE: Final = re.compile(r"^ {0,3}(`{3,}|~{3,})")


def address(url: str) -> Address:
    """Return how to reach GitLab with its API at `url`, which ends in ``/api/v4``."""
    return Address(forge="GitLab", url=url, token_header="PRIVATE-TOKEN")  # noqa: S106  # the header's name


class GitLab:
    """One project on GitLab.

    A note is taken for ours where its author is the token's own: a token made anew under another name starts anew.

    Args:
        wire: What carries the requests.
        project: Its number, or its path: ``group/name``.
        web_url: Where people see the project; empty where that is not known.
    """

    name: str = "GitLab"
    longest: int = 1_000_000

    def __init__(self, wire: Wire, project: str, web_url: str = "") -> None:
        self._wire = wire
        self._root = f"projects/{quote(project, safe='')}"
        self._web_url = web_url
        self._own_id: int | None = None

    async def comments(self, thread: Thread) -> Sequence[Comment]:
        """Return every note of a merge request or an issue."""
        wanted = {"sort": "asc", "order_by": "created_at"}
        return await self._wire.pages(_notes(self._root, thread), await self._comment(thread), wanted, needs=NEEDS_API)

    async def post_comment(self, thread: Thread, body: str) -> Comment:
        """Post a note; raises UncertainPostError where it may be there or not."""
        wanted = {"body": without_quick_actions(body)}
        read = await self._comment(thread)
        return await self._wire.post(_notes(self._root, thread), wanted, read, needs=NEEDS_API)

    async def update_comment(self, thread: Thread, number: int, body: str) -> Comment:
        """Replace what a note says."""
        path = f"{_notes(self._root, thread)}/{number}"
        wanted = {"body": without_quick_actions(body)}
        return await self._wire.change("PUT", path, wanted, await self._comment(thread), needs=NEEDS_API)

    async def delete_comment(self, thread: Thread, number: int) -> None:
        """Delete a note; one that is gone already is no error."""
        await self._wire.delete(f"{_notes(self._root, thread)}/{number}", needs=NEEDS_API)

    async def open_issues(self) -> Sequence[Issue]:
        """Return every open issue of the project."""
        wanted = {"state": "opened", "scope": "all"}
        return await self._wire.pages(f"{self._root}/issues", await self._issue(), wanted, needs=NEEDS_API)

    async def open_issue(self, title: str, body: str, labels: Sequence[str]) -> Issue:
        """Open an issue; raises UncertainPostError where it may be there or not."""
        wanted = {"title": title, "description": without_quick_actions(body), "labels": ",".join(labels)}
        return await self._wire.post(f"{self._root}/issues", wanted, await self._issue(), needs=NEEDS_API)

    async def update_issue(self, number: int, title: str, body: str) -> Issue:
        """Replace what an issue says."""
        wanted = {"title": title, "description": without_quick_actions(body)}
        path = f"{self._root}/issues/{number}"
        return await self._wire.change("PUT", path, wanted, await self._issue(), needs=NEEDS_API)

    async def close_issue(self, number: int) -> None:
        """Close an issue."""
        path = f"{self._root}/issues/{number}"
        await self._wire.change("PUT", path, {"state_event": "close"}, await self._issue(), needs=NEEDS_API)

    async def requests_of(self, commit: str) -> Sequence[Request]:
        """Return the merge requests that `commit` belongs to."""
        path = f"{self._root}/repository/commits/{quote(commit, safe='')}/merge_requests"
        return await self._wire.pages(path, _request, needs=NEEDS_API)

    async def _me(self) -> int:
        """Return the number of the token's own user."""
        if self._own_id is None:
            self._own_id = await self._wire.get("user", _user, needs=NEEDS_API)
        return self._own_id

    async def _comment(self, thread: Thread) -> Callable[[object], Comment]:
        """Return what reads a note of `thread`."""
        page = f"{self._web_url}/-/{_KINDS[thread.kind]}/{thread.number}" if self._web_url else ""
        return partial(_comment, own=await self._me(), page=page)

    async def _issue(self) -> Callable[[object], Issue]:
        """Return what reads an issue."""
        return partial(_issue, own=await self._me())


def without_quick_actions(markdown: str) -> str:
    r"""Return `markdown` with every line that GitLab would carry out (``/close``) made one that it shows.

    GitLab leaves lines inside code fences alone, and so does this.
    """
    lines = []
    fence = ""
    for line in markdown.split("\n"):
        edge = _FENCE.match(line)
        if edge and not fence:
            fence = edge[1]
        elif edge and edge[1].startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
        lines.append(line if fence else _QUICK_ACTION.sub(r"\1\\/", line))
    return "\n".join(lines)


def _notes(root: str, thread: Thread) -> str:
    return f"{root}/{_KINDS[thread.kind]}/{thread.number}/notes"


def _user(answer: object) -> int:
    return reading.whole(reading.fields(answer), "id")


def _comment(answer: object, own: int, page: str) -> Comment:
    of = reading.fields(answer)
    number = reading.whole(of, "id")
    url = f"{page}#note_{number}" if page else ""
    return Comment(number, reading.text(of, "body"), trusted=_is_own(of, own), url=url)


def _issue(answer: object, own: int) -> Issue:
    of = reading.fields(answer)
    body, url = reading.text(of, "description"), reading.text(of, "web_url")
    return Issue(reading.whole(of, "iid"), body, trusted=_is_own(of, own), url=url)


def _is_own(of: reading.Fields, own: int) -> bool:
    return reading.below(of, "author").get("id") == own


def _request(answer: object) -> Request:
    of = reading.fields(answer)
    landed_as = {reading.text(of, name) for name in ("merge_commit_sha", "squash_commit_sha")}
    return Request(
        number=reading.whole(of, "iid"),
        head=reading.text(of, "sha"),
        merged=reading.text(of, "state") == "merged",
        landed_as=frozenset(landed_as - {""}),
    )
