"""GitHub, over its REST API. Source: GitHub REST API 2022-11-28: issues, comments, commits, Actions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from reconciler.publish import reading
from reconciler.publish.model import Artifact, Comment, Issue, Request, Run, Thread, ThreadKind
from reconciler.publish.wire import Address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.publish.wire import Wire

API_URL: Final = "https://api.github.com"

READ_ACTIONS: Final = "`actions: read` under `permissions:`"
READ_REQUESTS: Final = "`pull-requests: read` under `permissions:`"
WRITE_ISSUES: Final = "`issues: write` under `permissions:`"
WRITE_REQUESTS: Final = (
    "`pull-requests: write` under `permissions:`; a pull request from a fork or by Dependabot has a token that may "
    "only read, whatever is written there"
)

_INSIDERS: Final = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
"""Associations of people who can write to the repository, and so change anyone's comment."""


def address(url: str) -> Address:
    """Return how to reach GitHub, or a GitHub Enterprise Server, with its API at `url`."""
    return Address(
        forge="GitHub",
        url=url,
        token_header="Authorization",  # noqa: S106  # the header's name
        token_prefix="Bearer ",  # noqa: S106  # what stands before it
        headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
    )


class GitHub:
    """One repository on GitHub.

    Args:
        wire: What carries the requests.
        repository: ``owner/name``.
    """

    name: str = "GitHub"
    longest: int = 65_536

    def __init__(self, wire: Wire, repository: str) -> None:
        self._wire = wire
        self._root = f"repos/{repository}"

    async def comments(self, thread: Thread) -> Sequence[Comment]:
        """Return every comment of a pull request or an issue."""
        path = f"{self._root}/issues/{thread.number}/comments"
        return await self._wire.pages(path, _comment, needs=_writing(thread))

    async def post_comment(self, thread: Thread, body: str) -> Comment:
        """Post a comment; raises UncertainPostError where it may be there or not."""
        path = f"{self._root}/issues/{thread.number}/comments"
        return await self._wire.post(path, {"body": body}, _comment, needs=_writing(thread))

    async def update_comment(self, thread: Thread, number: int, body: str) -> Comment:
        """Replace what a comment says."""
        path = f"{self._root}/issues/comments/{number}"
        return await self._wire.change("PATCH", path, {"body": body}, _comment, needs=_writing(thread))

    async def delete_comment(self, thread: Thread, number: int) -> None:
        """Delete a comment; one that is gone already is no error."""
        await self._wire.delete(f"{self._root}/issues/comments/{number}", needs=_writing(thread))

    async def open_issues(self) -> Sequence[Issue]:
        """Return every open issue. GitHub lists pull requests among them; they are left out."""
        path = f"{self._root}/issues"
        return await self._wire.pages(path, _issue_alone, {"state": "open"}, needs=WRITE_ISSUES)

    async def open_issue(self, title: str, body: str, labels: Sequence[str]) -> Issue:
        """Open an issue; raises UncertainPostError where it may be there or not."""
        wanted = {"title": title, "body": body, "labels": list(labels)}
        return await self._wire.post(f"{self._root}/issues", wanted, _issue, needs=WRITE_ISSUES)

    async def update_issue(self, number: int, title: str, body: str) -> Issue:
        """Replace what an issue says."""
        wanted = {"title": title, "body": body}
        return await self._wire.change("PATCH", f"{self._root}/issues/{number}", wanted, _issue, needs=WRITE_ISSUES)

    async def close_issue(self, number: int) -> None:
        """Close an issue as done."""
        wanted = {"state": "closed", "state_reason": "completed"}
        await self._wire.change("PATCH", f"{self._root}/issues/{number}", wanted, _issue, needs=WRITE_ISSUES)

    async def requests_of(self, commit: str) -> Sequence[Request]:
        """Return the pull request that brought `commit`, or those that hold it while it is on no default branch."""
        path = f"{self._root}/commits/{quote(commit, safe='')}/pulls"
        return await self._wire.pages(path, _request, needs=READ_REQUESTS)

    async def runs_of(self, head: str) -> Sequence[Run]:
        """Return the runs that pull requests whose last commit is `head` started."""
        path = f"{self._root}/actions/runs"
        wanted = {"head_sha": head, "event": "pull_request"}
        return await self._wire.pages(path, _run, wanted, needs=READ_ACTIONS, inside="workflow_runs")

    async def artifacts_of(self, run: Run, name: str) -> Sequence[Artifact]:
        """Return the artifacts of that name that a run left, expired ones included."""
        path = f"{self._root}/actions/runs/{run.number}/artifacts"
        read = partial(_artifact, run=run)
        return await self._wire.pages(path, read, {"name": name}, needs=READ_ACTIONS, inside="artifacts")


def _writing(thread: Thread) -> str:
    return WRITE_REQUESTS if thread.kind is ThreadKind.REQUEST else WRITE_ISSUES


def _comment(answer: object) -> Comment:
    of = reading.fields(answer)
    return Comment(reading.whole(of, "id"), reading.text(of, "body"), _is_trusted(of), reading.text(of, "html_url"))


def _issue(answer: object) -> Issue:
    of = reading.fields(answer)
    return Issue(reading.whole(of, "number"), reading.text(of, "body"), _is_trusted(of), reading.text(of, "html_url"))


def _issue_alone(answer: object) -> Issue | None:
    return None if "pull_request" in reading.fields(answer) else _issue(answer)


def _is_trusted(of: reading.Fields) -> bool:
    """Whether an app posted it (the token of a run is one), or a person who can write to the repository."""
    is_app = reading.text(reading.below(of, "user"), "type") == "Bot"
    return is_app or reading.text(of, "author_association") in _INSIDERS


def _request(answer: object) -> Request:
    of = reading.fields(answer)
    landed_as = reading.text(of, "merge_commit_sha")
    return Request(
        number=reading.whole(of, "number"),
        head=reading.text(reading.below(of, "head"), "sha"),
        merged=bool(reading.text(of, "merged_at")),
        landed_as=frozenset({landed_as} - {""}),
    )


def _run(answer: object) -> Run:
    of = reading.fields(answer)
    return Run(
        number=reading.whole(of, "id"),
        workflow=reading.text(of, "path"),
        completed=reading.text(of, "status") == "completed",
    )


def _artifact(answer: object, run: Run) -> Artifact:
    of = reading.fields(answer)
    return Artifact(reading.whole(of, "id"), run, expired=of.get("expired") is True)
