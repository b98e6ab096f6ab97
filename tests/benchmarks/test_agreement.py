"""What is compared does the same work: the command line and the hand-written script send the same identifiers."""

from __future__ import annotations

from hashlib import md5
from typing import TYPE_CHECKING, Final, TypeAlias

import orjson
import pyarrow.parquet as pq
import pytest

from tests.benchmarks import by_hand
from tests.benchmarks.project import Project
from tests.benchmarks.sink import serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Sent: TypeAlias = set[tuple[str, str, str]]
"""Action, type and digest of every identifier."""

_COLUMNS: Final = (("IDFA_MD5", "ios_idfa"), ("AAID_MD5", "gaid"))


def _by_command_line(folder: Path, base_url: str, source: Path) -> None:
    project = Project(folder / "project", base_url)
    project.declare(source)
    project.run("apply", "--auto-approve")


def _by_hand(folder: Path, base_url: str, source: Path) -> None:
    by_hand.deliver(source, folder / "snapshot.parquet", base_url, "7300000000000000000", "7000000000000000001")


def _sent(folder: Path) -> Sent:
    """Return what the bodies kept in `folder` hold, and clear them away."""
    sent: Sent = set()
    for path in folder.iterdir():
        body = orjson.loads(path.read_bytes())
        for row in body["batch_data"]:
            sent |= {
                (body["action"], name, each["id"]) for name, each in zip(body["id_schema"], row, strict=True) if each
            }
        path.unlink()
    return sent


def _digests(source: Path) -> set[tuple[str, str]]:
    table = pq.read_table(source)
    return {
        (name, md5(identifier.lower().encode()).hexdigest())
        for name, column in _COLUMNS
        for identifier in table.column(column).to_pylist()
    }


@pytest.mark.parametrize("deliver", [_by_command_line, _by_hand])
def test_everybody_is_added_and_after_churn_only_the_difference(
    deliver: Callable[[Path, str, Path], None], before: Path, after: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    old, new = _digests(before), _digests(after)
    with serving(keep=kept) as sink:
        deliver(tmp_path, sink.base_url, before)
        assert _sent(kept) == {("add", *each) for each in old}
        deliver(tmp_path, sink.base_url, after)
        assert _sent(kept) == {("add", *each) for each in new - old} | {("delete", *each) for each in old - new}


def test_a_person_travels_in_one_row(before: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    with serving(keep=kept) as sink:
        _by_command_line(tmp_path, sink.base_url, before)
        rows = sink.tally().rows
        _by_hand(tmp_path, sink.base_url, before)
        assert rows == pq.read_metadata(before).num_rows == sink.tally().rows - rows
