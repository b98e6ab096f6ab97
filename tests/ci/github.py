"""GitHub, as far as the project uses its REST API. Source: GitHub REST API 2022-11-28."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from tests.ci.forge import Answer, Call, Forge, Refused, Unexpected, only

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_BODY: Final = 65_536
REPOSITORY: Final = "acme/ads"
BOT: Final = {"login": "github-actions[bot]", "id": 41898282, "type": "Bot"}
DOCUMENTATION: Final = "https://docs.github.com/rest"


@dataclass(slots=True)
class GitHub(Forge):
    """One repository.

    Attributes:
        tokens: What each token may do: ``{"pull-requests": "write"}``.
        pulls: Pull requests by number.
        issues: Issues by number, which pull requests count into.
        comments: Comments by id.
        runs: Workflow runs by id.
        artifacts: Artifacts by id.
    """

    repository: str = REPOSITORY
    tokens: dict[str, dict[str, str]] = field(default_factory=dict)
    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    comments: dict[int, dict[str, Any]] = field(default_factory=dict)
    runs: dict[int, dict[str, Any]] = field(default_factory=dict)
    artifacts: dict[int, dict[str, Any]] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))
    _ids: count[int] = field(default_factory=lambda: count(9_000_000_001))

    flavour = "github"

    # What the tests, or people, do.

    def open_pull(self, head: str, *, head_repository: str | None = None, number: int | None = None) -> int:
        """Open a pull request whose branch ends in the commit `head`."""
        number = next(self._numbers) if number is None else number
        self.pulls[number] = {
            "number": number,
            "state": "open",
            "merged_at": None,
            "merge_commit_sha": f"{head[:-1]}0",
            "head": {"sha": head, "ref": "change", "repo": {"full_name": head_repository or self.repository}},
            "base": {"ref": "main"},
            "html_url": f"https://github.example/{self.repository}/pull/{number}",
        }
        return number

    def push(self, number: int, head: str) -> None:
        """Push to the branch of a pull request."""
        self.pulls[number]["head"]["sha"] = head

    def merge(self, number: int, commit: str) -> None:
        """Merge a pull request, which becomes `commit`."""
        self.pulls[number] |= {"state": "closed", "merged_at": "2026-11-02T10:00:00Z", "merge_commit_sha": commit}

    def say(self, thread: int, body: str, *, user: dict[str, Any] = BOT, association: str = "NONE") -> int:
        """Comment on a pull request or an issue, as anyone may."""
        number = next(self._ids)
        self.comments[number] = {
            "id": number,
            "thread": thread,
            "body": body,
            "user": dict(user),
            "author_association": association,
            "html_url": f"https://github.example/{self.repository}/pull/{thread}#issuecomment-{number}",
        }
        return number

    def raise_issue(
        self,
        title: str,
        body: str,
        labels: Iterable[str] = (),
        *,
        user: dict[str, Any] = BOT,
        association: str = "NONE",
    ) -> int:
        """Open an issue, as anyone may."""
        number = next(self._numbers)
        self.issues[number] = {
            "number": number,
            "title": title,
            "body": body,
            "state": "open",
            "state_reason": None,
            "labels": [{"name": each} for each in labels],
            "user": dict(user),
            "author_association": association,
            "html_url": f"https://github.example/{self.repository}/issues/{number}",
        }
        return number

    def start_run(self, head: str, workflow: str = ".github/workflows/plan.yml", event: str = "pull_request") -> int:
        """Start a run of a workflow."""
        number = next(self._ids)
        self.runs[number] = {
            "id": number,
            "path": workflow,
            "head_sha": head,
            "event": event,
            "status": "in_progress",
            "conclusion": None,
        }
        return number

    def end_run(self, number: int, conclusion: str = "success") -> None:
        """End a run."""
        self.runs[number] |= {"status": "completed", "conclusion": conclusion}

    def keep(self, run: int, name: str, *, expired: bool = False) -> int:
        """Keep an artifact of a run."""
        number = next(self._ids)
        self.artifacts[number] = {"id": number, "name": name, "expired": expired, "run": run}
        return number

    def thread(self, number: int) -> list[str]:
        """Return what was said on a pull request or an issue."""
        return [each["body"] for each in self.comments.values() if each["thread"] == number]

    def open_issues(self) -> list[dict[str, Any]]:
        """Return the open issues."""
        return [each for each in self.issues.values() if each["state"] == "open"]

    # What its API does.

    def carry_out(self, call: Call) -> Answer:
        """Do what a call asks."""
        permissions = self._authorize(call)
        owner, name = self.repository.split("/")
        if call.path[:3] != ("repos", owner, name):
            raise _not_found()
        match (call.method, *call.path[3:]):
            case ("GET", "issues", number, "comments"):
                only(call.query, "per_page", "page")
                thread = self._thread(number, permissions, "read")
                return Answer(listed=[_shown(each) for each in self.comments.values() if each["thread"] == thread])
            case ("POST", "issues", number, "comments"):
                thread = self._thread(number, permissions, "write")
                comment = self.say(thread, self._body(call, "body", resource="IssueComment"))
                return Answer(201, _shown(self.comments[comment]))
            case ("PATCH" | "DELETE", "issues", "comments", number):
                return self._comment(call, int(number), permissions)
            case ("GET", "issues"):
                only(call.query, "per_page", "page", "state")
                self._needs(permissions, "issues", "read")
                pulls = [self._pull_as_issue(each) for each in self.pulls.values() if each["state"] == "open"]
                return Answer(listed=[*pulls, *self.open_issues()])
            case ("POST", "issues"):
                only(call.body, "title", "body", "labels")
                self._needs(permissions, "issues", "write")
                issue = self.raise_issue(call.body["title"], self._body(call, "title", "labels"), call.body["labels"])
                return Answer(201, self.issues[issue])
            case ("PATCH", "issues", number):
                return self._issue(call, int(number), permissions)
            case ("GET", "commits", sha, "pulls"):
                only(call.query, "per_page", "page")
                self._needs(permissions, "pull-requests", "read")
                return Answer(listed=self._pulls_of(sha))
            case ("GET", "actions", "runs"):
                only(call.query, "per_page", "page", "head_sha", "event")
                self._needs(permissions, "actions", "read")
                wanted = {key: call.query[key] for key in ("head_sha", "event") if key in call.query}
                found = [each for each in self.runs.values() if wanted.items() <= each.items()]
                return Answer(listed=found[::-1], inside="workflow_runs")
            case ("GET", "actions", "runs", number, "artifacts"):
                only(call.query, "per_page", "page", "name")
                self._needs(permissions, "actions", "read")
                of_run = [each for each in self.artifacts.values() if each["run"] == int(number)]
                found = [each for each in of_run if each["name"] == call.query.get("name", each["name"])]
                return Answer(listed=found, inside="artifacts")
        raise Unexpected("no such endpoint here")

    def _authorize(self, call: Call) -> dict[str, str]:
        if not call.headers.get("user-agent"):
            raise Refused(403, {"message": "Request forbidden by administrative rules."})
        if call.headers.get("accept") != "application/vnd.github+json":
            raise Unexpected("Accept")
        if call.headers.get("x-github-api-version") != "2022-11-28":
            raise Unexpected("X-GitHub-Api-Version")
        kind, _, token = call.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or token not in self.tokens:
            raise Refused(401, {"message": "Bad credentials", "documentation_url": DOCUMENTATION, "status": "401"})
        return self.tokens[token]

    def _needs(self, permissions: dict[str, str], scope: str, level: str) -> None:
        granted = permissions.get(scope, "none")
        if granted == "none" or (level == "write" and granted != "write"):
            said = {"message": "Resource not accessible by integration", "documentation_url": DOCUMENTATION}
            raise Refused(403, said | {"status": "403"})

    def _thread(self, number: str, permissions: dict[str, str], level: str) -> int:
        """Return the number of a pull request or an issue that may be read or written."""
        if int(number) in self.pulls:
            self._needs(permissions, "pull-requests", level)
        elif int(number) in self.issues:
            self._needs(permissions, "issues", level)
        else:
            raise _not_found()
        return int(number)

    def _body(self, call: Call, *beside: str, resource: str = "Issue") -> str:
        only(call.body, "body", *beside)
        body = call.body["body"]
        if not isinstance(body, str) or not body:
            raise Unexpected("no body")
        if len(body) > LONGEST_BODY:
            error = {"resource": resource, "code": "unprocessable", "field": "data"}
            error["message"] = f"Body is too long (maximum is {LONGEST_BODY} characters)"
            raise Refused(422, {"message": "Validation Failed", "errors": [error], "status": "422"})
        return body

    def _comment(self, call: Call, number: int, permissions: dict[str, str]) -> Answer:
        if number not in self.comments:
            raise _not_found()
        self._thread(str(self.comments[number]["thread"]), permissions, "write")
        if call.method == "DELETE":
            del self.comments[number]
            return Answer(204)
        self.comments[number]["body"] = self._body(call)
        return Answer(200, _shown(self.comments[number]))

    def _issue(self, call: Call, number: int, permissions: dict[str, str]) -> Answer:
        only(call.body, "title", "body", "state", "state_reason")
        self._needs(permissions, "issues", "write")
        if number not in self.issues:
            raise _not_found()
        if "body" in call.body:
            self._body(call, "title", "state", "state_reason")
        self.issues[number] |= call.body
        return Answer(200, self.issues[number])

    def _pull_as_issue(self, pull: dict[str, Any]) -> dict[str, Any]:
        return {"number": pull["number"], "title": "A change", "body": None, "state": pull["state"], "pull_request": {}}

    def _pulls_of(self, sha: str) -> list[dict[str, Any]]:
        merged = [each for each in self.pulls.values() if each["merged_at"] and each["merge_commit_sha"] == sha]
        return merged or [each for each in self.pulls.values() if each["head"]["sha"] == sha]


def _shown(comment: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in comment.items() if name != "thread"}


def _not_found() -> Refused:
    return Refused(404, {"message": "Not Found", "documentation_url": DOCUMENTATION, "status": "404"})
