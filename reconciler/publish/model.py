"""What a forge holds that matters here: comments, issues, requests, runs and what they left."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class ThreadKind(StrEnum):
    """What people can comment on."""

    REQUEST = "request"
    ISSUE = "issue"


@dataclass(frozen=True, slots=True)
class Thread:
    """A place that takes comments.

    Attributes:
        number: As people see it: pull request #7, merge request !7, issue #7.
    """

    kind: ThreadKind
    number: int


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as the forge holds it.

    Attributes:
        number: The forge's own; later ones are greater.
        trusted: Whether its author could have changed any comment here anyhow. A stranger's is never taken for ours:
            it would stay the stranger's, to be changed after it was reviewed.
        url: Where people read it.
    """

    number: int
    body: str
    trusted: bool
    url: str


@dataclass(frozen=True, slots=True)
class Issue:
    """An open issue; fields as those of `Comment`."""

    number: int
    body: str
    trusted: bool
    url: str


@dataclass(frozen=True, slots=True)
class Request:
    """A pull or merge request.

    Attributes:
        head: The last commit of its branch.
        merged: Whether it was merged.
        landed_as: The commits it became on the branch it was merged into.
    """

    number: int
    head: str
    merged: bool
    landed_as: frozenset[str]


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a workflow.

    Attributes:
        workflow: The file of the workflow.
        completed: Whether it has ended, however.
    """

    number: int
    workflow: str
    completed: bool


@dataclass(frozen=True, slots=True)
class Artifact:
    """What a run left. Artifacts made later have greater numbers."""

    number: int
    run: Run
    expired: bool


class Change(StrEnum):
    """What became of a report."""

    POSTED = "posted"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Published:
    """A report that is where it should be.

    Attributes:
        url: Where people read it.
    """

    change: Change
    url: str


class Forge(Protocol):
    """GitHub or GitLab, as far as it takes to post there. Every method raises `ForgeError`.

    Attributes:
        name: What people call it.
        longest: Characters that a comment or an issue may have.
    """

    name: str
    longest: int

    async def comments(self, thread: Thread) -> Sequence[Comment]:
        """Return every comment of a thread."""

    async def post_comment(self, thread: Thread, body: str) -> Comment:
        """Post a comment; raises UncertainPostError where it may be there or not."""

    async def update_comment(self, thread: Thread, number: int, body: str) -> Comment:
        """Replace what a comment says."""

    async def delete_comment(self, thread: Thread, number: int) -> None:
        """Delete a comment; one that is gone already is no error."""

    async def open_issues(self) -> Sequence[Issue]:
        """Return every open issue."""

    async def open_issue(self, title: str, body: str, labels: Sequence[str]) -> Issue:
        """Open an issue; raises UncertainPostError where it may be there or not."""

    async def update_issue(self, number: int, title: str, body: str) -> Issue:
        """Replace what an issue says."""

    async def close_issue(self, number: int) -> None:
        """Close an issue."""

    async def requests_of(self, commit: str) -> Sequence[Request]:
        """Return the requests that a commit belongs to."""
