"""Tables in a lake, written by the tools that write them: read whole, read narrow, and refused in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import deltalake
import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from reconciler.identity.errors import SourceError, SourceMissingError, SourceUnreadableError
from reconciler.identity.sources import lakes
from reconciler.identity.sources.lakes import open_lake
from reconciler.origin import FileOrigin, Format
from tests.services import s3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pyiceberg.table import Table

    from reconciler.identity.sources.lakes import Lake
    from tests.services.s3 import S3

PEOPLE = pa.table({"mpid": [1, 2, 3], "idfa": ["a", "b", None], "country": ["US", "FR", "US"]})


@pytest.fixture(scope="session")
def running_s3() -> Iterator[S3]:
    with s3.running() as running:
        running.bucket("lake")
        yield running


def delta(path: Path | str) -> FileOrigin:
    return FileOrigin(str(path), str(path), Format.DELTA)


def iceberg(path: Path | str) -> FileOrigin:
    return FileOrigin(str(path), str(path), Format.ICEBERG)


def written(warehouse: Path | str, catalog: Path, **properties: str) -> Table:
    """An Iceberg table of people in a warehouse: a folder or a URL."""
    sql = SqlCatalog("tests", uri=f"sqlite:///{catalog}/catalog.db", warehouse=str(warehouse), **properties)
    sql.create_namespace("marketing")
    table = sql.create_table("marketing.people", schema=PEOPLE.schema)
    table.append(PEOPLE)
    sql.close()
    return table


def rows(lake: Lake, *columns: str) -> list[dict[str, Any]]:
    found = [row for batch in lake.batches(columns or lake.schema.names) for row in batch.to_pylist()]
    return sorted(found, key=lambda row: str(row.get("mpid")))


class TestDelta:
    def test_a_table_is_read_as_it_stands_after_appends_and_deletes(self, tmp_path: Path) -> None:
        deltalake.write_deltalake(tmp_path, PEOPLE, partition_by=["country"])
        deltalake.write_deltalake(tmp_path, pa.table({"mpid": [4], "idfa": ["d"], "country": ["US"]}), mode="append")
        deltalake.DeltaTable(tmp_path).delete("mpid = 1")
        lake = open_lake(delta(tmp_path))
        assert rows(lake) == [
            {"mpid": 2, "idfa": "b", "country": "FR"},
            {"mpid": 3, "idfa": None, "country": "US"},
            {"mpid": 4, "idfa": "d", "country": "US"},
        ]
        assert lake.rows == 3

    def test_only_the_columns_asked_for_come_in_the_order_asked_for(self, tmp_path: Path) -> None:
        deltalake.write_deltalake(tmp_path, PEOPLE)
        (batch,) = open_lake(delta(tmp_path)).batches(["country", "mpid"])
        assert batch.schema == pa.schema([("country", pa.string()), ("mpid", pa.int64())])

    def test_a_table_that_changed_has_another_version(self, tmp_path: Path) -> None:
        deltalake.write_deltalake(tmp_path, PEOPLE)
        before = open_lake(delta(tmp_path))
        deltalake.write_deltalake(tmp_path, PEOPLE, mode="append")
        assert open_lake(delta(tmp_path)).version != before.version

    def test_a_table_on_s3_is_read(self, cloud: S3) -> None:
        options = {"allow_http": "true", "aws_s3_allow_unsafe_rename": "true"}
        deltalake.write_deltalake("s3://lake/delta", PEOPLE, storage_options=options)
        assert rows(open_lake(delta("s3://lake/delta")), "mpid") == [{"mpid": 1}, {"mpid": 2}, {"mpid": 3}]

    def test_a_missing_file_of_the_table_is_told(self, tmp_path: Path) -> None:
        deltalake.write_deltalake(tmp_path, PEOPLE)
        lake = open_lake(delta(tmp_path))
        for file in tmp_path.glob("*.parquet"):
            file.unlink()
        with pytest.raises(SourceUnreadableError, match="not a readable Delta Lake table"):
            rows(lake)

    def test_a_table_of_a_newer_kind_is_told(self, tmp_path: Path) -> None:
        deltalake.write_deltalake(tmp_path, PEOPLE)
        log = tmp_path / "_delta_log" / f"{1:020}.json"
        log.write_text(json.dumps({"protocol": {"minReaderVersion": 99, "minWriterVersion": 99}}))
        with pytest.raises(SourceUnreadableError):
            rows(open_lake(delta(tmp_path)))


class TestIceberg:
    def test_a_table_is_read_as_it_stands_after_appends_and_deletes(self, tmp_path: Path) -> None:
        table = written(tmp_path / "warehouse", tmp_path)
        table.append(PEOPLE)
        table.delete("mpid = 1")
        lake = open_lake(iceberg(tmp_path / "warehouse/marketing/people"))
        assert [row["mpid"] for row in rows(lake)] == [2, 2, 3, 3]
        assert (lake.rows, lake.schema.names) == (4, ("mpid", "idfa", "country"))

    def test_only_the_columns_asked_for_come_in_the_order_asked_for(self, tmp_path: Path) -> None:
        written(tmp_path / "warehouse", tmp_path)
        (batch,) = open_lake(iceberg(tmp_path / "warehouse/marketing/people")).batches(["country", "mpid"])
        assert batch.schema == pa.schema([("country", pa.string()), ("mpid", pa.int64())])

    def test_a_metadata_file_names_the_table_as_it_was_then(self, tmp_path: Path) -> None:
        table = written(tmp_path / "warehouse", tmp_path)
        before = table.metadata_location
        table.append(PEOPLE)
        assert len(rows(open_lake(iceberg(before)))) == 3
        assert len(rows(open_lake(iceberg(tmp_path / "warehouse/marketing/people")))) == 6

    def test_a_renamed_column_is_read_by_its_new_name_from_old_files(self, tmp_path: Path) -> None:
        table = written(tmp_path / "warehouse", tmp_path)
        with table.update_schema() as update:
            update.rename_column("idfa", "ios_idfa")
        assert rows(open_lake(iceberg(tmp_path / "warehouse/marketing/people")), "ios_idfa")[0] == {"ios_idfa": "a"}

    def test_a_table_without_rows_has_columns(self, tmp_path: Path) -> None:
        sql = SqlCatalog("tests", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse=str(tmp_path / "warehouse"))
        sql.create_namespace("marketing")
        sql.create_table("marketing.nobody", schema=PEOPLE.schema)
        sql.close()
        lake = open_lake(iceberg(tmp_path / "warehouse/marketing/nobody"))
        assert (rows(lake), lake.rows, lake.schema.names[0]) == ([], 0, "mpid")

    def test_a_table_on_s3_is_read(self, cloud: S3, tmp_path: Path) -> None:
        properties = {"s3.endpoint": cloud.environment["AWS_ENDPOINT_URL"], "s3.region": "us-east-1"}
        written("s3://lake/iceberg", tmp_path, **properties)
        lake = open_lake(iceberg("s3://lake/iceberg/marketing/people"))
        assert rows(lake, "mpid") == [{"mpid": 1}, {"mpid": 2}, {"mpid": 3}]

    def test_damaged_metadata_is_told(self, tmp_path: Path) -> None:
        table = written(tmp_path / "warehouse", tmp_path)
        (tmp_path / "warehouse/marketing/people/metadata/99999-x.metadata.json").write_text('{"format-version": 2}')
        assert table.metadata_location
        with pytest.raises(SourceUnreadableError, match="not a readable Iceberg table"):
            open_lake(iceberg(tmp_path / "warehouse/marketing/people"))


@pytest.mark.parametrize("of", [delta, iceberg])
@pytest.mark.parametrize("place", ["nowhere", "empty"])
def test_a_table_that_is_not_there_is_named(of: Any, place: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceMissingError, match="there is no") as caught:
        open_lake(of(tmp_path / place))
    assert str(tmp_path / place) in caught.value.message


@pytest.mark.parametrize("of", [delta, iceberg])
def test_a_table_that_is_not_there_on_s3_is_named(of: Any, cloud: S3) -> None:
    with pytest.raises(SourceMissingError, match="s3://lake/nowhere"):
        open_lake(of("s3://lake/nowhere"))


@pytest.mark.parametrize(("of", "extra"), [(delta, "delta"), (iceberg, "iceberg")])
def test_a_reader_that_is_not_installed_is_told_with_what_to_run(
    of: Any, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lakes, "is_installed", lambda _: False)
    with pytest.raises(SourceError) as caught:
        open_lake(of(tmp_path))
    assert caught.value.hint == f'In a checkout of reconciler, run: pip install ".[{extra}]"'
