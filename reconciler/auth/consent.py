"""What goes with a request for a person's permission, and what comes back.

Source: Marketing API v1.3, authorization. What TikTok sends where a person cancels is not documented: an ``error``, as
OAuth 2 has it (RFC 6749, 4.1.2.1), and an answer without a code are both taken for a no.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

from reconciler.auth.errors import DeniedError, RedirectUriError, UnreadableRedirectError, WrongStateError
from reconciler.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

_STATE_BYTES: Final = 32
_MOST_FIELDS: Final = 20
_AROUND: Final = " \t\r\n\"'<>`"
"""What comes along when people copy an address out of a mail or a chat."""

_NAME_IT: Final = (
    "Name the one that is registered with the app in TikTok's developer portal, with --redirect-uri or "
    "TIKTOK_REDIRECT_URI."
)

LONGEST_ANSWER: Final = 8192
"""Characters. No address that TikTok sends people to comes near it."""

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
"""Hosts at which nobody but this machine is reached."""


def new_state() -> Secret:
    """Return what comes back with the answer to one request and with no other."""
    return Secret(secrets.token_urlsafe(_STATE_BYTES))


def require_address(redirect_uri: str) -> None:
    """Refuse what no browser can be sent to; raises RedirectUriError."""
    if not redirect_uri.isprintable():  # also what is not UTF-8; it is not repeated, since nobody could read it
        raise RedirectUriError("the redirect URI holds a sign that no address has", hint=_NAME_IT)
    try:
        parts = urlsplit(redirect_uri)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise _no_redirect(redirect_uri, str(error)) from error
    if parts.scheme not in {"http", "https"} or not named:
        raise _no_redirect(redirect_uri, "it has to begin with http:// or https:// and name a host")
    if parts.fragment:
        raise _no_redirect(redirect_uri, "it may not have a part after #")


def is_loopback(redirect_uri: str) -> bool:
    """Whether a browser that is sent there reaches this machine itself."""
    return urlsplit(redirect_uri).hostname in LOOPBACK


def read_answer(written: str, state: Secret) -> Secret:
    """Return the code in an answer.

    Args:
        written: The address TikTok sent the browser to, or its query, with or without the ``?``; line breaks in it,
            and blanks and quotes around it, are left out.
        state: The request's.

    Raises:
        WrongStateError: It answers another request, or none; nothing else of it is looked at.
        DeniedError: The person said no.
        UnreadableRedirectError: It is no answer.
    """
    fields = _fields(_query("".join(written.split()).strip(_AROUND)))
    # What a terminal could not decode comes as lone surrogates, which have no UTF-8 of their own.
    if not secrets.compare_digest(fields.get("state", "").encode(errors="replace"), state.reveal().encode()):
        raise WrongStateError
    code = fields.get("auth_code", "")
    if "error" in fields or not code:
        raise DeniedError
    if not code.isascii() or not code.isprintable():
        raise UnreadableRedirectError("its code holds signs that no code has")
    return Secret(code)


def _query(written: str) -> str:
    if not written:
        raise UnreadableRedirectError("it is empty")
    if len(written) > LONGEST_ANSWER:
        raise UnreadableRedirectError("it is far too long")
    address, _, query = written.partition("?")
    is_address = address.lower().startswith(("http://", "https://")) or "=" not in address
    return (query if is_address else written).partition("#")[0]


def _fields(query: str) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as error:  # also what is not UTF-8
        raise UnreadableRedirectError("its fields cannot be read") from error
    names = [name for name, _ in pairs]
    if any(names.count(each) > 1 for each in ("state", "auth_code", "error")):
        raise UnreadableRedirectError("it says something twice")
    return dict(pairs)


def _no_redirect(redirect_uri: str, why: str) -> RedirectUriError:
    return RedirectUriError(
        f'"{redirect_uri}" cannot be a redirect URI: {why}',
        hint=_NAME_IT,
    )
