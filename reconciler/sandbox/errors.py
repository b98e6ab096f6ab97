"""What goes wrong around the local TikTok itself. What it answers over HTTP is in `envelope`."""

from __future__ import annotations


class SandboxError(Exception):
    """The local TikTok cannot do what it was asked to.

    It stands apart from the rest of the package, so it has an error of its own; the command line shows it
    the way it shows every other.

    Args:
        message: What happened, in one sentence that names the thing it happened to.
        hint: The way out.
    """

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
