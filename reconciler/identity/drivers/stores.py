"""Objects on S3, Google Cloud Storage and Azure, by obstore."""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import obstore
from obstore.exceptions import BaseError, NotFoundError, PermissionDeniedError, PreconditionError, UnauthenticatedError
from obstore.store import from_url

from reconciler.identity.drivers.model import is_installed, module
from reconciler.identity.errors import SourceError, SourceMissingError, SourceUnreadableError
from reconciler.identity.urls import RemoteFile, glob_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from obstore import GetOptions, ObjectMeta
    from obstore.store import ObjectStore

_MAGIC: Final = "*?["
_PATIENCE: Final = timedelta(seconds=30)
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
    scheme, _, rest = url.partition("://")
    bucket, _, key = rest.partition("/")
    kind, root = _SAME.get(scheme.lower(), scheme.lower()), f"{scheme}://{bucket}"
    with _explained(url, kind):
        store = _open(kind, bucket)
        if not any(each in key for each in _MAGIC):
            return (_file(store, kind, root, obstore.head(store, key)),)
        matches = glob_pattern(key).fullmatch
        folder = key[: min(key.find(each) for each in _MAGIC if each in key)].rpartition("/")[0]
        listed = (meta for page in obstore.list(store, prefix=folder or None) for meta in page)
        return tuple(
            sorted(
                (_file(store, kind, root, meta) for meta in listed if matches(meta["path"])),
                key=lambda file: file.url,
            )
        )


def _open(kind: str, bucket: str) -> ObjectStore:
    options: dict[str, Any] = {
        "client_options": {"connect_timeout": timedelta(seconds=10), "allow_http": _asks_for_http()},
        "retry_config": {"max_retries": 4, "retry_timeout": _PATIENCE},
    }
    if kind == "s3" and "AWS_ACCESS_KEY_ID" not in os.environ and is_installed("boto3"):
        # obstore itself does not read the profiles of the AWS command line.
        session = module("boto3").Session()
        if session.get_credentials() is not None:
            options["credential_provider"] = module("obstore.auth.boto3").Boto3CredentialProvider(session)
    return from_url(f"{kind}://{bucket}", **options)


def _asks_for_http() -> bool:
    """Return whether somebody has pointed a cloud's tools at a server of their own, without TLS."""
    names = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AZURE_STORAGE_ENDPOINT", "GOOGLE_BASE_URL")
    return any(os.environ.get(name, "").startswith("http://") for name in names)


def _file(store: ObjectStore, kind: str, root: str, meta: ObjectMeta) -> RemoteFile:
    path, tag = meta["path"], meta["e_tag"]
    url = f"{root}/{path}"
    version = tag or meta["last_modified"].isoformat()

    def read(start: int, length: int) -> bytes:
        with _explained(url, kind):
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
        raise _told(str(error), url, cloud, credentials) from None


def _told(said: str, url: str, cloud: str, credentials: str) -> SourceError:
    if "NoSuchBucket" in said or "ContainerNotFound" in said:
        return SourceMissingError(f"{cloud} has no bucket for {url}", hint="Check its name, and the region.")
    if any(each in said for each in ("403 Forbidden", "401 Unauthorized", "AccessDenied", "InvalidAccessKeyId")):
        return SourceUnreadableError(f"{cloud} does not let {url} be read", hint=f"Credentials: {credentials}.")
    if "credential" in said.lower() or "metadata" in said.lower():
        return SourceUnreadableError(f"there are no credentials for {url}", hint=f"Credentials: {credentials}.")
    return SourceUnreadableError(
        f"{cloud} does not answer for {url}", hint=f"Check the network, and the settings: {credentials}."
    )
