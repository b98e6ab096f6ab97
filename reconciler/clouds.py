"""The clouds that keep objects: their credentials, from the usual places, and what they mean when they refuse."""

from __future__ import annotations

import html
import importlib
import importlib.util
import os
import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from obstore.store import S3CredentialProvider


@dataclass(frozen=True, slots=True)
class Cloud:
    """Whoever keeps objects.

    Attributes:
        name: For people.
        credentials: Where its credentials come from, for people.
        extra: The optional dependency of this package that reaches it.
    """

    name: str
    credentials: str
    extra: str


CLOUDS: Final = {
    "s3": Cloud(
        "S3",
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile; AWS_REGION names the bucket's region",
        "s3",
    ),
    "gs": Cloud(
        "Google Cloud Storage",
        "GOOGLE_APPLICATION_CREDENTIALS, or gcloud auth application-default login",
        "gcs",
    ),
    "az": Cloud(
        "Azure",
        "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or az login with AZURE_USE_AZURE_CLI=true",
        "azure",
    ),
}
"""By the scheme of their URLs."""


class Trouble(Enum):
    """What a refusal comes down to."""

    NO_BUCKET = auto()
    NO_CREDENTIALS = auto()
    DENIED = auto()
    CLOCK = auto()
    REGION = auto()
    NO_ANSWER = auto()


_NO_IDENTITY: Final = re.compile(
    r"latest/api/token|latest/meta-data|computeMetadata|metadata\.google|metadata/identity|169\.254\.169\.254"
)
"""Where obstore asks last: the machine it runs on, which has no identity to give."""
_SIGNS: Final = (
    (Trouble.NO_BUCKET, re.compile(r"NoSuchBucket|ContainerNotFound")),
    (Trouble.NO_CREDENTIALS, _NO_IDENTITY),
    (Trouble.CLOCK, re.compile(r"RequestTimeTooSkewed|RequestExpired|Request date header too old")),
    (Trouble.REGION, re.compile(r"PermanentRedirect|AuthorizationHeaderMalformed|incorrectly configured region")),
    (Trouble.DENIED, re.compile(r"403 Forbidden|401 Unauthorized|AccessDenied|InvalidAccessKeyId")),
    (Trouble.NO_CREDENTIALS, re.compile(r"[Cc]redential|Account must be specified|Invalid Access Key")),
)
_ANSWER: Final = re.compile(
    r"<Code>\s*(?P<code>[^<]{1,80}?)\s*</Code>.*?<Message>\s*(?P<message>[^<]+?)\s*</Message>", re.DOTALL
)


class NoCredentialsError(Exception):
    """There are no credentials, as far as can be told without asking the cloud."""


def trouble_of(said: str, without: Iterable[str] = ()) -> Trouble:
    """Return what an error of obstore comes down to.

    Args:
        said: Its text.
        without: Names in it that may hold any words, and mean nothing by them: keys, folders.
    """
    for each in without:
        said = said.replace(each, "") if each else said
    return next((trouble for trouble, sign in _SIGNS if sign.search(said)), Trouble.NO_ANSWER)


def own_words(said: str) -> str | None:
    """Return what the cloud itself says in an error of obstore: its code and message alone, on one line.

    The rest of such an answer repeats keys, signatures and what was signed, and is never shown.
    """
    found = _ANSWER.search(said)
    if found is None:
        return None
    message = html.unescape(found["message"]).splitlines()[0]
    words = f"{html.unescape(found['code'])}: {message}"
    return "".join(each if each.isprintable() else " " for each in words)[:300]


def aws_credentials(profile: str | None = None) -> S3CredentialProvider | None:
    """Return what gives obstore the credentials that it does not find itself: those of the AWS command line.

    That is profiles, single sign-on and assumed roles, through boto3. None where obstore finds them itself, in the
    environment.

    Args:
        profile: The profile to take; by default AWS_PROFILE, or the one called ``default``.

    Raises:
        NoCredentialsError: There are none anywhere.
    """
    if profile is None and ("AWS_ACCESS_KEY_ID" in os.environ or "AWS_SKIP_SIGNATURE" in os.environ):
        return None
    if importlib.util.find_spec("boto3") is None:
        if profile is not None:
            raise NoCredentialsError("boto3, which reads profiles, is not installed")
        return None
    boto3, refusals = importlib.import_module("boto3"), importlib.import_module("botocore.exceptions")
    try:
        session = boto3.Session(profile_name=profile)
        found = session.get_credentials()
    except refusals.BotoCoreError as refusal:
        raise NoCredentialsError(str(refusal)) from None
    if found is None:
        raise NoCredentialsError
    provider: S3CredentialProvider = importlib.import_module("obstore.auth.boto3").Boto3CredentialProvider(session)
    return provider


def allows_http(endpoint: str | None = None) -> bool:
    """Return whether somebody points a cloud's tools at a server of their own, without TLS.

    Args:
        endpoint: Where to; by default the environment says.
    """
    if endpoint is not None:
        return endpoint.startswith("http://")
    names = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AZURE_STORAGE_ENDPOINT", "GOOGLE_BASE_URL")
    return any(os.environ.get(name, "").startswith("http://") for name in names)
