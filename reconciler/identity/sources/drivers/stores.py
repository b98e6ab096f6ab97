"""Objects on S3, Google Cloud Storage and Azure, by obstore."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import obstore
from obstore.exceptions import BaseError, NotFoundError, PermissionDeniedError, PreconditionError, UnauthenticatedError
from obstore.store import from_url

from reconciler.clouds import CLOUDS, NoCredentialsError, Trouble, allows_http, aws_credentials, trouble_of
from reconciler.identity.errors import SourceError, SourceMissingError, SourceUnreadableError
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
        client_options={"connect_timeout": _CONNECT, "timeout": patience, "allow_http": allows_http()},
        retry_config={"max_retries": 4, "retry_timeout": patience},
        **credentials,
    )


def _credentials(url: str, kind: str) -> dict[str, Any]:
    """Return what gives obstore the credentials that it does not find itself.

    Raises:
        SourceUnreadableError: There are none for S3 anywhere.
    """
    if kind != "s3":
        return {}
    try:
        provider = aws_credentials()
    except NoCredentialsError:
        raise _without_credentials(url, kind) from None
    return {} if provider is None else {"credential_provider": provider}


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
    cloud = CLOUDS[kind]
    try:
        yield
    except PreconditionError:
        raise SourceUnreadableError(f"{url} changed while it was read", hint="Run it again once it is whole.") from None
    except (PermissionDeniedError, UnauthenticatedError):
        raise SourceUnreadableError(
            f"{cloud.name} does not let {url} be read", hint=f"Credentials: {cloud.credentials}."
        ) from None
    except (NotFoundError, FileNotFoundError):
        raise SourceMissingError(
            f"there is no file {url}", hint="Check bucket and path; globs are understood."
        ) from None
    except BaseError as error:
        raise _told(str(error), url, kind) from None


def _told(said: str, url: str, kind: str) -> SourceError:
    cloud = CLOUDS[kind]
    match trouble_of(said, [_Place.of(url).key.partition("*")[0] or url]):
        case Trouble.NO_BUCKET:
            return SourceMissingError(f"{cloud.name} has no bucket for {url}", hint="Check its name, and the region.")
        case Trouble.DENIED | Trouble.CLOCK:
            return SourceUnreadableError(
                f"{cloud.name} does not let {url} be read", hint=f"Credentials: {cloud.credentials}."
            )
        case Trouble.NO_CREDENTIALS:
            return _without_credentials(url, kind)
        case _:
            return SourceUnreadableError(
                f"{cloud.name} does not answer for {url}",
                hint=f"Check the network, and the settings: {cloud.credentials}.",
            )


def _without_credentials(url: str, kind: str) -> SourceUnreadableError:
    return SourceUnreadableError(
        f"there are no credentials for {url}", hint=f"Credentials: {CLOUDS[kind].credentials}."
    )
