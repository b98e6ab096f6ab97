"""What can go wrong with a store in a cloud: in its own words, without credentials, and with a way out."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from reconciler.clouds import CLOUDS, NoCredentialsError, Trouble, own_words, trouble_of
from reconciler.state.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.buckets import BucketUrl


class BucketMissingError(StoreError):
    """There is no bucket of that name."""


class StoreCredentialsError(StoreError):
    """There is nothing to identify oneself with."""


class StoreDeniedError(StoreError):
    """The cloud knows who asks, or does not, and refuses."""


class ClockSkewError(StoreError):
    """This machine's clock is too far off for a signature to be believed."""


class WrongRegionError(StoreError):
    """The bucket is in another region than was asked."""


class UnreachableStoreError(StoreError):
    """No answer came, or none that says what happened: a write may have been made all the same."""


class UnlockableStoreError(StoreError):
    """The store writes regardless of conditions, so that two runs would both hold its lock."""

    def __init__(self, url: BucketUrl) -> None:
        super().__init__(
            f"the state store {url} cannot keep a lock: it takes no conditional writes",
            hint="Nothing of the state was written. Keep it on a store that honours If-Match and If-None-Match on PUT.",
        )


@contextmanager
def explained(url: BucketUrl, verb: str, name: str) -> Iterator[None]:
    """Turn what obstore raises in the block into an error for people.

    Args:
        url: Where the store is.
        verb: What was done: ``read``.
        name: To which object or folder of it.

    Raises:
        StoreError: Of the class that fits.
    """
    try:
        yield
    except NoCredentialsError as error:
        raise _without_credentials(url, str(error)) from None
    except (BaseError, OSError) as error:
        raise _explanation(error, url, f"cannot {verb} {name} in the state store {url}") from None


def is_without_bucket(error: FileNotFoundError) -> bool:
    """Whether it is not an object that is missing but the bucket."""
    return trouble_of(str(error)) is Trouble.NO_BUCKET


def _explanation(error: BaseError | OSError, url: BucketUrl, what: str) -> StoreError:
    said = str(error)
    words = own_words(said)
    told = f"{what}: {words}" if words else what
    cloud = CLOUDS[url.scheme]
    trouble = trouble_of(said, (url.prefix, url.bucket))
    if trouble is Trouble.NO_ANSWER and isinstance(error, PermissionDeniedError | UnauthenticatedError):
        trouble = Trouble.DENIED
    match trouble:
        case Trouble.NO_BUCKET:
            thing = "container" if url.scheme == "az" else "bucket"
            return BucketMissingError(
                f"{cloud.name} has no {thing} {url.bucket}",
                hint="Check its name, and make it if it is new: reconciler makes none.",
            )
        case Trouble.NO_CREDENTIALS:
            return _without_credentials(url, "")
        case Trouble.CLOCK:
            return ClockSkewError(told, hint="Set this machine's clock: it is minutes off.")
        case Trouble.REGION:
            return WrongRegionError(told, hint=f"Name the bucket's region: {url}?region=…, or AWS_REGION.")
        case Trouble.DENIED:
            return StoreDeniedError(
                told if words else f"{told}: {cloud.name} does not allow it",
                hint="Check whose credentials these are, and that they may list the bucket, and read, write and delete "
                f"below this folder. Credentials: {cloud.credentials}.",
            )
        case Trouble.NO_ANSWER:
            return UnreachableStoreError(
                told if words else f"{told}: no answer from {url.options.get('endpoint', cloud.name)}",
                hint="Check the network and the endpoint, then run it again: what was written before stands.",
            )


def _without_credentials(url: BucketUrl, why: str) -> StoreCredentialsError:
    return StoreCredentialsError(
        f"there are no credentials for the state store {url}{f': {why}' if why else ''}",
        hint=f"Credentials: {CLOUDS[url.scheme].credentials}.",
    )
