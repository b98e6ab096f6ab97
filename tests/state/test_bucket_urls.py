"""URLs of places in buckets: what they may say, and that nothing secret in a wrong one is ever repeated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.buckets import BucketUrl, BucketUrlError
from reconciler.state.repository import open_state


@pytest.mark.parametrize(
    ("written", "place", "options"),
    [
        ("s3://team-state", "s3://team-state", {}),
        ("S3://team-state/acme/prod/", "s3://team-state/acme/prod", {}),
        ("s3://b.c/x?region=eu-west-1", "s3://b.c/x", {"region": "eu-west-1"}),
        ("s3://bucket/x?endpoint=http://127.0.0.1:9000", "s3://bucket/x", {"endpoint": "http://127.0.0.1:9000"}),
        (
            "s3://bucket/x?sse=aws:kms&kms_key_id=arn:aws:kms:eu-west-1:1:key/2-3&bucket_key=true",
            "s3://bucket/x",
            {"sse": "aws:kms", "kms_key_id": "arn:aws:kms:eu-west-1:1:key/2-3", "bucket_key": "true"},
        ),
        ("gs://team-state/x", "gs://team-state/x", {}),
        ("az://container/x?account=acme", "az://container/x", {"account": "acme"}),
    ],
)
def test_a_place_and_its_options_are_read(written: str, place: str, options: dict[str, str]) -> None:
    url = BucketUrl.parse(written)
    assert (str(url), url.options) == (place, options)
    assert open_state(written).url == place


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("s3://", "does not name a bucket"),
        ("s3://b/x", "does not name a bucket"),
        ("az://a--b/x", "does not name a container"),
        ("s3://AKIAIOSFODNN7EXAMPLE:hunter2@bucket/x", "does not name a bucket"),
        ("s3://bucket/a//b", "the folder of"),
        ("s3://bucket/../b", "the folder of"),
        ("s3://bucket/hunter2 and more", "the folder of"),
        ("s3://bucket/x?secret_access_key=hunter2", 'unknown option "secret_access_key"'),
        ("s3://bucket/x?region=a&region=b", "the option region twice"),
        ("s3://bucket/x?sse=none", "the option sse"),
        ("s3://bucket/x?kms_key_id=1", "needs another: sse=aws:kms"),
        ("s3://bucket/x?endpoint=https://key:hunter2@host", "the option endpoint"),
        ("gs://bucket/x?region=eu", 'unknown option "region"'),
        ("az://container/x?account=A", "the option account"),
    ],
)
def test_what_is_no_such_url_is_refused_with_a_way_out(written: str, reason: str) -> None:
    with pytest.raises(BucketUrlError, match=reason) as refused:
        BucketUrl.parse(written)
    assert refused.value.hint
    assert "hunter2" not in refused.value.message + refused.value.hint


@given(st.sampled_from(["s3", "gs", "az"]), st.text())
def test_no_text_ends_in_anything_but_a_place_or_a_clear_error(scheme: str, rest: str) -> None:
    try:
        url = BucketUrl.parse(f"{scheme}://{rest}")
    except BucketUrlError:
        return
    assert BucketUrl.parse(str(url)).prefix == url.prefix
    assert ".." not in url.prefix.split("/")
