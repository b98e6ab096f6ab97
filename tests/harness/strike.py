"""Strikes a process at one of the moments of its work, with a signal: right before or right after it writes anything.

Runs inside the process, before the command line does. Moments are counted from 1: every request that writes to
TikTok, every file moved into place or removed, every object put into a bucket or removed, each before and after.
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import httpx
import obstore

P = ParamSpec("P")
R = TypeVar("R")

AT = int(os.environ["STRIKE_AT"])
SIGNAL = signal.Signals[os.environ["STRIKE_WITH"]]
moments: list[str] = []


def moment(what: str) -> None:
    """Live on, or be struck."""
    moments.append(what)
    if len(moments) == AT:
        os.kill(os.getpid(), SIGNAL)


def struck(what: str, write: Callable[P, R]) -> Callable[P, R]:
    """Return a write with a moment before and one after."""

    def written(*args: P.args, **kwargs: P.kwargs) -> R:
        moment(f"before {what}")
        result = write(*args, **kwargs)
        moment(f"after {what}")
        return result

    return written


_unlink = Path.unlink
_removed = struck("a file is removed", _unlink)


def unlinked(self: Path, missing_ok: bool = False) -> None:
    """Remove a file; where there is none nothing is written."""
    (_removed if self.exists() else _unlink)(self, missing_ok=missing_ok)


_send = httpx.AsyncHTTPTransport.handle_async_request


async def _sent(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
    if request.method != "POST":
        return await _send(self, request)
    moment(f"before POST {request.url.path}")
    response = await _send(self, request)
    await response.aread()
    moment(f"after POST {request.url.path}")
    return response


httpx.AsyncHTTPTransport.handle_async_request = _sent  # type: ignore[method-assign]  # the point of it
Path.replace = struck("a file moves into place", Path.replace)  # type: ignore[method-assign]  # likewise
Path.unlink = unlinked  # type: ignore[method-assign]  # likewise
obstore.put = struck("an object is put", obstore.put)
obstore.delete = struck("an object is removed", obstore.delete)


def at_end() -> None:
    """Tell the moments there were, where nobody was struck."""
    Path(os.environ["STRIKE_MOMENTS"]).write_text("\n".join(moments))
