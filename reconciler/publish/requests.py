"""Which pull or merge request a commit is the work of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.publish.errors import NoRequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.publish.model import Forge, Request


async def request_of(forge: Forge, commit: str) -> Request:
    """Return the request that `commit` is the work of.

    Raises:
        NoRequestError: It is of none, or of several and became the work of none of them.
        ForgeError: They cannot be read.
    """
    if not commit:
        raise NoRequestError("this run names no commit to find its request by", hint="Name one with --request NUMBER.")
    return chosen(await forge.requests_of(commit), commit)


def chosen(requests: Sequence[Request], commit: str) -> Request:
    """Return the one of `requests` that landed as `commit`; else the only merged one; else the only one.

    Raises:
        NoRequestError: There is none such.
    """
    for candidates in (
        [each for each in requests if each.merged and commit in each.landed_as],
        [each for each in requests if each.merged],
        list(requests),
    ):
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            numbers = ", ".join(str(each.number) for each in candidates)
            raise NoRequestError(
                f"commit {commit} belongs to several requests: {numbers}", hint="Name the right one with --request."
            )
    raise NoRequestError(
        f"commit {commit} belongs to no pull or merge request",
        hint="It was pushed without one. Name a request with --request, or change the files through one.",
    )
