"""`reconciler publish …`: puts reports where the team looks, from a run of CI."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from reconciler.bounded import read_bounded, spelled
from reconciler.cli import screen
from reconciler.cli.saved import MAX_BYTES
from reconciler.cli.workspace import drive
from reconciler.errors import ReconcilerError
from reconciler.publish.artifact import find_artifact
from reconciler.publish.body import compose, log_as_markdown
from reconciler.publish.comment import publish_comment
from reconciler.publish.errors import NoRequestError, OutsiderError
from reconciler.publish.forges import opened, opened_github
from reconciler.publish.issue import close_issue, publish_issue
from reconciler.publish.model import Thread, ThreadKind
from reconciler.publish.requests import request_of
from reconciler.publish.surroundings import ForgeKind, surroundings

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.publish.model import Published
    from reconciler.publish.surroundings import Surroundings

P = ParamSpec("P")
R = TypeVar("R")


class NoReportError(ReconcilerError):
    """The file with the report cannot be read."""


def forge_options(command: Callable[P, R]) -> Callable[P, R]:
    """Add `--on` and `--repository`."""
    on = click.option(
        "--on",
        type=click.Choice([str(kind) for kind in ForgeKind]),
        help="Where. GitHub Actions and GitLab CI tell it themselves.",
    )
    repository = click.option(
        "--repository", metavar="OWNER/NAME", help="Which repository; on GitLab its number or path."
    )
    return on(repository(command))


def _key(default: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    return click.option(
        "--key", default=default, show_default=True, help="Names this report among several of a repository."
    )


report_argument = functools.partial(click.argument, type=click.Path(path_type=Path), metavar="FILE")


@click.group("publish")
def command() -> None:
    """Post a report to the pull request or to an issue, from a run of GitHub Actions or GitLab CI.

    What was posted before is found by an invisible line in it, and updated. The token comes from GITHUB_TOKEN or
    GITLAB_TOKEN.
    """


@command.command("comment")
@report_argument("report")
@forge_options
@click.option("--request", type=click.IntRange(min=1), metavar="NUMBER", help="Which pull or merge request.")
@_key("plan")
@click.option("--log", "title", metavar="TITLE", help="FILE is plain text: post it as it is, under this title.")
@click.option(
    "--soft",
    is_flag=True,
    help="Exit with 0 where nothing can be posted: the run belongs to no request, or to one from a fork.",
)
def comment(
    report: Path,
    on: str | None,
    repository: str | None,
    request: int | None,
    key: str,
    title: str | None,
    soft: bool,
) -> int:
    """Post FILE (Markdown) to the pull or merge request of this run, or update what was posted there before.

    Without --request it is the one that this run is for, else the one whose merge made this run's commit. Prints where
    the comment is.

    \b
    Examples:
      reconciler show plan.json --format markdown -o plan.md && reconciler publish comment plan.md
      reconciler publish comment plan.md --on github --repository acme/ads --request 7
    """  # noqa: D301  # click reads the backspace: what follows keeps its lines
    text = _read(report)
    markdown = log_as_markdown(title, text) if title else text
    try:
        around = _around(on, repository, request)
        published = drive(_comment(around, key, markdown))
    except (NoRequestError, OutsiderError) as problem:
        if not soft:
            raise
        screen.say(f"Nothing was posted: {problem.message}")
        return 0
    _tell(published)
    return 0


@command.command("issue")
@report_argument("report")
@forge_options
@click.option("--title", required=True, help="What the issue is called.")
@_key("drift")
@click.option(
    "--label", "labels", multiple=True, metavar="LABEL", help="For a new issue; repeatable, or separated by commas."
)
@click.option("--close", is_flag=True, help="There is nothing to say: close the open one, with FILE as last comment.")
def issue(
    report: Path,
    on: str | None,
    repository: str | None,
    title: str,
    key: str,
    labels: tuple[str, ...],
    close: bool,
) -> int:
    """Open an issue that says FILE (Markdown), or update the open one. Prints where it is.

    With --close nothing happens where none is open.

    \b
    Examples:
      reconciler publish issue drift.md --title "TikTok audiences have drifted" --label tiktok
      reconciler publish issue drift.md --title "TikTok audiences have drifted" --close
    """  # noqa: D301  # click reads the backspace: what follows keeps its lines
    markdown = _read(report)
    around = _around(on, repository)
    if close:
        closed = drive(_close(around, key, markdown))
        if closed is None:
            screen.say("No such issue is open.")
        else:
            _tell(closed)
        return 0
    named = [label.strip() for each in labels for label in each.split(",") if label.strip()]
    _tell(drive(_issue(around, title, key, markdown, named)))
    return 0


@command.command("find-artifact")
@click.argument("name")
@click.option("--repository", metavar="OWNER/NAME", help="Which repository on GitHub.")
@click.option("--sha", metavar="COMMIT", help="A commit that the pull request became; GITHUB_SHA where not given.")
def artifact(name: str, repository: str | None, sha: str | None) -> int:
    """Print the run that left the artifact NAME for the pull request that was merged as this commit.

    For `run-id` of actions/download-artifact: what an apply after a merge takes as the plan that was reviewed. Only
    runs on the request's last commit count. GitHub alone; GitLab hands artifacts from job to job itself.
    """
    around = _around(ForgeKind.GITHUB, repository)
    click.echo(drive(_run_with(around, name, sha or around.commit)))
    return 0


async def _comment(around: Surroundings, key: str, markdown: str) -> Published:
    async with opened(around) as forge:
        body = compose(markdown, key, forge, origin=around.origin)
        number = around.request or (await request_of(forge, around.commit)).number
        return await publish_comment(forge, Thread(ThreadKind.REQUEST, number), key, body)


async def _issue(around: Surroundings, title: str, key: str, markdown: str, labels: list[str]) -> Published:
    async with opened(around) as forge:
        body = compose(markdown, key, forge, origin=around.origin)
        return await publish_issue(forge, title, key, body, labels)


async def _close(around: Surroundings, key: str, markdown: str) -> Published | None:
    async with opened(around) as forge:
        return await close_issue(forge, key, markdown, origin=around.origin)


async def _run_with(around: Surroundings, name: str, commit: str) -> int:
    async with opened_github(around) as github:
        request = await request_of(github, commit)
        return (await find_artifact(github, request, name)).run.number


def _around(on: str | None, repository: str | None, request: int | None = None) -> Surroundings:
    return surroundings(os.environ, on=ForgeKind(on) if on else None, repository=repository, request=request)


def _read(path: Path) -> str:
    """Return a report's text; raises NoReportError."""
    hint = "Name a file that `reconciler show FILE --format markdown -o` wrote."
    try:
        content = read_bounded(path, MAX_BYTES)
        if content is None:
            raise NoReportError(f"{path} is larger than {spelled(MAX_BYTES)}", hint=hint)
        return content.decode().replace("\r\n", "\n").replace("\r", "\n")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
        raise NoReportError(f"cannot read {path}: {reason}", hint=hint) from problem


def _tell(published: Published) -> None:
    screen.say(f"{str(published.change).capitalize()}.")
    if published.url:
        click.echo(published.url)
