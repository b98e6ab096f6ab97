"""Which run left the plan that was reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from reconciler.publish.errors import NoArtifactError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.publish.model import Artifact, Request, Run


class Actions(Protocol):
    """A forge whose runs leave artifacts: GitHub. Every method raises `ForgeError`."""

    async def runs_of(self, head: str) -> Sequence[Run]:
        """Return the runs that requests whose last commit is `head` started."""

    async def artifacts_of(self, run: Run, name: str) -> Sequence[Artifact]:
        """Return the artifacts of that name that a run left, expired ones included."""


async def find_artifact(actions: Actions, request: Request, name: str) -> Artifact:
    """Return the artifact that the last run of `request` left.

    Only runs on its last commit count: what an earlier push left is not what was reviewed.

    Args:
        actions: Where.
        request: Whose runs.
        name: What the artifact is called.

    Raises:
        NoArtifactError: There is none, it has expired, or several workflows left one of that name.
        ForgeError: They cannot be read.
    """
    runs = await actions.runs_of(request.head)
    found = [artifact for run in runs for artifact in await actions.artifacts_of(run, name)]
    wanted = f"#{request.number} ({request.head[:10]})"
    if not found:
        raise NoArtifactError(f'no run of {wanted} left an artifact "{name}"', hint=_why_none(runs))
    workflows = sorted({each.run.workflow for each in found})
    if len(workflows) > 1:
        raise NoArtifactError(
            f'several workflows of {wanted} left an artifact "{name}": {", ".join(workflows)}',
            hint="Give each workspace a `key` of its own, so that nobody has to guess which plan is meant.",
        )
    last = max(found, key=lambda each: each.number)
    if last.expired:
        raise NoArtifactError(
            f'the artifact "{name}" of {wanted} has expired',
            hint="GitHub keeps artifacts for 90 days, or as long as the repository says. Plan again in a new request.",
        )
    return last


def _why_none(runs: Sequence[Run]) -> str:
    under_way = [str(run.number) for run in runs if not run.completed]
    if under_way:
        return f"Runs on it are still under way ({', '.join(under_way)}): wait for the plan, then run this job again."
    if not runs:
        return "No workflow ran on its last commit: see that the plan's workflow starts on `pull_request`."
    return "The plan of its last commit failed or was cancelled: see its run, and plan again in a new request."
