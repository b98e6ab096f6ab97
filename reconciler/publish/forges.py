"""Opens the forge that a run belongs to."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from reconciler.publish import github, gitlab
from reconciler.publish.errors import OutsiderError, PermissionRefusedError
from reconciler.publish.surroundings import ForgeKind
from reconciler.publish.wire import Wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from reconciler.publish.model import Forge
    from reconciler.publish.surroundings import Surroundings


@asynccontextmanager
async def opened(around: Surroundings) -> AsyncIterator[Forge]:
    """Open the repository on its forge.

    Raises:
        UnreachableForgeError: Its address is none.
        OutsiderError: In place of a PermissionRefusedError within the block, for a request from outside.
    """
    try:
        if around.kind is ForgeKind.GITLAB:
            async with Wire(gitlab.address(around.api_url), around.token) as wire:
                yield gitlab.GitLab(wire, around.repository, around.web_url)
        else:
            async with opened_github(around) as repository:
                yield repository
    except PermissionRefusedError as refused:
        if not around.from_outside:
            raise
        raise OutsiderError(
            "this request comes from a fork or from Dependabot, whose runs may not post",
            hint="Its report is in the summary of the run. Push the branch to the repository itself to have it posted.",
        ) from refused


@asynccontextmanager
async def opened_github(around: Surroundings) -> AsyncIterator[github.GitHub]:
    """Open the repository on GitHub; raises UnreachableForgeError where its address is none."""
    async with Wire(github.address(around.api_url), around.token) as wire:
        yield github.GitHub(wire, around.repository)
