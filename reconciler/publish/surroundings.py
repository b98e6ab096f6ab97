"""What a CI run tells about itself: which forge, which repository, which request, which token.

Sources: GitHub Actions, default environment variables and webhook payloads; GitLab CI/CD, predefined variables.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from reconciler.bounded import read_bounded, spelled
from reconciler.publish import reading
from reconciler.publish.errors import NoTokenError, OutsiderError, UnknownSurroundingsError
from reconciler.publish.github import API_URL
from reconciler.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST_EVENT: Final = 64 << 20
"""Bytes of an event's payload. GitHub sends at most 25 MB of one."""


class ForgeKind(StrEnum):
    """The forges there are."""

    GITHUB = "github"
    GITLAB = "gitlab"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A run of CI, as far as it takes to post what it found.

    Attributes:
        api_url: The base of the forge's API.
        repository: ``owner/name`` on GitHub; the project's number or path on GitLab.
        token: What posts.
        request: The pull or merge request the run is for, where it is for one.
        commit: The commit the run is for: of a request, the last of its branch.
        run_url: Where people see the run; empty where that is not known.
        web_url: Where people see the repository; empty where that is not known.
        from_outside: Whether the request comes from a fork, or from Dependabot: then the token may only read.
    """

    kind: ForgeKind
    api_url: str
    repository: str
    token: Secret
    request: int | None = None
    commit: str = ""
    run_url: str = ""
    web_url: str = ""
    from_outside: bool = False

    @property
    def origin(self) -> str:
        """A line of Markdown that says which commit and run a report is from; empty where neither is known."""
        commit = f"commit {self.commit[:10]}" if _COMMIT.fullmatch(self.commit) else ""
        run = f"[run]({self.run_url})" if _PLAIN_URL.fullmatch(self.run_url) else ""
        parts = ", ".join(part for part in (commit, run) if part)
        return f"<sub>From {parts}</sub>" if parts else ""


@dataclass(frozen=True, slots=True)
class _Event:
    """What started a run on GitHub."""

    request: int | None = None
    head: str = ""
    head_repository: str | None = None


_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")
_PLAIN_URL: Final = re.compile(r"https?://[A-Za-z0-9._:/-]+")
_REQUEST_REF: Final = re.compile(r"refs/pull/(\d+)/(?:merge|head)")
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")


def surroundings(
    environ: Mapping[str, str],
    *,
    on: ForgeKind | None = None,
    repository: str | None = None,
    request: int | None = None,
) -> Surroundings:
    """Return what the environment tells, and in its place what is given.

    Args:
        environ: The environment of the run.
        on: The forge, where the environment does not tell.
        repository: ``owner/name``, or on GitLab the project's number or path.
        request: The number of the pull or merge request.

    Raises:
        UnknownSurroundingsError: The environment does not say where to post, or says it wrongly.
        NoTokenError: There is no token.
        OutsiderError: There is none, since the request comes from a fork.
    """
    kind = on or _kind_of(environ)
    found = _on_github if kind is ForgeKind.GITHUB else _on_gitlab
    return found(environ, repository, request)


def _kind_of(environ: Mapping[str, str]) -> ForgeKind:
    if environ.get("GITHUB_ACTIONS") == "true":
        return ForgeKind.GITHUB
    if environ.get("GITLAB_CI") == "true":
        return ForgeKind.GITLAB
    raise UnknownSurroundingsError(
        "this is neither a run of GitHub Actions nor of GitLab CI",
        hint="Elsewhere, name where to post: --on github --repository OWNER/NAME --request NUMBER.",
    )


def _on_github(environ: Mapping[str, str], repository: str | None, request: int | None) -> Surroundings:
    named = repository or environ.get("GITHUB_REPOSITORY", "")
    if not _REPOSITORY.fullmatch(named):
        raise UnknownSurroundingsError(
            f'"{named}" is not a repository on GitHub' if named else "no repository is named",
            hint="Give --repository OWNER/NAME, or set GITHUB_REPOSITORY.",
        )
    token = environ.get("GITHUB_TOKEN", "").strip()
    if not token:
        raise NoTokenError(
            "there is no token to talk to GitHub with",
            hint="Set GITHUB_TOKEN: in a workflow, `env: {GITHUB_TOKEN: ${{ github.token }}}`.",
        )
    event = _event(environ.get("GITHUB_EVENT_PATH", ""))
    reference = _REQUEST_REF.fullmatch(environ.get("GITHUB_REF", ""))
    web_url = f"{environ['GITHUB_SERVER_URL']}/{named}" if environ.get("GITHUB_SERVER_URL") else ""
    run = environ.get("GITHUB_RUN_ID", "")
    return Surroundings(
        ForgeKind.GITHUB,
        api_url=environ.get("GITHUB_API_URL") or API_URL,
        repository=named,
        token=_token(token, "GITHUB_TOKEN"),
        request=request or event.request or (int(reference[1]) if reference else None),
        commit=event.head or environ.get("GITHUB_SHA", ""),
        run_url=f"{web_url}/actions/runs/{run}" if web_url and run else "",
        web_url=web_url,
        from_outside=event.request is not None
        and (event.head_repository != named or environ.get("GITHUB_ACTOR") == "dependabot[bot]"),
    )


def _event(path: str) -> _Event:
    """Return what the payload at `path` says of the pull request that started the run."""
    if not path:
        return _Event()
    try:
        if (content := read_bounded(Path(path), _LARGEST_EVENT)) is None:
            raise UnknownSurroundingsError(
                f"GITHUB_EVENT_PATH names {path}, which is no event: it has more than {spelled(_LARGEST_EVENT)}",
                hint="GitHub writes that file. Elsewhere leave the variable unset and give --request NUMBER.",
            )
        payload = reading.fields(orjson.loads(content))
        request = reading.below(payload, "pull_request")
        if not request:
            issue = reading.below(payload, "issue")  # a comment on a pull request
            return _Event(reading.whole(issue, "number")) if "pull_request" in issue else _Event()
        head = reading.below(request, "head")
        return _Event(
            request=reading.whole(request, "number"),
            head=reading.text(head, "sha"),
            head_repository=reading.text(reading.below(head, "repo"), "full_name"),
        )
    except (OSError, orjson.JSONDecodeError, reading.UnexpectedShapeError) as error:
        raise UnknownSurroundingsError(
            f"GITHUB_EVENT_PATH names {path}, which cannot be read as an event: {error}",
            hint="GitHub writes that file. Elsewhere leave the variable unset and give --request NUMBER.",
        ) from error


def _on_gitlab(environ: Mapping[str, str], repository: str | None, request: int | None) -> Surroundings:
    api_url = environ.get("CI_API_V4_URL", "")
    named = repository or environ.get("CI_MERGE_REQUEST_PROJECT_ID") or environ.get("CI_PROJECT_ID", "")
    if not api_url or not named:
        raise UnknownSurroundingsError(
            "no project is named" if api_url else "the address of GitLab's API is not known",
            hint="Set CI_API_V4_URL to https://HOST/api/v4, and give --repository GROUP/NAME or set CI_PROJECT_ID.",
        )
    source = environ.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "")
    outside = bool(source) and source != environ.get("CI_MERGE_REQUEST_PROJECT_ID", source)
    token = environ.get("GITLAB_TOKEN", "").strip()
    if not token and outside:
        raise OutsiderError(
            "this merge request comes from a fork, whose pipelines have no GITLAB_TOKEN",
            hint="A member of the project can run the pipeline for it, in the project itself.",
        )
    if not token:
        raise NoTokenError(
            "there is no token to talk to GitLab with",
            hint=(
                "Set GITLAB_TOKEN, a masked CI/CD variable, to a project access token with the role Reporter and the "
                "scope `api`. CI_JOB_TOKEN does not do: GitLab lets it write neither notes nor issues."
            ),
        )
    number = environ.get("CI_MERGE_REQUEST_IID", "")
    return Surroundings(
        ForgeKind.GITLAB,
        api_url=api_url,
        repository=named,
        token=_token(token, "GITLAB_TOKEN"),
        request=request or (int(number) if number.isdecimal() else None),
        commit=environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or environ.get("CI_COMMIT_SHA", ""),
        run_url=environ.get("CI_JOB_URL") or environ.get("CI_PIPELINE_URL", ""),
        web_url=environ.get("CI_MERGE_REQUEST_PROJECT_URL") or environ.get("CI_PROJECT_URL", ""),
        from_outside=outside,
    )


def _token(value: str, variable: str) -> Secret:
    if not value.isascii() or not value.isprintable() or " " in value:
        raise NoTokenError(
            f"{variable} holds a space, a line break or another sign that no token has",
            hint="Set it to the token and nothing else.",
        )
    return Secret(value)
