"""GitLab, as far as the project uses its REST API. Source: GitLab REST API v4."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from tests.ci.forge import Answer, Call, Forge, Refused, Unexpected, only

LONGEST_NOTE: Final = 1_000_000
PROJECT: Final = "4711"
PROJECT_PATH: Final = "acme/ads"


@dataclass(slots=True)
class GitLab(Forge):
    """One project.

    Attributes:
        tokens: The number of the user each token belongs to.
        readers: Tokens without the scope `api`, which may only read.
        requests: Merge requests by number.
        issues: Issues by number.
        notes: Notes by id; ``thread`` is ``("merge_requests", 7)``.
        quick_actions: Lines of what was posted that GitLab would have carried out.
    """

    tokens: dict[str, int] = field(default_factory=dict)
    readers: set[str] = field(default_factory=set)
    requests: dict[int, dict[str, Any]] = field(default_factory=dict)
    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    notes: dict[int, dict[str, Any]] = field(default_factory=dict)
    quick_actions: list[str] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=lambda: count(1))
    _ids: count[int] = field(default_factory=lambda: count(8_000_001))

    flavour = "gitlab"
    base = "/api/v4"

    # What the tests, or people, do.

    def open_request(self, head: str) -> int:
        """Open a merge request whose branch ends in the commit `head`."""
        number = next(self._numbers)
        self.requests[number] = {
            "iid": number,
            "state": "opened",
            "sha": head,
            "merge_commit_sha": None,
            "squash_commit_sha": None,
        }
        return number

    def merge(self, number: int, commit: str) -> None:
        """Merge a merge request, which becomes `commit`."""
        self.requests[number] |= {"state": "merged", "merge_commit_sha": commit}

    def say(self, kind: str, thread: int, body: str, *, author: int = 1) -> int:
        """Write a note, as anyone may."""
        number = next(self._ids)
        self.notes[number] = {
            "id": number,
            "body": body,
            "author": {"id": author, "username": f"user{author}"},
            "system": False,
            "thread": (kind, thread),
        }
        return number

    def raise_issue(self, title: str, description: str, labels: str = "", *, author: int = 1) -> int:
        """Open an issue, as anyone may."""
        number = next(self._numbers)
        self.issues[number] = {
            "iid": number,
            "title": title,
            "description": description,
            "labels": [each for each in labels.split(",") if each],
            "state": "opened",
            "author": {"id": author},
            "web_url": f"https://gitlab.example/{PROJECT_PATH}/-/issues/{number}",
        }
        return number

    def thread(self, kind: str, number: int) -> list[str]:
        """Return what was said on a merge request or an issue."""
        return [each["body"] for each in self.notes.values() if each["thread"] == (kind, number)]

    def open_issues(self) -> list[dict[str, Any]]:
        """Return the open issues."""
        return [each for each in self.issues.values() if each["state"] == "opened"]

    # What its API does.

    def carry_out(self, call: Call) -> Answer:
        """Do what a call asks."""
        author = self._authorize(call)
        if call.path == ("user",):
            return Answer(200, {"id": author, "username": f"user{author}"})
        if call.path[:2] not in (("projects", PROJECT), ("projects", PROJECT_PATH)):
            raise Refused(404, {"message": "404 Project Not Found"})
        match (call.method, *call.path[2:]):
            case ("GET", "merge_requests" | "issues" as kind, number, "notes"):
                only(call.query, "per_page", "page", "sort", "order_by")
                thread = self._thread(kind, number)
                return Answer(listed=[_shown(each) for each in self.notes.values() if each["thread"] == thread])
            case ("POST", "merge_requests" | "issues" as kind, number, "notes"):
                _, thread_number = self._thread(kind, number)
                only(call.body, "body")
                note = self.say(kind, thread_number, self._text(call, "body"), author=author)
                return Answer(201, _shown(self.notes[note]))
            case ("PUT" | "DELETE", "merge_requests" | "issues" as kind, number, "notes", note_number):
                return self._note(call, self._thread(kind, number), int(note_number), author)
            case ("GET", "issues"):
                only(call.query, "per_page", "page", "state", "scope")
                return Answer(listed=self.open_issues())
            case ("POST", "issues"):
                only(call.body, "title", "description", "labels")
                description = self._text(call, "description")
                issue = self.raise_issue(call.body["title"], description, call.body["labels"], author=author)
                return Answer(201, self.issues[issue])
            case ("PUT", "issues", number):
                return self._issue(call, int(number))
            case ("GET", "repository", "commits", sha, "merge_requests"):
                only(call.query, "per_page", "page")
                return Answer(
                    listed=[each for each in self.requests.values() if sha in (each["sha"], each["merge_commit_sha"])]
                )
        raise Unexpected("no such endpoint here")

    def _authorize(self, call: Call) -> int:
        token = call.headers.get("private-token", "")
        if token not in self.tokens:
            raise Refused(401, {"message": "401 Unauthorized"})
        if token in self.readers and call.method != "GET":
            description = "The request requires higher privileges than provided by the access token."
            raise Refused(403, {"error": "insufficient_scope", "error_description": description, "scope": "api"})
        return self.tokens[token]

    def _thread(self, kind: str, number: str) -> tuple[str, int]:
        known = self.requests if kind == "merge_requests" else self.issues
        if int(number) not in known:
            raise Refused(404, {"message": "404 Not found"})
        return kind, int(number)

    def _text(self, call: Call, name: str) -> str:
        text = call.body[name]
        if not isinstance(text, str) or not text:
            raise Refused(400, {"message": f"{name} is missing"})
        if len(text) > LONGEST_NOTE:
            raise Refused(400, {"message": {"note": [f"is too long (maximum is {LONGEST_NOTE} characters)"]}})
        outside = re.sub(r"^(```+).*?^\1", "", text, flags=re.MULTILINE | re.DOTALL)
        self.quick_actions += re.findall(r"^\s*(/[a-z]\w*.*)$", outside, flags=re.MULTILINE)
        return text

    def _note(self, call: Call, thread: tuple[str, int], number: int, author: int) -> Answer:
        note = self.notes.get(number)
        if note is None or note["thread"] != thread:
            raise Refused(404, {"message": "404 Not found"})
        if note["author"]["id"] != author:
            raise Refused(403, {"message": "403 Forbidden"})
        if call.method == "DELETE":
            del self.notes[number]
            return Answer(204)
        only(call.body, "body")
        note["body"] = self._text(call, "body")
        return Answer(200, _shown(note))

    def _issue(self, call: Call, number: int) -> Answer:
        only(call.body, "title", "description", "state_event")
        if number not in self.issues:
            raise Refused(404, {"message": "404 Issue Not Found"})
        if "description" in call.body:
            self._text(call, "description")
        changes = {name: value for name, value in call.body.items() if name != "state_event"}
        if call.body.get("state_event") == "close":
            changes["state"] = "closed"
        self.issues[number] |= changes
        return Answer(200, self.issues[number])


def _shown(note: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in note.items() if name != "thread"}
