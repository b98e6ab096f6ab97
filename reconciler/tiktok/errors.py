"""What can go wrong between here and TikTok, each with what a person does about it.

The codes and their meanings: Marketing API v1.3, return codes. `refusal` holds the one table from code to class.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_QUOTE = 500
"""Characters of TikTok's own words that a message repeats."""


class TikTokError(ReconcilerError):
    """TikTok did not do what it was asked. Base of every error of this package, and the class of unknown codes.

    Attributes:
        said: TikTok's own words, or the reason there are none.
        code: TikTok's return code; None where no answer was understood.
        request_id: What TikTok's support asks for; None where there was none.
        path: The endpoint, relative to the base URL: ``dmp/custom_audience/list/``; empty before any call.
        advertiser_id: The account the call was for, where it was for one.
        outlasted: Whether it was still so when all the patience for one call was spent; set by whoever gave up.
    """

    headline: ClassVar[str] = "TikTok refused {call}"
    way_out: ClassVar[str] = (
        "This tool does not know this code: look it up in TikTok's list of return codes, "
        "and give TikTok's support the request id."
    )

    def __init__(
        self,
        said: str,
        *,
        code: int | None = None,
        request_id: str | None = None,
        path: str = "",
        advertiser_id: str | None = None,
    ) -> None:
        self.said = quotable(said)
        self.code = code
        self.request_id = request_id
        self.path = path
        self.advertiser_id = advertiser_id
        self.outlasted = False
        account = f"advertiser {advertiser_id}" if advertiser_id else "the advertiser"
        super().__init__(self._sentence(), hint=self.way_out.format(account=account))

    def _sentence(self) -> str:
        if not self.path:
            return self.said[0].upper() + self.said[1:]
        call = self.path + (f" for advertiser {self.advertiser_id}" if self.advertiser_id else "")
        reference = f" (code {self.code}, request {self.request_id or 'unknown'})" if self.code is not None else ""
        return f"{self.headline.format(call=call)}: {self.said}{reference}"


class InvalidRequestError(TikTokError):
    """A parameter is wrong, an object is missing, or there are too many ids. Repeating it changes nothing."""

    way_out = "Change what TikTok's message names, or check that the object it names still exists on {account}."


class NotEditableError(InvalidRequestError):
    """The audience cannot be changed now: still processing, or created with fewer than 1,000 matches."""

    way_out = (
        "TikTok edits no audience that is still processing, nor one created with fewer than 1,000 matches: "
        "wait some hours and run again, or replace it."
    )


class InUseError(InvalidRequestError):
    """A delete refused because something still uses the audience."""

    way_out = (
        "Take the audience out of every ad group, saved audience and Lookalike of {account} that uses it, "
        "then run again."
    )


class PermissionDeniedError(TikTokError):
    """The token's person, its scopes or the account's allow-list do not permit the call."""

    way_out = (
        "Reading and writing audiences needs the role Operator or Admin on {account}, a token with the scope for "
        "audiences (30 to read, 31 to write), and for streaming TikTok's approval of the app. Ask an Admin of the "
        "account, or your TikTok account manager."
    )


class CredentialError(TikTokError):
    """The token is missing, wrong, expired or for other advertisers, or its developer app is unknown or blocked."""

    way_out = (
        "Log in again (`reconciler auth login`), or set TIKTOK_ACCESS_TOKEN to a living token that may act for "
        "{account}."
    )


class AuthCodeError(TikTokError):
    """The code of a login was used before, has expired, or is none."""

    headline = "TikTok does not take the code of this login at {call}"
    way_out = "A code lives for an hour and works once: run `reconciler auth login` again, and confirm at TikTok anew."


class AppSecretError(TikTokError):
    """The secret is not that of the developer app."""

    headline = "The app's secret does not match its id at {call}"
    way_out = (
        "Compare TIKTOK_APP_ID and TIKTOK_APP_SECRET with the app's page in TikTok's developer portal; a secret that "
        "was renewed there makes the old one worthless."
    )


class UnknownAppError(CredentialError):
    """There is no such developer app, or TikTok has blocked it."""

    headline = "TikTok does not know the developer app at {call}"
    way_out = "Compare TIKTOK_APP_ID with the page of the app in TikTok's developer portal; it must be approved there."


class RateLimitedError(TikTokError):
    """Too many calls: more than the app, a field or the advertiser is allowed, for longer than was waited."""

    way_out = (
        "Something else is using the same developer app's allowance, or the daily one is spent (it returns at "
        "00:00 UTC): wait, or set the rate tier that TikTok granted the app."
    )

    @property
    def concerns_app(self) -> bool:
        """Whether it holds for the whole developer app, and not for one field or one advertiser."""
        return self.code in APP_RATE_CODES


class WriteConflictError(TikTokError):
    """Someone else was writing the same object, for longer than was waited. Nothing was done."""

    way_out = "Another tool or person is changing the same object: wait until it is done, then run again."


class NotReadyError(TikTokError):
    """A task at TikTok has not ended yet."""

    way_out = "TikTok is still working on it: run again in a few minutes."


class FileRefusedError(TikTokError):
    """A customer file is missing, empty, too large, of a wrong type, or its upload has expired."""

    way_out = "Upload the file again; if TikTok's message names its size or type, change that first."

    @property
    def has_expired(self) -> bool:
        """Whether the file was there too long without being used, and only has to be uploaded again."""
        return self.code == FILE_EXPIRED


class CalculateTypeError(TikTokError):
    """An audience takes other files than these: its calculate type is settled when it is made, for good."""

    headline = "The files do not fit the audience, so nothing was sent to {call}"
    way_out = (
        "An audience keeps the identities and the hash that it was made with: declare those, or declare it under "
        "another key and name, so that a new audience is made."
    )


class UnhashedError(TikTokError):
    """Identifiers were not hashed. Nothing raw may ever be sent, so this is a defect, here or in the source."""

    headline = "Identifiers are not hashed in {call}"
    way_out = (
        "Stop: check which columns the source calls `hashed`. Where they are right, report this as a defect, "
        "without the identifiers."
    )


class PartialSuccessError(TikTokError):
    """TikTok did one part and not the other; `said` names which, as far as TikTok does.

    Attributes:
        part: The answer's payload, whose shape differs from endpoint to endpoint.
    """

    headline = "TikTok did only a part of {call}"
    way_out = "Run again: what is done already stays done, and the plan shows what is missing."

    def __init__(
        self,
        said: str,
        *,
        part: Mapping[str, object],
        code: int | None = None,
        request_id: str | None = None,
        path: str = "",
        advertiser_id: str | None = None,
    ) -> None:
        self.part = part
        failed = "; ".join(f"{name}: {value}" for name, value in part.items() if value not in (None, "", [], {}))
        said = f"{said}; {failed}" if failed else said
        super().__init__(said, code=code, request_id=request_id, path=path, advertiser_id=advertiser_id)


class ServiceFaultError(TikTokError):
    """TikTok's own fault: an internal error, maintenance, overload."""

    headline = "TikTok failed at {call}"
    way_out = "Nothing is wrong on this side: run again later; if it stays, give TikTok's support the request id."


class UnreachableError(TikTokError):
    """No answer: the name does not resolve, nobody listens, TLS fails, the connection broke, or it took too long.

    Attributes:
        passing: False where trying again cannot help: a host that does not exist, a certificate that does not verify.
    """

    headline = "TikTok cannot be reached for {call}"
    way_out = "Check the network, the proxy settings (HTTPS_PROXY) and TIKTOK_BASE_URL."

    def __init__(self, said: str, *, passing: bool = True, path: str = "", advertiser_id: str | None = None) -> None:
        super().__init__(said, path=path, advertiser_id=advertiser_id)
        self.passing = passing


class UnreadableAnswerError(TikTokError):
    """An answer that is none: a redirect, a web page, broken JSON, or JSON of another shape than documented.

    Attributes:
        passing: False where trying again cannot help, such as an endpoint that is not there.
    """

    headline = "No readable answer to {call}"
    way_out = (
        "Check that TIKTOK_BASE_URL is an API's address, ending in /open_api/v1.3, and that no proxy or login page "
        "stands in between."
    )

    def __init__(
        self,
        said: str,
        *,
        passing: bool = True,
        code: int | None = None,
        request_id: str | None = None,
        path: str = "",
        advertiser_id: str | None = None,
    ) -> None:
        super().__init__(said, code=code, request_id=request_id, path=path, advertiser_id=advertiser_id)
        self.passing = passing


class UncertainWriteError(TikTokError):
    """A write that must not be repeated may have happened or not. List what there is before writing again."""

    headline = "Nobody can tell whether {call} happened"
    way_out = "Run again: the next run first lists what is on TikTok, and goes on from there."


def refusal(
    said: str,
    *,
    code: int,
    request_id: str | None,
    path: str,
    advertiser_id: str | None,
    part: Mapping[str, object],
) -> TikTokError:
    """Return the error that an answer with a `code` other than 0 stands for.

    Args:
        said: The answer's message.
        code: The answer's code.
        request_id: The answer's request id.
        path: The endpoint that answered.
        advertiser_id: The account the call was for, where it was for one.
        part: The answer's payload, which only a partial success has a use for.
    """
    if code == PARTIAL_SUCCESS:
        return PartialSuccessError(
            said, part=part, code=code, request_id=request_id, path=path, advertiser_id=advertiser_id
        )
    kind = _class_of(code)
    if kind in (InvalidRequestError, TikTokError):
        kind = _told_by_words(kind, said, path)
    return kind(said, code=code, request_id=request_id, path=path, advertiser_id=advertiser_id)


def concerns_account(refused: PermissionDeniedError | CredentialError) -> bool:
    """Whether a token was refused for one account only, and is good for others."""
    return isinstance(refused, PermissionDeniedError) or refused.code == USER_NOT_VALID


PARTIAL_SUCCESS = 20001
USER_NOT_VALID = 40106
"""The token's person is not valid for the advertiser; 40001 says the same (Marketing API v1.3, return codes)."""

FILE_EXPIRED = 40910
APP_RATE_CODES = frozenset({40100, 40016})
"""Rate refusals that concern the whole developer app, not one field or one advertiser."""

_CLASSES: Mapping[int, type[TikTokError]] = {
    **dict.fromkeys((40000, 40002, 40007, 40011, 40700), InvalidRequestError),
    **dict.fromkeys((40001, 40003, 40117, 40118, 40130, 40301), PermissionDeniedError),
    **dict.fromkeys((40100, 40016, 40132, 40133), RateLimitedError),
    **dict.fromkeys((40102, 40104, 40105, 40106), CredentialError),
    40101: AppSecretError,
    40110: AuthCodeError,
    40113: UnknownAppError,
    40202: WriteConflictError,
    40201: NotReadyError,
    **dict.fromkeys(range(40905, 40911), FileRefusedError),
    40062: UnhashedError,
    **dict.fromkeys((60001, 61000), ServiceFaultError),
}
_SERVICE_FAULTS = range(50000, 53000)

_NOT_EDITABLE = re.compile(r"\bnot editable\b", re.IGNORECASE)
_IN_USE = re.compile(
    r"\b(in use|(being|is|are|been) (currently )?used|used (by|in)|ad ?groups?|associated)\b", re.IGNORECASE
)


def _class_of(code: int) -> type[TikTokError]:
    if code in _SERVICE_FAULTS:
        return ServiceFaultError
    return _CLASSES.get(code, TikTokError)


def _told_by_words(kind: type[TikTokError], said: str, path: str) -> type[TikTokError]:
    """Return the narrower class that only TikTok's words tell apart: it has no code of its own for these."""
    if _NOT_EDITABLE.search(said):
        return NotEditableError
    if path.endswith("/delete/") and _IN_USE.search(said):
        return InUseError
    return kind


def quotable(said: str) -> str:
    """Return `said` on one line, without control characters that a terminal would obey, and not endless."""
    line = "".join(each if each.isprintable() else " " for each in said)
    line = " ".join(line.split()) or "no reason given"
    return line if len(line) <= LONGEST_QUOTE else f"{line[: LONGEST_QUOTE - 1]}…"
