"""A store in a bucket from its URL: who keeps it, how it is reached, and how objects are encrypted there."""

from __future__ import annotations

import importlib.util
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from reconciler.buckets import BucketUrl
from reconciler.clouds import CLOUDS, allows_http, aws_credentials
from reconciler.state.errors import StateError

if TYPE_CHECKING:
    from obstore.store import AzureConfig, ClientConfig, GCSConfig, ObjectStore, RetryConfig, S3Config

    from reconciler.state.remote.store import BucketStore

_CONNECT: Final = timedelta(seconds=5)
_REQUEST: Final = timedelta(seconds=60)
"""For one request, its body included: a part of 8 MB at 1.1 Mbit/s."""
_RETRIES: Final = 30  # more than fit into any patience, so that time alone is what ends them


class MissingClientError(StateError):
    """What reaches the cloud is not installed."""


def open_bucket(url: str) -> BucketStore:
    """Return the store at `url`: ``s3://``, ``gs://`` or ``az://``. Nothing is asked of it yet.

    Raises:
        BucketUrlError: It is no such URL, or has an option that is not known.
        MissingClientError: The optional dependency that reaches it is not installed.
    """
    place = BucketUrl.parse(url)
    cloud = CLOUDS[place.scheme]
    if importlib.util.find_spec("obstore") is None:
        raise MissingClientError(
            f"keeping the state on {cloud.name} takes a client that is not installed",
            hint=f"In a checkout of reconciler, run: pip install '.[{cloud.extra}]'",
        )
    from reconciler.state.remote.store import BucketStore

    return BucketStore(place, partial(_connect, place))


def _connect(place: BucketUrl, patience: timedelta) -> ObjectStore:
    """Return a client whose root is the place, and which gives up on a request after `patience`.

    What the URL does not say the environment does; the URL comes first.
    """
    from obstore.store import AzureStore, GCSStore, S3Store

    endpoint = place.options.get("endpoint")
    client: ClientConfig = {
        "connect_timeout": _CONNECT,
        "timeout": _REQUEST,
        "allow_http": allows_http(endpoint),
        "user_agent": "reconciler",
    }
    retries: RetryConfig = {"max_retries": _RETRIES, "retry_timeout": patience}
    prefix = place.prefix or None
    match place.scheme:
        case "s3":
            credentials = aws_credentials(place.options.get("profile"))
            return S3Store(
                place.bucket,
                prefix=prefix,
                config=_s3_config(place),
                client_options=client,
                retry_config=retries,
                credential_provider=credentials,
            )
        case "gs":
            google: GCSConfig = {"base_url": endpoint} if endpoint else {}
            return GCSStore(place.bucket, prefix=prefix, config=google, client_options=client, retry_config=retries)
        case _:
            azure: AzureConfig = {"endpoint": endpoint} if endpoint else {}
            if "account" in place.options:
                azure["account_name"] = place.options["account"]
            return AzureStore(place.bucket, prefix=prefix, config=azure, client_options=client, retry_config=retries)


def _s3_config(place: BucketUrl) -> S3Config:
    """Return what the URL says of S3."""
    config: S3Config = {"disable_bulk_delete": True}  # objects go one by one, and not every compatible store has it
    options = place.options
    if "region" in options:
        config["region"] = options["region"]
    if "endpoint" in options:
        config["endpoint"] = config["aws_endpoint_url_s3"] = options["endpoint"]
    if "sse" in options:
        config["server_side_encryption"] = options["sse"]
    if "kms_key_id" in options:
        config["sse_kms_key_id"] = options["kms_key_id"]
    if "bucket_key" in options:
        config["sse_bucket_key_enabled"] = options["bucket_key"] == "true"
    return config
