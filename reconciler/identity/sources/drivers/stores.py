"""Objects on S3, Google Cloud Storage and Azure, by obstore."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import obstore
from obstore.exceptions import BaseError, NotFoundError, PermissionDeniedError, PreconditionError, UnauthenticatedError
from obstore.store import from_url

from reconciler.identity.errors import SourceError, SourceMissingError, SourceUnreadableError
from reconciler.identity.sources.drivers.model import is_installed, module
from reconciler.identity.sources.urls import RemoteFile, glob_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from obstore import GetOptions, ObjectMeta
    from obstore.store import ObjectStore

_MAGIC: Final = "*?["
_PATIENCE: Final = timedelta(seconds=30)
_FIRST_ANSWER: Final = timedelta(seconds=10)
"""For finding files: whoever has a typing error in a URL, or no credentials, is told before they look away."""
_CONNECT: Final = timedelta(seconds=5)
_NO_CREDENTIALS: Final = re.compile(
    r"latest/api/token|latest/meta-data|computeMetadata|metadata\.google|metadata/identity|[Cc]redential"
    r"|Account must be specified"
)
"""What obstore says where it has no credentials: that, or that the machine it runs on gives it none either."""
_CLOUDS: Final = {
    "s3": ("S3", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile; AWS_REGION names the bucket's region"),
    "gs": ("Google Cloud Storage", "GOOGLE_APPLICATION_CREDENTIALS, or gcloud auth application-default login"),
    "az": (
        "Azure",
        "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or az login with AZURE_USE_AZURE_CLI=true",
    ),
}
_SAME: Final = {"s3a": "s3", "gcs": "gs", "azure": "az", "abfs": "az", "abfss": "az"}


def find_objects(url: str) -> tuple[RemoteFile, ...]:
    """Return the object at `url`, or all that a glob matches, sorted.

    Raises:
        SourceError: There is none, or it may not be read.
    """
    place = _Place.of(url)
    with _explained(url, place.kind):
        options = _credentials(url, place.kind)
        asking, reading = _open(place, _FIRST_ANSWER, options), _open(place, _PATIENCE, options)
        if not any(each in place.key for each in _MAGIC):
            return (_file(reading, place, obstore.head(asking, place.key)),)
        matches = glob_pattern(place.key).fullmatch
        folder = place.key[: min(place.key.find(each) for each in _MAGIC if each in place.key)].rpartition("/")[0]
        listed = (meta for page in obstore.list(asking, prefix=folder or None) for meta in page)
        return tuple(
            sorted((_file(reading, place, meta) for meta in listed if matches(meta["path"])), key=lambda file: file.url)
        )


def check_reachable(url: str) -> None:
    """Check that what lies below `url` may be listed, so that a reader with more patience need not find out.

    Raises:
        SourceError: It may not, or nobody answers.
    """
    place = _Place.of(url)
    with _explained(url, place.kind):
        asking = _open(place, _FIRST_ANSWER, _credentials(url, place.kind))
        next(iter(obstore.list(asking, prefix=place.key, chunk_size=1)), None)


@dataclass(frozen=True, slots=True)
class _Place:
    """A URL in its parts: ``s3``, ``s3://bucket``, ``bucket``, ``folder/people.parquet``."""

    kind: str
    root: str
    bucket: str
    key: str

    @classmethod
    def of(cls, url: str) -> _Place:
        scheme, _, rest = url.partition("://")
        bucket, _, key = rest.partition("/")
        return cls(_SAME.get(scheme.lower(), scheme.lower()), f"{scheme}://{bucket}", bucket, key)


def _open(place: _Place, patience: timedelta, credentials: Mapping[str, Any]) -> ObjectStore:
    """Return a store that gives up on a request after `patience`; nothing is asked of it yet."""
    return from_url(
        f"{place.kind}://{place.bucket}",
        client_options={"connect_timeout": _CONNECT, "timeout": patience, "allow_http": _asks_for_http()},
        retry_config={"max_retries": 4, "retry_timeout": patience},
        **credentials,
    )


def _credentials(url: str, kind: str) -> dict[str, Any]:
    """Return what gives obstore the credentials that it does not find itself: the profiles of the AWS command line.

    Raises:
        SourceUnreadableError: There are none for S3 anywhere.
    """
    if kind != "s3" or "AWS_ACCESS_KEY_ID" in os.environ or "AWS_SKIP_SIGNATURE" in os.environ:
        return {}
    if not is_installed("boto3"):
        return {}
    session = module("boto3").Session()
    if session.get_credentials() is None:
        raise _without_credentials(url, kind)
    return {"credential_provider": module("obstore.auth.boto3").Boto3CredentialProvider(session)}


def _asks_for_http() -> bool:
    """Return whether somebody has pointed a cloud's tools at a server of their own, without TLS."""
    names = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AZURE_STORAGE_ENDPOINT", "GOOGLE_BASE_URL")
    return any(os.environ.get(name, "").startswith("http://") for name in names)


def _file(store: ObjectStore, place: _Place, meta: ObjectMeta) -> RemoteFile:
    path, tag = meta["path"], meta["e_tag"]
    url = f"{place.root}/{path}"
    version = tag or meta["last_modified"].isoformat()

    def read(start: int, length: int) -> bytes:
        with _explained(url, place.kind):
            wanted: GetOptions = {"range": (start, start + length)}
            wanted |= {"if_match": tag} if tag else {"if_unmodified_since": meta["last_modified"]}
            return obstore.get(store, path, options=wanted).bytes().to_bytes()

    return RemoteFile(url, meta["size"], version, meta["last_modified"].timestamp(), read)


@contextmanager
def _explained(url: str, kind: str) -> Iterator[None]:
    cloud, credentials = _CLOUDS[kind]
    try:
        yield
    except PreconditionError:
        raise SourceUnreadableError(f"{url} changed while it was read", hint="Run it again once it is whole.") from None
    except (PermissionDeniedError, UnauthenticatedError):
        raise SourceUnreadableError(
            f"{cloud} does not let {url} be read", hint=f"Credentials: {credentials}."
        ) from None
    except (NotFoundError, FileNotFoundError):
        raise SourceMissingError(
            f"there is no file {url}", hint="Check bucket and path; globs are understood."
        ) from None
    except BaseError as error:
        raise _told(str(error), url, kind) from None


def _told(said: str, url: str, kind: str) -> SourceError:
    cloud, credentials = _CLOUDS[kind]
    said = said.replace(_Place.of(url).key.partition("*")[0] or url, "")  # a path may hold the words looked for
    if "NoSuchBucket" in said or "ContainerNotFound" in said:
        return SourceMissingError(f"{cloud} has no bucket for {url}", hint="Check its name, and the region.")
    if any(each in said for each in ("403 Forbidden", "401 Unauthorized", "AccessDenied", "InvalidAccessKeyId")):
        return SourceUnreadableError(f"{cloud} does not let {url} be read", hint=f"Credentials: {credentials}.")
    if _NO_CREDENTIALS.search(said):
        return _without_credentials(url, kind)
    return SourceUnreadableError(
        f"{cloud} does not answer for {url}", hint=f"Check the network, and the settings: {credentials}."
    )


def _without_credentials(url: str, kind: str) -> SourceUnreadableError:
    return SourceUnreadableError(f"there are no credentials for {url}", hint=f"Credentials: {_CLOUDS[kind][1]}.")
