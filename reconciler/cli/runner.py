"""GitHub's runner reads what a step prints, and takes some of it for commands: a name must never become one.

A line that begins with ``::name`` is a command, and so is ``##[name]`` anywhere in a line. Source: GitHub Docs,
"Workflow commands for GitHub Actions", and the older form that its runner still takes.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, TextIO, cast

if TYPE_CHECKING:
    from re import Match

_COMMAND: Final = re.compile(r"(?m)^(?P<indent>[^\S\n]*):(?=:)|#(?=#\[)")


def is_listening() -> bool:
    """Whether this runs in GitHub Actions, or in something that behaves like it."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def harmless(text: str) -> str:
    r"""Return `text` with its commands spelled out where the runner listens: ``\x23#[`` for ``##[``."""
    return _COMMAND.sub(_spelled, text) if is_listening() else text


def harmless_json(text: str) -> str:
    r"""Return JSON that means the same, with ``\u0023`` where a text in it would be a command."""
    return text.replace("##[", "\\u0023#[") if is_listening() else text


def guarded(stream: TextIO) -> TextIO:
    """Return a stream that passes on what is written to it, harmless."""
    return cast("TextIO", _Guarded(stream)) if is_listening() else stream


class _Guarded:
    """A stream in everything but what is written to it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write `text`, harmless."""
        return self._stream.write(harmless(text))

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def _spelled(found: Match[str]) -> str:
    return f"{found['indent']}\\x3a" if found["indent"] is not None else "\\x23"
