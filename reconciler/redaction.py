"""Strikes out of any text what must not be told: secrets this process holds, credentials by their look, people's ids.

For words that others chose: libraries that log requests, drivers that quote rows, servers that repeat what they were
sent. Nothing of this tool tells a secret; this is what holds where somebody else does.
"""

from __future__ import annotations

import base64
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus

from reconciler.secret import values_alive

if TYPE_CHECKING:
    from collections.abc import Iterable

STRUCK: Final = "***"

SHORTEST_SECRET: Final = 8
"""Characters. Anything shorter is nobody's token or secret, and striking it out would only tear words apart."""

_HEADERS: Final = (
    "access-token", "proxy-authorization", "authorization", "x-amz-security-token", "x-goog-api-key",
    "private-token", "job-token", "set-cookie", "cookie",
)  # fmt: skip
"""Headers whose value is a credential, up to the end of the line or of the quotes it stands in."""

_FIELDS: Final = (
    "access_token", "refresh_token", "id_token", "session_token", "app_secret", "client_secret", "auth_code",
    "authcode", "secret_access_key", "aws_secret_access_key", "aws_session_token", "account_key", "accountkey",
    "shared_access_key", "sharedaccesskey", "sas_token", "sharedaccesssignature", "private_key", "api_key", "apikey",
    "password", "passwd", "pwd", "passphrase", "sig", "signature", "x-amz-signature", "x-amz-credential",
    "x-amz-security-token", "x-goog-signature", "x-goog-credential", "googleaccessid", "awsaccesskeyid",
    "aws_access_key_id",
)  # fmt: skip
"""Fields of URLs, forms, JSON and connection strings whose value is a credential or half of one."""

_KEPT: Final = r"(?!\$\{|\*\*\*)"
"""What a person is told to write, ``access_token: ${NAME}``, is no credential."""

_PATTERNS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE | flags), replacement)
    for pattern, replacement, flags in (
        (
            (
                rf"(?<![\w-])({'|'.join(_HEADERS)})((?:['\"]?\s{{0,4}}[:=]|['\"]\s{{0,4}},)\s{{0,4}}(?:b(?=['\"]))?)"
                rf"(?:(['\"]){_KEPT}.*?(?:\3|$)|{_KEPT}[^\s'\"][^\r\n'\"]*)"
            ),
            rf"\1\2{STRUCK}",
            re.MULTILINE,
        ),
        (
            (
                rf"(?<![a-z0-9])({'|'.join(_FIELDS)})(\\?['\"]?\s{{0,4}}[:=]\s{{0,4}}(?:b(?=['\"]))?\\?['\"]?)"
                rf"{_KEPT}[^\s&'\",;<>\\)\]}}]+"
            ),
            rf"\1\2{STRUCK}",
            0,
        ),
        (r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)", STRUCK, re.DOTALL),
        (r"(?<=://)[^\s/@'\"]{1,512}@", f"{STRUCK}@", 0),
        (r"\b(bearer|basic)\s+[\w.~+/-]{8,}=*", rf"\1 {STRUCK}", 0),
        (r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b", STRUCK, 0),
        (r"\bAIza[\w-]{35}", STRUCK, 0),
        (r"\bya29\.[\w-]+", STRUCK, 0),
        (r"\b(?:gh[pousr]_|github_pat_|glpat-)\w{16,}", STRUCK, 0),
    )
)

_PEOPLE: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}", "<e-mail>"),
        (r"(?<![0-9a-f])[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}(?![0-9a-f])", "<device id>"),
        (r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", "<hash>"),
        (r"(?<![\w.])\+\d[\d ().-]{6,18}\d", "<phone>"),
        (r"(?<![\w.-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w.-])", "<phone>"),
        (r"(?<![\w.-])\d{10,15}(?![\w-])", "<number>"),
    )
)
"""How identifiers of people look: devices, plain and hashed, e-mail addresses, phone numbers."""


def strike(text: str, *, of_people: bool = False) -> str:
    """Return `text` without secrets.

    Args:
        text: Anything.
        of_people: Whether to strike what looks like an identifier of a person as well: for the words of others, whose
            ids of requests and objects nobody here will miss.
    """
    text = without_secrets(text)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    if of_people:
        for pattern, replacement in _PEOPLE:
            text = pattern.sub(replacement, text)
    return text


def without_secrets(text: str) -> str:
    """Return `text` without the secrets that this process holds: for our own words, which may quote others'."""
    return without(text, set(values_alive()))


def without(text: str, secrets: Iterable[str]) -> str:
    """Return `text` without any of `secrets`, however they are spelled in it."""
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            for spelled in spellings(secret):
                text = text.replace(spelled, STRUCK)
    return text


@lru_cache(maxsize=1024)
def spellings(secret: str) -> tuple[str, ...]:
    """Return the ways in which `secret` may stand in a text, longest first where one holds another.

    Plain, percent-encoded (either case, with and without slashes kept), escaped as in JSON and in Python's `repr`, in
    hexadecimal, and inside base64 of either alphabet, wherever in it the secret begins.
    """
    raw = secret.encode("utf-8", "surrogatepass")
    found = {secret, repr(secret)[1:-1], raw.hex(), raw.hex().upper()}
    for encoded in (quote(raw, safe=""), quote(raw), quote_plus(raw), "".join(f"%{each:02X}" for each in raw)):
        found |= {encoded, re.sub("%[0-9A-F]{2}", lambda each: each[0].lower(), encoded)}
    for plain_ascii in (True, False):
        escaped = json.dumps(secret, ensure_ascii=plain_ascii)[1:-1]
        found |= {escaped, escaped.replace("/", "\\/")}
    for skipped in range(3):
        whole = base64.b64encode(b"\0" * skipped + raw).decode()
        # A digit stands for six bits: those that hold no bit of what is before or after are the secret's alone.
        inner = whole[-(-skipped * 8 // 6) : (skipped + len(raw)) * 8 // 6]
        found |= {inner, inner.translate(str.maketrans("+/", "-_"))}
    return tuple(sorted(found, key=len, reverse=True))
