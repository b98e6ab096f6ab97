"""URLs of places in buckets: ``s3://bucket/folder?region=eu-west-1``. Nothing secret belongs into one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES: Final = {
    "s3": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]"),
    "gs": re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"),
    "az": re.compile(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"),
}
"""Buckets of S3 (older, longer names too) and Google Cloud Storage, containers of Azure, by their vendors' rules."""

BUCKET_SCHEMES: Final = frozenset(_NAMES)

_SEGMENT: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_.=+@-]+")
_WORD: Final = re.compile(r"[A-Za-z0-9_.@+-]+")
_OPTIONS: Final[Mapping[str, Mapping[str, re.Pattern[str] | None]]] = {
    "s3": {
        "region": _WORD,
        "endpoint": None,
        "profile": re.compile(r"[A-Za-z0-9_.@+/ -]+"),
        "sse": re.compile(r"AES256|aws:kms|aws:kms:dsse"),
        "kms_key_id": re.compile(r"[A-Za-z0-9:/_-]+"),
        "bucket_key": re.compile(r"true|false"),
    },
    "gs": {"endpoint": None},
    "az": {"account": re.compile(r"[a-z0-9]{3,24}"), "endpoint": None},
}
"""What each option may hold; None for a URL."""


class BucketUrlError(ReconcilerError):
    """A URL does not name a place in a bucket. No part of it is shown that may hold a credential."""


@dataclass(frozen=True, slots=True)
class BucketUrl:
    """A place in a bucket.

    Attributes:
        scheme: ``s3``, ``gs`` or ``az``.
        bucket: The bucket; Azure calls it a container.
        prefix: What the names of all objects begin with, without a slash at either end; may be empty.
        options: How to reach it and how objects are encrypted there, by their names in the URL.
    """

    scheme: str
    bucket: str
    prefix: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.scheme}://{'/'.join(filter(None, (self.bucket, self.prefix)))}"

    @classmethod
    def parse(cls, written: str) -> BucketUrl:
        """Take a URL apart.

        Raises:
            BucketUrlError: It is none, or has an option that is not known.
        """
        scheme, _, rest = written.partition("://")
        scheme = scheme.lower()
        place, _, query = rest.partition("?")
        bucket, _, prefix = place.partition("/")
        if _NAMES[scheme].fullmatch(bucket) is None:
            raise BucketUrlError(
                f"the {scheme}:// URL does not name {'a container' if scheme == 'az' else 'a bucket'}",
                hint=f"Write {scheme}://name/folder. Credentials have no place in it: they come from the environment.",
            )
        prefix = prefix.removesuffix("/")
        if prefix and not all(map(_SEGMENT.fullmatch, prefix.split("/"))):
            raise BucketUrlError(
                f"the folder of the {scheme}:// URL cannot be used",
                hint="Its names hold letters, digits and _ . = + @ -, with one slash between them.",
            )
        return cls(scheme, bucket, prefix, _options(scheme, query))


def _options(scheme: str, query: str) -> dict[str, str]:
    known = _OPTIONS[scheme]
    all_of_them = f"The options of {scheme}:// are {', '.join(known)}."
    options: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True, separator="&"):
        if name not in known:
            shown = f' "{name}"' if _WORD.fullmatch(name) and len(name) <= 20 else ""
            raise BucketUrlError(f"the {scheme}:// URL has an unknown option{shown}", hint=all_of_them)
        if name in options:
            raise BucketUrlError(f"the {scheme}:// URL has the option {name} twice", hint="Leave one of them.")
        form = known[name]
        if not (_is_endpoint(value) if form is None else form.fullmatch(value)):
            raise BucketUrlError(f"the option {name} of the {scheme}:// URL cannot be used", hint=_hint(name))
        options[name] = value
    if "kms_key_id" in options and not options.get("sse", "").startswith("aws:kms"):
        raise BucketUrlError("the option kms_key_id needs another: sse=aws:kms", hint="Write both, or neither.")
    return options


def _hint(name: str) -> str:
    match name:
        case "endpoint":
            return "It is a URL without credentials: https://storage.example.com, or http://127.0.0.1:9000."
        case "sse":
            return "It is AES256, aws:kms or aws:kms:dsse."
        case "bucket_key":
            return "It is true or false."
        case _:
            return "It is a name, as the cloud shows it."


def _is_endpoint(value: str) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    without = not (parts.username or parts.password or parts.query or parts.fragment)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and without and value.isprintable()
