"""People in a lake, on S3 or on the web: planned, applied, and planned again, with nothing left to do."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import deltalake
import pyarrow.parquet as pq
import pytest

from tests.services import http, s3

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from tests.cli.project import Project
    from tests.services.http import Web
    from tests.services.s3 import S3

IDENTITIES = {"mpid": "mpid", "idfa": "idfa", "gaid": "gaid"}
AUDIENCES = {"all": {"name": "All"}, "us": {"name": "US", "where": "country = 'US'"}}
S3_OPTIONS = {"allow_http": "true", "aws_s3_allow_unsafe_rename": "true"}
BUCKET = "people"


@pytest.fixture(scope="module")
def running_s3() -> Iterator[S3]:
    with s3.running() as running:
        running.bucket(BUCKET)
        yield running


@pytest.fixture
def web() -> Iterator[Web]:
    with http.running() as web:
        yield web


def parquet(table: pa.Table) -> bytes:
    content = io.BytesIO()
    pq.write_table(table, content)
    return content.getvalue()


def declare(project: Project, **source: object) -> None:
    project.declare(AUDIENCES, sources={"people": {"identities": IDENTITIES, **source}})


def assert_delivered(project: Project, rows: slice = slice(None)) -> None:
    """Apply; TikTok then holds these people, and a plan has nothing to do."""
    project.apply()
    assert project.tiktok.members(project.audience_id("All")) == project.hashed(rows)
    assert project.tiktok.members(project.audience_id("US")) == project.hashed(rows, country="US")
    project.assert_settled()


@pytest.mark.parametrize("place", ["here", "s3"])
def test_people_in_a_delta_table_come_and_go_with_its_rows(place: str, project: Project, cloud: S3) -> None:
    path = "people_table" if place == "here" else f"s3://{BUCKET}/people_table"
    options: Any = None if place == "here" else S3_OPTIONS
    declare(project, path=path, format="delta")
    deltalake.write_deltalake(path, project.table.slice(0, 1_100), storage_options=options)
    assert project("validate").code == 0
    assert_delivered(project, slice(1_100))
    deltalake.write_deltalake(path, project.table.slice(1_100), mode="append", storage_options=options)
    assert_delivered(project)
    deltalake.DeltaTable(path, storage_options=options).delete("ltv < 40")
    assert_delivered(project, slice(40, None))


def test_people_in_files_on_s3_come_and_go_with_their_files(project: Project, cloud: S3) -> None:
    declare(project, path=f"s3://{BUCKET}/files/*.parquet")
    cloud.put(BUCKET, {"files/1.parquet": parquet(project.table.slice(0, 1_100))})
    assert project("validate").code == 0
    assert_delivered(project, slice(1_100))
    cloud.put(BUCKET, {"files/2.parquet": parquet(project.table.slice(1_100))})
    assert_delivered(project)


def test_people_on_the_web_come_from_a_signed_url_that_is_shown_nowhere(project: Project, web: Web) -> None:
    web.files["/export"] = parquet(project.table)
    url = web.url.replace("//", "//me:hush-hush@")
    declare(project, path=f"{url}/export?signature=confidential", format="parquet")
    runs = [project("validate"), project("plan"), project("plan", "--explain-sources"), project.apply()]
    del web.files["/export"]
    failed = project("plan")
    assert (failed.code, "there is no file" in failed.text) == (1, True)
    for ran in (*runs, failed):
        assert not [word for word in ("hush-hush", "confidential") if word in ran.text]
    assert project.tiktok.members(project.audience_id("All")) == project.hashed()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"path": f"s3://{BUCKET}/none/*.parquet"}, f"no file matches s3://{BUCKET}/none/*.parquet"),
        ({"path": f"s3://{BUCKET}/none", "format": "delta"}, f"there is no Delta Lake table at s3://{BUCKET}/none"),
        ({"path": "nowhere", "format": "iceberg"}, "there is no Iceberg table at nowhere"),
    ],
)
@pytest.mark.parametrize("command", ["validate", "plan"])
def test_a_source_that_is_not_there_is_told_at_its_place(
    command: str, source: dict[str, object], said: str, project: Project, cloud: S3
) -> None:
    declare(project, **source)
    ran = project(command)
    assert ran.code == 1
    assert said in ran.text
    assert "audiences.yaml:" in ran.text


def test_a_column_and_a_where_that_do_not_fit_a_table_are_told_at_their_places(project: Project) -> None:
    deltalake.write_deltalake("people_table", project.table)
    wheres = {"all": {"name": "All"}, "us": {"name": "US", "where": "county = 'US'"}}
    identities = {**IDENTITIES, "idfa": "ifda"}
    project.declare(wheres, sources={"people": {"path": "people_table", "format": "delta", "identities": identities}})
    ran = project("validate")
    assert ran.code == 1
    assert 'no column "ifda" for idfa in people_table' in ran.text
    assert "audience.us" in ran.text
    assert "county" in ran.text


def test_a_bucket_without_credentials_is_told_with_what_is_missing(
    project: Project, cloud: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(project.folder / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
    declare(project, path=f"s3://{BUCKET}/table", format="delta")
    ran = project("plan")
    assert ran.code == 1
    assert f"there are no credentials for s3://{BUCKET}/table" in ran.text
    assert "AWS_ACCESS_KEY_ID" in ran.text
