"""What can go wrong between a CI run and its forge, each with what a person does about it."""

from __future__ import annotations

from typing import ClassVar

from reconciler.errors import ReconcilerError

LONGEST_QUOTE = 300
"""Characters of a forge's own words that a message repeats."""


class PublishError(ReconcilerError):
    """A report was not posted, or what was looked for is not there. Base of every error of this package."""


class UnknownSurroundingsError(PublishError):
    """The environment does not say which forge, repository or token to use, or says it wrongly."""


class NoTokenError(UnknownSurroundingsError):
    """There is no token to post with."""


class OutsiderError(PublishError):
    """The request comes from a fork or from Dependabot, whose runs may not post."""


class InvalidKeyError(PublishError):
    """A key holds what a marker cannot."""


class UnpostableError(PublishError):
    """The report is empty, or longer than the forge takes."""


class NoRequestError(PublishError):
    """The run belongs to no pull or merge request, or to several."""


class NoArtifactError(PublishError):
    """No run left the artifact, or it is there no longer."""


class ForgeError(PublishError):
    """The forge did not do what it was asked. Base of every error that an exchange with it can end in.

    Attributes:
        forge: Its name: GitHub, GitLab.
        call: What it was asked: ``POST repos/acme/ads/issues/7/comments``.
        said: Its own words, or why there are none.
    """

    headline: ClassVar[str] = "{forge} refused {call}"
    way_out: ClassVar[str] = "Change what {forge} names, then run again."

    def __init__(self, forge: str, call: str, said: str, *, hint: str | None = None) -> None:
        self.forge = forge
        self.call = call
        self.said = _quotable(said)
        headline = self.headline.format(forge=forge, call=call)
        super().__init__(f"{headline}: {self.said}", hint=hint or self.way_out.format(forge=forge))


class CredentialRefusedError(ForgeError):
    """The forge does not know the token: it is wrong, expired or revoked."""

    headline = "{forge} does not accept the token ({call})"
    way_out = "Give this run a token that is valid now. A token that CI makes is valid for its own job only."


class PermissionRefusedError(ForgeError):
    """The forge knows the token and does not let it do this."""

    headline = "The token may not do this: {call}"


class NotThereError(ForgeError):
    """The forge knows no such thing, or does not show it to this token."""

    headline = "{forge} finds nothing at {call}"
    way_out = "Check the repository and the number. {forge} also answers so where the token may not see them."


class ThrottledError(ForgeError):
    """Too many calls, for longer than was waited. Nothing was done.

    Attributes:
        wait_seconds: How long the forge asked to wait; None where it did not say.
    """

    headline = "{forge} asks to slow down ({call})"
    way_out = "Something else is using up what {forge} allows this token: wait some minutes, then run again."

    def __init__(self, forge: str, call: str, said: str, *, wait_seconds: float | None) -> None:
        super().__init__(forge, call, said)
        self.wait_seconds = wait_seconds


class ForgeFaultError(ForgeError):
    """The forge failed on its own, for longer than was waited."""

    headline = "{forge} failed at {call}"
    way_out = "That is a fault on {forge}'s side: run again later."


class UnreachableForgeError(ForgeError):
    """The request did not arrive.

    Attributes:
        passing: Whether another attempt may end otherwise.
    """

    headline = "{forge} cannot be reached ({call})"
    way_out = "Check the address of its API, the network and the proxy settings of this run."

    def __init__(self, forge: str, call: str, said: str, *, passing: bool) -> None:
        super().__init__(forge, call, said)
        self.passing = passing


class BrokenOffError(ForgeError):
    """The connection ended after the request had begun to leave: nobody knows how far it got."""

    headline = "{forge} did not answer {call}"
    way_out = "Run again: what was posted already is found and updated."


class UnreadableReplyError(ForgeError):
    """The answer is not what the forge's API answers."""

    headline = "What answers {call} does not speak as {forge} does"
    way_out = "Check that the address is that of {forge}'s API, and that no proxy or login page answers in its place."


class UncertainPostError(ForgeError):
    """Something was to be made, and may have been or not."""

    headline = "It is not known whether {forge} did {call}"
    way_out = "Run again: what was posted already is found and updated."


def _quotable(said: str) -> str:
    """Return a forge's words as one line of bearable length."""
    line = " ".join(said.split()) or "without a reason"
    return line if len(line) <= LONGEST_QUOTE else f"{line[:LONGEST_QUOTE]}…"
